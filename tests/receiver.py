"""A partner's endpoint: a real HTTP server on loopback that keeps what it received and answers as told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from aiohttp import web
from msgspec import Struct

Respond = Callable[[int], Awaitable[web.Response]]


class Received(Struct):
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)


class Receiver(Struct):
    url: str
    received: list[Received] = []

    async def wait_for(self, count: int, *, seconds: float = 10) -> list[Received]:
        async with asyncio.timeout(seconds):
            while len(self.received) < count:  # noqa: ASYNC110 a poll is plain enough for a test
                await asyncio.sleep(0.02)
        return self.received


async def say_ok(_number: int) -> web.Response:
    return web.Response(text="ok")


async def hang(_number: int) -> web.Response:
    await asyncio.sleep(60)
    return web.Response()


def fail_first(times: int, status: int = 500) -> Respond:
    async def respond(number: int) -> web.Response:
        return web.Response(status=status if number <= times else 200)

    return respond


@asynccontextmanager
async def receiver(respond: Respond = say_ok) -> AsyncIterator[Receiver]:
    """`respond` gets the number of the request, from 1."""
    kept = Receiver("", [])

    async def handle(request: web.Request) -> web.Response:
        kept.received.append(Received(dict(request.headers), await request.read()))
        return await respond(len(kept.received))

    app = web.Application()
    app.router.add_post("/hook", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    kept.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        yield kept
    finally:
        await runner.cleanup()
