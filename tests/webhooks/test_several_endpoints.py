"""Several endpoints of one partner: each gets every event, by its own secrets; removing one keeps what was sent."""

import asyncio

import pytest
from aiohttp import web
from cast import Cast, make_visit
from client import Client
from receiver import fail_first, receiver
from standardwebhooks import Webhook
from webhooks.sending import later, send_due, subscribe, worker

from openmedspa.kit.db import Row
from openmedspa.kit.errors import Conflict, Invalid, NotFound
from openmedspa.kit.house import House
from openmedspa.partners import registry
from openmedspa.webhooks import endpoints, queries, secrets

GLOW = "Glow EMR"


async def add(house: House, url: str, *, name: str | None = None, allow_loopback: bool = True) -> str:
    partner = await registry.get_partner(house.system, GLOW)
    return await house.system.write(
        (),
        lambda tx: endpoints.add(
            tx, house.vault, partner, url, name=name, production=False, allow_loopback=allow_loopback, actor="test",
            now=house.now(),
        ),
    )  # fmt: skip


async def remove(house: House, name: str) -> int:
    partner = await registry.get_partner(house.system, GLOW)
    return await house.system.write((), lambda tx: endpoints.remove(tx, partner, name, actor="test", now=house.now()))


async def deliveries(house: House) -> list[Row]:
    return await queries.list_deliveries(house.system, None, limit=99)


async def test_each_endpoint_gets_every_event_signed_by_its_own_secret(glow_emr: Client, house: House) -> None:
    partner = await registry.get_partner(house.system, GLOW)
    async with receiver() as first, receiver() as second:
        await subscribe(glow_emr, first.url)
        assert await add(house, second.url, name="warehouse") == "warehouse"
        await make_visit(glow_emr, status="Completed")
        assert await send_due(house) == 2
    assert first.received[0].headers["webhook-id"] == second.received[0].headers["webhook-id"]
    assert first.received[0].body == second.received[0].body
    assert "X-Signature" in first.received[0].headers
    assert "X-Signature" not in second.received[0].headers  # keyed with an API key, and none set this one
    whsec = [
        (await secrets.show(house.system, house.vault, partner, endpoint=name)).webhook_signing_secret
        for name in ("api", "warehouse")
    ]
    assert whsec[0] != whsec[1]
    for secret, got in zip(whsec, (first, second), strict=True):
        (event,) = got.received
        lowered = {name.lower(): value for name, value in event.headers.items()}
        assert Webhook(secret).verify(event.body, lowered) == event.json


async def test_each_endpoint_climbs_a_ladder_of_its_own(glow_emr: Client, house: House) -> None:
    async with receiver(fail_first(1)) as failing, receiver() as well:
        await subscribe(glow_emr, failing.url)
        await add(house, well.url, name="well")
        await make_visit(glow_emr, status="Completed")
        assert await send_due(house) == 2
        assert await send_due(later(house, seconds=7)) == 1
    assert (len(failing.received), len(well.received)) == (2, 1)


async def test_the_api_moves_its_own_url_and_no_other(glow_emr: Client, house: House) -> None:
    await subscribe(glow_emr, "http://127.0.0.1:9/api")
    await add(house, "https://warehouse.example.com/hook")
    await subscribe(glow_emr, "http://127.0.0.1:9/moved")
    listed = {row["name"]: row["url"] for row in await queries.list_endpoints(house.system)}
    assert listed == {
        "api": "http://127.0.0.1:9/moved",
        "warehouse-example-com": "https://warehouse.example.com/hook",
    }


async def test_what_is_removed_gets_nothing_and_stays_readable(glow_emr: Client, house: House) -> None:
    async with receiver(fail_first(1)) as gone, receiver() as api:
        await subscribe(glow_emr, api.url)
        await add(house, gone.url, name="gone")
        await make_visit(glow_emr, status="Completed")
        await send_due(house)
        assert await remove(house, "gone") == 1
        assert await send_due(later(house, days=1)) == 0
        await make_visit(glow_emr, status="Completed")
        assert await send_due(later(house, days=1)) == 1
    assert (len(gone.received), len(api.received)) == (1, 2)
    (kept,) = [row for row in await deliveries(house) if row["endpoint"] == "gone"]
    assert (kept["url"], kept["tries"], kept["due_at"], kept["cause"]) == (
        gone.url,
        1,
        None,
        "the endpoint was removed",
    )
    assert await house.system.unscoped_row("select from endpoints where name = 'gone' and deleted_at is null") is None
    await add(house, api.url, name="gone")  # the name is free again


async def fail_late(_number: int) -> web.Response:
    await asyncio.sleep(1)
    return web.Response(status=500)


async def test_the_late_word_of_one_that_was_removed_does_not_bring_it_back(glow_emr: Client, house: House) -> None:
    async with receiver(fail_late) as slow:
        await subscribe(glow_emr, slow.url)
        await make_visit(glow_emr, status="Completed")
        async with worker(house) as ours:
            await ours.send_due()
            await slow.wait_for(1)
            await remove(house, "api")
        (row,) = await deliveries(house)
    assert (row["due_at"], row["cause"]) == (None, "the endpoint was removed")
    assert await send_due(later(house, days=1)) == 0


@pytest.mark.parametrize("name", ["api", "Ware House", "", "-x", "x" * 41, "über"])
async def test_a_name_is_plain_and_not_the_apis(glow_emr: Client, house: House, name: str) -> None:
    with pytest.raises(Invalid):
        await add(house, "https://emr.example.com/hook", name=name)


async def test_a_url_is_checked_and_a_name_is_taken_once(glow_emr: Client, house: House) -> None:
    for url in ("ftp://emr.example.com/", "https://user@emr.example.com/", "nonsense"):
        with pytest.raises(Invalid):
            await add(house, url)
    with pytest.raises(Invalid, match="this machine"):
        await add(house, "http://127.0.0.1/hook", allow_loopback=False)
    await add(house, "https://emr.example.com/hook", name="one")
    with pytest.raises(Conflict):
        await add(house, "https://emr.example.com/hook", name="one")
    partner = await registry.get_partner(house.system, GLOW)
    with pytest.raises(NotFound, match="no endpoint two"):
        await endpoints.get_endpoint(house.system, partner, "two")


async def test_of_several_without_the_apis_one_must_be_named(glow_emr: Client, house: House) -> None:
    partner = await registry.get_partner(house.system, GLOW)
    with pytest.raises(NotFound, match="no webhook URL yet"):
        await endpoints.get_endpoint(house.system, partner)
    await add(house, "https://emr.example.com/hook", name="one")
    assert (await endpoints.get_endpoint(house.system, partner))["name"] == "one"
    await add(house, "https://emr.example.com/hook", name="two")
    with pytest.raises(Invalid, match="one, two"):
        await endpoints.get_endpoint(house.system, partner)
    await subscribe(glow_emr, "http://127.0.0.1:9/hook", Cast.GLOW)
    assert (await endpoints.get_endpoint(house.system, partner))["name"] == "api"
