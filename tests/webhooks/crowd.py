"""A process of its own that plays the world outside: every kind of hostile receiver, and one that behaves.

It prints where they listen, and once its stdin ends, when which webhook came to the one that behaves.
"""

import asyncio
import json
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

from aiohttp import web
from kit.hostile import HOSTILE, certificate, good, receiver, silent


async def play() -> None:
    """Listen until stdin ends."""
    received: list[tuple[str, float]] = []

    async def behave(request: web.Request) -> web.Response:
        received.append((request.headers["webhook-id"], time.time()))
        await request.read()
        return web.Response(text="ok")

    async with AsyncExitStack() as stack:
        hostile = {
            kind: (await stack.enter_async_context(receiver(play))).url() for kind, (play, _, _) in HOSTILE.items()
        }
        stalls = await stack.enter_async_context(receiver(silent))
        untrusted, _ = certificate(Path(tempfile.mkdtemp(prefix="crowd")), "127.0.0.1")
        bad = await stack.enter_async_context(receiver(good, tls=untrusted))
        hostile |= {"stalls in TLS": stalls.url(scheme="https"), "has a bad certificate": bad.url(scheme="https")}
        app = web.Application()
        app.router.add_post("/hook", behave)
        runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        print(json.dumps({"hostile": hostile, "good": f"http://127.0.0.1:{port}/hook"}), flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        await runner.cleanup()
    print(json.dumps(received), flush=True)


if __name__ == "__main__":
    asyncio.run(play())
