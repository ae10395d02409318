"""The only door to other people's servers: which URLs and addresses may be called, and one bounded POST.

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
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Self, cast

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_proto import ResponseHandler
from yarl import URL

URL_LIMIT = 2048
ANSWER_LIMIT = 64 * 1024
WIRE_LIMIT = 512 * 1024  # headers and what is read ahead of an answer that will be cut

Address = IPv4Address | IPv6Address
Resolve = Callable[[str], Awaitable[Sequence[str]]]

# Written out, not taken from `ipaddress.is_global`: that one changes with the Python version and lets multicast pass.
_NOT_PUBLIC = [
    ip_network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),  # this network, private
        *("169.254.0.0/16", "100.64.0.0/10", "192.0.0.0/24", "168.63.129.16/32"),  # metadata services live in each
        *("192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),  # documentation, benchmarks
        *("192.88.99.0/24", "192.52.193.0/24", "192.31.196.0/24", "192.175.48.0/24"),  # relays and sinks run by anybody
        *("224.0.0.0/4", "240.0.0.0/4"),  # multicast, reserved, broadcast
        *("2001::/23", "2002::/16"),  # Teredo, ORCHID, benchmarks, relays; 6to4, which carries any IPv4 address
        *("2001:db8::/32", "3fff::/20", "3ffe::/16", "2620:4f:8000::/48"),  # documentation, the 6bone, a sink
    )
]
# What is not global unicast is refused by not being in here: loopback, fc00::/7 (with AWS's fd00:ec2::254), link-local,
# site-local, multicast, IPv4-compatible, discard-only, local NAT64 (64:ff9b:1::/48), segment routing.
_PUBLIC_6 = IPv6Network("2000::/3")
_MAPPED = IPv6Network("::ffff:0:0/96")
_NAT64 = IPv6Network("64:ff9b::/96")
_LOOPBACK = [ip_network("127.0.0.0/8"), ip_network("::1/128")]

_URL = re.compile(
    r"(?P<scheme>https?)://(?P<user>[^/?]*@)?(?P<host>\[[0-9a-f:.]+\]|[^/?:@%\[\]]+)(?P<port>:[0-9]{1,5})?(?:[/?].*)?",
    re.IGNORECASE | re.ASCII,
)
_LABEL = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?", re.IGNORECASE | re.ASCII)
# Browsers and C libraries read any host that ends so as an IPv4 address: 127.1, 0x7f.1, 2130706433.
_ENDS_IN_A_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?", re.IGNORECASE | re.ASCII)

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# Every socket opened for the current post, so that it can be ended whatever state aiohttp left it in.
_opened: ContextVar[list[socket.socket]] = ContextVar("opened")


def is_public(address: Address) -> bool:
    """Whether this address means one machine of the open internet; special, local and ambiguous ones do not."""
    if isinstance(address, IPv4Address):
        return not _is_in(address, _NOT_PUBLIC)
    if address.scope_id is not None:
        return False
    if address in _MAPPED or address in _NAT64:  # NAT64 is how an IPv6-only machine reaches a public IPv4 address
        return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
    isatap = (int(address) >> 32) & 0xFCFFFFFF == 0x00005EFE  # carries any IPv4 address, under any prefix
    return address in _PUBLIC_6 and not isatap and not _is_in(address, _NOT_PUBLIC)


def _is_in(address: Address, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    return any(address in network for network in networks)


def may_connect(address: Address, *, allow_loopback: bool) -> bool:
    """The rule at connecting: public, or exactly loopback where that is allowed."""
    return is_public(address) or (allow_loopback and _is_in(address, _LOOPBACK))


def check_url(url: str, *, production: bool, allow_loopback: bool) -> None:
    """Raise ValueError with one sentence when this URL may not be registered; asks no name server.

    An IPv4 address in an unusual spelling (2130706433, 0177.0.0.1, 127.1) is refused even when public: two readers
    of one URL must not see two hosts.
    """
    scheme, host = _parts(url)
    literal = _literal(host)
    loopback = _is_in(literal, _LOOPBACK) if literal else f".{host.lower().rstrip('.')}".endswith(".localhost")
    if loopback and not allow_loopback:
        raise ValueError("The URL must not point to this machine (localhost).")
    if production and literal and not may_connect(literal, allow_loopback=allow_loopback):
        raise ValueError(f"The URL's address must be public; {literal} is not.")
    if production and scheme != "https":
        raise ValueError("The URL must start with https://.")


def _parts(url: str) -> tuple[str, str]:
    """Scheme and host, once the spelling leaves no doubt."""
    if len(url) > URL_LIMIT:
        raise ValueError(f"The URL must be at most {URL_LIMIT:,} characters long.")
    if any(character.isspace() or not character.isprintable() or character == "\\" for character in url):
        raise ValueError("The URL must not contain spaces, control characters or backslashes.")
    if "#" in url:
        raise ValueError("The URL must not have a fragment (#…).")
    shape = _URL.fullmatch(url)
    if shape is None:
        raise ValueError("The URL must start with http:// or https://, a valid host and, if any, a valid port.")
    if shape["user"] is not None:
        raise ValueError("The URL must not contain a user name or password.")
    if shape["port"] and not 1 <= int(shape["port"][1:]) <= 65535:
        raise ValueError("The URL's port must be a number from 1 to 65535.")
    return shape["scheme"].lower(), _host(url, bracketed=shape["host"].startswith("["))


def _host(url: str, *, bracketed: bool) -> str:
    try:
        host = URL(url).raw_host or ""  # aiohttp's own parser: what is judged is what will be called
        for label in host.lower().split("."):
            if label.startswith("xn--"):
                label[4:].encode("ascii").decode("punycode").encode()
    except ValueError:
        host = ""
    if not (":" in host if bracketed else len(host) <= 253 and _NAME.fullmatch(host)):
        raise ValueError("The URL must have a valid host.")
    return host


def _literal(host: str) -> Address | None:
    try:
        if ":" in host:
            return IPv6Address(host)
        return IPv4Address(host) if _ENDS_IN_A_NUMBER.fullmatch(host) else None
    except ValueError:
        raise ValueError("The URL's host must be a name, or an address in its usual form (198.51.100.7).") from None


class AddressRefusedError(OSError):
    """An OSError, so that aiohttp treats it as a failed connection and ends the try."""


def _refuse(text: str, *, allow_loopback: bool) -> None:
    if not may_connect(ip_address(text), allow_loopback=allow_loopback):
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

    `resolve` (name → addresses) and `trust` (whose certificates) stand in for the system's in tests.
    """

    def __init__(
        self, *, allow_loopback: bool, resolve: Resolve | None = None, trust: ssl.SSLContext | None = None
    ) -> None:
        self._allow_loopback = allow_loopback
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
            check_url(url, production=False, allow_loopback=self._allow_loopback)
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
