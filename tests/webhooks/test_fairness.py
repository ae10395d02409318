"""One slow or dead endpoint delays no other, and forty do not either."""

import asyncio

import asyncpg
import pytest
from cast import Cast, make_visit
from client import Client
from kit.hostile import HOSTILE
from kit.hostile import receiver as endless
from receiver import fail_first, hang, receiver
from webhooks.sending import later, send_due, subscribe, worker

from openmedspa.kit.house import House
from openmedspa.kit.outbound import Outbound
from openmedspa.webhooks import delivery
from openmedspa.webhooks.delivery import Deliveries

# Many partners whose endpoints share one address; each has `$2` deliveries, due before everybody else's.
CROWD = """
with crowd as (
  insert into partners (name) select 'Crowd ' || n from generate_series(1, $1::int) n returning id
), granted as (
  insert into grants (partner_id, practice_id, location_id)
  select crowd.id, l.practice_id, l.id from crowd, locations l where l.id = 'loc_glow'
), theirs as (
  insert into endpoints (partner_id, url, signing_secret_sealed)
  select crowd.id, $3, e.signing_secret_sealed from crowd, (select * from endpoints limit 1) e returning id
), happened as (
  insert into events (practice_id, id, kind, visit_id, record_version, occurred_at)
  select ev.practice_id, 'evt_' || lpad(n::text, 32, '0'), ev.kind, ev.visit_id, ev.record_version, ev.occurred_at
  from (select * from events limit 1) ev, generate_series(1, $2::int) n returning practice_id, id
)
insert into deliveries (practice_id, event_id, endpoint_id, due_at)
select happened.practice_id, happened.id, theirs.id, now() - interval '1 hour' from happened, theirs
"""


async def until_delivered(house: House, emr: Client, owner: asyncpg.Connection, *, crowd: int) -> None:
    async with receiver(hang) as hanging, receiver() as partner, Outbound(allow_loopback=True) as outbound:
        await subscribe(emr, partner.url)
        await make_visit(emr, status="Completed")
        await owner.execute(CROWD, crowd, 50, hanging.url)
        deliveries = Deliveries(house, outbound)
        try:
            while await deliveries.send_due():
                pass
            await partner.wait_for(1, seconds=3)
        finally:
            await deliveries.stop(0)


@pytest.mark.parametrize("crowd", [40, 100])
async def test_many_hanging_endpoints_delay_no_other(
    glow_emr: Client, house: House, owner: asyncpg.Connection, crowd: int
) -> None:
    await until_delivered(house, glow_emr, owner, crowd=crowd)


async def test_the_crowd_would_starve_the_others_if_each_had_all_its_places(
    glow_emr: Client, house: House, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "PER_ENDPOINT_CROWDED", delivery.PER_ENDPOINT)
    with pytest.raises(TimeoutError):
        await until_delivered(house, glow_emr, owner, crowd=40)


async def test_the_oldest_due_goes_first_whosever_it_is(
    glow_emr: Client, house: House, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with receiver() as crowded, receiver() as partner:
        await subscribe(glow_emr, partner.url)
        await make_visit(glow_emr, status="Completed")
        await owner.execute(CROWD, 3, 5, crowded.url)
        newest = "update deliveries set due_at = now() - interval '1 minute' where event_id not like 'evt_000%'"
        oldest = newest.replace("1 minute", "2 hours")
        monkeypatch.setattr(delivery, "CROWDED", 2)
        monkeypatch.setattr(delivery, "IN_FLIGHT", 2)
        await owner.execute(newest)
        assert await send_due(house) == 2
        assert (len(crowded.received), len(partner.received)) == (2, 0)
        await owner.execute(oldest)
        assert await send_due(house) == 2
        assert (len(crowded.received), len(partner.received)) == (3, 1)


async def test_an_endpoint_that_failed_has_one_place_until_it_answers_well(glow_emr: Client, house: House) -> None:
    async with receiver(fail_first(5)) as partner:
        await subscribe(glow_emr, partner.url)
        for _ in range(5):
            await make_visit(glow_emr, status="Completed")
        assert await send_due(house) == 5
        ahead = later(house, days=1)
        assert [await send_due(ahead) for _ in range(3)] == [1, 4, 0]


async def test_a_new_url_begins_with_all_its_places(glow_emr: Client, house: House) -> None:
    async with receiver(fail_first(3)) as failing, receiver() as partner:
        await subscribe(glow_emr, failing.url)
        for _ in range(3):
            await make_visit(glow_emr, status="Completed")
        assert await send_due(house) == 3
        await subscribe(glow_emr, partner.url, Cast.GLOW)
        assert await send_due(later(house, days=1)) == 3


async def test_one_that_did_badly_rests_and_then_has_one_place_until_it_does_well(
    glow_emr: Client, house: House, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "REST_SECONDS", 0.3)
    async with receiver(fail_first(2)) as wavering, worker(house) as ours:
        await subscribe(glow_emr, wavering.url)
        for _ in range(2):
            await make_visit(glow_emr, status="Completed")
        assert await ours.send_due() == 2
        await ours.finish()
        for _ in range(3):
            await make_visit(glow_emr, status="Completed")
        assert await ours.send_due() == 0
        await asyncio.sleep(0.35)
        assert await ours.send_due() == 1
        await ours.finish()
        assert await ours.send_due() == 2


async def test_an_answer_of_200_that_never_ends_counts_as_bad_manners(glow_emr: Client, house: House) -> None:
    async with endless(HOSTILE["is endless"][0]) as rude, worker(house) as ours:
        await subscribe(glow_emr, rude.url())
        await make_visit(glow_emr, status="Completed")
        assert await ours.send_due() == 1
        await ours.finish()
        await make_visit(glow_emr, status="Completed")
        assert await ours.send_due() == 0
    row = await house.system.unscoped_row("select count(delivered_at) as delivered from deliveries")
    assert row is not None
    assert row["delivered"] == 1
