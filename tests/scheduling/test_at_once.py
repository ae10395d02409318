"""One slot, fifty who want it at the same moment. `OPENMEDSPA_TORTURE=1000` runs that many slots, with a database
connection for each of the fifty."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path

import asyncpg
import httpx2
from cast import Cast
from cli.terminal import read_until, running
from client import Client
from conftest import SECRET
from scheduling import crowd as crowds
from scheduling.crowd import MANY, NOON, a_crowd, before
from scheduling.staff import ahead

from openmedspa.kit.house import House
from openmedspa.scheduling import jobs
from openmedspa.settings import Settings

TORTURE = int(os.environ.get("OPENMEDSPA_TORTURE", "0"))
SLOTS, CONNECTIONS = (TORTURE, MANY) if TORTURE else (200, 16)
ALL_AT_ONCE = httpx2.Limits(max_connections=MANY)
# The words with which bookings and holds take time still find a constraint of this name; it never says no, because
# whatever is taken has no booking or no hold.
TOOTHLESS = """
alter table taken_times drop constraint taken_times_one_owner;
alter table taken_times add constraint taken_times_one_owner
  exclude using gist (practice_id with =, provider_id with =, tstzrange(from_at, until_at) with &&,
                      booking_id with =, hold_id with =);
"""


async def test_a_slot_that_fifty_want_at_once_has_one_owner(settings: Settings, owner: asyncpg.Connection) -> None:
    async with a_crowd(settings, owner, connections=CONNECTIONS) as crowd:
        assert await crowds.play(crowd, SLOTS) == {}


async def test_without_the_constraint_the_same_crowd_is_seen_to_share_slots(
    settings: Settings, owner: asyncpg.Connection
) -> None:
    await owner.execute(TOOTHLESS)
    async with a_crowd(settings, owner) as crowd:
        wrong = await crowds.play(crowd, len(crowds.SCENES))
        assert wrong.pop("overlaps") > 0
        assert wrong  # winners in each other's way


async def test_two_servers_give_a_slot_to_one(
    dsn: str, owner: asyncpg.Connection, house: House, tmp_path: Path
) -> None:
    variables = {"DATABASE_URL": dsn, "OPENMEDSPA_SECRET_KEY": SECRET, "OPENMEDSPA_ENVIRONMENT": "staging"}
    words = ("serve", "--port", "0", "--data-dir", str(tmp_path))
    async with AsyncExitStack() as stack:
        servers = [stack.enter_context(running(*words, **variables)) for _ in range(2)]
        partners = []
        for server in servers:
            base = read_until(server.stderr, "Partner API").split()[-1].removesuffix("/v1")
            http = await stack.enter_async_context(httpx2.AsyncClient(base_url=base, limits=ALL_AT_ONCE, timeout=30))
            partners.append(await Client(http, house, None).as_partner(Cast.PARTNER_KEY, "GlowOffice"))
        assert await crowds.play(await before(owner, *partners), 2 * len(crowds.SCENES)) == {}


async def test_of_those_who_come_with_one_hold_at_once_one_gets_it(
    settings: Settings, owner: asyncpg.Connection
) -> None:
    async with a_crowd(settings, owner) as crowd:
        hold = await crowd.keep(ahead(), NOON, 30)
        rush = await crowd.rush([crowd.book(ahead(), NOON, 30, hold=hold)] * 2)
        assert sorted(answer.status for answer in rush.answers) == [201, 409]
        assert rush.wrong == [] and await crowd.broken() == {}


async def test_a_hold_that_is_released_and_booked_at_once_ends_once(
    settings: Settings, owner: asyncpg.Connection
) -> None:
    """It is booked either way: with the hold, or because its time is free; then there is none to release."""
    async with a_crowd(settings, owner) as crowd:
        for days in range(2, 12):
            hold = await crowd.keep(ahead(days), NOON, 30)
            rush = await crowd.rush([crowd.book(ahead(days), NOON, 30, hold=hold), crowd.release(hold)], seed=days)
            statuses = {ask.method: answer.status for ask, answer in zip(rush.asks, rush.answers, strict=True)}
            assert statuses["POST"] == 201 and statuses["DELETE"] in {200, 404}
        assert await crowd.broken() == {}


async def test_requests_with_one_idempotency_key_at_once_make_one_booking(
    settings: Settings, owner: asyncpg.Connection
) -> None:
    async with a_crowd(settings, owner) as crowd:
        (partner,) = crowd.partners
        ask = crowd.book(ahead(), NOON, 30)
        answers = await asyncio.gather(
            *(partner.post(ask.path, ask.body, headers={"idempotency-key": "twins"}) for _ in range(MANY))
        )
        assert {answer.status for answer in answers} == {201}
        assert len({answer.json["data"]["VisitID"] for answer in answers}) == 1
        assert await owner.fetchval("select count(*) from bookings") == 1
        assert await crowd.broken() == {}


async def test_visits_that_swap_places_at_once_end_in_places_of_their_own(
    settings: Settings, owner: asyncpg.Connection
) -> None:
    async with a_crowd(settings, owner) as crowd:
        for days in range(2, 22):
            first, second = [await crowd.put_down(ahead(days), start, 30) for start in (NOON, NOON + 30)]
            swap = [crowd.move(first, ahead(days), NOON + 30, 30), crowd.move(second, ahead(days), NOON, 30)]
            rush = await crowd.rush(swap, seed=days)
            assert all(answer.status in {200, 409} for answer in rush.answers)
        assert await crowd.broken() == {}


async def test_a_visit_that_is_moved_and_cancelled_at_once_keeps_no_time_once_cancelled(
    settings: Settings, owner: asyncpg.Connection
) -> None:
    async with a_crowd(settings, owner) as crowd:
        for days in range(2, 12):
            booking = await crowd.put_down(ahead(days), NOON, 30)
            moves = [crowd.move(booking, ahead(days), NOON + 30 * number, 30) for number in range(1, 6)]
            rush = await crowd.rush([*moves, crowd.cancel(booking)], seed=days)
            for ask, answer in zip(rush.asks, rush.answers, strict=True):
                late = answer.status == 409 and answer.fault[1] == "status_conflict"
                assert answer.status == 200 or (late and ask.span)
        assert await owner.fetchval("select count(*) from taken_times") == 0
        assert await crowd.broken() == {}


async def test_a_deadlock_is_retried_and_books_once(dsn: str, settings: Settings, owner: asyncpg.Connection) -> None:
    """1. Somebody has the person; the booking has the hold, and waits for a third who has what lapsed there.
    2. Somebody wants the hold. 3. The third goes: now the booking wants the person, last, and has to give way.
    """
    database = await owner.fetchval("select current_database()")
    await owner.execute(f"alter database {database} set deadlock_timeout = '20ms'")
    await owner.execute("set deadlock_timeout = '10min'")
    async with a_crowd(settings, owner) as crowd, connected(dsn) as third:
        await crowd.keep(ahead(), NOON, 15, lapses_in=timedelta(seconds=-1))
        hold = await crowd.keep(ahead(), NOON + 15, 15)
        await third.execute("begin; select from taken_times where lapses_at < now() for update")
        await owner.execute(f"begin; select from patients where id = {crowd.patient} for update")
        booking = asyncio.create_task(crowd.rush([crowd.book(ahead(), NOON, 30, hold=hold)]))
        await until_waiting(third, 1)
        wanting = asyncio.create_task(owner.execute(f"update holds set actor = actor where id = {hold}"))
        await until_waiting(third, 2)
        await third.execute("commit")
        await wanting
        await owner.execute("commit")
        assert [answer.status for answer in (await booking).answers] == [201]
        assert await crowd.broken() == {}


async def test_the_sweep_does_not_wait_for_who_takes_what_lapsed(
    dsn: str, house: House, owner: asyncpg.Connection
) -> None:
    crowd = await before(owner)
    for start in (NOON, NOON + 30):
        await crowd.keep(ahead(), start, 30, lapses_in=timedelta(seconds=-1))
    async with connected(dsn) as other:
        await other.execute("begin; delete from taken_times where from_at = (select min(from_at) from taken_times)")
        assert await jobs.sweep_holds(house) == 1
        await other.execute("rollback")
    assert await jobs.sweep_holds(house) == 1
    assert await owner.fetchval("select count(*) from taken_times") == 0


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


async def until_waiting(connection: asyncpg.Connection, many: int) -> None:
    """Until so many wait for a lock that somebody has."""
    async with asyncio.timeout(20):
        while await connection.fetchval("select count(*) from pg_locks where not granted") < many:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
