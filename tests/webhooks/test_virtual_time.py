"""A year of deliveries on a clock of the test's own: every step of the ladder, a day's outage, an account ahead."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import asyncpg
from aiohttp import web
from cast import make_visit
from client import Client
from msgspec.structs import replace
from receiver import receiver
from webhooks.sending import send_due, subscribe

from openmedspa.kit.house import House
from openmedspa.kit.ladder import DELAYS_SECONDS, JITTER_SHARE
from openmedspa.webhooks import jobs

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


class Clock:
    """Shows what it is set to; `until_due` goes to the moment at which something is due."""

    def __init__(self, house: House) -> None:
        self.now = datetime.now(UTC)
        self.house = replace(house, now=lambda: self.now)

    async def until_due(self, owner: asyncpg.Connection) -> bool:
        due_at: datetime | None = await owner.fetchval("select min(due_at) from deliveries")
        self.now = max(self.now, due_at or self.now)
        return due_at is not None


class Moods:
    """A receiver that answers what the test says, from one moment to the next."""

    status = 500

    async def respond(self, _number: int) -> web.Response:
        return web.Response(status=self.status)


async def test_every_step_of_the_ladder_is_seen_and_none_comes_early(
    glow_emr: Client, house: House, owner: asyncpg.Connection
) -> None:
    clock, moods = Clock(house), Moods()
    async with receiver(moods.respond) as partner:
        await subscribe(glow_emr, partner.url)
        walks: list[list[float]] = []
        for _ in range(12):  # a failure a month, for a year; in between all is well
            await make_visit(glow_emr, status="Completed")
            await owner.execute("update deliveries set due_at = $1 where tries = 0 and due_at is not null", clock.now)
            moments = []
            while await clock.until_due(owner):
                moments.append(clock.now)
                assert await send_due(clock.house) == 1
            walks.append([(later - one).total_seconds() for one, later in pairwise(moments)])
            moods.status = 200
            await make_visit(glow_emr, status="Completed")
            assert await send_due(clock.house) == 1
            moods.status = 500
            clock.now += 30 * DAY
    for walk in walks:
        assert len(walk) == 11
        for waited, step in zip(walk, DELAYS_SECONDS[1:], strict=True):
            assert step <= waited <= step * (1 + JITTER_SHARE)
    for number, step in enumerate(DELAYS_SECONDS[1:]):
        waits = [walk[number] for walk in walks]
        assert max(waits) - min(waits) > step * JITTER_SHARE / 10  # spread, not together
    assert await owner.fetchval("select count(*) from endpoints where switched_off_at is null") == 1
    assert await jobs.forget_old(clock.house) == 24  # made as the test began, a year ago by now


async def test_down_for_a_day_it_gets_everything_once_per_id_when_it_is_back(
    glow_emr: Client, house: House, owner: asyncpg.Connection
) -> None:
    clock, moods = Clock(house), Moods()
    began = clock.now
    async with receiver(moods.respond) as partner:
        await subscribe(glow_emr, partner.url)
        for _ in range(20):
            await make_visit(glow_emr, status="Completed")
        await owner.execute("update deliveries set due_at = $1::timestamptz + id * interval '1 hour'", began)
        while clock.now < began + DAY:
            while await send_due(clock.house):
                pass
            clock.now += 5 * MINUTE
        failed = len(partner.received)
        assert failed > 40
        moods.status = 200
        partner.received.clear()
        while await clock.until_due(owner):
            await send_due(clock.house)
    ids = [event.headers["webhook-id"] for event in partner.received]
    assert len(ids) == len(set(ids)) == 20
    assert clock.now < began + 3 * DAY
    assert await owner.fetchval("select count(*) from deliveries where delivered_at is null") == 0


async def test_what_is_due_is_due_on_the_accounts_clock(
    glow_emr: Client, house: House, owner: asyncpg.Connection
) -> None:
    moods = Moods()
    async with receiver(moods.respond) as partner:
        await subscribe(glow_emr, partner.url)
        await make_visit(glow_emr, status="Completed")
        assert await send_due(house) == 1
        moods.status = 200
        await owner.execute("update partners set clock_offset = '3 seconds' where name = 'Glow EMR'")
        assert await send_due(house) == 0
        await owner.execute("update partners set clock_offset = '1 day' where name = 'Glow EMR'")
        assert await send_due(house) == 1
        at, delivered_at = await owner.fetchrow(
            "select t.at, d.delivered_at from delivery_tries t, deliveries d order by t.id desc limit 1"
        )
    first, second = (int(event.headers["webhook-timestamp"]) for event in partner.received)
    assert 0 <= second - first < 60  # signed by the real clock, whatever the account's shows
    assert at == delivered_at
    assert abs(at - house.now() - DAY) < MINUTE


async def test_a_next_try_is_reckoned_on_the_accounts_clock(
    glow_emr: Client, house: House, owner: asyncpg.Connection
) -> None:
    await owner.execute("update partners set clock_offset = '10 days'")
    async with receiver(Moods().respond) as partner:
        await subscribe(glow_emr, partner.url)
        await make_visit(glow_emr, status="Completed")
        assert await send_due(house) == 1
    due_at = await owner.fetchval("select due_at from deliveries")
    assert timedelta(seconds=4) < due_at - house.now() - 10 * DAY < timedelta(seconds=7)


async def test_another_account_does_not_wait_for_a_clock_that_is_ahead(
    glow_emr: Client, house: House, owner: asyncpg.Connection
) -> None:
    """The visit's account is a day ahead; a partner that only listens at the same location lives in the present."""
    async with receiver() as partner:
        await subscribe(glow_emr, partner.url)
        await owner.execute(
            """
            insert into partners (name) values ('Listener');
            insert into grants (partner_id, practice_id, location_id)
            select p.id, l.practice_id, l.id from partners p, locations l
            where p.name = 'Listener' and l.id = 'loc_glow';
            insert into subscriptions (partner_id, practice_id, location_id)
            select p.id, s.practice_id, s.location_id from partners p, subscriptions s where p.name = 'Listener';
            insert into endpoints (partner_id, url, signing_secret_sealed)
            select p.id, e.url, e.signing_secret_sealed from partners p, endpoints e where p.name = 'Listener';
            update partners set clock_offset = '1 day' where name = 'Glow EMR';
            """
        )
        await make_visit(glow_emr, status="Completed")
        assert await send_due(house) == 2
        await owner.execute("update endpoints set delay_seconds = 3600")
        await make_visit(glow_emr, status="Completed")
        assert await send_due(house) == 0
        assert await send_due(replace(house, now=lambda: house.now() + HOUR + MINUTE)) == 2
