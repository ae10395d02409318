"""Holds: a time kept for a partner for five minutes, until it is booked, released or lapsed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from cast import Cast
from client import Client
from scheduling import staff
from scheduling.asking import HOLDS, NO_DAYS, NO_TIMES, NOT_OFFERED, TAKEN, Desk, rows

from openmedspa.partners import keys
from openmedspa.scheduling import jobs

FIELDS = ["HoldID", "ExpiresAt", "ProviderID", "LocationID", "Date", "Time", "Duration"]
NO_HOLD = (422, "field_invalid", {"HoldID": "is no hold of yours"})
FOREIGN_KEY = keys.with_checksum("oms_test_" + "SecondPartner".ljust(30, "1"))


async def let_lapse(owner: asyncpg.Connection) -> None:
    for table in ("holds", "taken_times"):
        await owner.execute(f"update {table} set lapses_at = now() - interval '1 second' where lapses_at is not null")


async def second_partner(desk: Desk, owner: asyncpg.Connection) -> Client:
    """Another partner of the same practice, with every scope."""
    await owner.execute(
        """with partner as (insert into partners (name) values ('Second Partner') returning id),
                allowed as (insert into grants (partner_id, location_id, practice_id)
                            select p.id, l.id, l.practice_id from partner p, locations l where l.id = $3)
           insert into api_keys (partner_id, name, key_sha256, prefix, last_four, scopes)
           select id, 'test', $1, 'oms_test_', '1111', $2 from partner""",
        keys.digest(FOREIGN_KEY), [scope for scope in keys.SCOPES if scope != "Exams"], Cast.GLOW,
    )  # fmt: skip
    return await desk.partner.as_partner(FOREIGN_KEY, "GlowOffice")


async def test_a_hold_keeps_its_time_for_five_minutes(desk: Desk) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    answer = await desk.hold(Type=...)
    assert answer.status == 201
    hold = answer.json["data"]
    assert list(hold) == FIELDS
    lapses = datetime.fromisoformat(hold["ExpiresAt"])
    assert before + timedelta(minutes=5) <= lapses <= datetime.now(UTC) + timedelta(minutes=5)
    assert {field: hold[field] for field in FIELDS[2:]} == {
        "ProviderID": desk.provider, "LocationID": Cast.GLOW, "Date": staff.ahead().isoformat(), "Time": "10:00:00",
        "Duration": 30,
    }  # fmt: skip
    assert not await desk.is_free("10:00")
    assert "10:00:00" not in await desk.slots(staff.ahead()) and "10:30:00" in await desk.slots(staff.ahead())


async def test_a_held_time_is_refused_to_everybody_who_does_not_name_the_hold(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    other = await second_partner(desk, owner)
    await desk.held()
    before = await rows(owner)
    for partner in (desk.partner, other):
        for time in ("10:00", "10:15", "09:45"):
            assert (await desk.book(time, partner=partner)).fault == TAKEN
            assert (await desk.hold(time, partner=partner)).fault == TAKEN
    assert await rows(owner) == before


async def test_a_hold_becomes_a_booking(desk: Desk, owner: asyncpg.Connection) -> None:
    hold = await desk.held()
    visit = await desk.booked(HoldID=hold["HoldID"])
    assert (visit["Time"], visit["Status"]) == ("10:00:00", "Booked")
    assert await owner.fetchval("select count(*) from taken_times where hold_id is not null") == 0
    assert await owner.fetchval("select count(*) from taken_times where booking_id = $1", visit["VisitID"]) == 1
    assert (await desk.partner.delete(f"{HOLDS}/{hold['HoldID']}")).fault == (404, "hold_not_found", {})


async def test_a_hold_may_become_a_booking_of_another_time_and_lets_its_own_go(desk: Desk) -> None:
    for number, time in enumerate(("10:15", "12:00")):
        hold = await desk.held(Date=staff.ahead(9 + number).isoformat())
        await desk.booked(time, HoldID=hold["HoldID"], Date=hold["Date"])
    assert await desk.is_free("10:00", staff.ahead(10)) and not await desk.is_free("10:00", staff.ahead(9))


async def test_a_refused_booking_leaves_the_hold_as_it_was(desk: Desk, owner: asyncpg.Connection) -> None:
    hold = await desk.held()
    await desk.booked("12:00")
    before = await rows(owner)
    assert (await desk.book("12:00", HoldID=hold["HoldID"])).fault == TAKEN
    assert (await desk.book("10:05", HoldID=hold["HoldID"])).fault == NOT_OFFERED
    assert (await desk.book(HoldID=hold["HoldID"], ProspectID=999)).fault[:2] == (422, "field_invalid")
    assert await rows(owner) == before
    await desk.booked(HoldID=hold["HoldID"])


async def test_a_hold_is_used_once(desk: Desk) -> None:
    hold = await desk.held()
    await desk.booked(HoldID=hold["HoldID"])
    assert (await desk.book(HoldID=hold["HoldID"])).fault == TAKEN
    await desk.booked("12:00", HoldID=hold["HoldID"])  # it gives no more than a plain booking has


async def test_a_hold_that_lapsed_blocks_nothing(desk: Desk, owner: asyncpg.Connection) -> None:
    for time, free in (("10:00", True), ("12:00", False)):
        await desk.held(time)
        if free:
            await let_lapse(owner)
        assert await desk.is_free(time) is free
    assert "10:00:00" in await desk.slots(staff.ahead())
    await desk.booked("10:15")
    await let_lapse(owner)
    await desk.held("12:00")
    assert await staff.overlaps(owner) == 0


async def test_a_lapsed_hold_is_booked_where_its_time_is_free(desk: Desk, owner: asyncpg.Connection) -> None:
    hold = await desk.held()
    await let_lapse(owner)
    await desk.booked(HoldID=hold["HoldID"])


async def test_a_lapsed_hold_does_not_take_from_who_came_later(desk: Desk, owner: asyncpg.Connection) -> None:
    hold = await desk.held()
    await let_lapse(owner)
    await desk.booked()
    assert (await desk.book(HoldID=hold["HoldID"])).fault == TAKEN


async def test_a_visit_moves_into_a_lapsed_hold_and_not_into_a_live_one(desk: Desk, owner: asyncpg.Connection) -> None:
    visit = await desk.booked("08:00")
    await desk.held()
    assert (await desk.change(visit, {"Time": "10:00"})).fault == TAKEN
    await let_lapse(owner)
    assert (await desk.change(visit, {"Time": "10:00"})).status == 200


async def test_what_the_worker_sweeps_is_only_what_lapsed(desk: Desk, owner: asyncpg.Connection) -> None:
    await desk.held("08:00")
    await let_lapse(owner)
    live = await desk.held("10:00")
    assert await jobs.sweep_holds(desk.partner.house) == 1
    assert await jobs.sweep_holds(desk.partner.house) == 0
    assert [row["hold_id"] for row in await owner.fetch("select hold_id from taken_times")] == [live["HoldID"]]


async def test_another_partners_hold_is_nobodys(desk: Desk, owner: asyncpg.Connection) -> None:
    other = await second_partner(desk, owner)
    hold = (await desk.hold(partner=other)).json["data"]
    before = await rows(owner)
    assert (await desk.book(HoldID=hold["HoldID"])).fault == NO_HOLD
    unknown = await desk.book(HoldID=999)
    assert unknown.fault == NO_HOLD
    assert (await desk.partner.delete(f"{HOLDS}/{hold['HoldID']}")).fault == (404, "hold_not_found", {})
    assert await rows(owner) == before
    await desk.booked("12:00")
    assert (await desk.book(HoldID=hold["HoldID"], partner=other)).status == 201


async def test_a_released_hold_is_free_again_and_gone(desk: Desk) -> None:
    hold = await desk.held()
    path = f"{HOLDS}/{hold['HoldID']}"
    answer = await desk.partner.delete(path)
    assert (answer.status, answer.json) == (200, {"data": {"HoldID": hold["HoldID"], "Released": True}})
    assert (await desk.partner.delete(path)).fault == (404, "hold_not_found", {})
    await desk.booked()


async def test_a_lapsed_hold_cannot_be_released(desk: Desk, owner: asyncpg.Connection) -> None:
    hold = await desk.held()
    await let_lapse(owner)
    assert (await desk.partner.delete(f"{HOLDS}/{hold['HoldID']}")).fault == (404, "hold_not_found", {})


@pytest.mark.parametrize("id_", ["0", "-1", "abc", "9" * 30, "1.0", "999999999", "²"])
async def test_an_id_of_no_hold_is_not_found(desk: Desk, id_: str) -> None:
    assert (await desk.partner.delete(f"{HOLDS}/{id_}")).fault == (404, "hold_not_found", {})


async def test_the_time_around_a_hold_is_its_types_or_the_practices_largest(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    await staff.offer(owner, code="WIDE", minutes=55, before=15, after=30)
    plain, typed = await desk.held("08:00"), await desk.held("10:00", Type=..., Duration=20)
    wide = await desk.held("14:00", Type="WIDE", Duration=...)
    assert (plain["Duration"], typed["Duration"], wide["Duration"]) == (30, 20, 55)
    lengths = "select extract(epoch from until_at - from_at)::int / 60 from taken_times order by from_at"
    assert [row[0] for row in await owner.fetch(lengths)] == [30, 65, 100]


async def test_a_hundred_holds_are_the_most_at_once(desk: Desk, owner: asyncpg.Connection) -> None:
    for number in range(100):
        day, quarter = divmod(number, 50)
        start = staff.at(staff.ahead(9 + day), "00:00") + timedelta(minutes=15 * quarter)
        last = await staff.keep(owner, desk.provider, start, key=Cast.PARTNER_KEY, minutes=15)
    before = await rows(owner)
    refused = await desk.hold()
    assert refused.fault == (429, "too_many", {}) and refused.headers["retry-after"] == "300"
    assert await rows(owner) == before
    assert (await desk.hold(partner=await second_partner(desk, owner))).status == 201
    assert (await desk.partner.delete(f"{HOLDS}/{last}")).status == 200
    await desk.held("12:00")
    assert (await desk.hold("14:00")).status == 429
    await let_lapse(owner)
    await desk.held("14:00")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"Duration": 4}, {"Duration": "must be at least 5"}), ({"Duration": 481}, {"Duration": "must be at most 480"}),
        ({"Duration": ..., "Type": ...}, {"Duration": "is required, unless Type is given"}),
        ({"ProviderID": ..., "Date": ..., "Time": ...}, dict.fromkeys(("ProviderID", "Date", "Time"), "is required")),
        ({"ProviderID": "1", "Type": 5}, {"ProviderID": "must be a whole number, not text",
                                           "Type": "must be text, not a whole number"}),
        ({"HoldID": 1, "ExpiresAt": "x"}, {"HoldID": "is read-only", "ExpiresAt": "is read-only"}),
        ({"ProspectID": 1, "Notes": ""}, {"ProspectID": "is not a known field", "Notes": "is not a known field"}),
        ({"ProviderID": 999, "Type": "NOTHING"}, {"ProviderID": "is no active provider of this practice"}),
        ({"Type": "NOTHING", "LocationID": Cast.RIVAL}, {"Type": "is no visit type of this practice (FOLLOWUP)",
                                                         "LocationID": "is no location of this practice"}),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_named_and_writes_nothing(
    desk: Desk, owner: asyncpg.Connection, body: dict[str, Any], fields: dict[str, str]
) -> None:
    before = await rows(owner)
    assert (await desk.hold(**body)).fault == (422, "field_invalid", fields)
    assert await rows(owner) == before


async def test_what_is_no_day_and_no_time_is_refused(desk: Desk, owner: asyncpg.Connection) -> None:
    before = await rows(owner)
    for day in NO_DAYS:
        assert (await desk.hold(Date=day)).fault[2].keys() == {"Date"}, day
    for time in NO_TIMES:
        assert (await desk.hold(time)).fault[2].keys() == {"Time"}, time
    assert await rows(owner) == before


async def test_what_is_not_offered_is_not_held(desk: Desk, owner: asyncpg.Connection) -> None:
    before = await rows(owner)
    for time, day in (("10:05", staff.ahead()), ("10:00:30", staff.ahead()), ("10:00", staff.ahead(-1))):
        assert (await desk.hold(time, Date=day.isoformat())).fault == NOT_OFFERED
    for end in ("0001-01-01", "9999-12-31"):
        assert (await desk.hold(Date=end)).fault == NOT_OFFERED
    assert await rows(owner) == before


async def test_another_practice_learns_nothing(desk: Desk, rival_partner: Client, owner: asyncpg.Connection) -> None:
    hold = await desk.held()
    before = await rows(owner)
    assert (await rival_partner.delete(f"/v1/RivalOffice/holds/{hold['HoldID']}")).fault == (404, "hold_not_found", {})
    foreign = await rival_partner.post("/v1/RivalOffice/holds", desk.body(ProspectID=..., Type=...))
    assert foreign.fault == (422, "field_invalid", {"ProviderID": "is no active provider of this practice"})
    assert (await desk.hold(partner=rival_partner)).fault == (403, "practice_foreign", {})
    assert await rows(owner) == before


async def test_without_the_scope_no_door_opens(desk: Desk) -> None:
    narrow = await desk.partner.as_partner(Cast.PROSPECTS_KEY, "GlowOffice")
    hold = await desk.held()
    for method, path in (("POST", HOLDS), ("DELETE", f"{HOLDS}/{hold['HoldID']}")):
        refused = await narrow.request(method, path)
        assert refused.fault == (403, "scope_missing", {}) and "Visits" in refused.json["error"]["message"]
