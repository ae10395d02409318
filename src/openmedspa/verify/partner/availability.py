"""Checks of when a provider can be booked: who there is, what is booked, what is free, and that all answers agree."""

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from openmedspa.verify.answer import require
from openmedspa.verify.checks import Chapter
from openmedspa.verify.partner.desk import FARTHEST, MINUTES, Slot, ask, check, free_days, next_slot, slots
from openmedspa.verify.partner.trial import Trial, data, entries
from openmedspa.verify.partner.words import (
    CHECKED,
    ENTRY,
    NEXT,
    NOBODY,
    PROVIDER,
    PROVIDER_NAME,
    SLOTS,
    THE_NEXT,
    a_list,
    names,
    refuses,
)
from openmedspa.verify.shape import Each

chapter = Chapter("availability", section="Availability", needs=("provider",))
DOCUMENTED = {"date": "2026-03-09", "time": "10:15:00", "duration": 30}
LONG_PAST = "2020-01-06"  # a Monday
YEAR = {"startDate": "2026-01-01", "endDate": "2026-12-31"}
LONGEST = 480
MOST_BETWEEN = 12


@chapter.documented()
async def providers(trial: Trial) -> None:
    """The list of providers is answered in `data`, each with a number and a name."""
    listed = entries(await trial.get(trial.at("/availability/providers?limit=200")))
    ids = [one["id"] for one in listed if one["name"]]
    require(trial.given.provider in ids, f"{trial.given.provider} among them", ids[:20])


@chapter.extension()
async def providers_form(trial: Trial) -> None:
    """The list has each provider's zone and locations as well, and comes by pages."""
    body = (await trial.get(trial.at("/availability/providers?limit=1"))).is_(200, a_list(PROVIDER))
    require(len(body["data"]) == 1, "one", len(body["data"]))


@chapter.documented()
async def provider(trial: Trial) -> None:
    """One provider is shown with id, name, title and specialty."""
    shown = data(await ask(trial))
    require(PROVIDER_NAME.keys() <= shown.keys(), ", ".join(PROVIDER_NAME), shown)
    require(shown["id"] == trial.given.provider, f"id {trial.given.provider}", shown)


@chapter.extension()
async def provider_as_listed(trial: Trial) -> None:
    """One provider is shown as the list has them."""
    body = (await ask(trial)).is_(200, {"data": PROVIDER})
    listed = entries(await trial.get(trial.at("/availability/providers?limit=200")))
    require(body["data"] in listed, f"{body['data']} among them", listed[:3])


async def _year(trial: Trial, **query: object) -> dict[str, Any]:
    answer = await ask(trial, "schedule", **YEAR, **query)
    days: dict[str, Any] = data(answer)["schedule"]
    shape = {"provider": PROVIDER_NAME, **YEAR, "schedule": dict.fromkeys(days, Each(ENTRY))}
    body: dict[str, Any] = answer.is_(200, {"data": {**shape, "totalVisits": sum(map(len, days.values()))}})["data"]
    return body


@chapter.documented()
async def schedule(trial: Trial) -> None:
    """A schedule is the provider, the range, the visits by day in the documents' form, and how many there are."""
    days = (await _year(trial))["schedule"]
    strange = [day for day, visits in days.items() if not visits or not YEAR["startDate"] <= day <= YEAR["endDate"]]
    require(not strange, "days of the range that have visits", strange[:5])


@chapter.extension()
async def schedule_of_a_type(trial: Trial) -> None:
    """?visitType leaves only visits of this type, and an unknown type leaves none."""
    kinds = {visit["type"] for visits in (await _year(trial))["schedule"].values() for visit in visits}
    for kind in sorted(kinds):
        of_kind = (await _year(trial, visitType=kind))["schedule"]
        found = {visit["type"] for visits in of_kind.values() for visit in visits}
        require(found == {kind}, f"{kind} only", sorted(found))
    nothing = await _year(trial, visitType="NO-SUCH-TYPE")
    require((nothing["schedule"], nothing["totalVisits"]) == ({}, 0), "an empty schedule", nothing)


@chapter.documented()
async def checked(trial: Trial) -> None:
    """A check says again what was asked, and whether that time is available."""
    body = (await ask(trial, "check", **DOCUMENTED)).is_(200, {"data": CHECKED})["data"]
    came = [body[name] for name in ("ProviderID", "Date", "Time", "Duration")]
    require(came == [trial.given.provider, *DOCUMENTED.values()], f"{DOCUMENTED}", body)


@chapter.documented()
async def slots_form(trial: Trial) -> None:
    """The slots of a day stand in their order, as 09:00:00, and are counted."""
    (day,) = await free_days(trial, 1)
    body = (await ask(trial, "slots", date=day.date, duration=MINUTES)).is_(200, {"data": SLOTS})["data"]
    came = [body[name] for name in ("ProviderID", "Date", "Duration", "Count")]
    require(came == [trial.given.provider, day.date, MINUTES, len(body["Slots"])], "what was asked, and how many", body)
    require(all(one < other for one, other in pairwise(body["Slots"])), "each later than the one before", body["Slots"])


@chapter.documented()
async def next_slot_form(trial: Trial) -> None:
    """The next slot says again what was asked; its own ProviderID is a text."""
    answer = await ask(trial, "next-slot", duration=MINUTES, maxDays=FARTHEST)
    body = answer.is_(200, {"data": {**NEXT, "TheNextSlot": THE_NEXT}})["data"]
    came = [body["ProviderID"], body["Duration"], body["SearchWindowDays"], body["TheNextSlot"]["ProviderID"]]
    require(came == [(id_ := trial.given.provider), MINUTES, FARTHEST, str(id_)], "what was asked", body)


@chapter.documented()
async def next_slot_of_a_year(trial: Trial) -> None:
    """Without maxDays the next slot is looked for within 365 days."""
    found = data(await ask(trial, "next-slot", duration=MINUTES))["SearchWindowDays"]
    require(found == 365, "SearchWindowDays: 365", found)


@chapter.extension()
async def offered_is_available(trial: Trial) -> None:
    """Every time that `slots` lists is available to `check`."""
    async with trial.server.turn:
        for day in await free_days(trial, 2, ahead=1):
            for minutes in (MINUTES, 2 * MINUTES):
                for time in await slots(trial, day.date, duration=minutes):
                    said = await check(trial, Slot(day.date, time), duration=minutes)
                    require((said["Available"], "Reason" in said) == (True, False), "Available, and no Reason", said)


@chapter.extension()
async def not_offered_is_not_available(trial: Trial) -> None:
    """A time that `slots` does not list is not available to `check`, which says why."""
    async with trial.server.turn:
        (day,) = await free_days(trial, 1, ahead=1)
        between = [f"{time[:4]}{(int(time[4]) + 1) % 10}{end}" for time in day.times for end in (":00", ":30")]
        others = [time for time in ("00:00:00", "23:59:00", *between) if time not in day.times]
        for time in others[:MOST_BETWEEN]:
            said = await check(trial, Slot(day.date, time))
            require(said["Available"] is False and said.get("Reason"), "not Available, and a Reason", said)


@chapter.extension()
async def next_is_first(trial: Trial) -> None:
    """The next slot is the first that `slots` lists, and no day before it has one."""
    async with trial.server.turn:
        found = await next_slot(trial)
        for _ in range(3):  # its time may have come meanwhile
            times = await slots(trial, found.date) if found else []
            before, found = found, await next_slot(trial)
            if found == before:
                break
        require(found and times[:1] == [found.time], f"{times[:1]} of that day", str(found))
        assert found is not None
        for days in range(1, 15):
            day = (date.fromisoformat(found.date) - timedelta(days=days)).isoformat()
            times = await slots(trial, day)
            require(times == [], f"nothing on {day}, before the next slot on {found.date}", times)


@chapter.extension()
async def next_within_its_window(trial: Trial) -> None:
    """Within fewer days the next slot is the same, or TheNextSlot is null; within more days it stays."""
    for minutes in (MINUTES, LONGEST):
        async with trial.server.turn:
            found = [await next_slot(trial, duration=minutes, maxDays=days) for days in (1, 2, 4, 8, FARTHEST)]
            last = found[-1]
            since = next((n for n, one in enumerate(found) if one), len(found))
            require(found[since:] == [last] * (len(found) - since), f"{last} from some number of days on", found)
            if last is not None:
                said = await check(trial, last, duration=minutes)
                require(said["Available"], f"{last}, which is available", said)


@chapter.extension()
async def past_is_not_offered(trial: Trial) -> None:
    """The past has no slots, and `check` says so."""
    found = await slots(trial, LONG_PAST)
    require(found == [], "no slots", found)
    said = await check(trial, Slot(LONG_PAST, "10:00:00"))
    require(said["Available"] is False and said.get("Reason"), "not Available, and a Reason", said)


@chapter.extension("visit_type")
async def minutes_of_a_type(trial: Trial) -> None:
    """Without a duration the visit type's is taken; without both, `duration` is missing."""
    kind = trial.given.visit_type
    said = data(await ask(trial, "next-slot", visitType=kind))
    slots_ = (await ask(trial, "slots", date=LONG_PAST, visitType=kind)).is_(200, {"data": SLOTS})["data"]
    require(said["Duration"] == slots_["Duration"] > 0, "one and the same duration", [said, slots_])
    names(await ask(trial, "next-slot"), "duration")
    names(await ask(trial, "slots", date=LONG_PAST), "duration")


@chapter.extension()
async def days_and_times_bad(trial: Trial) -> None:
    """A day or a time that is none, or is missing, is refused with 422 that names it."""
    day, minutes = DOCUMENTED["date"], DOCUMENTED["duration"]
    for bad in ("2026-02-30", "03/09/2026", "tomorrow", ""):
        names(await ask(trial, "slots", date=bad, duration=minutes), "date")
        names(await ask(trial, "check", date=bad, time="10:15:00", duration=minutes), "date")
        names(await ask(trial, "schedule", startDate=bad, endDate=day), "startDate")
    for bad in ("25:00:00", "10:60:00", "10am", "10", ""):
        names(await ask(trial, "check", date=day, time=bad, duration=minutes), "time")
    names(await ask(trial, "slots", duration=minutes), "date")
    names(await ask(trial, "check", duration=minutes), "date", "time")
    names(await ask(trial, "schedule"), "startDate", "endDate")


@chapter.extension()
async def numbers_bad(trial: Trial) -> None:
    """A duration outside 5 to 480 minutes and a maxDays outside 1 to 730 are refused with 422 that names them."""
    for bad in (4, 481, 0, -30, "x", "1.5", ""):
        names(await ask(trial, "slots", date=DOCUMENTED["date"], duration=bad), "duration")
        names(await ask(trial, "check", **{**DOCUMENTED, "duration": bad}), "duration")
        names(await ask(trial, "next-slot", duration=bad), "duration")
    for bad in (0, 731, -1, "x"):
        names(await ask(trial, "next-slot", duration=MINUTES, maxDays=bad), "maxDays")


@chapter.extension()
async def ranges_bad(trial: Trial) -> None:
    """A schedule of more than 366 days, or one that ends before it begins, is refused with 422 that names endDate."""
    (await ask(trial, "schedule", startDate="2026-01-01", endDate="2027-01-01")).has_status(200)
    for last in ("2027-01-02", "2025-12-31"):
        names(await ask(trial, "schedule", startDate="2026-01-01", endDate=last), "endDate")


@chapter.extension()
async def references_bad(trial: Trial) -> None:
    """A visit type, a location or a parameter that there is none of is refused with 422 that names it."""
    for what, query in (("slots", {"date": LONG_PAST}), ("check", {"date": LONG_PAST, "time": "10:00"}),
                        ("next-slot", {})):  # fmt: skip
        names(await ask(trial, what, **query, duration=MINUTES, visitType="NO-SUCH-TYPE"), "visitType")
        names(await ask(trial, what, **query, duration=MINUTES, locationId="loc_nowhere"), "locationId")
        names(await ask(trial, what, **query, duration=MINUTES, step=5), "step")


@chapter.extension()
async def unknown(trial: Trial) -> None:
    """A provider who does not exist is answered 404, whatever is asked of them."""
    queries = (
        "", "/schedule?startDate=2026-03-09&endDate=2026-03-15", "/check?date=2026-03-09&time=10:15:00&duration=30",
        "/slots?date=2026-03-09&duration=30", "/next-slot?duration=30",
    )  # fmt: skip
    for id_ in (NOBODY, "x", "0", "9" * 30):
        for query in queries:
            refuses(await trial.get(trial.at(f"/availability/providers/{id_}{query}")), 404)
