"""What several tests of tokens look through: the statements of a request, another server, other addresses."""

import asyncio
import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest
from client import Client

from openmedspa.kit.db import Database, Tx

SECOND = 1.0
ASKING = ("row", "rows", "unscoped_row", "unscoped_rows")


@contextmanager
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every statement that anybody of this process sends while the block lasts."""
    seen: list[str] = []
    with monkeypatch.context() as patch:
        for kind in (Database, Tx):
            for name in ASKING:
                patch.setattr(kind, name, _noting(getattr(kind, name), seen))
        yield seen


def _noting(method: Any, seen: list[str]) -> Any:
    async def noting(self: Any, sql: str, *args: object) -> Any:
        seen.append(sql)
        return await method(self, sql, *args)

    return noting


async def until_kept(client: Client, *, path: str = "/v1/me") -> None:
    """Call until the token, or key, and what verifies it are answered from memory."""
    fresh = client.house.db.fresh
    async with asyncio.timeout(5):
        while not (client.token and fresh.kept("api_keys", client.token) and fresh.kept("token_keys", "")):
            await client.get(path)
            await asyncio.sleep(0.01)


async def until(client: Client, wanted: int, *, path: str = "/v1/me") -> None:
    """The path answers so within a second."""
    async with asyncio.timeout(SECOND):
        while (await client.get(path)).status != wanted:  # noqa: ASYNC110 a poll is plain enough for a test
            await asyncio.sleep(0.01)


def beside(client: Client, other: Client) -> Client:
    """The same caller at another server."""
    return Client(other.http, other.house, client.key, client.token)


@contextmanager
def from_address(client: Client, address: str) -> Iterator[Client]:
    """The same caller from another address."""
    transport = httpx2.ASGITransport(app=client.http._transport.app, client=(address, 1))  # type: ignore[attr-defined]
    http = httpx2.AsyncClient(transport=transport, base_url="http://test")
    yield Client(http, client.house, client.key, client.token)


def claims_of(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return found


def kid_of(token: str) -> str:
    header = token.split(".", maxsplit=1)[0]
    return str(json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))["kid"])
