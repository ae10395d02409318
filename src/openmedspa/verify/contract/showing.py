"""Checks of one visit: its closed form before and after the outcome, the moment in Pacific time, the decisions."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from openmedspa.verify.answer import require
from openmedspa.verify.checks import Chapter
from openmedspa.verify.contract.words import COMPLETED_VISIT, DECISION, NO_VISIT, OPEN_VISIT, UNKNOWN_GFE, VISIT_UNKNOWN
from openmedspa.verify.shape import Each
from openmedspa.verify.trial import Trial

chapter = Chapter("show", section="Visit")
PACIFIC = ZoneInfo("America/Los_Angeles")
CLOCKS_DIFFER = timedelta(minutes=10)


@chapter.documented("treatments", "staging")
async def completed(trial: Trial) -> None:
    """A completed visit has the three lists and the moment of the evaluation, and no other field."""
    gfe_id = await trial.order()
    await trial.complete(gfe_id, deferred=True)
    (await trial.get(f"/visits/{gfe_id}")).is_(200, {"success": True, "data": COMPLETED_VISIT})


@chapter.documented("treatments", "staging")
async def outcome(trial: Trial) -> None:
    """Each list of a completed visit holds the names of the treatments that were so decided."""
    gfe_id = await trial.order()
    first, second, third = (name for _, name in trial.given.treatments)
    body = {"approved": [first], "conditionally_approved": [third], "deferred": [second]}
    (await trial.stage(gfe_id, "outcome", body)).has_status(200)
    visit = await trial.show(gfe_id)
    lists = [visit[f"{word}_treatments"] for word in ("requested", "approved", "conditionally_approved", "deferred")]
    wanted = [[first, second], [first], [third], [second]]
    require(lists == wanted, f"requested, approved, conditionally approved, deferred: {wanted}", lists)


@chapter.documented("treatments")
async def open_(trial: Trial) -> None:
    """A visit without an outcome has none of the outcome's fields."""
    for in_person in (False, True):
        gfe_id = await trial.order(in_person=in_person)
        (await trial.get(f"/visits/{gfe_id}")).is_(200, {"success": True, "data": OPEN_VISIT})


@chapter.documented("treatments", "staging")
async def pacific_time(trial: Trial) -> None:
    """The evaluation's moment has the offset that California has on that day, and is the moment it happened."""
    gfe_id = await trial.order()
    await trial.complete(gfe_id)
    text = (await trial.show(gfe_id))["evaluation_completed"]
    moment = datetime.fromisoformat(text)
    require(moment.utcoffset() == moment.astimezone(PACIFIC).utcoffset(), "California's offset", text)
    require(abs(datetime.now(UTC) - moment) < CLOCKS_DIFFER, "about now", text)


@chapter.documented()
async def unknown(trial: Trial) -> None:
    """A visit that does not exist is answered 404."""
    (await trial.get(f"/visits/{UNKNOWN_GFE}")).refuses_just(404, VISIT_UNKNOWN)


@chapter.documented("foreign_gfe")
async def foreign(trial: Trial) -> None:
    """A visit at a location that was not granted is answered 403."""
    (await trial.get(f"/visits/{trial.given.foreign_gfe}")).refuses_just(403, NO_VISIT)


@chapter.extension("treatments", "staging")
async def decisions(trial: Trial) -> None:
    """?include=decisions adds each treatment's decision, and only then is it there."""
    gfe_id = await trial.order()
    await trial.complete(gfe_id, deferred=True)
    answer = await trial.get(f"/visits/{gfe_id}?include=decisions")
    body = answer.is_(200, {"success": True, "data": COMPLETED_VISIT | {"decisions": Each(DECISION)}})
    decided = {decision["treatment"]: decision["outcome"] for decision in body["data"]["decisions"]}
    first, second = (name for _, name in trial.given.treatments[:2])
    require(decided == {first: "approved", second: "deferred"}, "one approved, one deferred", decided)


@chapter.extension("treatments")
async def include_unknown(trial: Trial) -> None:
    """Something else to include is answered 400."""
    (await trial.get(f"/visits/{await trial.order()}?include=everything")).names("include")
