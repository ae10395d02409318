"""The server under test: sends requests exactly as a check wants them, reads answers within bounds, counts orders."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from yarl import URL

from openmedspa.verify.answer import Answer, Broken

ANSWER_LIMIT = 64 * 1024 * 1024
BUSY_TRIES, BUSY_SECONDS = 5, 30  # over its limits a server answers 429: then we wait as it asks
AGENT = "openmedspa-verify"
ORDERS = ("/appointments", "/in-person")


class Server:
    """`base` is the address to which the contract's paths are added."""

    def __init__(self, http: aiohttp.ClientSession, base: str) -> None:
        self.base = base
        self.ordered: set[str] = set()
        self._http = http

    async def send(
        self, method: str, path: str, *, headers: Mapping[str, str], data: bytes | None = None, who: str = ""
    ) -> Answer:
        """One exchange; `who` stands in the User-Agent, so that a server's log says which check it was."""
        headers = {"User-Agent": f"{AGENT} {who}".strip(), "Accept": "application/json", **headers}
        for _ in range(BUSY_TRIES):
            answer = await self._exchange(method, path, headers, data)
            if answer.status != 429:
                break
            await asyncio.sleep(_wait(answer.headers.get("retry-after", "")))
        if answer.status == 201 and path in ORDERS:
            self.ordered.add(_visit_id(answer))
        return answer

    async def _exchange(self, method: str, path: str, headers: Mapping[str, str], data: bytes | None) -> Answer:
        sent = told(method, path, headers, data)
        try:
            async with self._http.request(
                method, URL(self.base + path, encoded=True), headers=headers, data=_stream(data), allow_redirects=False
            ) as response:
                body = await _read(response)
                found = {name.lower(): value for name, value in response.headers.items()}
                return Answer(sent, response.status, found, body)
        except TimeoutError:
            raise Broken("an answer in time", "none; the server still had not finished") from None
        except (aiohttp.ClientError, OSError) as trouble:
            raise Broken("an answer", f"none: {trouble or type(trouble).__name__}") from None


def _stream(data: bytes | None) -> io.BytesIO | None:
    """aiohttp warns of a large body that is handed over as bytes."""
    return None if data is None else io.BytesIO(data)


async def _read(response: aiohttp.ClientResponse) -> bytes:
    chunks, size = [], 0
    async for chunk in response.content.iter_chunked(65536):
        chunks.append(chunk)
        size += len(chunk)
        if size > ANSWER_LIMIT:
            raise Broken(f"an answer of at most {ANSWER_LIMIT} bytes", "one that goes on and on")
    return b"".join(chunks)


def _visit_id(answer: Answer) -> str:
    """A replay answers the id of the first time; what has no id at all counts by its bytes."""
    try:
        return str(json.loads(answer.body)["gfe_id"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return answer.told


def _wait(retry_after: str) -> float:
    return min(float(retry_after), BUSY_SECONDS) if retry_after.isdecimal() else 1.0


def told(method: str, path: str, headers: Mapping[str, str], data: bytes | None) -> str:
    """A request on one line, without the key."""
    kept = [f"{name}: {value}" for name, value in headers.items() if name.lower() not in _UNSAID]
    body = (data or b"").decode(errors="replace")
    return " ".join(part for part in (method, path, *kept, body[:400] + ("…" if len(body) > 400 else "")) if part)


_UNSAID = {"x-api-key", "user-agent", "accept", "content-type"}


def encode(body: Any) -> bytes | None:
    return None if body is None else json.dumps(body).encode()


@asynccontextmanager
async def session(seconds: float) -> AsyncIterator[aiohttp.ClientSession]:
    """The client of one run; nothing of this machine (proxies, cookies, .netrc) has a say."""
    async with aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=seconds), cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
    ) as http:
        yield http
