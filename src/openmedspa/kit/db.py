"""The way to PostgreSQL: a scoped read in one round trip, a write in three. Holds no business statement.

Every statement on tenant data takes its scope, the practices it may touch, as `$1::int[]`. Row-level security keeps
the same scope underneath: a statement whose own filter was forgotten still sees nothing foreign
(docs/decisions/0006-row-level-security.md).
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from ipaddress import ip_address
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

import asyncpg

from openmedspa.kit.errors import Unavailable
from openmedspa.kit.fresh import Fresh

Scope = Sequence[int]
T = TypeVar("T")

APP_ROLE = "openmedspa_app"
SYSTEM_ROLE = "openmedspa_system"
ACQUIRE_SECONDS = 5
RERUNS = 5
PATIENCE_SECONDS = 0.3


class Row(Protocol):
    """A row of an answer: by column name or position; iterating gives the values."""

    def __getitem__(self, column: Any) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...


class Again(Exception):
    """This transaction's snapshot is older than what it met: roll back and run it anew."""


RERUN = (Again, asyncpg.DeadlockDetectedError, asyncpg.SerializationError, asyncpg.InvalidCachedStatementError)
AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.OperatorInterventionError,  # shut down, crashed, starting up, statement timeout
    asyncpg.InsufficientResourcesError,  # too many connections, disk full, out of memory
    asyncpg.LockNotAvailableError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.ReadOnlySQLTransactionError,  # a standby during failover
    asyncpg.InternalClientError,  # a connection that was cut between two of our requests
    OSError,  # no such socket, refused, reset, timed out
)


async def patiently(ask: Callable[[], Awaitable[T]], *, times: int = 3) -> T:
    """Ask again while the database is away or all connections are taken: for work that already holds a lease."""
    for _ in range(times - 1):
        try:
            return await ask()
        except (*AWAY, Unavailable):
            await asyncio.sleep(PATIENCE_SECONDS)
    return await ask()


class Reads(Protocol):
    """What a `find_`, `get_`, `list_` or `count_` needs: a `Database`, or a `Tx` that is writing."""

    fresh: Fresh

    async def row(self, sql: str, scope: Scope, *args: object) -> Row | None: ...
    async def rows(self, sql: str, scope: Scope, *args: object) -> list[Row]: ...
    async def unscoped_row(self, sql: str, *args: object) -> Row | None: ...
    async def unscoped_rows(self, sql: str, *args: object) -> list[Row]: ...


class Database:
    """A pool whose connections all have one role, and the values kept fresh beside it.

    `unscoped_…` is for tables without tenants, and for the system role, which sees all tenants.
    """

    def __init__(self, pool: asyncpg.Pool, fresh: Fresh) -> None:
        self.pool = pool
        self.fresh = fresh
        self._streams = asyncio.Semaphore(max(1, pool.get_max_size() // 4))

    async def row(self, sql: str, scope: Scope, *args: object) -> Row | None:
        async with self.connection() as connection:
            row: Row | None = await connection.fetchrow(scoped(sql), scope, *args)
            return row

    async def rows(self, sql: str, scope: Scope, *args: object) -> list[Row]:
        async with self.connection() as connection:
            rows: list[Row] = await connection.fetch(scoped(sql), scope, *args)
            return rows

    async def unscoped_row(self, sql: str, *args: object) -> Row | None:
        async with self.connection() as connection:
            row: Row | None = await connection.fetchrow(sql, *args)
            return row

    async def unscoped_rows(self, sql: str, *args: object) -> list[Row]:
        async with self.connection() as connection:
            rows: list[Row] = await connection.fetch(sql, *args)
            return rows

    async def stream(self, sql: str, scope: Scope, *args: object, batch: int = 1000) -> AsyncIterator[list[Row]]:
        """The rows of one statement in batches, all from its one snapshot; memory stays flat however many there are."""
        async with self._stream_place(), self.connection() as connection, connection.transaction(readonly=True):
            await connection.execute(_set_scope(scope))
            cursor = await connection.cursor(sql, scope, *args)
            while rows := await cursor.fetch(batch):
                yield rows

    def transaction(self, scope: Scope = (), *, address: str = "") -> "Tx":
        return Tx(self, scope, address)

    async def write(self, scope: Scope, work: Callable[["Tx"], Awaitable[T]], *, address: str = "") -> T:
        """Run `work` in one transaction and commit; anew when a deadlock or an older snapshot ends it.

        `address` is where the caller comes from; audit rows of the transaction take it on.
        """
        for attempt in range(RERUNS):
            try:
                async with self.transaction(scope, address=address) as tx:
                    return await work(tx)
            except RERUN as trouble:
                last = trouble
                if attempt == RERUNS - 1:
                    break
        raise Unavailable("Too many requests for the same record at once.") from last

    @asynccontextmanager
    async def _stream_place(self) -> AsyncIterator[None]:
        """A slow reader of a long list keeps its connection for long: a few of them must not take all."""
        try:
            async with asyncio.timeout(ACQUIRE_SECONDS):
                await self._streams.acquire()
        except TimeoutError:
            raise Unavailable("Too many long lists are being read at once.", retry_after_seconds=5) from None
        try:
            yield
        finally:
            self._streams.release()

    def connection(self) -> "Lease":
        """`async with` it; waits at most ACQUIRE_SECONDS for a free one."""
        return Lease(self.pool)


class Lease:
    """A connection from the pool; one that comes back inside a transaction is closed rather than handed on.

    A class and not a generator, and no timeout while connections are idle: together a sixth of a read's time.
    """

    __slots__ = ("_connection", "_pool")

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def __aenter__(self) -> Any:
        timeout = None if self._pool.get_idle_size() else ACQUIRE_SECONDS
        try:
            self._connection = await self._pool.acquire(timeout=timeout)
        except TimeoutError:
            raise Unavailable("The server is busy. Try again in a moment.") from None
        return self._connection

    async def __aexit__(self, *_: object) -> None:
        if self._connection.is_in_transaction():
            self._connection.terminate()
        await self._pool.release(self._connection)


class Tx:
    """One transaction, begun by its first statement together with its scope: begin, statement, commit.

    Leaving the block commits, an exception rolls back. Operations receive it and never commit.
    """

    def __init__(self, database: Database, scope: Scope, address: str) -> None:
        self.scope = scope
        self._address = address
        self.fresh = database.fresh
        self._database = database
        self._lease: Any = None
        self._connection: Any = None

    async def row(self, sql: str, scope: Scope, *args: object) -> Row | None:
        row: Row | None = await (await self._begun()).fetchrow(sql, scope, *args)
        return row

    async def rows(self, sql: str, scope: Scope, *args: object) -> list[Row]:
        rows: list[Row] = await (await self._begun()).fetch(sql, scope, *args)
        return rows

    async def unscoped_row(self, sql: str, *args: object) -> Row | None:
        row: Row | None = await (await self._begun()).fetchrow(sql, *args)
        return row

    async def unscoped_rows(self, sql: str, *args: object) -> list[Row]:
        rows: list[Row] = await (await self._begun()).fetch(sql, *args)
        return rows

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connection is None:
            return
        try:
            await (self._commit() if kind is None else self._roll_back())
        finally:
            await self._lease.__aexit__(None, None, None)
            self._connection = None

    async def _begun(self) -> Any:
        if self._connection is None:
            self._lease = self._database.connection()
            self._connection = await self._lease.__aenter__()
            await self._connection.execute("begin; " + _set_scope(self.scope, self._address))
        return self._connection

    async def _commit(self) -> None:
        if await self._connection.execute("commit") != "COMMIT":
            # PostgreSQL answers ROLLBACK, without an error, when a statement had failed and somebody swallowed it.
            raise RuntimeError("a failed statement was ignored: the transaction was rolled back")

    async def _roll_back(self) -> None:
        if not self._connection.is_closed():
            await self._connection.execute("rollback")


@lru_cache(maxsize=512)
def scoped(sql: str) -> str:
    """The statement with its scope set by the same round trip; without a scope it finds nothing.

    `lateral` makes PostgreSQL set the scope before it looks at a row; `offset 0` keeps it from pulling the two apart.
    """
    return (
        "with scope as materialized (select set_config('app.scope', $1::int[]::text, true) as set)\n"
        f"select x.* from scope, lateral (select y.* from ({sql}) y where scope.set is not null offset 0) x"
    )


def _set_scope(scope: Scope, address: str = "") -> str:
    """As a simple query, so that it travels with `begin`: nothing but integers and a parsed address stand in it."""
    text = f"select set_config('app.scope', '{{{','.join(str(int(practice)) for practice in scope)}}}', true)"
    return f"{text}, set_config('app.address', '{ip_address(address)}', true)" if address else text


async def connect_pool(dsn: str, *, role: str, size: int) -> asyncpg.Pool:
    """Connections that switch to `role` as they start; asyncpg's `RESET ALL` at each release is left out.

    That is safe while nothing is set for a session: `set_config(…, true)` only, no session locks, no LISTEN here.
    """
    return await asyncpg.create_pool(
        dsn,
        min_size=1,
        max_size=size,
        reset=_keep,
        command_timeout=30,
        timeout=ACQUIRE_SECONDS,  # to connect
        server_settings={
            "role": role,
            "application_name": role,
            "jit": "off",
            # Planned for its values, a scoped read is planned anew each time: its scope is not set yet when it is.
            "plan_cache_mode": "force_generic_plan",
            "statement_timeout": "20s",
            "lock_timeout": "5s",
            "idle_in_transaction_session_timeout": "30s",
        },
    )


async def _keep(_connection: object) -> None:
    return None
