"""The only door to other people's servers: one bounded POST to an address that `addresses` allows.

Never follows a redirect, never connects to an address it has not judged, never raises for network trouble.
"""

import asyncio
import os
import re
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from typing import Self, cast

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_proto import ResponseHandler

from openmedspa.kit import addresses

ANSWER_LIMIT = 64 * 1024
WIRE_LIMIT = 512 * 1024  # headers and what is read ahead of an answer that will be cut

Resolve = Callable[[str], Awaitable[Sequence[str]]]

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# Every socket opened for the current post, so that it can be ended whatever state aiohttp left it in.
_opened: ContextVar[list[socket.socket]] = ContextVar("opened")


class AddressRefusedError(OSError):
    """An OSError, so that aiohttp treats it as a failed connection and ends the try."""


def _refuse(text: str, *, allow_loopback: bool) -> None:
    if not addresses.may_connect(ip_address(text), allow_loopback=allow_loopback):
        raise AddressRefusedError(f"address not public: {text}")


class CheckedResolver(AbstractResolver):
    """Asks once; hands aiohttp the very addresses it judged, or none when one of them is not allowed."""

    def __init__(self, resolve: Resolve, *, allow_loopback: bool) -> None:
        self._resolve = resolve
        self._allow_loopback = allow_loopback

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002 - both are asked
    ) -> list[ResolveResult]:
        """Every address of this name, all of them allowed; AddressRefusedError otherwise."""
        addresses = list(dict.fromkeys(await self._resolve(host)))
        if not addresses:
            raise socket.gaierror(socket.EAI_NONAME, "no address")
        for text in addresses:
            _refuse(text, allow_loopback=self._allow_loopback)
        return [
            ResolveResult(
                hostname=host, host=text, port=port, family=_family(text), proto=0, flags=socket.AI_NUMERICHOST
            )
            for text in addresses
        ]

    async def close(self) -> None:
        """Nothing is held here."""


def _family(text: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in text else socket.AF_INET


class BoundedHandler(ResponseHandler):
    """Ends a connection that sends more than any answer needs: `100 Continue` without end never reaches our reading,
    and five of them (measured) hold the event loop for seconds."""

    received = 0

    def data_received(self, data: bytes) -> None:
        self.received += len(data)
        if self.received <= WIRE_LIMIT:
            super().data_received(data)
        elif self.transport is not None:
            self.set_exception(aiohttp.ClientPayloadError())
            self.transport.abort()


@dataclass(slots=True)
class Answer:
    """What one try brought: `status` is None when no answer came, and `cause` says in plain words what went wrong.

    A status whose body was cut, broke off or dripped past the limit is still an answer: its receiver has decided, and
    sending again would only double it. `cause` is then set beside the status. `body` may be any bytes.
    """

    status: int | None = None
    retry_after: str | None = None
    body: bytes = b""
    duration_ms: int = 0
    cause: str = ""


class Outbound:
    """One client session; `async with Outbound(allow_loopback=False) as outbound: await outbound.post(…)`.

    In production a URL must be https, at each post as at registration. `resolve` (name → addresses) and `trust`
    (whose certificates) stand in for the system's in tests.
    """

    def __init__(
        self,
        *,
        allow_loopback: bool,
        production: bool = False,
        resolve: Resolve | None = None,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._allow_loopback = allow_loopback
        self._production = production
        self._resolve = resolve or self._ask_the_system
        self._trust = trust

    async def __aenter__(self) -> Self:
        # Threads of its own: a name server that never answers holds a thread far longer than our timeout, and must
        # not hold one of the loop's. Questions for one name share one thread (aiohttp's throttle, kept by a cache
        # that expires at once).
        self._threads = ThreadPoolExecutor(32, thread_name_prefix="outbound-names")
        connector = aiohttp.TCPConnector(
            resolver=CheckedResolver(self._resolve, allow_loopback=self._allow_loopback),
            ttl_dns_cache=0,
            socket_factory=self._open_socket,
            ssl=self._trust or True,
            force_close=True,  # a kept connection closed by its server would fail a POST that nobody refused
            limit=0,  # a shared limit would let one silent endpoint hold everybody's; the caller bounds its tries
        )
        # No public way; the flood test notices when it stops working.
        connector._factory = cast("partial[ResponseHandler]", partial(BoundedHandler, loop=asyncio.get_running_loop()))
        self._session = aiohttp.ClientSession(
            connector=connector,
            headers={"Accept-Encoding": "identity"},
            skip_auto_headers=("User-Agent",),
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,  # no proxy, no .netrc
            timeout=aiohttp.ClientTimeout(total=None),  # `post` keeps the one clock
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str], *, timeout_seconds: float = 10.0) -> Answer:
        """Send once and read at most 64 KiB of the answer, all within `timeout_seconds`."""
        started = time.monotonic()
        answer = Answer()
        opened: list[socket.socket] = []
        token = _opened.set(opened)
        try:
            addresses.check_url(url, production=self._production, allow_loopback=self._allow_loopback)
            async with asyncio.timeout(timeout_seconds):
                await self._exchange(url, body, headers, answer)
        except (aiohttp.ClientError, aiohttp.EofStream, OSError, ValueError) as error:
            answer.cause = answer.cause or _plain_words(error, answer.status, timeout_seconds)
        finally:
            _opened.reset(token)
            _end(opened)
        answer.duration_ms = round((time.monotonic() - started) * 1000)
        return answer

    async def _exchange(self, url: str, body: bytes, headers: Mapping[str, str], answer: Answer) -> None:
        response = await self._session.post(url, data=body, headers=headers, allow_redirects=False)
        answer.status = response.status
        answer.retry_after = _plain_text(response.headers.get("Retry-After"))
        if response.status in _REDIRECTS:
            answer.cause = f"redirects are not followed ({response.status})"
        received = bytearray()
        try:
            while chunk := await response.content.read(ANSWER_LIMIT + 1 - len(received)):
                received += chunk
        finally:
            answer.body = bytes(received[:ANSWER_LIMIT])
            response.close()
        if len(received) > ANSWER_LIMIT:
            answer.cause = answer.cause or "answer larger than 64 KiB was cut"

    def _open_socket(self, info: aiohttp.AddrInfoType) -> socket.socket:
        """The last wall: every connection passes here, also to a literal address, which asks no resolver."""
        family, kind, protocol, _, address = info
        _refuse(str(address[0]), allow_loopback=self._allow_loopback)
        opened = socket.socket(family, kind, protocol)
        _opened.get().append(opened)
        return opened

    async def _ask_the_system(self, host: str) -> list[str]:
        ask = partial(socket.getaddrinfo, host, None, type=socket.SOCK_STREAM)
        rows = await asyncio.get_running_loop().run_in_executor(self._threads, ask)
        return [str(row[4][0]) for row in rows]


def _plain_text(value: str | None) -> str | None:
    """Short and plain ASCII: what a stranger sent goes into our database."""
    return None if value is None else re.sub(r"[^ -~]", "", value)[:100]


def _end(opened: list[socket.socket]) -> None:
    """Closing alone would wait for a receiver that never reads our body, or never says goodbye in TLS."""
    for one in opened:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


# Looked through in this order: the narrower class stands first.
_WORDS: tuple[tuple[type[Exception], str], ...] = (
    (aiohttp.ClientResponseError, "the answer is not valid HTTP, or its headers are too large"),
    (aiohttp.ClientPayloadError, "more than 512 KiB came before an answer"),
    (aiohttp.ClientConnectionError, "the connection was closed before an answer"),
    (aiohttp.EofStream, "the connection was closed before an answer"),
    (OSError, "the connection was closed before an answer"),
)


def _plain_words(error: Exception, status: int | None, timeout_seconds: float) -> str:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"TLS: {getattr(error.certificate_error, 'verify_message', error.certificate_error)}"
    if isinstance(error, aiohttp.ClientConnectorError):
        return _plain_words_for_connecting(error.os_error)
    if isinstance(error, TimeoutError):
        return f"{'no answer' if status is None else 'the answer was not finished'} within {timeout_seconds:g} s"
    if status is not None:
        return "the answer broke off"
    return next((words for kind, words in _WORDS if isinstance(error, kind)), str(error))


def _plain_words_for_connecting(error: OSError) -> str:
    if isinstance(error, AddressRefusedError):
        return str(error)
    if isinstance(error, socket.gaierror):
        return "name not found"
    if isinstance(error, ssl.SSLError):
        return f"TLS: {(error.reason or 'handshake failed').replace('_', ' ').lower()}"
    return "connection failed" if error.errno is None else os.strerror(error.errno).lower()
