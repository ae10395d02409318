"""Checks of cancelling: which visits may be, what it answers, and that a refusal changes nothing."""

from openmedspa.verify.answer import require
from openmedspa.verify.checks import Chapter
from openmedspa.verify.contract.words import NO_VISIT, UNKNOWN_GFE, VISIT_UNKNOWN
from openmedspa.verify.shape import mentions
from openmedspa.verify.trial import Trial

chapter = Chapter("cancel", section="Endpoints: PATCH /appointments/{gfe_id}/cancel")
CANCELLED = "Cancelled by client"


async def _cancels(trial: Trial, gfe_id: str) -> None:
    (await trial.patch(f"/appointments/{gfe_id}/cancel")).is_(200, {"gfe_id": gfe_id, "status": CANCELLED})


@chapter.documented("treatments")
async def works(trial: Trial) -> None:
    """A visit at home that is Processing is cancelled, without a body: 200 with its id and Cancelled by client."""
    await _cancels(trial, await trial.order())


@chapter.documented("treatments")
async def shown(trial: Trial) -> None:
    """A cancelled visit is shown as Cancelled by client."""
    gfe_id = await trial.order()
    await _cancels(trial, gfe_id)
    shown = (await trial.show(gfe_id))["status"]
    require(shown == CANCELLED, CANCELLED, shown)


@chapter.documented("treatments", "staging")
async def scheduled(trial: Trial) -> None:
    """A visit that is Scheduled may be cancelled."""
    gfe_id = await trial.order()
    (await trial.stage(gfe_id, "schedule", {"time": 4_000_000_000})).has_status(200)
    await _cancels(trial, gfe_id)


@chapter.documented("treatments", "staging")
async def not_completed(trial: Trial) -> None:
    """A visit that is Not Completed may be cancelled."""
    gfe_id = await trial.order()
    (await trial.stage(gfe_id, "no-show")).has_status(200)
    await _cancels(trial, gfe_id)


@chapter.documented("treatments", "staging")
async def completed(trial: Trial) -> None:
    """A visit that is Completed may not: 400 that names the status, and it stays Completed."""
    gfe_id = await trial.order()
    await trial.complete(gfe_id)
    (await trial.patch(f"/appointments/{gfe_id}/cancel")).refuses(400, mentions("Completed"))
    shown = (await trial.show(gfe_id))["status"]
    require(shown == "Completed", "the status Completed still", shown)


@chapter.documented("treatments")
async def twice(trial: Trial) -> None:
    """A second cancel of the same visit is answered 400, and names the status."""
    gfe_id = await trial.order()
    await _cancels(trial, gfe_id)
    (await trial.patch(f"/appointments/{gfe_id}/cancel")).refuses(400, mentions(CANCELLED))


@chapter.documented("treatments")
async def in_person(trial: Trial) -> None:
    """A visit in person is not cancelled here: 400 that says so, and it stays Processing."""
    gfe_id = await trial.order(in_person=True)
    (await trial.patch(f"/appointments/{gfe_id}/cancel")).refuses(400, mentions("person"))
    shown = (await trial.show(gfe_id))["status"]
    require(shown == "Processing", "the status Processing still", shown)


@chapter.documented()
async def unknown(trial: Trial) -> None:
    """A visit that does not exist is answered 404."""
    (await trial.patch(f"/appointments/{UNKNOWN_GFE}/cancel")).refuses_just(404, VISIT_UNKNOWN)


@chapter.documented("foreign_gfe")
async def foreign(trial: Trial) -> None:
    """A visit at a location that was not granted is answered 403."""
    (await trial.patch(f"/appointments/{trial.given.foreign_gfe}/cancel")).refuses_just(403, NO_VISIT)
