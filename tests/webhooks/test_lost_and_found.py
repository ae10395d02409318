"""No event is lost in silence: endpoints that are off, or not there yet, and trouble of our own."""

from functools import partial

import asyncpg
import pytest
from cast import Cast, make_visit
from client import Client
from msgspec.structs import replace
from receiver import fail_first, receiver
from webhooks.sending import later, send_due, subscribe, the_delivery

from openmedspa.kit.crypto import Vault
from openmedspa.kit.db import Row
from openmedspa.kit.house import House
from openmedspa.kit.outbound import Outbound
from openmedspa.webhooks import queries
from openmedspa.webhooks.replay import Replayed, Wanted, replay_event, replay_in_batches

OFF = "the endpoint is switched off"


async def listed(house: House) -> list[Row]:
    return await queries.list_deliveries(house.system, None, limit=99)


async def replay_all(house: House, event_id: str | None = None) -> Replayed:
    """As the operator does it."""
    now, system = house.now(), house.system
    if event_id:
        return await system.write((), lambda tx: replay_event(tx, event_id, Wanted(), actor="test", now=now))
    batches = replay_in_batches(partial(system.write, ()), now.replace(year=2000), Wanted(), actor="test", now=now)
    found = [batch async for batch in batches]
    return Replayed([row for batch in found for row in batch.sent], [row for batch in found for row in batch.left_out])


async def test_what_happens_while_an_endpoint_is_off_shows_and_is_replayed(glow_emr: Client, house: House) -> None:
    async with receiver(fail_first(1, status=410)) as partner:
        await subscribe(glow_emr, partner.url)
        await make_visit(glow_emr, status="Completed")
        await send_due(house)
        await make_visit(glow_emr, status="Completed")
        assert await send_due(later(house, days=1)) == 0
        missed = (await listed(house))[0]
        assert (missed["due_at"], missed["tries"], missed["cause"]) == (None, 0, OFF)
        assert missed["failed_at"] is not None

        found = await replay_all(house)
        assert (len(found.sent), len(found.left_out)) == (0, 2)
        assert {row["url"] for row in found.left_out} == {partner.url}
        assert (await listed(house))[0]["failed_at"] is not None  # nothing is promised that no worker claims

        await subscribe(glow_emr, partner.url)
        assert len((await replay_all(house, missed["event_id"])).sent) == 1
        assert await send_due(house) == 1
    assert partner.received[-1].headers["webhook-id"] == missed["event_id"]


async def test_what_waits_for_an_endpoint_that_went_off_says_so(glow_emr: Client, house: House) -> None:
    async with receiver(fail_first(1)) as partner:
        await subscribe(glow_emr, partner.url)
        await make_visit(glow_emr, status="Completed")
        await send_due(house)
        assert (await listed(house))[0]["cause"] == "HTTP 500"
        await house.system.unscoped_row("update endpoints set switched_off_at = now()")
        assert (await listed(house))[0]["cause"] == OFF


async def test_an_endpoint_that_comes_later_is_sent_what_its_subscription_covered(
    glow_emr: Client, rival_emr: Client, house: House
) -> None:
    await make_visit(glow_emr, status="Completed")  # before anybody asked for it
    assert (await glow_emr.post("/emr/subscriptions", {"location_id": Cast.GLOW})).status == 200
    gfe_id = await make_visit(glow_emr, status="Completed")
    await make_visit(glow_emr, status="Completed", location_id=Cast.GLOW_SECOND)
    async with receiver() as rival, receiver() as partner:
        await subscribe(rival_emr, rival.url, Cast.RIVAL)
        assert (await glow_emr.post("/emr/webhooks", {"url": partner.url})).status == 200
        assert await send_due(house) == 0
        for _ in range(2):
            assert len((await replay_all(house)).sent) == 1  # and no second delivery of one event
        assert await send_due(house) == 1
    assert [event.json["data"]["gfe_id"] for event in partner.received] == [gfe_id]
    assert rival.received == []


@pytest.mark.parametrize(
    "withdrawn",
    [
        "delete from grants",
        "update partners set revoked_at = now()",
        "update events set occurred_at = now() - interval '31 days'",
    ],
)
async def test_a_missing_delivery_is_made_only_for_who_may_have_it(
    glow_emr: Client, house: House, owner: asyncpg.Connection, withdrawn: str
) -> None:
    assert (await glow_emr.post("/emr/subscriptions", {"location_id": Cast.GLOW})).status == 200
    await make_visit(glow_emr, status="Completed")
    assert (await glow_emr.post("/emr/webhooks", {"url": "http://127.0.0.1:9/hook"})).status == 200
    if "events" in withdrawn:
        await owner.execute("update subscriptions set created_at = now() - interval '40 days'")
    await owner.execute(withdrawn)
    assert (await replay_all(house)).sent == []


async def test_an_event_has_one_delivery_per_endpoint(
    glow_emr: Client, house: House, owner: asyncpg.Connection
) -> None:
    await subscribe(glow_emr, "http://127.0.0.1:9/hook")
    await make_visit(glow_emr, status="Completed")
    with pytest.raises(asyncpg.UniqueViolationError):
        await owner.execute(
            "insert into deliveries (practice_id, event_id, endpoint_id) "
            "select practice_id, event_id, endpoint_id from deliveries"
        )


async def test_secrets_that_do_not_open_are_a_try_that_says_so(glow_emr: Client, house: House) -> None:
    async with receiver() as partner:
        await subscribe(glow_emr, partner.url)
        await make_visit(glow_emr, status="Completed")
        assert await send_due(replace(house, vault=Vault("another secret key"))) == 1
        row = await the_delivery(house)
        assert row["cause"] == ("internal: the secrets of this endpoint do not open with this OPENMEDSPA_SECRET_KEY")
        assert (row["tries"], row["lease"], row["failed_at"]) == (1, None, None)
        assert await send_due(house) == 0  # not before the ladder's next step
        assert await send_due(later(house, seconds=7)) == 1
    assert len(partner.received) == 1


async def test_trouble_of_our_own_is_a_try_and_no_word_on_the_endpoint(
    glow_emr: Client, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fall_over(*_: object) -> None:
        raise ZeroDivisionError

    await subscribe(glow_emr, "http://127.0.0.1:9/hook")
    await make_visit(glow_emr, status="Completed")
    monkeypatch.setattr(Outbound, "post", fall_over)
    await send_due(house)
    row = await the_delivery(house)
    assert (row["tries"], row["status"], row["cause"], row["lease"]) == (1, None, "internal error", None)
    assert row["due_at"] > house.now()
    assert await house.system.unscoped_row("select from endpoints where failing_since is not null") is None
