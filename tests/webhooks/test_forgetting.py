"""After 30 days what is over is forgotten: deliveries, tries, events. What still waits never is."""

import asyncpg
import pytest
from cast import Cast, make_visit
from client import Client
from receiver import fail_first, receiver
from webhooks.sending import later, send_due, subscribe

from openmedspa.kit.house import House
from openmedspa.webhooks import jobs

COUNTS = """
select (select count(*) from deliveries), (select count(*) from delivery_tries), (select count(*) from events)
"""


async def counts(owner: asyncpg.Connection) -> tuple[int, ...]:
    return tuple(await owner.fetchrow(COUNTS))


async def test_what_is_over_is_forgotten_after_thirty_days_and_not_before(
    glow_emr: Client, house: House, owner: asyncpg.Connection
) -> None:
    async with receiver() as partner:
        await subscribe(glow_emr, partner.url)
        for _ in range(3):
            await make_visit(glow_emr, status="Completed")
        await send_due(house)
    assert await counts(owner) == (3, 3, 3)
    assert await jobs.forget_old(later(house, days=29.9)) == 0
    assert await counts(owner) == (3, 3, 3)
    assert await jobs.forget_old(later(house, days=30.1)) == 3
    assert await counts(owner) == (0, 0, 0)
    assert await owner.fetchval("select count(*) from records") == 3


async def test_what_still_waits_is_kept_however_old(glow_emr: Client, house: House, owner: asyncpg.Connection) -> None:
    async with receiver(fail_first(1)) as partner:
        await subscribe(glow_emr, partner.url)
        await make_visit(glow_emr, status="Completed")
        await send_due(house)
        await owner.execute("update endpoints set switched_off_at = now()")
        assert await jobs.forget_old(later(house, days=300)) == 0
        assert await counts(owner) == (1, 1, 1)
        await owner.execute("update endpoints set switched_off_at = null")
        assert await send_due(later(house, days=300)) == 1
    assert await jobs.forget_old(later(house, days=300)) == 1
    assert await counts(owner) == (0, 0, 0)


async def test_an_event_stays_as_long_as_one_delivery_needs_it(
    glow_emr: Client, house: House, owner: asyncpg.Connection
) -> None:
    async with receiver() as partner:
        await subscribe(glow_emr, partner.url)
        await make_visit(glow_emr, status="Completed")
        await owner.execute(
            """
            insert into endpoints (partner_id, name, url, signing_secret_sealed)
            select partner_id, 'two', url, signing_secret_sealed from endpoints;
            insert into deliveries (practice_id, event_id, endpoint_id, due_at, created_at)
            select d.practice_id, d.event_id, e.id, now() + interval '99 days', now()
            from deliveries d, endpoints e where e.name = 'two'
            """
        )
        assert await send_due(house) == 1
    assert await jobs.forget_old(later(house, days=31)) == 1
    assert await counts(owner) == (1, 0, 1)


async def test_it_goes_on_until_all_is_done_and_leaves_others_alone(
    glow_emr: Client, rival_emr: Client, house: House, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "AT_ONCE", 2)
    async with receiver() as partner:
        await subscribe(glow_emr, partner.url)
        await subscribe(rival_emr, partner.url, Cast.RIVAL)
        for _ in range(5):
            await make_visit(glow_emr, status="Completed")
        await make_visit(rival_emr, status="Completed", location_id=Cast.RIVAL)
        await make_visit(glow_emr, status="Completed", location_id=Cast.GLOW_SECOND)  # an event that nobody asked for
        await send_due(house)
    old = "set created_at = now() - interval '31 days' where practice_id = 1"
    await owner.execute(f"update deliveries {old}")
    await owner.execute("update events set occurred_at = now() - interval '31 days' where practice_id = 1")
    assert await jobs.forget_old(house) == 5
    assert await counts(owner) == (1, 1, 1)
