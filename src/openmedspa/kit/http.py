"""The words of HTTP that doors and route tables use: a request, a call, an answer, a route. Serves nothing itself."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from ipaddress import ip_address
from secrets import token_hex
from typing import Any, Generic, Protocol, TypeVar

from msgspec import Struct
from starlette.types import Receive, Scope

from openmedspa.kit.db import Database, Tx
from openmedspa.kit.errors import Refused, TooLarge, TooSlow, Unavailable
from openmedspa.kit.house import House

G = TypeVar("G")
Headers = list[tuple[bytes, bytes]]
Caller = tuple[int | None, int | None, int | None]  # ids by which a call is counted, as the entrance knows them
NOBODY: Caller = (None, None, None)
GONE = 499  # whoever asked did not wait for the answer
WRITES = {"POST", "PUT", "PATCH", "DELETE"}
MAX_BODY_BYTES = 1024 * 1024
BODY_SECONDS = 30  # for all of a body


class Answer(Struct):
    """A door's answer when the body alone does not say it all."""

    body: object
    headers: dict[str, str] = {}


class Stream(Struct):
    """A body that is sent as it is made."""

    chunks: AsyncGenerator[bytes]


class Outdated(Exception):
    """The caller's grant is older than what the door met: admit them anew and carry the request out again."""


class CallerGone(Exception):
    """Whoever asked is no longer there: half a request is none, and there is nobody to answer."""


class Incoming:
    """A request before anybody knows who sent it."""

    def __init__(self, scope: Scope, receive: Receive, house: House, *, prefix: str) -> None:
        self.method: str = scope["method"]
        self.path: str = _without_double(scope["path"], prefix)
        self.query: bytes = scope["query_string"]
        self.house = house
        self.now: datetime = house.now()
        self.id = "req_" + token_hex(16)
        self.address = _address(scope.get("client"))
        self.caller: Caller = NOBODY
        self.route = ""  # its path in the table, once that is known
        self.status = GONE  # of the answer, once it is sent
        self.code = ""  # of a refusal
        self.answer_headers: Headers = []  # what the answer carries besides its own, whatever it will be
        self._headers: Headers = scope["headers"]
        self._receive = receive
        self._body: bytes | None = None

    @property
    def db(self) -> Database:
        return self.house.db

    def header(self, name: bytes) -> str:
        """The header's text, "" if absent; names are compared in lower case, as ASGI sends them."""
        for key, value in self._headers:
            if key == name:
                return value.decode("latin-1")
        return ""

    def all_of(self, name: bytes) -> list[str]:
        """Every header of this name: for the few of which there may be one only."""
        return [value.decode("latin-1") for key, value in self._headers if key == name]

    async def body(self, limit: int) -> bytes:
        """All of the body, or TooLarge as soon as it is; TooSlow when it does not come."""
        if self._body is None:
            try:
                async with asyncio.timeout(BODY_SECONDS), self._place(limit):
                    self._body = await self._read(limit)
            except TimeoutError:
                raise TooSlow("Request timeout", f"The body did not come within {BODY_SECONDS} seconds") from None
        return self._body

    @asynccontextmanager
    async def _place(self, limit: int) -> AsyncIterator[None]:
        """Memory for a large body is given to a few at a time. How large it is, only its length tells beforehand."""
        declared = self.header(b"content-length")
        is_large = limit > MAX_BODY_BYTES and not (declared.isdecimal() and int(declared) <= MAX_BODY_BYTES)
        if not is_large:
            yield
            return
        if self.house.large_bodies.locked():
            raise Unavailable("Other large requests are being taken in.", retry_after_seconds=2)
        async with self.house.large_bodies:
            yield

    async def _read(self, limit: int) -> bytes:
        declared = self.header(b"content-length")
        if declared.isdecimal() and int(declared) > limit:
            raise _too_large(limit)
        chunks, size = [], 0
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise CallerGone
            chunk: bytes = message.get("body", b"")
            size += len(chunk)
            if size > limit:
                raise _too_large(limit)
            chunks.append(chunk)
            if not message.get("more_body"):
                return chunks[0] if len(chunks) == 1 else b"".join(chunks)


class Call(Generic[G]):
    """What a door receives: who calls, what was sent (parsed), and the ways to the database.

    `tx` is there for writes only, begun by its first statement and committed before the first byte of the answer.
    """

    def __init__(self, incoming: Incoming, grant: G, *, path: Mapping[str, str], query: Any, body: Any) -> None:
        self.incoming = incoming
        self.house = incoming.house
        self.db = incoming.db
        self.now = incoming.now
        self.request_id = incoming.id
        self.grant = grant
        self.path = path
        self.query = query
        self.body = body
        self.tx: Tx


class Access(Protocol):
    """What a route asks of the caller's grant, given the parts of its path; raises Forbidden."""

    def require(self, grant: Any, path: Mapping[str, str]) -> None: ...


class Open(Struct, frozen=True):
    """A route that asks for nothing: no key is looked at, and its door writes nothing in a practice."""

    def require(self, grant: object, path: Mapping[str, str]) -> None: ...


class Entrance(Protocol):
    """How an API knows its callers, and keeps their idempotency keys."""

    openapi_name: str

    async def admit(self, incoming: Incoming) -> Any: ...

    def count_stranger(self, incoming: Incoming) -> None:
        """A call without a key to a route that takes a body. Raises TooMany."""
        ...

    def scope(self, grant: Any) -> Sequence[int]: ...

    def now(self, grant: Any, moment: datetime) -> datetime: ...

    async def once(
        self, tx: Tx, grant: Any, *, key: str, request_hash: bytes, work: Callable[[], Awaitable[bytes]]
    ) -> bytes: ...


class Dialect(Protocol):
    """How an API words what every API says: `missing` an unknown path (no method given) or method, `refusal` a no."""

    PREFIX: str

    def missing(self, method: str, path: str) -> tuple[str, str]: ...

    def refusal(self, refused: Refused) -> tuple[int, object]:
        """Status and body."""
        ...


class Route(Struct, frozen=True):
    """One line of a table of contents.

    `finish` completes an answer after it was kept for replays, first and replayed alike: links, headers, a last look at
    access.
    """

    method: str
    path: str
    door: Callable[[Any], Awaitable[Any]]
    access: Access
    answer: Any
    body: type[Struct] | None = None
    query: type[Struct] | None = None
    status: int = 200
    finish: Callable[[Any, Any], Awaitable[Any]] | None = None
    body_limit: int = MAX_BODY_BYTES


def _address(client: tuple[str, int] | None) -> str:
    """Where the call comes from, as a proxy we trust says (uvicorn); "" for what is no address, such as a socket."""
    try:
        return str(ip_address(client[0])) if client else ""
    except ValueError:
        return ""


def _without_double(path: str, prefix: str) -> str:
    """A base URL that ends in the prefix, and paths that begin with it, mean the same call: the commonest slip."""
    return path.removeprefix(prefix) if path.startswith(prefix * 2 + "/") else path


def _too_large(limit: int) -> TooLarge:
    return TooLarge("Payload too large", f"The body may have at most {limit} bytes")
