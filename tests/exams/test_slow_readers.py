"""Somebody who reads a long list slowly keeps nobody else out, and gives the connection back in the end."""

import asyncio
from typing import Any

import pytest
from cast import Cast, make_visit
from client import Client

from openmedspa.kit import api
from openmedspa.kit.db import Database


class Reader:
    """An ASGI client of a list that stops reading after the first bytes."""

    def __init__(self, emr: Client) -> None:
        self.app = emr.http._transport.app  # type: ignore[attr-defined]
        self.has_begun = asyncio.Event()

    async def read(self) -> None:
        scope = {
            "type": "http", "method": "GET", "path": f"/emr/gfes/{Cast.GLOW}", "query_string": b"", "client": None,
            "headers": [(b"x-api-key", Cast.GLOW_KEY.encode())],
        }  # fmt: skip
        await self.app(scope, self._receive, self._send)

    async def _receive(self) -> dict[str, Any]:
        return {"type": "http.request", "body": b""}

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.body":
            self.has_begun.set()
            await asyncio.sleep(3600)


async def test_slow_readers_leave_connections_for_the_others(glow_emr: Client) -> None:
    gfe_id = await make_visit(glow_emr)
    readers = [Reader(glow_emr) for _ in range(12)]
    tasks = [asyncio.create_task(reader.read()) for reader in readers]
    await asyncio.sleep(0.5)
    assert sum(reader.has_begun.is_set() for reader in readers) == 2  # a quarter of the pool of 8
    answers = await asyncio.gather(*(glow_emr.get(f"/emr/visits/{gfe_id}") for _ in range(20)))
    assert {answer.status for answer in answers} == {200}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_reader_that_never_goes_on_gives_its_place_back(
    glow_emr: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "SEND_SECONDS", 0.2)
    await make_visit(glow_emr)
    stuck = [asyncio.create_task(Reader(glow_emr).read()) for _ in range(2)]
    await asyncio.sleep(0.1)
    db: Database = glow_emr.house.db
    assert db._streams.locked()
    assert (await glow_emr.get(f"/emr/gfes/{Cast.GLOW}")).status == 200
    ended = await asyncio.gather(*stuck, return_exceptions=True)
    assert [type(end) for end in ended] == [TimeoutError, TimeoutError]
