"""Checks of booking: what is offered is booked once, moved and cancelled; everything else is refused with a reason."""

import asyncio
from secrets import token_hex
from typing import Any

from openmedspa.verify.answer import Answer, require
from openmedspa.verify.checks import Chapter
from openmedspa.verify.partner.desk import MINUTES, Desk, Slot, at_desk
from openmedspa.verify.partner.trial import Trial, data, word
from openmedspa.verify.partner.words import ENTRY, NOBODY, VISIT, names, refuses
from openmedspa.verify.shape import differences

chapter = Chapter("booking", section="Booking", needs=("provider", "visits", "prospects", "visit_type"))
AT_ONCE = 6


async def _is_free(desk: Desk, slot: Slot) -> None:
    """To slots and to check."""
    times, said = await desk.slots(slot.date), await desk.check(slot)
    require(slot.time in times and said["Available"], f"{slot.time} on {slot.date}, free again", [times, said])


async def _is_gone(desk: Desk, slot: Slot) -> None:
    times, said = await desk.slots(slot.date), await desk.check(slot)
    require(slot.time not in times, f"slots without {slot.time} on {slot.date}", times)
    require(said["Available"] is False and said.get("Reason"), "not Available, and a Reason", said)


def _refused(answer: Answer) -> None:
    require(refuses(answer, 409)["message"], "409, with a reason", answer.told)


@chapter.extension()
async def works(trial: Trial) -> None:
    """A slot that is offered is booked: 201, and the visit with all that was asked, Booked."""
    async with at_desk(trial) as desk:
        (day,) = await desk.days()
        body = (await desk.try_to_book(day.first, Notes="Only a check.")).is_(201, {"data": VISIT})["data"]
        wanted = {
            "ProviderID": trial.given.provider, "ProspectID": desk.prospect_id, "Date": day.date,
            "Time": day.first.time, "Duration": MINUTES, "Type": trial.given.visit_type, "Status": "Booked",
        }  # fmt: skip
        came = {name: body[name] for name in wanted}
        require(came == wanted, f"{wanted}", came)
        require(body.get("Notes", "Only a check.") == "Only a check.", "the Notes", body)


@chapter.extension()
async def shown(trial: Trial) -> None:
    """GET /visits/{id} shows what was booked."""
    async with at_desk(trial) as desk:
        (day,) = await desk.days()
        made = await desk.book(day.first)
        found = await desk.show(made["VisitID"])
        require(found == made, f"{made}", found)


@chapter.extension()
async def every_slot(trial: Trial) -> None:
    """The first and the last slot of a day are booked as they were offered."""
    async with at_desk(trial) as desk:
        (day,) = await desk.days()
        for time in (day.times[-1], day.times[0]):
            slot = Slot(day.date, time)
            if time in await desk.slots(day.date):  # both may be within the time of one visit
                (await desk.try_to_book(slot)).has_status(201)


@chapter.extension()
async def takes_the_slot(trial: Trial) -> None:
    """What is booked is in no list of slots from then on, and `check` says why."""
    async with at_desk(trial) as desk:
        (day,) = await desk.days()
        await desk.book(day.first)
        await _is_gone(desk, day.first)


@chapter.extension()
async def stands_in_the_schedule(trial: Trial) -> None:
    """What is booked stands in the schedule of its day, in the documents' form."""
    async with at_desk(trial) as desk:
        (day,) = await desk.days()
        made = await desk.book(day.first)
        entry = {
            **ENTRY, "VisitID": made["VisitID"], "time": day.first.time, "duration": MINUTES, "type": made["Type"],
        }  # fmt: skip
        visits = await desk.schedule(day.date)
        require(any(not list(differences(entry, one)) for one in visits), f"{entry} among them", visits)


@chapter.extension()
async def once_only(trial: Trial) -> None:
    """Booking what is booked is refused with 409 and a reason, for the same prospect too."""
    async with at_desk(trial) as desk:
        (day,) = await desk.days()
        await desk.book(day.first)
        _refused(await desk.try_to_book(day.first))
        _refused(await desk.try_to_book(day.first, ProspectID=(await trial.prospect())["ID"]))
        visits = [one for one in await desk.schedule(day.date) if one["time"] == day.first.time]
        require(len(visits) == 1, "one visit at this time", visits)


@chapter.extension()
async def one_winner(trial: Trial) -> None:
    """Of several who book one slot at the same moment one gets it, and the others are told 409."""
    async with at_desk(trial) as desk:
        (day,) = await desk.days()
        answers = await asyncio.gather(*(desk.try_to_book(day.first) for _ in range(AT_ONCE)))
        came = sorted(answer.status for answer in answers)
        require(came == [201, *[409] * (AT_ONCE - 1)], f"201 once, 409 {AT_ONCE - 1} times", came)


@chapter.extension()
async def not_offered(trial: Trial) -> None:
    """A time that is not offered, and one that is past, is refused with 409 and a reason."""
    async with at_desk(trial) as desk:
        (day,) = await desk.days()
        other = Slot(day.date, f"{day.first.time[:6]}30")
        _refused(await desk.try_to_book(other))
        _refused(await desk.try_to_book(Slot("2020-01-06", day.first.time)))


@chapter.extension()
async def replayed(trial: Trial) -> None:
    """The same Idempotency-Key and body answer the first visit again; with another body the key is refused with 409."""
    async with at_desk(trial) as desk:
        (day,) = await desk.days()
        headers = {"Idempotency-Key": f"verify-{token_hex(8)}"}
        first, second = [data(await desk.try_to_book(day.first, headers=headers), 201) for _ in range(2)]
        require(first == second, f"{first}", second)
        refuses(await desk.try_to_book(day.first, headers=headers, Notes="Another"), 409)


@chapter.extension()
async def moved(trial: Trial) -> None:
    """A visit that is moved gives its old time back and takes the new one, in slots and schedule."""
    async with at_desk(trial) as desk:
        old, new = await desk.days(2)
        visit_id = (await desk.book(old.first))["VisitID"]
        after = data(await desk.change(visit_id, Date=new.date, Time=new.first.time))
        require((after["Date"], after["Time"]) == new.first, f"{new.first}", after)
        found = await desk.show(visit_id)
        require(found == after, f"{after}", found)
        await _is_free(desk, old.first)
        await _is_gone(desk, new.first)
        for day, stands in ((old.date, False), (new.date, True)):
            ids = [one["VisitID"] for one in await desk.schedule(day)]
            require((visit_id in ids) == stands, f"{visit_id} on {new.date} and not on {old.date}", [day, ids])


@chapter.extension()
async def moved_onto_another(trial: Trial) -> None:
    """A move to a time that is taken is refused with 409, and the visit stays where it was."""
    async with at_desk(trial) as desk:
        one, other = await desk.days(2)
        made = await desk.book(one.first)
        await desk.book(other.first)
        _refused(await desk.change(made["VisitID"], Date=other.date, Time=other.first.time))
        found = await desk.show(made["VisitID"])
        require(found == made, f"{made}", found)
        await _is_gone(desk, one.first)


@chapter.extension()
async def cancelled(trial: Trial) -> None:
    """A visit that is cancelled gives its time back, leaves the schedule, and can still be shown."""
    async with at_desk(trial) as desk:
        (day,) = await desk.days()
        visit_id = (await desk.book(day.first))["VisitID"]
        after = data(await desk.change(visit_id, Status="Cancelled"))
        require(after["Status"] == "Cancelled", "Status: Cancelled", after)
        await _is_free(desk, day.first)
        ids = [one["VisitID"] for one in await desk.schedule(day.date)]
        require(visit_id not in ids, f"a schedule without {visit_id}", ids)
        found = await desk.show(visit_id)
        require(found["Status"] == "Cancelled", "Status: Cancelled", found)


@chapter.extension()
async def noted(trial: Trial) -> None:
    """A change of Notes changes nothing else."""
    async with at_desk(trial) as desk:
        (day,) = await desk.days()
        made, said = await desk.book(day.first), f"verify {word()}"
        after = data(await desk.change(made["VisitID"], Notes=said))
        wanted = {**made, "Notes": said, "UpdatedAt": after["UpdatedAt"]}
        require(after == wanted, f"{wanted}", after)


@chapter.extension()
async def fields_bad(trial: Trial) -> None:
    """What is missing, unknown, read-only or no day, time or duration is refused with 422 that names it."""
    async with at_desk(trial) as desk:
        (day,) = await desk.days()
        slot, path = day.first, trial.at("/visits")
        wrong: list[tuple[str, Any]] = [
            ("Date", "2026-02-30"), ("Date", None), ("Time", "25:00:00"), ("Time", 900), ("Duration", 4),
            ("Duration", 481), ("Duration", "30"), ("ProviderID", "1"), ("ProspectID", 0), ("Type", ""),
            ("Status", "Booked"), ("VisitID", 1), ("Color", "red"),
        ]  # fmt: skip
        for name, value in wrong:
            names(await desk.try_to_book(slot, **{name: value}), name)
        names(await trial.post(path, {}), "ProviderID", "Date", "Time", "ProspectID", "Type")


@chapter.extension()
async def references_bad(trial: Trial) -> None:
    """A provider, prospect, type, location, treatment or hold that there is none of is refused: 422 that names it."""
    async with at_desk(trial) as desk:
        (day,) = await desk.days()
        unknown: dict[str, Any] = {
            "ProviderID": NOBODY, "ProspectID": NOBODY, "Type": "NO-SUCH-TYPE", "LocationID": "loc_nowhere",
            "TreatmentIDs": ["treatment_nowhere"], "HoldID": NOBODY,
        }  # fmt: skip
        for name, value in unknown.items():
            names(await desk.try_to_book(day.first, **{name: value}), name)
        await _is_free(desk, day.first)


@chapter.extension()
async def changes_bad(trial: Trial) -> None:
    """A change to what is no day, time, duration or status is refused with 422 that names it, and changes nothing."""
    async with at_desk(trial) as desk:
        (day,) = await desk.days()
        made = await desk.book(day.first)
        for name, value in (
            ("Date", "2026-02-30"), ("Time", "9am"), ("Duration", 0), ("Status", "Done"), ("Status", "Booked"),
            ("ProviderID", NOBODY), ("VisitID", 1), ("Color", "red"),
        ):  # fmt: skip
            names(await desk.change(made["VisitID"], **{name: value}), name)
        found = await desk.show(made["VisitID"])
        require(found == made, f"{made}", found)


@chapter.extension()
async def unknown(trial: Trial) -> None:
    """A visit that does not exist is answered 404, shown or changed."""
    for id_ in (NOBODY, "x", "0", "9" * 30):
        path = trial.at(f"/visits/{id_}")
        refuses(await trial.get(path), 404)
        refuses(await trial.patch(path, {"Status": "Cancelled"}), 404)
