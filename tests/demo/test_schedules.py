"""The demo's schedules: the documents' week as printed, and bookings as the doors would have taken them."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from client import Client
from demo.test_load import fetch
from scheduling.staff import overlaps

from openmedspa.demo import constants, load, staff
from openmedspa.demo.load import load as load_demo
from openmedspa.settings import Settings

WEEK = "/v1/DemoOffice/availability/providers/1/schedule?startDate=2026-03-09&endDate=2026-03-15"
PRINTED = {
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


@pytest.fixture
async def partner(demo_emr: Client) -> Client:
    return await demo_emr.as_partner(constants.DEMO_PARTNER_KEY, "DemoOffice")


async def bookings(settings: Settings) -> list[Any]:
    """Every booking but the documents', with the zone's day and what it has taken."""
    return await fetch(
        settings,
        """
        select b.*, p.created_at as known_since, t.from_at, t.until_at, v.before_minutes, v.after_minutes,
               array(select s.status from booking_steps s where s.booking_id = b.id order by s.id) as steps,
               now() as now
        from bookings b
        join patients p on p.practice_id = b.practice_id and p.id = b.patient_id and p.prospect_since is not null
        join visit_types v on v.practice_id = b.practice_id and v.code = b.type
        left join taken_times t on t.booking_id = b.id
        where b.id <> 101 order by b.starts_at
        """,
    )


async def test_the_documents_week_is_as_printed(partner: Client) -> None:
    assert (await partner.get(WEEK)).json == PRINTED


@pytest.mark.parametrize("today", ["2026-03-02", "2026-03-11", "2026-03-28"])
async def test_it_is_as_printed_whenever_the_demo_is_loaded(
    empty: Settings, monkeypatch: pytest.MonkeyPatch, today: str
) -> None:
    class Then(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.fromisoformat(f"{today}T20:00:00+00:00")

    monkeypatch.setattr(load, "datetime", Then)
    await load_demo(empty)
    rows = await fetch(
        empty,
        """
        select b.id, b.starts_at between '2026-03-09T07:00Z' and '2026-03-16T07:00Z' as is_that_week
        from bookings b where b.provider_id = 1
        """,
    )
    assert [row["id"] for row in rows if row["is_that_week"]] == [101]
    assert len(rows) > 50


async def test_six_weeks_around_today_are_booked(demo: Settings) -> None:
    rows = await bookings(demo)
    now = rows[0]["now"]
    assert {row["provider_id"] for row in rows} == {1, 2, 3, 4, 5}
    assert 200 < len(rows) < 1_500
    for row in rows:
        assert abs(row["starts_at"] - now) < timedelta(days=22, hours=3)
    statuses = Counter(row["status"] for row in rows if row["starts_at"] < now - timedelta(days=1))
    assert statuses["Completed"] > 5 * statuses["NoShow"] > 0 and statuses["Cancelled"] > 0
    assert {row["status"] for row in rows if row["starts_at"] > now} == {"Booked"}
    assert {row["type"] for row in rows} == {"NEW", "FOLLOWUP", "CONSULT", "TREATMENT"}
    assert {row["location_id"] for row in rows} >= {constants.LOCATION, constants.SECOND_LOCATION}


async def test_nobody_is_in_two_places_and_time_around_visits_is_kept(demo: Settings) -> None:
    connection = await asyncpg.connect(demo.database_url)
    try:
        assert await overlaps(connection) == 0
    finally:
        await connection.close()
    for row in await bookings(demo):
        if row["status"] == "Cancelled":
            assert row["from_at"] is None
            continue
        assert row["from_at"] == row["starts_at"] - timedelta(minutes=row["before_minutes"])
        assert row["until_at"] == row["starts_at"] + timedelta(minutes=row["minutes"] + row["after_minutes"])


async def test_bookings_lie_within_hours(demo: Settings) -> None:
    zone = ZoneInfo(constants.TIME_ZONE)
    hired = {one.number: one for one in staff.STAFF}
    today = datetime.now(UTC).astimezone(zone).date()
    dated = {
        (special.provider_id, special.location_id, staff.day_of(today - timedelta(days=today.weekday()), special.on))
        for special in staff.SPECIALS
    }
    for row in await bookings(demo):
        start = row["starts_at"].astimezone(zone)
        if dated & {(row["provider_id"], row["location_id"], start.date()), (None, row["location_id"], start.date())}:
            continue
        minute = start.hour * 60 + start.minute
        shifts = [
            shift for shift in hired[row["provider_id"]].shifts
            if shift.location_id == row["location_id"] and start.isoweekday() in shift.weekdays
        ]  # fmt: skip
        assert any(since <= minute and minute + row["minutes"] <= until for one in shifts for since, until in one.opens)
        for since, until in (pause for one in shifts for pause in one.breaks):
            assert minute + row["minutes"] <= since or minute >= until


async def test_a_booking_went_the_way_its_status_says(demo: Settings) -> None:
    for row in await bookings(demo):
        assert row["steps"] == ["Booked"] if row["status"] == "Booked" else ["Booked", row["status"]]
        assert row["known_since"] <= row["created_at"] <= row["updated_at"] <= row["now"]
        if row["status"] in ("Completed", "NoShow"):
            assert row["starts_at"] + timedelta(minutes=row["minutes"]) <= row["updated_at"]


async def test_nobody_comes_twice_on_a_day(demo: Settings) -> None:
    seen = Counter((row["practice_id"], row["patient_id"], row["starts_at"].date()) for row in await bookings(demo))
    assert sum(count > 1 for count in seen.values()) < 0.02 * len(seen)


async def test_the_next_booking_gets_a_number_of_its_own(demo: Settings) -> None:
    (row,) = await fetch(
        demo,
        """
        select max(id) as last, min(id) filter (where id <> 101) as first, nextval('bookings_id_seq') as next
        from bookings
        """,
    )
    assert row["next"] > row["last"] and row["first"] > 101


async def test_every_provider_is_booked_through_the_doors(partner: Client) -> None:
    """What the demo leaves free is offered, and what is offered can be booked."""
    listed = (await partner.get("/v1/DemoOffice/availability/providers")).json["data"]
    assert [one["id"] for one in listed] == [1, 3, 4, 5]
    for one in listed:
        path = f"/v1/DemoOffice/availability/providers/{one['id']}/next-slot?duration=30"
        assert (await partner.get(path)).json["data"]["TheNextSlot"] is not None
    home = next(one for one in listed if one["id"] == 3)
    assert home["locationIds"] == [constants.LOCATION, constants.SECOND_LOCATION]


async def test_visit_types_name_treatments_of_the_catalogue(demo: Settings) -> None:
    rows = await fetch(demo, "select p.ppass, v.* from visit_types v join practices p on p.id = v.practice_id")
    known = {row["id"] for row in await fetch(demo, "select id from treatments")}
    codes = sorted(row["code"] for row in rows if row["ppass"] == "DemoOffice")
    assert codes == ["CONSULT", "FOLLOWUP", "NEW", "TREATMENT"]
    assert all(set(row["treatment_ids"]) <= known for row in rows)
    treatment = next(row for row in rows if row["code"] == "TREATMENT")
    assert (treatment["before_minutes"], treatment["after_minutes"]) == (5, 10) and treatment["treatment_ids"]


async def test_two_exam_providers_are_licensed_in_six_states_each(demo: Settings) -> None:
    rows = await fetch(
        demo,
        """
        select l.provider_id, array_agg(l.state order by l.state) as states, min(l.expires_on) as first
        from provider_licences l join practices p on p.id = l.practice_id and p.kind = 'exam_group'
        group by l.provider_id
        """,
    )
    assert len(rows) == 2 and all(len(row["states"]) == 6 for row in rows)
    assert set(rows[0]["states"]) & set(rows[1]["states"]) == {"CA"}
    assert all(row["first"] > datetime.now(UTC).date() for row in rows)
    agreed = await fetch(demo, "select ppass from agreements a join practices p on p.id = a.practice_id order by p.id")
    assert [row["ppass"] for row in agreed] == ["DemoOffice", "RivalOffice"]


async def test_national_numbers_have_their_check_digit_and_are_nobodys(demo: Settings) -> None:
    numbers = [row["npi"] for row in await fetch(demo, "select npi from providers")]
    assert len(set(numbers)) == 7
    for number in numbers:
        total = 24 + sum(
            int(digit) if place % 2 else sum(divmod(int(digit) * 2, 10)) for place, digit in enumerate(number)
        )
        assert total % 10 == 0
        assert number.startswith("2"), "all that were ever given out begin with 1"


async def test_hours_differ(demo: Settings) -> None:
    rows = await fetch(
        demo,
        "select provider_id, array_agg((weekday, from_minute, until_minute, is_break)::text order by 1) as week "
        "from provider_hours group by provider_id order by provider_id",
    )
    assert len({tuple(row["week"]) for row in rows}) == 7
    jane = await fetch(
        demo,
        """
        select weekday, from_minute, until_minute from provider_hours where provider_id = 1 and not is_break order by 1
        """,
    )
    assert [tuple(row) for row in jane] == [(weekday, 540, 1020) for weekday in range(1, 6)]
    off = await fetch(demo, "select distinct provider_id from time_off order by 1")
    assert {row["provider_id"] for row in off} >= {1, 3, 4, 5}
