"""A worker that is told to stop ends what it began, and one without a database says so once."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from inspect import signature

import asyncpg
import pytest
from aiohttp import web
from cast import make_visit
from client import Client
from receiver import hang, receiver
from webhooks.sending import send_due, subscribe, the_delivery

from openmedspa import worker
from openmedspa.kit.house import House
from openmedspa.kit.outbound import Outbound
from openmedspa.webhooks.delivery import STOP_SECONDS, Deliveries


async def answer_late(_number: int) -> web.Response:
    await asyncio.sleep(1.5)
    return web.Response()


@asynccontextmanager
async def at_work(house: House) -> AsyncIterator[None]:
    """A worker for the block, then cancelled again and again, as the application does it."""
    running = asyncio.create_task(worker.run(house))
    try:
        yield
    finally:
        while not running.done():
            running.cancel()
            await asyncio.wait({running}, timeout=0.2)
        assert running.cancelled()


async def test_what_is_in_flight_when_told_to_stop_is_delivered_once(glow_emr: Client, house: House) -> None:
    async with receiver(answer_late) as partner:
        await subscribe(glow_emr, partner.url)
        async with at_work(house):
            await make_visit(glow_emr, status="Completed")
            await partner.wait_for(1)
            await asyncio.sleep(0.1)
        row = await the_delivery(house)
    assert (row["tries"], row["status"], row["lease"]) == (1, 200, None)
    assert row["delivered_at"] is not None
    assert len(partner.received) == 1


async def test_nothing_is_claimed_after_being_told_to_stop(glow_emr: Client, house: House) -> None:
    async with receiver(answer_late) as partner:
        await subscribe(glow_emr, partner.url)
        async with Outbound(allow_loopback=True) as outbound:
            deliveries = Deliveries(house, outbound)
            running = asyncio.create_task(deliveries.run())
            await make_visit(glow_emr, status="Completed")
            await partner.wait_for(1)
            stopping = asyncio.create_task(deliveries.stop())
            await make_visit(glow_emr, status="Completed")
            await asyncio.wait_for(asyncio.gather(stopping, running), timeout=5)
    assert len(partner.received) == 1


async def test_what_does_not_end_in_time_is_let_go_of_without_a_try(glow_emr: Client, house: House) -> None:
    async with receiver(hang) as hanging, receiver() as partner:
        await subscribe(glow_emr, hanging.url)
        await make_visit(glow_emr, status="Completed")
        async with Outbound(allow_loopback=True) as outbound:
            deliveries = Deliveries(house, outbound)
            await deliveries.send_due()
            await hanging.wait_for(1)
            await deliveries.stop(0.1)
        row = await the_delivery(house)
        assert (row["tries"], row["cause"], row["lease"], row["leased_until"]) == (0, None, None, None)
        await subscribe(glow_emr, partner.url)
        assert await send_due(house) == 1  # at once, no lease to wait for
    assert len(partner.received) == 1


async def test_a_claim_that_is_cut_short_is_let_go_of(
    glow_emr: Client, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang_here(*_: object) -> None:
        await asyncio.sleep(60)

    await subscribe(glow_emr, "http://127.0.0.1:9/hook")
    await make_visit(glow_emr, status="Completed")
    monkeypatch.setattr("openmedspa.webhooks.delivery.read_versions", hang_here)
    async with at_work(house), asyncio.timeout(5):
        while (await the_delivery(house))["lease"] is None:  # noqa: ASYNC110 a poll is plain enough for a test
            await asyncio.sleep(0.02)
    row = await the_delivery(house)
    assert (row["tries"], row["lease"], row["leased_until"]) == (0, None, None)
    assert row["due_at"] is not None


async def test_trouble_with_the_database_is_told_once_per_kind(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "TROUBLE_SECONDS", 0)
    cut, slow = ConnectionResetError("canary"), asyncpg.QueryCanceledError("canary")
    troubles: list[Exception] = [cut, cut, cut, slow, slow, cut]

    async def job() -> None:
        if not troubles:
            raise asyncio.CancelledError
        raise troubles.pop(0)

    with caplog.at_level(logging.WARNING, "openmedspa"), pytest.raises(asyncio.CancelledError):
        await worker.forever(job, name="deliveries")
    kinds = ["ConnectionResetError", "QueryCanceledError", "ConnectionResetError"]
    said = [record.getMessage() for record in caplog.records]
    assert said == [f"deliveries: no database ({kind}), tried again every second" for kind in kinds]


def test_what_is_in_flight_may_take_as_long_as_an_exchange_and_no_longer() -> None:
    assert signature(Outbound.post).parameters["timeout_seconds"].default == STOP_SECONDS
