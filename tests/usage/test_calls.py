"""Every call on both APIs is written down and added up, exactly; what could not be is admitted, and nobody waits."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

import asyncpg
import msgspec
import pytest
from cast import Cast, at_home
from client import Client, open_client

from openmedspa.kit.backlog import Backlog
from openmedspa.kit.house import House
from openmedspa.partners import keys
from openmedspa.settings import Settings
from openmedspa.usage import calls, jobs

SUMS = "select coalesce(sum(calls), 0) as calls, coalesce(sum(errors), 0) as errors from "


async def written(owner: asyncpg.Connection, house: House) -> list[asyncpg.Record]:
    await calls.write(house)
    rows: list[asyncpg.Record] = await owner.fetch("select * from calls order by id")
    return rows


async def sums(owner: asyncpg.Connection) -> set[tuple[int, int]]:
    """Of hours and of days: the same, if they are right."""
    tables = [f"{table} where partner_id {who}" for table in ("call_hours", "call_days") for who in ("= -1", ">= 0")]
    return {tuple(await owner.fetchrow(SUMS + table)) for table in tables}


async def test_a_call_is_written_with_route_status_and_caller_and_without_its_path(
    glow_emr: Client, owner: asyncpg.Connection
) -> None:
    answer = await glow_emr.get("/emr/visits/gfe_nothere?include=decisions")
    (row,) = await written(owner, glow_emr.house)
    key = await owner.fetchrow("select * from api_keys where key_sha256 = $1", keys.digest(Cast.GLOW_KEY))
    assert dict(row).items() >= {
        "request_id": answer.headers["x-request-id"], "method": "GET", "route": "/emr/visits/{gfe_id}", "status": 404,
        "code": "visit_not_found", "key_id": key["id"], "partner_id": key["partner_id"], "address": "127.0.0.1",
    }.items()  # fmt: skip
    assert 0 < row["duration_us"] < 30_000_000
    assert datetime.now(UTC) - row["at"] < timedelta(minutes=1)
    assert "gfe_nothere" not in str(dict(row))


async def test_good_and_bad_calls_of_both_apis_are_added_up_exactly(
    glow_emr: Client, glow_partner: Client, owner: asyncpg.Connection
) -> None:
    stranger = glow_emr.with_key(None)
    for _ in range(3):
        await glow_emr.post("/emr/appointments", at_home())
        await glow_emr.get("/emr/nowhere")
        await glow_partner.get("/v1/GlowOffice/tags")
        await glow_partner.get("/v1/RivalOffice/tags")
        await stranger.get("/v1/me")
        await stranger.post("/v1/GlowOffice/auth/token", {"apiKey": "wrong"})
    rows = await written(owner, glow_emr.house)
    assert Counter((row["route"], row["status"], row["code"]) for row in rows) == {
        ("/v1/{PPass}/auth/token", 200, ""): 1,  # of the fixture
        ("/emr/appointments", 201, ""): 3,
        ("", 404, "endpoint_not_found"): 3,
        ("/v1/{PPass}/tags", 200, ""): 3,
        ("/v1/{PPass}/tags", 403, "practice_foreign"): 3,
        ("/v1/me", 401, "token_missing"): 3,
        ("/v1/{PPass}/auth/token", 401, "credentials_invalid"): 3,
    }
    assert await sums(owner) == {(19, 12)}
    practice = await owner.fetchval("select id from practices where ppass = 'GlowOffice'")
    of_practice = {row["route"] for row in rows if row["practice_id"] == practice}
    assert of_practice >= {"/v1/{PPass}/auth/token", "/v1/{PPass}/tags"}
    assert {row["partner_id"] for row in rows if row["status"] == 401} == {None}


async def test_a_call_over_its_limit_is_counted_as_its_keys(glow_emr: Client, owner: asyncpg.Connection) -> None:
    await owner.execute(
        "update api_keys set per_second = 1, burst = 1 where key_sha256 = $1", keys.digest(Cast.GLOW_KEY)
    )
    glow_emr.house.db.fresh.forget_all()
    answers = [(await glow_emr.get("/emr/treatments")).status for _ in range(3)]
    rows = await written(owner, glow_emr.house)
    assert [row["status"] for row in rows] == answers and 429 in answers
    assert len({row["key_id"] for row in rows}) == 1 and rows[0]["key_id"] is not None


async def test_two_processes_that_write_at_once_lose_and_double_nothing(
    glow_emr: Client, owner: asyncpg.Connection, settings: Settings
) -> None:
    async with open_client(settings, Cast.GLOW_KEY) as other:
        for _ in range(20):
            paths = [f"/emr/visits/gfe_{number}" for number in range(10)]
            await asyncio.gather(*(client.get(path) for client in (glow_emr, other) for path in paths))
            await asyncio.gather(calls.write(glow_emr.house), calls.write(other.house))
    assert await owner.fetchval("select count(*) from calls") == 400
    assert await sums(owner) == {(400, 400)}


async def test_what_waits_at_the_end_is_written_once_more(owner: asyncpg.Connection, settings: Settings) -> None:
    async with open_client(settings, Cast.GLOW_KEY) as client:
        for _ in range(7):
            await client.get("/emr/treatments")
    assert await owner.fetchval("select count(*) from calls") == 7
    assert await sums(owner) == {(7, 0)}


async def test_a_batch_that_is_cut_off_is_written_to_its_end_and_once(
    glow_emr: Client, owner: asyncpg.Connection
) -> None:
    for _ in range(10):
        await glow_emr.get("/emr/treatments")
        writing = asyncio.create_task(calls.write(glow_emr.house))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
    await calls.write(glow_emr.house)
    assert await owner.fetchval("select count(*) from calls") == 10
    assert await sums(owner) == {(10, 0)}


async def test_while_the_database_takes_nothing_calls_wait_and_nobody_notices(
    glow_emr: Client, owner: asyncpg.Connection
) -> None:
    await glow_emr.get("/emr/treatments")
    async with owner.transaction():
        await owner.execute("lock table calls in access exclusive mode")
        writing = asyncio.create_task(calls.write(glow_emr.house))
        answers = [await glow_emr.get("/emr/treatments") for _ in range(3)]
        assert {answer.status for answer in answers} == {200}
        await writing  # given up after its lock timeout
    for _ in range(100):  # the process's own writer may still be giving up
        if len(await written(owner, glow_emr.house)) == 4:
            break
        await asyncio.sleep(0.1)
    assert await sums(owner) == {(4, 0)}


async def test_a_batch_that_can_never_be_written_is_admitted_and_holds_up_nobody(
    glow_emr: Client, owner: asyncpg.Connection
) -> None:
    await glow_emr.get("/emr/treatments")
    await owner.execute("alter table calls rename to calls_away")
    with pytest.raises(asyncpg.UndefinedTableError):
        await calls.write(glow_emr.house)
    await owner.execute("alter table calls_away rename to calls")
    await glow_emr.get("/emr/treatments")
    assert len(await written(owner, glow_emr.house)) == 1
    assert await owner.fetchval("select sum(calls) from call_gaps") == 1


async def test_beyond_the_most_that_may_wait_calls_are_counted_and_the_gap_is_admitted(
    glow_emr: Client, owner: asyncpg.Connection
) -> None:
    house = msgspec.structs.replace(glow_emr.house, calls=Backlog(3))
    for _ in range(5):
        house.calls.add((datetime.now(UTC), "req_1", "GET", "/emr/treatments", 200, "", 900, None, None, None, None))
    await calls.write(house)
    assert await owner.fetchval("select count(*) from calls") == 3
    assert await owner.fetchval("select sum(calls) from call_gaps") == 2
    await calls.write(house)
    assert await owner.fetchval("select sum(calls) from call_gaps") == 2


async def test_a_gap_that_cannot_be_admitted_yet_is_not_forgotten(
    glow_emr: Client, owner: asyncpg.Connection, settings: Settings
) -> None:
    house = msgspec.structs.replace(glow_emr.house, calls=Backlog(3))
    house.calls.lost = 7
    async with owner.transaction():
        await owner.execute("lock table call_gaps in access exclusive mode")
        await calls.write(house)
        assert house.calls.lost == 7
    await calls.write(house)
    assert (house.calls.lost, await owner.fetchval("select sum(calls) from call_gaps")) == (0, 7)


async def test_calls_go_after_their_days_and_their_sums_stay(glow_emr: Client, owner: asyncpg.Connection) -> None:
    for _ in range(4):
        await glow_emr.get("/emr/treatments")
    await calls.write(glow_emr.house)
    await owner.execute("update calls set at = at - interval '91 days' where id % 2 = 0")
    await owner.execute("update call_hours set hour = hour - interval '90 days'")
    await jobs.forget_old_calls(glow_emr.house)
    assert await owner.fetchval("select count(*) from calls") == 2
    assert await sums(owner) == {(4, 0)}


def test_rows_put_back_stand_where_they_stood() -> None:
    backlog = Backlog(5)
    for number in range(4):
        backlog.add((number,))
    taken = backlog.take(2)
    backlog.add((4,))
    backlog.put_back(taken)
    assert backlog.take(9) == [(0,), (1,), (2,), (3,), (4,)]
    assert len(backlog) == 0 and backlog.lost == 0
