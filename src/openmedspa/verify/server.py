"""The server under test: sends requests as a check wants them to the letter, reads answers, counts what it made."""

import asyncio
import io
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from yarl import URL

from openmedspa.verify.answer import Answer, Broken

ANSWER_LIMIT = 64 * 1024 * 1024
BUSY_TRIES, BUSY_SECONDS = 5, 30  # over its limits a server answers 429: then we wait as it asks
AGENT = "openmedspa-verify"


class Server:
    """`base` is the address to which the contract's paths are added; `makes` says by a path's last word what."""

    def __init__(self, http: aiohttp.ClientSession, base: str, *, makes: Mapping[str, str]) -> None:
        self.base = base
        self.made: defaultdict[str, set[bytes]] = defaultdict(set)
        self.turn = asyncio.Lock()  # of checks that would be in each other's way
        self._http = http
        self._makes = makes

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
        kind = self._makes.get(path.rpartition("/")[2])
        if answer.status == 201 and method == "POST" and kind:
            self.made[kind].add(answer.body)  # which holds its id; a replay answers the body of the first time
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


def _wait(retry_after: str) -> float:
    return min(float(retry_after), BUSY_SECONDS) if retry_after.isdecimal() else 1.0


def told(method: str, path: str, headers: Mapping[str, str], data: bytes | None) -> str:
    """A request on one line, without key and token."""
    kept = [f"{name}: {value}" for name, value in headers.items() if name.lower() not in _UNSAID]
    body = (data or b"").decode(errors="replace")
    return " ".join(part for part in (method, path, *kept, body[:400] + ("…" if len(body) > 400 else "")) if part)


_UNSAID = {"x-api-key", "authorization", "user-agent", "accept", "content-type"}


def encode(body: Any) -> bytes | None:
    return None if body is None else json.dumps(body).encode()


@asynccontextmanager
async def session(seconds: float) -> AsyncIterator[aiohttp.ClientSession]:
    """The client of one run; nothing of this machine (proxies, cookies, .netrc) has a say."""
    async with aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=seconds), cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
    ) as http:
        yield http
