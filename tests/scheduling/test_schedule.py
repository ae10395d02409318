"""A provider's schedule: what is booked, by local day, as the partner's documents print it."""

from datetime import date, timedelta
from typing import Any

import asyncpg
import pytest
from cast import Cast
from client import Client
from scheduling import staff
from scheduling.asking import NO_DAYS, PROVIDERS, Desk

DOCUMENTED = {
    "data": {
        "provider": {"id": 1, "name": "Jane Smith", "title": "PA-C", "specialty": "Aesthetics"},
        "startDate": "2026-03-09",
        "endDate": "2026-03-15",
        "schedule": {
            "2026-03-09": [{"VisitID": 101, "time": "09:00:00", "duration": 30, "type": "FOLLOWUP", "booked": True}]
        },
        "totalVisits": 1,
    }
}
MONDAY = date(2026, 3, 9)  # the first after the clocks went forward


async def ask(desk: Desk, first: date, last: date, **query: Any) -> dict[str, Any]:
    answer = await desk.ask("schedule", startDate=first.isoformat(), endDate=last.isoformat(), **query)
    assert answer.status == 200, answer.json
    told: dict[str, Any] = answer.json["data"]
    assert told["totalVisits"] == sum(map(len, told["schedule"].values()))
    return told


async def test_the_documents_example_answers_as_printed(glow_partner: Client, owner: asyncpg.Connection) -> None:
    provider = await staff.hire(owner, name="Jane Smith", hours=staff.OFFICE)
    await owner.execute("update providers set id = 1, title = 'PA-C', specialty = 'Aesthetics' where id = $1", provider)
    await staff.offer(owner)
    await owner.execute("alter table bookings alter id restart with 101")
    await staff.put_down(owner, 1, staff.at(MONDAY, "09:00"))
    answer = await glow_partner.get(f"{PROVIDERS}/1/schedule?startDate=2026-03-09&endDate=2026-03-15")
    assert (answer.status, answer.json) == (200, DOCUMENTED)
    assert list(answer.json["data"]) == list(DOCUMENTED["data"])
    entry = answer.json["data"]["schedule"]["2026-03-09"][0]
    assert list(entry) == ["VisitID", "time", "duration", "type", "booked"]


async def test_days_are_in_order_and_those_without_visits_are_left_out(desk: Desk, owner: asyncpg.Connection) -> None:
    days = [MONDAY + timedelta(days=n) for n in (4, 0, 2)]
    for day in days:
        for time in ("16:00", "08:30"):
            await staff.put_down(owner, desk.provider, staff.at(day, time))
    told = await ask(desk, MONDAY, MONDAY + timedelta(days=6))
    assert list(told["schedule"]) == [day.isoformat() for day in sorted(days)]
    assert {tuple(one["time"] for one in visits) for visits in told["schedule"].values()} == {("08:30:00", "16:00:00")}
    assert told["totalVisits"] == 6


async def test_nothing_booked_is_an_empty_schedule(desk: Desk) -> None:
    told = await ask(desk, MONDAY, MONDAY)
    assert (told["schedule"], told["totalVisits"], told["provider"]["id"]) == ({}, 0, desk.provider)


async def test_a_day_is_the_locations_from_midnight_to_midnight(desk: Desk, owner: asyncpg.Connection) -> None:
    """Evening visits are on the next day of UTC; the day before it the clocks went forward."""
    sunday = MONDAY - timedelta(days=1)
    for day, time in ((sunday, "00:00"), (sunday, "23:45"), (MONDAY, "00:00"), (MONDAY, "23:45")):
        await staff.put_down(owner, desk.provider, staff.at(day, time), minutes=5)
    for day in (sunday, MONDAY):
        told = await ask(desk, day, day)
        assert list(told["schedule"]) == [day.isoformat()]
        assert [one["time"] for one in told["schedule"][day.isoformat()]] == ["00:00:00", "23:45:00"]


async def test_each_visit_is_told_by_its_own_locations_clock(desk: Desk, owner: asyncpg.Connection) -> None:
    await owner.execute("update locations set time_zone = 'Pacific/Auckland' where id = $1", Cast.GLOW_SECOND)
    await staff.put_down(owner, desk.provider, staff.at(MONDAY, "09:00"))
    moved = await staff.put_down(owner, desk.provider, staff.at(MONDAY, "10:00"))
    await owner.execute("update bookings set location_id = $2 where id = $1", moved, Cast.GLOW_SECOND)
    told = await ask(desk, MONDAY, MONDAY)
    assert [one["time"] for one in told["schedule"]["2026-03-09"]] == ["09:00:00"]
    told = await ask(desk, MONDAY, MONDAY + timedelta(days=1))
    assert [one["VisitID"] for one in told["schedule"]["2026-03-10"]] == [moved]
    assert told["schedule"]["2026-03-10"][0]["time"] == "06:00:00"


async def test_a_cancelled_visit_is_left_out_and_others_that_ended_stay(desk: Desk, owner: asyncpg.Connection) -> None:
    kept = []
    for hour, status in enumerate(("Booked", "Cancelled", "Completed", "NoShow"), start=9):
        booking = await staff.put_down(owner, desk.provider, staff.at(MONDAY, f"{hour}:00"))
        await owner.execute("update bookings set status = $2 where id = $1", booking, status)
        kept += [booking] if status != "Cancelled" else []
    told = await ask(desk, MONDAY, MONDAY)
    assert [one["VisitID"] for one in told["schedule"]["2026-03-09"]] == kept


async def test_holds_and_other_providers_visits_are_no_part_of_it(desk: Desk, owner: asyncpg.Connection) -> None:
    await staff.keep(owner, desk.provider, staff.at(MONDAY, "09:00"), key=Cast.PARTNER_KEY)
    other = await staff.hire(owner, name="Other One")
    await staff.put_down(owner, other, staff.at(MONDAY, "09:00"))
    assert (await ask(desk, MONDAY, MONDAY))["schedule"] == {}


async def test_one_type_can_be_asked_for_and_an_unknown_one_is_empty(desk: Desk, owner: asyncpg.Connection) -> None:
    await staff.offer(owner, code="NEW")
    await staff.put_down(owner, desk.provider, staff.at(MONDAY, "09:00"))
    new = await staff.put_down(owner, desk.provider, staff.at(MONDAY, "10:00"), code="NEW")
    told = await ask(desk, MONDAY, MONDAY, visitType="NEW")
    assert [one["VisitID"] for one in told["schedule"]["2026-03-09"]] == [new]
    for unknown in ("new", "NOTHING", "", "'; drop table bookings; --"):
        told = await ask(desk, MONDAY, MONDAY, visitType=unknown)
        assert (told["schedule"], told["totalVisits"]) == ({}, 0)
        assert told["provider"] == {
            "id": desk.provider,
            "name": "Dana Vance",
            "title": "NP",
            "specialty": "Injectables",
        }


async def test_366_days_can_be_asked_for_and_no_more(desk: Desk, owner: asyncpg.Connection) -> None:
    first, last = date(2026, 1, 1), date(2027, 1, 1)
    for day in (first, last):
        await staff.put_down(owner, desk.provider, staff.at(day, "09:00"))
    assert (await ask(desk, first, last))["totalVisits"] == 2
    beyond = await desk.ask("schedule", startDate="2026-01-01", endDate="2027-01-02")
    assert beyond.fault == (422, "field_invalid", {"endDate": "must be within 366 days of startDate"})


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "1970-01-01", "2028-02-29"])
async def test_the_ends_of_the_calendar_are_days_like_others(desk: Desk, day: str) -> None:
    told = await ask(desk, date.fromisoformat(day), date.fromisoformat(day))
    assert (told["startDate"], told["endDate"], told["schedule"]) == (day, day, {})


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ({"startDate": "2026-03-10"}, {"endDate": "must not be before startDate"}),
        ({"startDate": "0001-01-01", "endDate": "9999-12-31"}, {"endDate": "must be within 366 days of startDate"}),
        ({"startDate": ...}, {"startDate": "is required"}),
        ({"startDate": ..., "endDate": ...}, {"startDate": "is required", "endDate": "is required"}),
        ({"visitType": "x" * 33}, {"visitType": "must have at most 32 characters"}),
        ({"date": "2026-03-09"}, {"date": "is not a known field"}),
        ({"startdate": "2026-03-09", "startDate": ...},
         {"startDate": "is required", "startdate": "is not a known field"}),
        ({"visitType": "a\x00"}, {"visitType": "contains the character U+0000"}),
    ],
)  # fmt: skip
async def test_a_query_that_is_wrong_is_refused_by_name(
    desk: Desk, query: dict[str, Any], fields: dict[str, str]
) -> None:
    asked = {"startDate": "2026-03-09", "endDate": "2026-03-09", **query}
    answer = await desk.ask("schedule", **{name: value for name, value in asked.items() if value is not ...})
    assert answer.fault == (422, "field_invalid", fields)


@pytest.mark.parametrize("day", NO_DAYS)
async def test_what_is_no_day_is_refused(desk: Desk, day: str) -> None:
    why = "must be a date of the calendar, such as 2026-03-09"
    answer = await desk.ask("schedule", startDate=day, endDate=day)
    assert answer.fault == (422, "field_invalid", {"startDate": why, "endDate": why})


async def test_what_is_booked_with_who_has_ended_can_still_be_found(desk: Desk, owner: asyncpg.Connection) -> None:
    visit = await desk.booked()
    await owner.execute("update providers set ended_at = now()")
    answer = await desk.ask("schedule", startDate=visit["Date"], endDate=visit["Date"])
    assert [one["VisitID"] for one in answer.json["data"]["schedule"][visit["Date"]]] == [visit["VisitID"]]


async def test_another_practice_learns_nothing(desk: Desk, owner: asyncpg.Connection) -> None:
    theirs = await staff.hire(owner, "RivalOffice")
    await staff.offer(owner, "RivalOffice")
    await staff.put_down(owner, theirs, staff.at(MONDAY, "09:00"))
    foreign = await desk.ask("schedule", provider=theirs, startDate="2026-03-09", endDate="2026-03-09")
    assert foreign.fault == (404, "provider_not_found", {})


async def test_a_look_at_a_schedule_leaves_its_row(desk: Desk) -> None:
    desk.partner.house.reads.clear()
    await ask(desk, MONDAY, MONDAY)
    await desk.ask("schedule", provider=999, startDate="2026-03-09", endDate="2026-03-09")
    assert [(row[3], row[4]) for row in desk.partner.house.reads] == [
        ("schedule.read", f"provider:{desk.provider}, 2026-03-09 to 2026-03-09")
    ]
