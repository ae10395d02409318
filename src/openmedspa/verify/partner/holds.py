"""Checks of holds: a time kept for a few minutes is nobody else's, can be booked by its number, and is given back."""

from datetime import datetime, timedelta
from typing import Any

from openmedspa.verify.answer import require
from openmedspa.verify.checks import Chapter
from openmedspa.verify.partner.desk import at_desk
from openmedspa.verify.partner.trial import Trial
from openmedspa.verify.partner.words import HOLD, NOBODY, names, refuses

chapter = Chapter("holds", section="Booking: holds", needs=("provider", "visits", "prospects", "visit_type"))
HELD_FOR, SPARE = timedelta(minutes=5), timedelta(seconds=30)


@chapter.extension()
async def works(trial: Trial) -> None:
    """A slot that is offered is held: 201, with a number and the moment at which it lapses."""
    async with at_desk(trial) as desk:
        (day,) = await desk.days()
        (await desk.try_to_hold(day.first)).is_(201, {"data": HOLD})


@chapter.extension()
async def five_minutes(trial: Trial) -> None:
    """A hold lasts five minutes."""
    async with at_desk(trial) as desk:
        one, other = await desk.days(2)
        began = datetime.fromisoformat((await desk.book(other.first))["CreatedAt"])  # the server's clock, not ours
        lasts = datetime.fromisoformat((await desk.hold(one.first))["ExpiresAt"]) - began
        require(HELD_FOR <= lasts <= HELD_FOR + SPARE, f"{HELD_FOR}", str(lasts))


@chapter.extension()
async def hides_the_slot(trial: Trial) -> None:
    """What is held is in no list of slots, and `check` says why."""
    async with at_desk(trial) as desk:
        (day,) = await desk.days()
        await desk.hold(day.first)
        times, said = await desk.slots(day.date), await desk.check(day.first)
        require(day.first.time not in times, f"slots without {day.first.time}", times)
        require(said["Available"] is False and said.get("Reason"), "not Available, and a Reason", said)


@chapter.extension()
async def is_no_visit(trial: Trial) -> None:
    """A hold stands in no schedule."""
    async with at_desk(trial) as desk:
        (day,) = await desk.days()
        before = await desk.schedule(day.date)
        await desk.hold(day.first)
        after = await desk.schedule(day.date)
        require(after == before, "the schedule as before", after)


@chapter.extension()
async def keeps_others_out(trial: Trial) -> None:
    """What is held can be booked by its HoldID only, and not be held again: 409."""
    async with at_desk(trial) as desk:
        (day,) = await desk.days()
        await desk.hold(day.first)
        refuses(await desk.try_to_book(day.first), 409)
        refuses(await desk.try_to_hold(day.first), 409)


@chapter.extension()
async def booked(trial: Trial) -> None:
    """Booking with the HoldID takes the hold's place: 201, and the hold is no more."""
    async with at_desk(trial) as desk:
        (day,) = await desk.days()
        hold_id = (await desk.hold(day.first))["HoldID"]
        made = await desk.book(day.first, HoldID=hold_id)
        require((made["Date"], made["Time"]) == day.first, f"{day.first}", made)
        refuses(await trial.delete(trial.at(f"/holds/{hold_id}")), 404)
        times = await desk.slots(day.date)
        require(day.first.time not in times, f"slots without {day.first.time}", times)


@chapter.extension()
async def released(trial: Trial) -> None:
    """A hold that is released gives its time back, and is gone."""
    async with at_desk(trial) as desk:
        (day,) = await desk.days()
        path = trial.at(f"/holds/{(await desk.hold(day.first))['HoldID']}")
        (await trial.delete(path)).has_status(200, 204)
        times = await desk.slots(day.date)
        require(times == day.times, f"{day.first.time} free again", times)
        refuses(await trial.delete(path), 404)


@chapter.extension()
async def not_offered(trial: Trial) -> None:
    """What is not offered cannot be held: 409, with the reason."""
    async with at_desk(trial) as desk:
        (day,) = await desk.days()
        for slot in (day.first._replace(date="2020-01-06"), day.first._replace(time=f"{day.first.time[:6]}30")):
            require(refuses(await desk.try_to_hold(slot), 409)["message"], "409, with a reason", "none")


@chapter.extension()
async def fields_bad(trial: Trial) -> None:
    """What is missing, unknown or no day, time, duration or provider is refused with 422 that names it."""
    good: dict[str, Any] = {
        "ProviderID": trial.given.provider, "Date": "2020-01-06", "Time": "09:00:00", "Duration": 30,
    }  # fmt: skip
    path = trial.at("/holds")
    for name, value in (
        ("ProviderID", NOBODY), ("ProviderID", "1"), ("Date", "2020-02-30"), ("Time", "24:00"), ("Duration", 481),
        ("Color", "red"), ("HoldID", 1),
    ):  # fmt: skip
        names(await trial.post(path, {**good, name: value}), name)
    names(await trial.post(path, {}), "ProviderID", "Date", "Time")


@chapter.extension()
async def unknown(trial: Trial) -> None:
    """A hold that does not exist is answered 404."""
    for id_ in (NOBODY, "x", "0", "9" * 30):
        refuses(await trial.delete(trial.at(f"/holds/{id_}")), 404)
