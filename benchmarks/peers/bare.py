"""The bound: an ASGI function that runs the same statements in the same number of round trips, and nothing else.

No key check, no routes, no validation, no audit of reads: JSON in, asyncpg, JSON out.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import uuid4

import asyncpg
import msgspec

from benchmarks.peers import statements
from openmedspa.kit.db import APP_ROLE, connect_pool
from openmedspa.settings import Settings

Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]

PATH = len("/emr/visits/")
HEADERS = [(b"content-type", b"application/json")]
encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder().decode


class Bare:
    pool: asyncpg.Pool
    places: dict[str, int]
    scope: list[int]

    def __init__(self) -> None:
        self.settings = Settings.read()
        self.read, self.order = statements.read(), statements.order()

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["method"] == "GET":
            await _answer(send, 200, await self._show(scope["path"][PATH:]))
        else:
            await _answer(send, 201, await self._order((await receive())["body"]))

    async def _show(self, gfe_id: str) -> bytes:
        async with self.pool.acquire() as connection:
            row = await connection.fetchrow(self.read, self.scope, gfe_id)
        return encode({"success": True, "data": dict(row)})

    async def _order(self, body: bytes) -> bytes:
        sent = decode(body)
        who, gfe_id, now = sent["patient_details"], "gfe_" + uuid4().hex, datetime.now(UTC)
        first, last, email = who["first_name"], who["last_name"], who["email"]
        key = sha256("\x1f".join(("home", first.lower(), last.lower(), email.lower())).encode()).digest()
        names = sent["requested_treatments"]
        async with self.pool.acquire() as connection:
            await connection.execute(self.begin)
            await connection.fetchrow(
                self.order, self.scope, self.places[sent["location_id"]], key, None, first, last, email, who["phone"],
                None, gfe_id, sent["location_id"], "at_home", 1, names, names, None,
                datetime.fromtimestamp(sent["appointment_time"], UTC), None, now, "key:1", uuid4().hex,
            )  # fmt: skip
            await connection.execute("commit")
        return encode({"success": True, "gfe_id": gfe_id})

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        self.pool = await connect_pool(self.settings.database_url, role=APP_ROLE, size=self.settings.pool_size)
        rows = await self.pool.fetch("select id, practice_id from locations")
        self.places = {row["id"]: row["practice_id"] for row in rows}
        self.scope = sorted(set(self.places.values()))
        self.begin = statements.begin(self.scope)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.pool.close()
        await send({"type": "lifespan.shutdown.complete"})


async def _answer(send: Send, status: int, body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": HEADERS})
    await send({"type": "http.response.body", "body": body})


app = Bare()
