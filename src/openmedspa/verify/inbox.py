"""Receives the server's webhooks on a port of ours, keeps them by visit, and fails those it was told to fail."""

import asyncio
import json
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from secrets import token_hex
from typing import Any

from aiohttp import web
from msgspec import Struct

from openmedspa.verify.answer import Broken

BODY_LIMIT = 1024 * 1024


class Webhook(Struct, frozen=True):
    """One request that came in. Header names are in lower case; `at` is Unix seconds on our clock."""

    headers: Mapping[str, str]
    body: bytes
    at: float

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Inbox:
    """`url` is what the server is told; a part nobody can guess keeps others' requests out."""

    def __init__(self, public: str) -> None:
        self.url = f"{public.rstrip('/')}/{token_hex(8)}"
        self._came: defaultdict[str, list[Webhook]] = defaultdict(list)
        self._to_fail: Counter[str] = Counter()
        self._news = asyncio.Condition()

    def fail(self, gfe_id: str, times: int) -> None:
        """Answer 500 to the first so many webhooks about this visit."""
        self._to_fail[gfe_id] = times

    def about(self, gfe_id: str) -> list[Webhook]:
        return list(self._came[gfe_id])

    async def wait(self, gfe_id: str, *, count: int = 1, seconds: float) -> list[Webhook]:
        """The webhooks about a visit once there are so many; Broken when they do not come."""
        try:
            async with asyncio.timeout(seconds), self._news:
                await self._news.wait_for(lambda: len(self._came[gfe_id]) >= count)
        except TimeoutError:
            came = len(self._came[gfe_id])
            raise Broken(f"{count} webhooks about {gfe_id} within {seconds:g} s", f"{came} came") from None
        return self.about(gfe_id)

    async def _receive(self, request: web.Request) -> web.Response:
        if not request.path.endswith(self.url.rpartition("/")[2]):
            return web.Response(status=404)
        headers = {name.lower(): value for name, value in request.headers.items()}
        webhook = Webhook(headers, await request.read(), time.time())
        subject = _subject(webhook)
        async with self._news:
            self._came[subject].append(webhook)
            self._news.notify_all()
        if self._to_fail[subject] > 0:
            self._to_fail[subject] -= 1
            return web.Response(status=500)
        return web.Response(text="ok")

    def application(self) -> web.Application:
        application = web.Application(client_max_size=BODY_LIMIT)
        application.router.add_post("/{path:.*}", self._receive)
        return application


def _subject(webhook: Webhook) -> str:
    """The visit a webhook is about; "" for a body that does not say."""
    try:
        return str(webhook.json["data"]["gfe_id"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""


@asynccontextmanager
async def open_inbox(host: str, port: int, public: str = "") -> AsyncIterator[Inbox]:
    """Listening; `public` is where the server finds it, unless that is this very address. OSError for a taken port."""
    inbox = Inbox(public)
    runner = web.AppRunner(inbox.application(), access_log=None, handle_signals=False, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        if not public:
            bound = runner.addresses[0][1]
            inbox.url = f"http://{f'[{host}]' if ':' in host else host}:{bound}{inbox.url}"
        yield inbox
    finally:
        await runner.cleanup()
