"""POST /emr/staging/webhooks/chaos: webhooks that fail, come late or come twice because a developer asked for it."""

import asyncio
from typing import Any

import asyncpg
import msgspec
import pytest
from cast import Cast, make_visit, turn_to_production
from client import Client, open_client
from receiver import receiver
from webhooks.sending import later, send_due, subscribe

from openmedspa.kit.house import House
from openmedspa.settings import Settings

CHAOS = "/emr/staging/webhooks/chaos"


async def tried(owner: asyncpg.Connection) -> list[tuple[int, str]]:
    return [tuple(row) for row in await owner.fetch("select status, cause from delivery_tries order by id")]


async def test_the_next_tries_fail_as_asked(glow_emr: Client, house: House, owner: asyncpg.Connection) -> None:
    async with receiver() as partner:
        await subscribe(glow_emr, partner.url)
        answer = await glow_emr.post(CHAOS, {"fail_next": 2})
        assert (answer.status, answer.json) == (
            200, {"success": True, "fail_next": 2, "delay_seconds": 0, "duplicate_next": 0}
        )  # fmt: skip
        await make_visit(glow_emr, status="Completed")
        assert [await send_due(later(house, seconds=seconds)) for seconds in (0, 10, 60, 600)] == [1, 1, 1, 0]
    assert len(partner.received) == 1
    failed = (503, "chaos: failed as asked")
    assert await tried(owner) == [failed, failed, (200, "HTTP 200")]


async def test_a_delay_holds_new_webhooks_back(glow_emr: Client, house: House) -> None:
    async with receiver() as partner:
        await subscribe(glow_emr, partner.url)
        await glow_emr.post(CHAOS, {"delay_seconds": 3600})
        await make_visit(glow_emr, status="Completed")
        assert await send_due(later(house, seconds=3500)) == 0
        await glow_emr.post(CHAOS, {})
        await make_visit(glow_emr, status="Completed")
        assert await send_due(house) == 1
        assert await send_due(later(house, seconds=3700)) == 1
    assert len(partner.received) == 2


async def test_a_duplicate_comes_under_the_same_id(glow_emr: Client, house: House, owner: asyncpg.Connection) -> None:
    async with receiver() as partner:
        await subscribe(glow_emr, partner.url)
        await glow_emr.post(CHAOS, {"duplicate_next": 1})
        for _ in range(2):
            await make_visit(glow_emr, status="Completed")
        await send_due(house)
        assert await send_due(later(house, days=1)) == 0
    ids = [event.headers["webhook-id"] for event in partner.received]
    assert (len(ids), len(set(ids))) == (3, 2)
    assert sorted(await tried(owner)) == [
        (200, "HTTP 200"), (200, "HTTP 200"), (200, "chaos: sent a second time as asked: HTTP 200"),
    ]  # fmt: skip


async def test_no_failure_is_used_twice_by_many_at_once(
    glow_emr: Client, house: House, owner: asyncpg.Connection
) -> None:
    async with receiver() as partner:
        await subscribe(glow_emr, partner.url)
        await glow_emr.post(CHAOS, {"fail_next": 7, "duplicate_next": 5})
        for _ in range(20):
            await make_visit(glow_emr, status="Completed")
        await asyncio.gather(*(send_due(house) for _ in range(4)))
        while await send_due(house):
            pass
    causes = [cause for _, cause in await tried(owner)]
    assert causes.count("chaos: failed as asked") == 7
    assert len(partner.received) == 13 + 5
    assert await owner.fetchrow("select fail_next, duplicate_next from endpoints") == (0, 0)


async def test_the_last_word_counts_and_each_partner_has_its_own(
    glow_emr: Client, rival_emr: Client, house: House, owner: asyncpg.Connection
) -> None:
    await subscribe(glow_emr, "http://127.0.0.1:9/hook")
    await subscribe(rival_emr, "http://127.0.0.1:9/hook", Cast.RIVAL)
    await glow_emr.post(CHAOS, {"fail_next": 3, "delay_seconds": 5})
    await glow_emr.post(CHAOS, {"duplicate_next": 1})
    rows = await owner.fetch("select fail_next, delay_seconds, duplicate_next from endpoints order by partner_id")
    assert [tuple(row) for row in rows] == [(0, 0, 1), (0, 0, 0)]


async def test_without_a_url_there_is_nothing_to_disturb(glow_emr: Client) -> None:
    answer = await glow_emr.post(CHAOS, {"fail_next": 1})
    assert answer.error == (409, "There is no webhook URL yet", "POST /emr/webhooks sets one")


@pytest.mark.parametrize(
    "body",
    [{"fail_next": -1}, {"fail_next": 101}, {"delay_seconds": 86401}, {"duplicate_next": True}, {"fail_next": 1.5},
     {"fail_next": "1"}, {"fail_next": None}, {"fail": 1}, []],
)  # fmt: skip
async def test_bad_figures_are_refused_and_change_nothing(
    glow_emr: Client, owner: asyncpg.Connection, body: Any
) -> None:
    await subscribe(glow_emr, "http://127.0.0.1:9/hook")
    answer = await glow_emr.post(CHAOS, body)
    assert answer.error[0] == 400
    assert isinstance(body, list) or next(iter(body)) in answer.error[1]
    assert await owner.fetchrow("select fail_next, delay_seconds, duplicate_next from endpoints") == (0, 0, 0)


async def test_in_production_there_is_no_chaos(settings: Settings, owner: asyncpg.Connection) -> None:
    await turn_to_production(owner)
    production = msgspec.structs.replace(settings, environment="production", demo=False)
    async with open_client(production, Cast.LIVE_KEY) as live:
        assert (await live.post(CHAOS, {"fail_next": 1})).status == 404
