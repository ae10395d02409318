"""Deciding on treatments and signing the record; what follows from a signature. The rule once, for every door."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from openmedspa.exams import queries
from openmedspa.exams.visit import Decision, Outcome, Visit
from openmedspa.kit.db import Tx
from openmedspa.kit.errors import Invalid
from openmedspa.notifications import messages
from openmedspa.treatments.shapes import Treatment
from openmedspa.usage import audit
from openmedspa.webhooks import events

CLEARS: frozenset[Outcome] = frozenset({"approved", "approved_with_precaution", "conditionally_approved"})
PACIFIC = ZoneInfo("America/Los_Angeles")


async def sign(
    tx: Tx, visit: Visit, decisions: Sequence[Decision], *, actor: str, request_id: str | None, now: datetime
) -> None:
    """Complete a locked visit: the record, the message to the patient, the webhooks' event, the audit row, as one."""
    require_all_decided(visit, decisions)
    scope = [visit.practice_id]
    version = await queries.insert_record(
        tx, scope, visit, decisions=msgspec.json.encode(decisions).decode(), actor=actor, now=now
    )
    await messages.withdraw_and_queue(tx, scope, visit.practice_id, visit.id, "completed", now=now)
    await events.publish_completed(
        tx, scope, visit.practice_id, visit.id, location_id=visit.location_id, record_version=version, now=now
    )
    await audit.record(
        tx, visit.practice_id, actor=actor, action="visit.signed", subject=visit.gfe_id, request_id=request_id, now=now
    )


def require_all_decided(visit: Visit, decisions: Iterable[Decision]) -> None:
    decided = {decision.treatment_id for decision in decisions}
    asked = zip(visit.requested_treatment_ids, visit.requested_treatments, strict=True)
    open_names = [name for treatment_id, name in asked if treatment_id not in decided]
    if open_names:
        raise Invalid(
            f"Not decided: {', '.join(open_names)}",
            "Every requested treatment must stand in approved, conditionally_approved or deferred",
            code="treatment_undecided",
        )


def require_decided_once(decisions: Iterable[Decision]) -> None:
    seen: set[str] = set()
    for decision in decisions:
        if decision.treatment_id in seen:
            raise Invalid(
                f"{decision.treatment} is decided twice", "Name each treatment in one list only", code="treatment_twice"
            )
        seen.add(decision.treatment_id)


def decide(
    treatment: Treatment, outcome: Outcome, *, today: date, conditions: str | None, reason: str | None
) -> Decision:
    """A decision with the catalogue's validity; a deferral clears nothing and so has no end."""
    valid_until = today + timedelta(days=treatment.default_validity_days) if outcome in CLEARS else None
    return Decision(treatment.id, treatment.name, outcome, conditions, reason, valid_until)


def names(decisions: Iterable[Decision], *outcomes: Outcome) -> list[str]:
    return [decision.treatment for decision in decisions if decision.outcome in outcomes]


def pacific(moment: datetime) -> str:
    """`evaluation_completed`: ISO 8601 with the offset of Pacific time, PST or PDT."""
    return moment.astimezone(PACIFIC).isoformat(timespec="seconds")
