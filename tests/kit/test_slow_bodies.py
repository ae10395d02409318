"""Bodies that do not come take nobody's place, and large ones are taken in a few at a time."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
from cast import at_home
from client import Client

from openmedspa.kit import api, house, http

JSON = {"content-type": "application/json"}
UPSERT = "/v1/products"


async def never(begun: asyncio.Semaphore | None = None) -> AsyncGenerator[bytes]:
    """A body that begins, tells `begun` that the server asks for more, and does not go on."""
    yield b"{"
    if begun is not None:
        begun.release()
    await asyncio.Event().wait()


async def test_a_body_that_does_not_come_is_given_up(glow_emr: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "BODY_SECONDS", 0.1)
    answer = await glow_emr.request("POST", "/emr/appointments", content=never(), headers=JSON)
    assert answer.error == (408, "Request timeout", "The body did not come within 0.1 seconds")


async def test_whoever_is_still_sending_takes_no_place(glow_emr: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "MOST_IN_FLIGHT", 3)
    stranger, begun = glow_emr.with_key(None), asyncio.Semaphore(0)
    slow = [
        asyncio.create_task(stranger.request("POST", "/v1/Any/auth/token", content=never(begun), headers=JSON))
        for _ in range(8)
    ]
    for _ in slow:
        await begun.acquire()
    assert (await glow_emr.get("/emr/treatments")).status == 200
    assert (await glow_emr.post("/emr/appointments", at_home())).status == 201
    for task in slow:
        task.cancel()
    await asyncio.gather(*slow, return_exceptions=True)


async def test_large_bodies_come_a_few_at_a_time(glow_partner: Client) -> None:
    begun = asyncio.Semaphore(0)
    slow = [
        asyncio.create_task(glow_partner.request("POST", UPSERT, content=never(begun), headers=JSON))
        for _ in range(house.MOST_LARGE)
    ]
    for _ in slow:
        await begun.acquire()
    row = {"VendorCode": "V", "ProductCode": "P", "Product": "A cream"}
    assert (await glow_partner.post(UPSERT, {"products": [row]})).status == 200  # a usual one has its length
    answer = await glow_partner.request("POST", UPSERT, content=never(), headers=JSON)
    assert (answer.fault[:2], answer.headers["retry-after"]) == ((503, "unavailable"), "2")
    for task in slow:
        task.cancel()
    await asyncio.gather(*slow, return_exceptions=True)
    again = await glow_partner.post(UPSERT, {"products": [row]})
    assert again.json["data"]["unchanged"] == 1


async def test_a_thousand_mistakes_are_not_all_named(glow_partner: Client) -> None:
    answer = await glow_partner.post("/v1/GlowOffice/prospects", {f"Field{number}": 1 for number in range(50_000)})
    status, _, fields = answer.fault
    assert status == 422
    assert 1 <= len(fields) <= 60
