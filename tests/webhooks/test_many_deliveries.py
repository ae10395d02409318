"""A replay of many: bounded by the API, batch after batch by the operator's command, and found by an index."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

import asyncpg
import pytest
from cast import Cast, make_visit
from client import Client
from webhooks.sending import subscribe

from openmedspa.kit.db import Tx
from openmedspa.kit.house import House
from openmedspa.webhooks import replay
from openmedspa.webhooks.replay import MOST, Wanted

REPLAY = "/emr/webhooks/replay"
T = TypeVar("T")
# So many events of one visit, one a second, the first of them so many seconds ago; and their deliveries, given up.
EVENTS = """
insert into events (practice_id, id, kind, visit_id, record_version, occurred_at)
select ev.practice_id, 'evt_' || lpad(n::text, 32, '0'), ev.kind, ev.visit_id, ev.record_version,
       date_trunc('second', now()) - (n - 1) * $2::text::interval
from (select * from events limit 1) ev, generate_series(1, $1::int) n
"""
DELIVERIES = """
insert into deliveries (practice_id, event_id, endpoint_id, failed_at, created_at)
select ev.practice_id, ev.id, e.id, now(), ev.occurred_at from events ev, endpoints e
on conflict do nothing
"""
DUE = "select count(*) from deliveries where due_at is not null"


@pytest.fixture
async def visited(glow_emr: Client, owner: asyncpg.Connection) -> Client:
    """An EMR that has been subscribed for long, with one visit that was completed 20 days ago."""
    await subscribe(glow_emr, "http://127.0.0.1:9/hook")
    await make_visit(glow_emr, status="Completed")
    await owner.execute("update subscriptions set created_at = '2020-01-01'")
    await owner.execute("update events set occurred_at = now() - interval '20 days'")
    await owner.execute(
        "update deliveries set due_at = null, failed_at = now(), created_at = now() - interval '20 days'"
    )
    return glow_emr


async def seconds_ago(owner: asyncpg.Connection, seconds: int) -> int:
    """In Unix seconds, from the latest event."""
    latest = "select extract(epoch from max(occurred_at))::bigint from events"
    moment: int = await owner.fetchval(latest) - seconds
    return moment


async def test_one_call_sends_ten_thousand_again_and_refuses_more(visited: Client, owner: asyncpg.Connection) -> None:
    await owner.execute(EVENTS, MOST + 1, "1 second")
    await owner.execute(DELIVERIES)
    answer = await visited.post(REPLAY, {"since": await seconds_ago(owner, MOST)})
    assert answer.error[:2] == (400, "since is invalid")
    assert f"more than {MOST}" in (answer.error[2] or "") and "openmedspa webhooks replay" in (answer.error[2] or "")
    assert await owner.fetchval(DUE) == 0
    answer = await visited.post(REPLAY, {"since": await seconds_ago(owner, MOST - 1)})
    assert answer.json == {"success": True, "replayed": MOST}
    assert await owner.fetchval(DUE) == MOST


async def test_events_that_were_missed_count_for_each_endpoint(visited: Client, owner: asyncpg.Connection) -> None:
    half = MOST // 2 + 1
    await owner.execute(EVENTS, half, "1 second")
    since = {"since": await seconds_ago(owner, half)}
    await owner.execute(
        "insert into endpoints (partner_id, name, url, signing_secret_sealed) "
        "select partner_id, 'second', url, signing_secret_sealed from endpoints"
    )
    assert (await visited.post(REPLAY, since)).error[:2] == (400, "since is invalid")
    assert await owner.fetchval("select count(*) from deliveries") == 1  # nothing half done
    await owner.execute("update endpoints set deleted_at = now() where name = 'second'")
    assert (await visited.post(REPLAY, since)).json == {"success": True, "replayed": half}


async def test_events_from_before_the_subscription_do_not_count(visited: Client, owner: asyncpg.Connection) -> None:
    await owner.execute(EVENTS, MOST + 1, "1 second")
    await owner.execute("update subscriptions set created_at = now()")
    assert (await visited.post(REPLAY, {"since": await seconds_ago(owner, 86400)})).json["replayed"] <= 1


async def test_what_is_looked_at_counts_before_anything_is_looked_through(
    visited: Client, owner: asyncpg.Connection
) -> None:
    await owner.execute(EVENTS, MOST + 1, "1 second")
    await owner.execute(DELIVERIES)
    await owner.execute("update visits set location_id = $1", Cast.GLOW_SECOND)
    narrow = visited.with_key(Cast.NARROW_KEY)
    answer = await narrow.post(REPLAY, {"since": await seconds_ago(owner, MOST)})
    assert answer.error[:2] == (400, "since is invalid")
    answer = await narrow.post(REPLAY, {"since": await seconds_ago(owner, MOST // 2)})
    assert answer.json == {"success": True, "replayed": 0}


async def test_other_locations_stay_as_they_are(visited: Client, owner: asyncpg.Connection) -> None:
    await subscribe(visited, "http://127.0.0.1:9/hook", Cast.GLOW_SECOND)
    await make_visit(visited, status="Completed", location_id=Cast.GLOW_SECOND)
    await owner.execute("update deliveries set due_at = null, failed_at = now()")
    narrow = visited.with_key(Cast.NARROW_KEY)
    assert (await narrow.post(REPLAY, {"since": 1})).json == {"success": True, "replayed": 1}
    assert await owner.fetchval(DUE) == 1
    assert (await visited.post(REPLAY, {"since": 1})).json == {"success": True, "replayed": 2}


@pytest.mark.parametrize("apart", ["1 second", "0"], ids=["one a second", "all at one moment"])
async def test_the_operator_sends_all_of_them_in_batches(
    visited: Client, house: House, owner: asyncpg.Connection, apart: str
) -> None:
    await owner.execute(EVENTS, 2_500, apart)  # no delivery of any of them yet
    transactions = 0

    async def write(work: Callable[[Tx], Awaitable[T]]) -> T:
        nonlocal transactions
        transactions += 1
        return await house.system.write((), work)

    now = house.now()
    batches = replay.replay_in_batches(write, now.replace(year=2000), Wanted(), actor="test", now=now)
    sent = [[row["event_id"] for row in batch.sent] async for batch in batches]
    assert [len(batch) for batch in sent] == [1_000, 1_000, 501]
    assert len({event_id for batch in sent for event_id in batch}) == 2_501
    assert transactions >= 8
    assert await owner.fetchval(DUE) == 2_501
    recorded = await owner.fetch("select subject from audit where actor = 'test' order by id")
    assert [row["subject"].split()[0] for row in recorded] == ["1000", "1000", "501"]


async def test_a_batch_that_is_done_stays_done(visited: Client, house: House, owner: asyncpg.Connection) -> None:
    await owner.execute(EVENTS, 1_500, "1 second")
    batches = replay.replay_in_batches(
        partial(house.system.write, ()), house.now().replace(year=2000), Wanted(), actor="test", now=house.now()
    )
    async for _ in batches:
        break
    assert await owner.fetchval(DUE) == 1_000
