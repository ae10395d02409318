"""Counts round trips where they happen: a proxy between the product and PostgreSQL that counts "ready for query"."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from msgspec.structs import replace
from starlette.types import Message

from benchmarks import load, stage
from openmedspa.app import build_app
from openmedspa.kit.db import APP_ROLE
from openmedspa.settings import Settings

SOCKET = ".s.PGSQL.5432"
WARM, COUNTED = 40, 50  # a connection prepares each statement once; after that its calls are what is counted


class Proxy:
    """Passes bytes on; `ready` counts the answers that let a client go on, on the requests' own connections."""

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream
        self.ready = 0

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        length = await reader.readexactly(4)
        startup = length + await reader.readexactly(int.from_bytes(length) - 4)
        from_server, to_server = await asyncio.open_unix_connection(self.upstream)
        to_server.write(startup)
        is_counted = f"application_name\0{APP_ROLE}\0".encode() in startup
        await asyncio.gather(self._up(reader, to_server), self._down(from_server, writer, is_counted=is_counted))

    async def _up(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while some := await reader.read(65536):
            writer.write(some)
        writer.close()

    async def _down(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_counted: bool) -> None:
        while head := await _exactly(reader, 5):
            writer.write(head + await reader.readexactly(int.from_bytes(head[1:]) - 4))
            self.ready += is_counted and head[:1] == b"Z"
        writer.close()


async def count(settings: Settings, gfe_ids: list[str]) -> dict[str, float]:
    """Round trips of one call of each kind in the real application, once its statements are prepared."""
    upstream = parse_qs(urlsplit(settings.database_url).query)["host"][0]
    with tempfile.TemporaryDirectory(prefix="oms") as folder:
        proxy = Proxy(f"{upstream}/{SOCKET}")
        async with await asyncio.start_unix_server(proxy.accept, f"{folder}/{SOCKET}"):
            dsn = f"postgresql://openmedspa@/openmedspa?host={folder}&port=5432"
            app = build_app(replace(settings, database_url=dsn, pool_size=1, run_worker=False))
            async with app.router.lifespan_context(app):
                await asyncio.sleep(0.5)  # LISTEN is up: keys are kept in memory
                return {call.name: await _count(app, proxy, call, gfe_ids, Path(folder)) for call in load.CALLS}


async def _count(app: Callable[..., Awaitable[None]], proxy: Proxy, call: load.Call, ids: list[str], to: Path) -> float:
    load.write_lines(call, to / "lines", ids, seconds=1, seed=-1)
    lines = (to / "lines").read_text().splitlines()[: WARM + COUNTED]
    for line in lines[:WARM]:
        await _send(app, call, line)
    before = proxy.ready
    for line in lines[WARM:]:
        await _send(app, call, line)
    return (proxy.ready - before) / COUNTED


async def _send(app: Callable[..., Awaitable[None]], call: load.Call, line: str) -> None:
    path, body = (line, b"") if call is load.READ else (call.path, line.encode())
    headers = [(b"x-api-key", stage.KEY.encode()), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": call.method, "path": path, "query_string": b"", "headers": headers}

    async def receive() -> Message:
        return {"type": "http.request", "body": body}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] not in {200, 201}:
            raise RuntimeError(f"{call.name} answered {message['status']}")

    await app(scope, receive, send)


async def _exactly(reader: asyncio.StreamReader, count: int) -> bytes:
    try:
        return await reader.readexactly(count)
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""
