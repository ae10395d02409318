"""One API from its route table: admit, match, parse, call the door, answer. Knows no route and no dialect of its own.

The order of the checks is the contract's: key → path and method → scope → body → whatever the door decides.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from hashlib import sha256
from time import perf_counter
from typing import Any

import msgspec
from starlette.types import Receive, Scope, Send

from openmedspa.kit import parsing
from openmedspa.kit.db import AWAY, Tx
from openmedspa.kit.errors import (
    Failed,
    Invalid,
    Refused,
    Unavailable,
    UnsupportedMediaType,
)
from openmedspa.kit.failures import log_failure
from openmedspa.kit.house import House
from openmedspa.kit.http import (
    GONE,
    WRITES,
    Answer,
    Call,
    CallerGone,
    Dialect,
    Entrance,
    Headers,
    Incoming,
    Open,
    Outdated,
    Route,
    Stream,
)
from openmedspa.kit.table import Table

log = logging.getLogger("openmedspa")

LONGEST_US = 2**31 - 1  # as the log keeps it: half an hour and some
SEND_SECONDS = 30  # for one chunk of a stream: whoever reads slower gives the connection back
MOST_IN_FLIGHT = 1_000  # of one process; beyond it, an early 503 helps more than a late answer
JSON = (b"content-type", b"application/json")
ALWAYS: Headers = [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]
encode = msgspec.json.Encoder(decimal_format="number").encode  # money is a number, to the last digit


class Api:
    """An ASGI application that answers one route table in one dialect."""

    house: House  # set once the database is open, before the first request

    def __init__(
        self,
        *,
        dialect: Dialect,
        entrance: Entrance,
        routes: Sequence[Route],
    ) -> None:
        self.prefix = dialect.PREFIX
        self.dialect = dialect
        self.entrance = entrance
        self.routes = list(routes)
        self._table = Table(self.routes, missing=lambda how, path: dialect.missing(how, path.removeprefix(self.prefix)))
        self._in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        incoming, began = Incoming(scope, receive, self.house, prefix=self.prefix), perf_counter()
        self._in_flight += 1
        try:
            await self._serve(incoming, send)
        except CallerGone:
            incoming.status = GONE
        finally:
            self._in_flight -= 1
            self._note(incoming, perf_counter() - began)

    def _note(self, incoming: Incoming, seconds: float) -> None:
        """For the log of calls: the route and never the path, which may hold anything."""
        call = (
            incoming.now,
            incoming.id,
            incoming.method,
            incoming.route,
            incoming.status,
            incoming.code,
            min(int(seconds * 1e6), LONGEST_US),
        )
        self.house.calls.add((*call, incoming.address or None, *incoming.caller))

    async def _serve(self, incoming: Incoming, send: Send) -> None:
        status, headers, body = await self._answer(incoming)
        headers = [JSON, (b"x-request-id", incoming.id.encode()), *ALWAYS, *incoming.answer_headers, *headers]
        if isinstance(body, bytes):
            headers.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        incoming.status = status
        if isinstance(body, bytes):
            await send({"type": "http.response.body", "body": body})
            return
        incoming.status = GONE  # until all of it is sent
        async with aclosing(body.chunks) as chunks:
            async for chunk in chunks:
                async with asyncio.timeout(SEND_SECONDS):
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
        incoming.status = status
        await send({"type": "http.response.body", "body": b""})

    async def _answer(self, incoming: Incoming) -> tuple[int, Headers, bytes | Stream]:
        try:
            if self._in_flight > MOST_IN_FLIGHT:
                raise Unavailable("The server is busy. Try again in a moment.")
            route, path = self._match(incoming)
            incoming.route = route.path if isinstance(route, Route) else ""
            if isinstance(route, Route) and isinstance(route.access, Open):
                return await self._carry_out(route, incoming, None, path)
            grant = await self.entrance.admit(incoming)
            if isinstance(route, Refused):
                raise route
            route.access.require(grant, path)
            try:
                return await self._carry_out(route, incoming, grant, path)
            except Outdated:
                incoming.answer_headers.clear()
                return await self._carry_out(route, incoming, await self.entrance.admit(incoming), path)
        except CallerGone:
            raise
        except Refused as refused:
            return self._refuse(incoming, refused)
        except AWAY as trouble:
            log.warning("database away: %s in request %s", type(trouble).__name__, incoming.id)
            return self._refuse(incoming, Unavailable("The database did not answer. Try again in a moment."))
        except Exception as trouble:  # noqa: BLE001 the edge: whatever it was, the caller gets a plain 500
            log_failure(trouble, incoming.id)
            return self._refuse(incoming, Failed("Internal server error"))

    async def _carry_out(
        self, route: Route, incoming: Incoming, grant: Any, path: Mapping[str, str]
    ) -> tuple[int, Headers, bytes | Stream]:
        if path:
            parsing.refuse_nul(path)
        query = parsing.query(incoming.query, route.query) if route.query else None
        if route.method == "DELETE" and incoming.header(b"content-length") not in ("", "0"):
            why = "must be left out: what a DELETE means stands in its path"
            raise Invalid("The body is not looked at", f"The body {why}", code="field_invalid", fields={"body": why})
        raw = await self._body(route, incoming, grant) if route.body else b""
        if route.body and raw and not _is_json(incoming.header(b"content-type")):
            raise UnsupportedMediaType("Unsupported media type", "Send the body as Content-Type: application/json")
        body = parsing.body(raw, route.body) if route.body else None
        call = Call(incoming, grant, path=path, query=query, body=body)
        if grant is not None:
            call.now = self.entrance.now(grant, incoming.now)
        if route.method in WRITES and grant is not None:
            return await _pack(route, await self._write(route, call, raw))
        return await _pack(route, await route.door(call))

    async def _body(self, route: Route, incoming: Incoming, grant: Any) -> bytes:
        """Whoever is still sending is not in flight: the slow must not take the places of those we work for."""
        if grant is None:
            self.entrance.count_stranger(incoming)
        self._in_flight -= 1
        try:
            return await incoming.body(route.body_limit)
        finally:
            self._in_flight += 1

    async def _write(self, route: Route, call: Call[Any], raw: bytes) -> object:
        """Run the door in one transaction; with an idempotency key, once for all who send that key and body."""
        key = _idempotency_key(call.incoming.header(b"idempotency-key"))

        async def work(tx: Tx) -> bytes:
            call.tx = tx
            if key is None:
                return encode(await route.door(call))
            parts = [route.method.encode(), call.incoming.path.encode(), *filter(None, [call.incoming.query]), raw]
            request = sha256(b"\x00".join(parts)).digest()
            return await self.entrance.once(tx, call.grant, key=key, request_hash=request, work=run)

        async def run() -> bytes:
            return encode(await route.door(call))

        kept = await self.house.db.write(self.entrance.scope(call.grant), work, address=call.incoming.address)
        if route.finish is None:
            return kept
        return await route.finish(call, msgspec.json.decode(kept, type=route.answer))

    def _match(self, incoming: Incoming) -> tuple[Route | Refused, Mapping[str, str]]:
        """A miss is answered, not raised: whoever has no valid key learns nothing of which paths there are."""
        try:
            return self._table.find(incoming.method, incoming.path)
        except Refused as missing:
            return missing, {}

    def _refuse(self, incoming: Incoming, refused: Refused) -> tuple[int, Headers, bytes]:
        """Bodies are closed, so the address of the page that explains the code travels in a header."""
        headers = [*_headers(refused.headers), (b"link", f'</docs/errors/{refused.code}>; rel="help"'.encode())]
        incoming.code = refused.code
        status, body = self.dialect.refusal(refused)
        return status, headers, encode(body)


async def _pack(route: Route, answer: object) -> tuple[int, Headers, bytes | Stream]:
    headers: dict[str, str] = {}
    if isinstance(answer, Answer):
        headers, answer = answer.headers, answer.body
    if isinstance(answer, Stream):
        # The first chunk before the first header: while it can still fail, it can still be refused.
        first = await anext(answer.chunks)
        return route.status, _headers(headers), Stream(_again(first, answer.chunks))
    return route.status, _headers(headers), answer if isinstance(answer, bytes) else encode(answer)


async def _again(first: bytes, rest: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    yield first
    async for chunk in rest:
        yield chunk


def _headers(headers: Mapping[str, str]) -> Headers:
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]


def _is_json(content_type: str) -> bool:
    kind = content_type.split(";", maxsplit=1)[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def _idempotency_key(text: str) -> str | None:
    if text and not (len(text) <= 255 and text.isascii() and text.isprintable()):
        raise Invalid(
            "Idempotency-Key is invalid",
            "Idempotency-Key must be 1 to 255 printable ASCII characters",
            code="field_invalid",
            fields={"Idempotency-Key": "must be 1 to 255 printable ASCII characters"},
        )
    return text or None
