"""Checks of staging's calls, which stand in for patients and providers. In production these paths do not exist."""

from typing import Any

from openmedspa.verify.answer import require
from openmedspa.verify.checks import Chapter, Does
from openmedspa.verify.contract.words import NO_VISIT, UNKNOWN_GFE, VISIT_UNKNOWN
from openmedspa.verify.shape import mentions
from openmedspa.verify.trial import Trial

chapter = Chapter("staging", section="Staging only", needs=("treatments", "staging"))
LATER = 4_000_000_000
STATUSES = {"schedule": "Scheduled", "no-show": "Not Completed", "outcome": "Completed"}


def _body(trial: Trial, name: str) -> Any:
    names = [treatment for _, treatment in trial.given.treatments[:2]]
    return {"schedule": {"time": LATER}, "no-show": None, "outcome": {"approved": names}}[name]


async def _stages(trial: Trial, gfe_id: str, name: str) -> None:
    answer = await trial.stage(gfe_id, name, _body(trial, name))
    answer.is_(200, {"success": True, "gfe_id": gfe_id, "status": STATUSES[name]})
    shown = (await trial.show(gfe_id))["status"]
    require(shown == STATUSES[name], f"the status {STATUSES[name]}", shown)


@chapter.extension()
async def schedule(trial: Trial) -> None:
    """…/schedule makes a visit Scheduled."""
    await _stages(trial, await trial.order(), "schedule")


@chapter.extension()
async def no_show(trial: Trial) -> None:
    """…/no-show makes a visit Not Completed."""
    await _stages(trial, await trial.order(), "no-show")


@chapter.extension()
async def outcome(trial: Trial) -> None:
    """…/outcome completes a visit from any open state."""
    for before in ((), ("schedule",), ("no-show",)):
        gfe_id = await trial.order()
        for name in before:
            await _stages(trial, gfe_id, name)
        await _stages(trial, gfe_id, "outcome")


@chapter.extension()
async def outcome_in_person(trial: Trial) -> None:
    """…/outcome completes a visit in person as well."""
    await _stages(trial, await trial.order(in_person=True), "outcome")


@chapter.extension()
async def outcome_decides_all(trial: Trial) -> None:
    """An outcome that leaves a requested treatment undecided is answered 400, and changes nothing."""
    gfe_id = await trial.order()
    (await trial.stage(gfe_id, "outcome", {"approved": [trial.given.treatments[0][1]]})).refuses(400)
    shown = (await trial.show(gfe_id))["status"]
    require(shown == "Processing", "the status Processing still", shown)


@chapter.extension()
async def outcome_decides_once(trial: Trial) -> None:
    """An outcome that names a treatment twice is answered 400."""
    first, second = (name for _, name in trial.given.treatments[:2])
    for body in ({"approved": [first, second], "deferred": [first]}, {"approved": [first, second, first]}):
        (await trial.stage(await trial.order(), "outcome", body)).refuses(400)


@chapter.extension()
async def outcome_unknown_treatment(trial: Trial) -> None:
    """An outcome with a treatment that is not in the catalogue is answered 400."""
    names = [name for _, name in trial.given.treatments[:2]]
    body = {"approved": names, "deferred": ["Moonlight Bath"]}
    (await trial.stage(await trial.order(), "outcome", body)).refuses(400)


@chapter.extension()
async def ended(trial: Trial) -> None:
    """A visit that has ended stays so: 400."""
    gfe_id = await trial.order()
    (await trial.patch(f"/appointments/{gfe_id}/cancel")).has_status(200)
    for name in STATUSES:
        (await trial.stage(gfe_id, name, _body(trial, name))).refuses(400, mentions("Cancelled by client"))


@chapter.extension()
async def time_bad(trial: Trial) -> None:
    """…/schedule takes Unix seconds, and nothing else."""
    gfe_id = await trial.order()
    for moment in (0, 1.5, True, "1900000000", 1900000000000):
        (await trial.stage(gfe_id, "schedule", {"time": moment})).names("time")


@chapter.extension()
async def unknown(trial: Trial) -> None:
    """A visit that does not exist is answered 404."""
    for name in STATUSES:
        (await trial.stage(UNKNOWN_GFE, name, _body(trial, name))).refuses_just(404, VISIT_UNKNOWN)


@chapter.extension("foreign_gfe")
async def foreign(trial: Trial) -> None:
    """A visit at a location that was not granted is answered 403."""
    for name in STATUSES:
        (await trial.stage(trial.given.foreign_gfe, name, _body(trial, name))).refuses_just(403, NO_VISIT)


def _decides(last_name: str, outcome: list[str] | None) -> Does:
    """`outcome` names the lists that the three treatments go to, one after the other; None for nobody came."""

    async def decides(trial: Trial) -> None:
        names = [name for _, name in trial.given.treatments]
        gfe_id = await trial.order(trial.home({"last_name": last_name}, requested_treatments=names))
        if outcome is None:
            await trial.becomes(gfe_id, "Not Completed")
            return
        visit = await trial.becomes(gfe_id, "Completed")
        for word in ("approved", "conditionally_approved", "deferred"):
            wanted = [name for name, decided in zip(names, outcome, strict=True) if decided == word]
            came = visit[f"{word}_treatments"]
            require(came == wanted, f"{word}: {wanted}", f"{word}: {came}")

    return decides


OUTCOMES = {
    "Approve": ["approved"] * 3,
    "Condition": ["conditionally_approved"] * 3,
    "Defer": ["deferred"] * 3,
    "Mixed": ["approved", "conditionally_approved", "deferred"],
    "Noshow": None,
}
for _name, _outcome in OUTCOMES.items():
    chapter.add(f"last-name-{_name.lower()}", f"A patient with the last name {_name} decides alone, after about 3 s.",
                _decides(_name, _outcome), source="extension", slow=True)  # fmt: skip
