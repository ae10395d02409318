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


async def decide_as_told(
    tx: Tx, visit: Visit, outcome: OutcomeIn, catalogue: Catalogue, *, actor: str, request_id: str, now: datetime
) -> None:
    """Sign a locked visit with the outcome that the developer wants to see."""
    require_open(visit.step, doing="completed")
    wanted: list[tuple[Outcome, list[str]]] = [
        ("approved", outcome.approved),
        ("conditionally_approved", outcome.conditionally_approved),
        ("deferred", outcome.deferred),
    ]
    told = [
        _decision(catalogue.resolve_one(name, field=f"{word}[{index}]"), word, now=now)
        for word, names in wanted
        for index, name in enumerate(names)
    ]
    decisions.require_decided_once(told)
    await decisions.sign(tx, visit, told, actor=actor, request_id=request_id, now=now)


async def decide_for_themselves(tx: Tx, visit: Visit, catalogue: Catalogue, *, now: datetime) -> None:
    """What the patient's last name asks for: Approve, Condition, Defer, Mixed (one after the other) or Noshow."""
    if visit.status not in OPEN:
        return  # somebody else decided or cancelled in the meantime
    outcomes = BY_LAST_NAME.get(visit.last_name.casefold())
    if outcomes is None:
        await visits.miss(tx, visit, actor=ACTOR, request_id=None, now=now)
        return
    treatments = catalogue.resolve(visit.requested_treatment_ids, field="requested_treatments")
    told = [
        _decision(treatment, outcome, now=now) for treatment, outcome in zip(treatments, cycle(outcomes), strict=False)
    ]
    await decisions.sign(tx, visit, told, actor=ACTOR, request_id=None, now=now)


def _decision(treatment: Treatment, outcome: Outcome, *, now: datetime) -> Decision:
    return decide(
        treatment,
        outcome,
        today=now.date(),
        conditions=CONDITIONS if outcome == "conditionally_approved" else None,
        reason=REASON if outcome == "deferred" else None,
    )
