"""Whether and when a provider is free: check, slots and next-slot, which are one answer asked in three ways."""

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from cast import Cast
from client import Answer
from scheduling import staff
from scheduling.asking import NO_DAYS, NO_TIMES, Desk

QUESTIONS = ("check", "slots", "next-slot")
DAY = "must be a date of the calendar, such as 2026-03-09"
TIME = "must be a time of the day, such as 09:00:00"


async def ask(desk: Desk, question: str, **changes: Any) -> Answer:
    """A question that is right as it stands, changed; a value of ... leaves a parameter out."""
    day = staff.ahead().isoformat()
    right: dict[str, dict[str, Any]] = {
        "check": {"date": day, "time": "10:15:00", "duration": 30},
        "slots": {"date": day, "duration": 30},
        "next-slot": {"duration": 30},
    }
    asked = right[question] | changes
    return await desk.ask(question, **{name: value for name, value in asked.items() if value is not ...})


async def test_a_free_time_is_told_in_the_documents_words(desk: Desk) -> None:
    answer = await ask(desk, "check")
    assert (answer.status, list(answer.json)) == (200, ["data"])
    assert list(answer.json["data"].items()) == [
        ("ProviderID", desk.provider), ("Date", staff.ahead().isoformat()), ("Time", "10:15:00"), ("Duration", 30),
        ("Available", True),
    ]  # fmt: skip


async def test_seconds_may_be_left_out_and_come_back(desk: Desk) -> None:
    assert (await ask(desk, "check", time="10:15")).json == (await ask(desk, "check")).json


async def test_the_slots_of_a_day_are_told_in_the_documents_words(desk: Desk, owner: asyncpg.Connection) -> None:
    office = await staff.hire(owner, hours=staff.OFFICE, step=60)
    monday = staff.ahead(weekday=1)
    answer = await desk.ask("slots", provider=office, date=monday.isoformat(), duration=60)
    times = [f"{hour:02}:00:00" for hour in (9, 10, 11, 13, 14, 15, 16)]
    assert (answer.status, list(answer.json["data"].items())) == (
        200,
        [("ProviderID", office), ("Date", monday.isoformat()), ("Duration", 60), ("Slots", times), ("Count", 7)],
    )


async def test_the_next_slot_is_told_in_the_documents_words(desk: Desk, owner: asyncpg.Connection) -> None:
    office = await staff.hire(owner, hours=((staff.ahead(3).isoweekday(),), ((540, 600),), ()))
    answer = await desk.ask("next-slot", provider=office, duration=30, maxDays=30)
    assert (answer.status, list(answer.json["data"])) == (
        200, ["ProviderID", "Duration", "SearchWindowDays", "TheNextSlot"]
    )  # fmt: skip
    assert answer.json["data"] == {
        "ProviderID": office, "Duration": 30, "SearchWindowDays": 30,
        "TheNextSlot": {"ProviderID": str(office), "Date": staff.ahead(3).isoformat(), "Time": "09:00:00"},
    }  # fmt: skip


async def test_nothing_free_is_null(desk: Desk, owner: asyncpg.Connection) -> None:
    weekday = staff.ahead(3).isoweekday()
    idle = await staff.hire(owner, hours=((weekday,), ((540, 600),), ()))
    for days, duration, is_free in ((3, 30, False), (4, 30, True), (730, 65, False), (4, 60, True)):
        answer = await desk.ask("next-slot", provider=idle, duration=duration, maxDays=days)
        assert (answer.status, answer.json["data"]["SearchWindowDays"]) == (200, days)
        assert (answer.json["data"]["TheNextSlot"] is not None) is is_free
    nobody = await staff.hire(owner, hours=((), (), ()))
    assert (await desk.ask("next-slot", provider=nobody, duration=30)).json["data"] == {
        "ProviderID": nobody, "Duration": 30, "SearchWindowDays": 365, "TheNextSlot": None,
    }  # fmt: skip


async def test_what_slots_offers_check_accepts_and_nothing_else(desk: Desk, owner: asyncpg.Connection) -> None:
    office = await staff.hire(owner, hours=staff.OFFICE, step=30)
    monday = staff.ahead(weekday=1)
    await staff.put_down(owner, office, staff.at(monday, "14:10"))
    found = (await desk.ask("slots", provider=office, date=monday.isoformat(), duration=45)).json["data"]["Slots"]
    assert found == ["09:00:00", "09:30:00", "10:00:00", "10:30:00", "11:00:00", "13:00:00", "15:00:00", "15:30:00",
                     "16:00:00"]  # fmt: skip
    for minute in range(0, 1440, 15):
        time = f"{minute // 60:02}:{minute % 60:02}:00"
        asked = {"date": monday.isoformat(), "time": time, "duration": 45}
        told = (await desk.ask("check", provider=office, **asked)).json["data"]
        assert told["Available"] is (time in found) and ("Reason" in told) is not told["Available"], told


async def test_check_says_why_not(desk: Desk, owner: asyncpg.Connection) -> None:
    office = await staff.hire(owner, hours=staff.OFFICE, notice=60, window=60)
    monday, tuesday = staff.ahead(weekday=1), staff.ahead(weekday=2)
    await staff.put_down(owner, office, staff.at(monday, "10:00"))
    await owner.execute(
        """insert into time_off (practice_id, provider_id, from_at, until_at)
           select practice_id, id, $2, $3 from providers where id = $1""",
        office, staff.at(tuesday, "09:00"), staff.at(tuesday, "10:00"),
    )  # fmt: skip
    told = {}
    for name, day, time in (
        ("taken", monday, "10:15"), ("break", monday, "12:00"), ("outside", monday, "16:45"), ("grid", monday, "09:05"),
        ("seconds", monday, "09:00:30"), ("closed", staff.ahead(weekday=7), "09:00"), ("off", tuesday, "09:30"),
        ("past", staff.ahead(-1), "09:00"), ("beyond", staff.ahead(61), "09:00"),
    ):  # fmt: skip
        asked = {"date": day.isoformat(), "time": time, "duration": 30}
        answer = (await desk.ask("check", provider=office, **asked)).json["data"]
        assert answer["Available"] is False
        told[name] = answer["Reason"]
    assert told == {
        "taken": "The provider is booked or held then, counting the time kept free around a visit.",
        "break": "The provider has a break then.",
        "outside": "This is outside the provider's working hours.",
        "grid": "Visits do not begin at this minute: ask for the slots of the day.",
        "seconds": "Visits do not begin at this minute: ask for the slots of the day.",
        "closed": "The provider does not work there on this day.",
        "off": "The provider is away then.",
        "past": "This is in the past.",
        "beyond": "This is further ahead than the provider can be booked.",
    }


@pytest.mark.parametrize("question", QUESTIONS)
async def test_the_duration_is_the_visit_types_unless_given(
    desk: Desk, owner: asyncpg.Connection, question: str
) -> None:
    await staff.offer(owner, code="NEW", minutes=55)
    assert (await ask(desk, question, visitType="NEW", duration=...)).json["data"]["Duration"] == 55
    assert (await ask(desk, question, visitType="NEW", duration=20)).json["data"]["Duration"] == 20
    missing = await ask(desk, question, duration=...)
    assert missing.fault == (422, "field_invalid", {"duration": "is required, unless visitType is given"})


@pytest.mark.parametrize("question", QUESTIONS)
async def test_a_duration_has_bounds(desk: Desk, question: str) -> None:
    for minutes in (5, 480):
        answer = await ask(desk, question, duration=minutes)
        assert (answer.status, answer.json["data"]["Duration"]) == (200, minutes)
    for wrong, why in ((4, "at least 5"), (481, "at most 480"), (0, "at least 5"), (-30, "at least 5")):
        answer = await ask(desk, question, duration=wrong)
        assert answer.fault == (422, "field_invalid", {"duration": f"must be {why}"})
    for nonsense in ("", "half", "30.5", "0x1e", "1" * 30):
        assert (await ask(desk, question, duration=nonsense)).fault[2].keys() == {"duration"}


async def test_max_days_has_bounds(desk: Desk) -> None:
    for days in (1, 730):
        assert (await ask(desk, "next-slot", maxDays=days)).json["data"]["SearchWindowDays"] == days
    for wrong, why in ((0, "at least 1"), (731, "at most 730")):
        answer = await ask(desk, "next-slot", maxDays=wrong)
        assert answer.fault == (422, "field_invalid", {"maxDays": f"must be {why}"})


@pytest.mark.parametrize("day", NO_DAYS)
async def test_what_is_no_day_is_refused(desk: Desk, day: str) -> None:
    for question in ("check", "slots"):
        assert (await ask(desk, question, date=day)).fault == (422, "field_invalid", {"date": DAY})


@pytest.mark.parametrize("time", NO_TIMES)
async def test_what_is_no_time_is_refused(desk: Desk, time: str) -> None:
    assert (await ask(desk, "check", time=time)).fault == (422, "field_invalid", {"time": TIME})


@pytest.mark.parametrize(("day", "why"), [("0001-01-01", "past"), ("9999-12-31", "further ahead")])
async def test_the_ends_of_the_calendar_are_days_without_slots(desk: Desk, day: str, why: str) -> None:
    told = (await ask(desk, "check", date=day)).json["data"]
    assert told["Available"] is False and why in told["Reason"]
    assert (await ask(desk, "slots", date=day)).json["data"] == {
        "ProviderID": desk.provider, "Date": day, "Duration": 30, "Slots": [], "Count": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("question", "changes", "fields"),
    [
        ("check", {"date": ..., "time": ...}, {"date": "is required", "time": "is required"}),
        ("check", {"date": ..., "time": ..., "duration": ...}, {"date": "is required", "time": "is required"}),
        ("slots", {"date": ...}, {"date": "is required"}),
        ("check", {"date": "x", "time": "y", "duration": 1},
         {"date": DAY, "time": TIME, "duration": "must be at least 5"}),
        ("slots", {"time": "10:00"}, {"time": "is not a known field"}),
        ("next-slot", {"date": "2026-03-09"}, {"date": "is not a known field"}),
        ("slots", {"Duration": 30}, {"Duration": "is not a known field"}),
        ("check", {"maxDays": 3}, {"maxDays": "is not a known field"}),
        ("slots", {"visitType": ""}, {"visitType": "must have at least 1 characters"}),
        ("slots", {"locationId": "a\x00"}, {"locationId": "contains the character U+0000"}),
    ],
)  # fmt: skip
async def test_a_query_that_is_wrong_is_refused_by_name(
    desk: Desk, question: str, changes: dict[str, Any], fields: dict[str, str]
) -> None:
    assert (await ask(desk, question, **changes)).fault == (422, "field_invalid", fields)


@pytest.mark.parametrize("question", QUESTIONS)
async def test_what_the_practice_does_not_have_is_named_together(
    desk: Desk, owner: asyncpg.Connection, question: str
) -> None:
    await staff.offer(owner, "RivalOffice", code="RIVALS")
    for code, place in (("NOTHING", "loc_nowhere"), ("RIVALS", Cast.RIVAL), ("followup", "'; --")):
        answer = await ask(desk, question, visitType=code, locationId=place)
        assert answer.fault == (422, "field_invalid", {
            "visitType": "is no visit type of this practice (FOLLOWUP)",
            "locationId": "is no location of this practice",
        })  # fmt: skip


@pytest.mark.parametrize("question", QUESTIONS)
async def test_a_provider_without_a_home_is_asked_for_at_a_location(
    desk: Desk, owner: asyncpg.Connection, question: str
) -> None:
    await owner.execute("update providers set home_location_id = null")
    why = "is required: nobody said where they work"
    assert (await ask(desk, question)).fault == (422, "field_invalid", {"locationId": why})
    answer = await ask(desk, question, duration=..., locationId=...)
    assert answer.fault[2].keys() == {"duration", "locationId"}
    assert (await ask(desk, question, locationId=Cast.GLOW)).status == 200


@pytest.mark.parametrize("question", QUESTIONS)
async def test_who_has_ended_is_not_asked_for(desk: Desk, owner: asyncpg.Connection, question: str) -> None:
    await owner.execute("update providers set ended_at = now()")
    assert (await ask(desk, question)).fault == (404, "provider_not_found", {})


@pytest.mark.parametrize("question", QUESTIONS)
async def test_another_practice_learns_nothing(desk: Desk, owner: asyncpg.Connection, question: str) -> None:
    theirs = Desk(desk.partner, await staff.hire(owner, "RivalOffice"), 0)
    for changes in ({}, {"visitType": "NOTHING"}, {"locationId": Cast.RIVAL}):
        assert (await ask(theirs, question, **changes)).fault == (404, "provider_not_found", {})


async def test_hours_are_of_the_location_that_is_asked_for(desk: Desk, owner: asyncpg.Connection) -> None:
    monday = staff.ahead(weekday=1)
    office = await staff.hire(owner, hours=staff.OFFICE)
    await staff.work(owner, office, Cast.GLOW_SECOND, ((1,), ((1080, 1140),), ()))
    evening = await desk.ask(
        "slots", provider=office, date=monday.isoformat(), duration=30, locationId=Cast.GLOW_SECOND
    )
    assert evening.json["data"]["Slots"] == ["18:00:00", "18:15:00", "18:30:00"]
    await staff.put_down(owner, office, staff.at(monday, "18:00"))  # at their home
    evening = await desk.ask(
        "slots", provider=office, date=monday.isoformat(), duration=30, locationId=Cast.GLOW_SECOND
    )
    assert evening.json["data"]["Slots"] == ["18:30:00"]


async def test_times_are_of_the_location_that_is_asked_for(desk: Desk, owner: asyncpg.Connection) -> None:
    await owner.execute("update locations set time_zone = 'America/New_York' where id = $1", Cast.GLOW_SECOND)
    await staff.work(owner, desk.provider, Cast.GLOW_SECOND, staff.ALWAYS)
    await staff.put_down(owner, desk.provider, staff.at(staff.ahead(), "10:00"))
    assert await desk.is_free("13:00") and not await desk.is_free("10:00")
    assert await desk.is_free("10:00", locationId=Cast.GLOW_SECOND)
    assert not await desk.is_free("13:00", locationId=Cast.GLOW_SECOND)


async def test_a_type_keeps_its_own_time_free_and_no_type_the_practices_largest(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    await staff.offer(owner, code="WIDE", before=15, after=30)
    await staff.put_down(owner, desk.provider, staff.at(staff.ahead(), "12:00"))
    asked: list[tuple[list[str], dict[str, Any]]] = [
        (["10:30", "10:45", "11:00", "11:15", "11:30", "12:30", "12:45"], {"visitType": "FOLLOWUP"}),
        (["10:30", "10:45", "11:00", "12:45"], {"visitType": "WIDE"}),
        (["10:30", "10:45", "11:00", "12:45"], {}),
    ]
    for free, query in asked:
        found = await desk.slots(staff.ahead(), **query)
        assert [time for time in found if "10:30" <= time < "13:00"] == [f"{time}:00" for time in free], query
    await owner.execute("delete from visit_types where code = 'WIDE'")
    assert await desk.is_free("11:30")


async def test_the_past_of_today_is_never_offered(desk: Desk) -> None:
    now = datetime.now(UTC).astimezone(staff.ZONE)
    for day in (now.date(), now.date() + timedelta(days=1)):
        offered = [staff.at(day, time) for time in await desk.slots(day)]
        assert all(start >= now for start in offered)
    found = (await ask(desk, "next-slot")).json["data"]["TheNextSlot"]
    start = datetime.fromisoformat(f"{found['Date']}T{found['Time']}").replace(tzinfo=staff.ZONE)
    assert now <= start <= datetime.now(UTC) + timedelta(minutes=15)
