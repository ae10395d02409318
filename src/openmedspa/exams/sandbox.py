"""Staging's stand-ins for people: a provider who decides as told, patients who decide alone. Never production."""

from datetime import datetime
from itertools import cycle

from openmedspa.exams import decisions, visits
from openmedspa.exams.decisions import decide
from openmedspa.exams.shapes import OutcomeIn
from openmedspa.exams.status import OPEN, require_open
from openmedspa.exams.visit import Decision, Outcome, Visit
from openmedspa.kit.db import Tx
from openmedspa.treatments.catalogue import Catalogue
from openmedspa.treatments.shapes import Treatment

ACTOR = "sandbox"
CONDITIONS = "Sandbox: treat only after the primary physician has cleared it in writing."
REASON = "Sandbox: not suitable at present; a new exam may decide otherwise."
BY_LAST_NAME: dict[str, tuple[Outcome, ...]] = {
    "approve": ("approved",),
    "condition": ("conditionally_approved",),
    "defer": ("deferred",),
    "mixed": ("approved", "conditionally_approved", "deferred"),
}


def told(outcome: OutcomeIn, catalogue: Catalogue, *, now: datetime) -> list[Decision]:
    """The decisions that the developer wants to see. Invalid for an unknown treatment, or one named twice."""
    wanted: list[tuple[Outcome, list[str]]] = [
        ("approved", outcome.approved),
        ("conditionally_approved", outcome.conditionally_approved),
        ("deferred", outcome.deferred),
    ]
    found = [
        _decision(catalogue.resolve_one(name, field=f"{word}[{index}]"), word, now=now)
        for word, names in wanted
        for index, name in enumerate(names)
    ]
    decisions.require_decided_once(found)
    return found


async def decide_as_told(
    tx: Tx, visit: Visit, outcome: list[Decision], *, actor: str, request_id: str, now: datetime
) -> None:
    """Sign a locked visit with it."""
    require_open(visit.step, doing="completed")
    await decisions.sign(tx, visit, outcome, actor=actor, request_id=request_id, now=now)


async def decide_for_themselves(tx: Tx, visit: Visit, catalogue: Catalogue, *, now: datetime) -> None:
    """What the patient's last name asks for: Approve, Condition, Defer, Mixed (one after the other) or Noshow."""
    if visit.status not in OPEN:
        return  # somebody else decided or cancelled in the meantime
    outcomes = BY_LAST_NAME.get(visit.last_name.casefold())
    if outcomes is None:
        await visits.miss(tx, visit, actor=ACTOR, request_id=None, now=now)
        return
    treatments = catalogue.resolve(visit.requested_treatment_ids, field="requested_treatments")
    outcome = [
        _decision(treatment, word, now=now) for treatment, word in zip(treatments, cycle(outcomes), strict=False)
    ]
    await decisions.sign(tx, visit, outcome, actor=ACTOR, request_id=None, now=now)


def _decision(treatment: Treatment, outcome: Outcome, *, now: datetime) -> Decision:
    return decide(
        treatment,
        outcome,
        today=now.astimezone(decisions.PACIFIC).date(),
        conditions=CONDITIONS if outcome == "conditionally_approved" else None,
        reason=REASON if outcome == "deferred" else None,
    )
