"""A broken server: a real HTTP proxy before a server that works, which spoils what it passes on, and its webhooks."""

import io
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

HOP = {"host", "content-length", "transfer-encoding", "connection", "date", "server", "content-encoding"}


class Asked(NamedTuple):
    """A request that a check sent; `path` is below the base, with its query."""

    method: str
    path: str
    headers: CIMultiDict[str]
    body: bytes
    who: str  # the check's id; "" for the kit's own looking around

    @property
    def json(self) -> Any:
        try:
            return json.loads(self.body)
        except ValueError:
            return None


def bare(asked: Asked) -> str:
    """The path without its query."""
    return asked.path.partition("?")[0]


class Reply(NamedTuple):
    status: int
    headers: CIMultiDict[str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def saying(self, value: Any, status: int | None = None) -> "Reply":
        return self._replace(status=status or self.status, body=json.dumps(value).encode())


class Defect(NamedTuple):
    """One thing that is wrong, and the checks that must see it."""

    says: str
    fails: str  # patterns of ids
    request: Callable[[Asked], Asked] | None = None
    reply: Callable[[Asked, Reply], Reply] | None = None
    webhook: Callable[[dict[str, str], bytes], tuple[dict[str, str], bytes]] | None = None
    tries_once: bool = False  # whatever the receiver says to a webhook
    tells_of_cancels: bool = False  # by a webhook
    patience: float = 4.0


class Proxy:
    def __init__(self, target: str, defect: Defect | None) -> None:
        self.target = target
        self.prefix = URL(target).path
        self.defect = defect
        self.root = ""
        self._inbox = ""

    async def handle(self, request: web.Request) -> web.Response:
        """A check's request, spoilt on its way there or back."""
        who = request.headers.get("User-Agent", "").partition(" ")[2]
        headers = CIMultiDict((name.decode(), value.decode("latin-1")) for name, value in request.raw_headers)
        path = request.raw_path.removeprefix(self.prefix)
        asked = Asked(request.method, path, headers, await request.read(), "" if who == "probe" else who)
        defect = self.defect if asked.who else None
        if defect and defect.request:
            asked = defect.request(asked)
        reply = await self._pass_on(self._with_relay(asked))
        if defect and defect.reply:
            reply = defect.reply(asked, reply)
        if defect and defect.tells_of_cancels and asked.path.endswith("/cancel"):
            await self._deliver({}, json.dumps({"data": {"gfe_id": asked.path.split("/")[2]}}).encode())
        return web.Response(status=reply.status, headers=reply.headers, body=reply.body)

    async def relay(self, request: web.Request) -> web.Response:
        """A webhook of the real server, spoilt on its way to the kit's inbox."""
        headers = {name: value for name, value in request.headers.items() if name.lower() not in HOP}
        body = await request.read()
        if self.defect and self.defect.webhook:
            headers, body = self.defect.webhook(headers, body)
        status = await self._deliver(headers, body)
        return web.Response(status=200 if self.defect and self.defect.tries_once else status)

    async def _deliver(self, headers: dict[str, str], body: bytes) -> int:
        async with aiohttp.ClientSession() as http, http.post(self._inbox, data=body, headers=headers) as answer:
            return answer.status

    def _with_relay(self, asked: Asked) -> Asked:
        url = asked.json.get("url") if asked.path == "/webhooks" and isinstance(asked.json, dict) else None
        if not isinstance(url, str) or not url.startswith("http://127.0.0.1"):
            return asked
        self._inbox = url
        return asked._replace(body=json.dumps({"url": f"{self.root}/relay"}).encode())

    async def _pass_on(self, asked: Asked) -> Reply:
        headers = CIMultiDict((name, value) for name, value in asked.headers.items() if name.lower() not in HOP)
        url = URL(self.target + asked.path, encoded=True)
        data = io.BytesIO(asked.body) if asked.body else None
        async with (
            aiohttp.ClientSession(auto_decompress=False) as http,
            http.request(asked.method, url, headers=headers, data=data, skip_auto_headers=("Content-Type",)) as answer,
        ):
            kept = CIMultiDict((name, value) for name, value in answer.headers.items() if name.lower() not in HOP)
            return Reply(answer.status, kept, await answer.read())


@asynccontextmanager
async def spoiling(target: str, defect: Defect | None) -> AsyncIterator[str]:
    """The base URL of the broken server before `target`."""
    proxy = Proxy(target, defect)
    application = web.Application(client_max_size=8 * 1024 * 1024)
    application.router.add_post("/relay", proxy.relay)
    application.router.add_route("*", "/{path:.*}", proxy.handle)
    async with listening(application) as url:
        proxy.root = url
        yield url + proxy.prefix


@asynccontextmanager
async def listening(application: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def changed(fields: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """The object with other values; None leaves a field out."""
    return {name: value for name, value in {**fields, **changes}.items() if value is not None}
