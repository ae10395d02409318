"""Load without wrk: the same files, connections and figures. A process of its own; slower than wrk, and says so."""

import asyncio
import sys
import time
from pathlib import Path

import aiohttp
import msgspec


async def load(url: str, method: str, file: str, key: str, *, connections: int, seconds: float) -> dict[str, float]:
    """Send the file's lines over and over for so long; figures as load.lua gives them."""
    lines = (await asyncio.to_thread(Path(file).read_text)).splitlines()
    took: list[float] = []
    failed = at = 0
    began = time.perf_counter()

    async def one(session: aiohttp.ClientSession) -> None:
        nonlocal failed, at
        while (sent := time.perf_counter()) - began < seconds:
            line, at = lines[at % len(lines)], at + 1
            target, body = (url.rstrip("/") + line, None) if method == "GET" else (url, line.encode())
            async with session.request(method, target, data=body) as answer:
                await answer.read()
                failed += not 200 <= answer.status < 300
            took.append(time.perf_counter() - sent)

    headers = {"x-api-key": key, "content-type": "application/json"}
    connector = aiohttp.TCPConnector(limit=connections)
    async with aiohttp.ClientSession(headers=headers, connector=connector) as session:
        await asyncio.gather(*(one(session) for _ in range(connections)))
    took.sort()
    return {
        "requests": len(took), "seconds": time.perf_counter() - began, "failed": failed,
        "p50_ms": took[len(took) // 2] * 1000, "p99_ms": took[len(took) * 99 // 100] * 1000,
    }  # fmt: skip


if __name__ == "__main__":
    import uvloop

    url, method, file, key, connections, seconds = sys.argv[1:]
    figures = load(url, method, file, key, connections=int(connections), seconds=float(seconds))
    sys.stdout.write(msgspec.json.encode(uvloop.run(figures)).decode() + "\n")
