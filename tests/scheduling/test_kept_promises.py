"""What was promised stays: a held time, the time a visit has, and who may act where."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from cast import Cast
from client import Client
from scheduling import staff
from scheduling.asking import HOLDS, PROVIDERS, TAKEN, VISITS, Desk, rows

NOT_FOR_THIS_KEY = "must be a location that your key may use"
CHANGES_OF_RULES = [
    "update providers set step_minutes = 50",
    "update providers set notice_minutes = 40000",
    "update provider_hours set until_minute = 300",
    "update providers set window_days = 1",
]


@pytest.mark.parametrize("rule", CHANGES_OF_RULES)
async def test_a_held_time_is_booked_though_it_would_not_be_offered_any_more(
    desk: Desk, owner: asyncpg.Connection, rule: str
) -> None:
    hold, short = await desk.held("10:15"), await desk.held("11:15")
    await owner.execute(rule)
    assert (await desk.book("12:15")).fault == (409, "slot_not_offered", {})
    assert (await desk.book("11:15", HoldID=short["HoldID"], Duration=35)).fault == (409, "slot_not_offered", {})
    assert (await desk.book("10:15", HoldID=hold["HoldID"])).status == 201
    assert (await desk.book("11:15", HoldID=short["HoldID"], Duration=...)).status == 201  # the type's, as long


async def test_a_hold_of_another_time_ends_and_promises_nothing(desk: Desk, owner: asyncpg.Connection) -> None:
    hold = await desk.held("10:15")
    await owner.execute("update providers set step_minutes = 50")
    assert (await desk.book("10:30", HoldID=hold["HoldID"])).fault == (409, "slot_not_offered", {})
    assert not await desk.is_free("10:15")  # given back with the refusal
    assert (await desk.book("10:00", HoldID=...)).fault == TAKEN
    assert (await desk.book("10:50", HoldID=hold["HoldID"])).status == 201
    assert await desk.is_free("10:00")


async def test_a_visit_moves_to_a_time_that_its_partner_holds(desk: Desk) -> None:
    visit, hold = await desk.booked("09:00"), await desk.held("14:00")
    assert (await desk.change(visit, {"Time": "14:00"})).fault == TAKEN
    moved = await desk.change(visit, {"Time": "14:00", "HoldID": hold["HoldID"]})
    assert (moved.status, moved.json["data"]["Time"]) == (200, "14:00:00")
    assert await desk.is_free("09:00")


@pytest.mark.parametrize("rule", [*CHANGES_OF_RULES, "update providers set ended_at = now()",
                                  "update visit_types set after_minutes = 60"])  # fmt: skip
async def test_a_visit_becomes_shorter_in_its_own_time_whatever_the_rules_are_by_now(
    desk: Desk, owner: asyncpg.Connection, rule: str
) -> None:
    visit = await desk.booked("10:15")
    await desk.booked("10:45")
    await owner.execute(rule)
    answer = await desk.change(visit, {"Duration": 15})
    assert (answer.status, answer.json["data"]["Duration"]) == (200, 15)
    spans = await owner.fetch("select until_at - from_at as length from taken_times order by from_at")
    assert [row["length"] for row in spans] == [timedelta(minutes=15), timedelta(minutes=30)]


async def test_a_visit_of_the_hour_that_comes_twice_stays_in_its_own(desk: Desk, owner: asyncpg.Connection) -> None:
    second = staff.at(staff.ahead().replace(year=2027, month=11, day=7), "01:30").replace(fold=1)
    visit = await desk.show({"VisitID": await staff.put_down(owner, desk.provider, second)})
    assert visit["Time"] == "01:30:00"
    assert (await desk.change(visit, {"Duration": 15})).status == 200
    assert (await desk.change(visit, {"Type": await staff.offer(owner, code="OTHER")})).status == 200
    assert (await owner.fetchval("select starts_at from bookings")).timestamp() == second.timestamp()


async def test_changes_that_meet_a_move_to_another_location_are_not_lost(desk: Desk, owner: asyncpg.Connection) -> None:
    """Whoever waits for the booking is given it as it is then, wherever that is."""
    await staff.work(owner, desk.provider, Cast.GLOW_SECOND, staff.ALWAYS)
    visit = await desk.booked()
    for turn in range(12):
        place = Cast.GLOW_SECOND if turn % 2 == 0 else Cast.GLOW
        answers = await asyncio.gather(
            desk.change(visit, {"LocationID": place}), *(desk.change(visit, {"Notes": f"{turn}.{n}"}) for n in range(5))
        )
        assert [answer.status for answer in answers] == [200] * 6


async def test_the_locations_hours_on_a_date_narrow_a_day_and_open_none(desk: Desk, owner: asyncpg.Connection) -> None:
    day = staff.ahead(weekday=3)
    dana = await staff.hire(owner, name="Office", hours=staff.OFFICE)
    await owner.executemany(
        """insert into date_hours (practice_id, location_id, on_date, from_minute, until_minute)
           select practice_id, $1, $2, $3, $4 from providers where id = $5""",
        [
            (Cast.GLOW, day, 660, 840, dana), (Cast.GLOW, day + timedelta(days=4), 600, 840, dana),
            (Cast.GLOW_SECOND, day, 600, 840, dana), (Cast.GLOW, day + timedelta(days=1), None, None, dana),
        ],
    )  # fmt: skip

    async def free(day: Any, **query: Any) -> list[str]:
        answer = await desk.ask("slots", provider=dana, date=day.isoformat(), duration=60, **query)
        found: list[str] = answer.json["data"]["Slots"]
        return found

    assert await free(day) == ["11:00:00", "13:00:00"]  # lunch at twelve stays
    assert await free(day + timedelta(days=1)) == []
    assert await free(day + timedelta(days=4)) == []  # a Sunday: open, and nobody works
    assert await free(day, locationId=Cast.GLOW_SECOND) == []
    await owner.execute(
        """insert into date_hours (practice_id, location_id, provider_id, on_date, from_minute, until_minute)
           select practice_id, $1, id, $2, 600, 720 from providers where id = $3""",
        Cast.GLOW, day + timedelta(days=1), dana,
    )  # fmt: skip
    assert await free(day + timedelta(days=1)) == ["10:00:00", "10:15:00", "10:30:00", "10:45:00", "11:00:00"]


async def test_a_key_acts_at_its_own_locations_only(glow_partner: Client, owner: asyncpg.Connection) -> None:
    """The cast's partner may use the first location of the two."""
    provider, person, code = await staff.hire(owner), await staff.know(owner), await staff.offer(owner)
    await staff.work(owner, provider, Cast.GLOW_SECOND, staff.ALWAYS)
    there = await staff.put_down(owner, provider, staff.at(staff.ahead(), "08:00"))
    await owner.execute("update bookings set location_id = $1", Cast.GLOW_SECOND)
    before = await rows(owner)
    day = staff.ahead().isoformat()
    asked = await glow_partner.get(
        f"{PROVIDERS}/{provider}/slots", params={"date": day, "duration": 30, "locationId": Cast.GLOW_SECOND}
    )
    assert asked.fault == (422, "field_invalid", {"locationId": NOT_FOR_THIS_KEY})
    body = {"ProviderID": provider, "Date": day, "Time": "10:00", "Type": code, "LocationID": Cast.GLOW_SECOND}
    for path, sent in ((HOLDS, body), (VISITS, {**body, "ProspectID": person})):
        assert (await glow_partner.post(path, sent)).fault == (422, "field_invalid", {"LocationID": NOT_FOR_THIS_KEY})
    assert (await glow_partner.get(f"{VISITS}/{there}")).fault == (404, "visit_not_found", {})
    assert (await glow_partner.patch(f"{VISITS}/{there}", json={"Notes": "n"})).fault == (404, "visit_not_found", {})
    assert await rows(owner) == before


async def test_a_parameter_that_stands_there_twice_is_refused(desk: Desk) -> None:
    day = staff.ahead().isoformat()
    answer = await desk.partner.get(f"{PROVIDERS}/{desk.provider}/slots?date={day}&duration=30&date=2030-01-01")
    assert answer.fault == (422, "field_invalid", {"date": "stands there twice"})


async def test_holds_lapse_by_the_servers_clock_and_a_reset_takes_back_what_an_account_did(
    desk: Desk, glow_emr: Client, owner: asyncpg.Connection
) -> None:
    """An account whose clock is ahead takes nobody's hold, and leaves none behind."""
    await owner.execute("update partners set known_at = now() where id = 1")
    held = await desk.held("10:00")
    await owner.execute(
        """update partners set clock_offset = '2 days' where id = (
             select partner_id from api_keys where key_sha256 = sha256($1))""",
        Cast.PARTNER_KEY.encode(),
    )
    desk.partner.house.db.fresh.forget_all()
    assert (await desk.hold("10:00")).fault == TAKEN
    assert (await desk.book("10:00", HoldID=held["HoldID"])).status == 201
    await desk.held("12:00")
    lapses = await owner.fetchval("select max(lapses_at) - now() < interval '6 minutes' from holds")
    assert lapses
    partner = await owner.fetchval("select partner_id from holds limit 1")
    await owner.execute("select reset_account($1)", partner)
    assert await owner.fetchval("select count(*) from taken_times") == 0
    assert await owner.fetchval("select count(*) from bookings") == 0


async def test_a_reset_of_orders_leaves_others_bookings_of_the_same_people(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    """The person whom only the order brought goes; what somebody else booked for them stays, without a name."""
    await desk.booked()
    await owner.execute("delete from patient_changes")
    await owner.execute("delete from patients")
    assert (await owner.fetchrow("select patient_id, status from bookings")) == (None, "Booked")
