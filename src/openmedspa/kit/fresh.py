"""Values kept in memory until the database says they changed. Knows topics, not what they mean.

A trigger on each such table sends NOTIFY; one connection of its own LISTENs. While that connection is lost nothing is
kept, so a revoked key is refused within a second whatever happens (docs/decisions/0009-keeping-keys-fresh.md).
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar

import asyncpg

T = TypeVar("T")

CHANGED = "openmedspa_changed"
WORK = "openmedspa_work"
MOST_KEPT = 20_000
HEARTBEAT_SECONDS = 0.4
RECONNECT_SECONDS = 0.5


class Fresh:
    def __init__(self) -> None:
        self.work = asyncio.Event()  # set when a NOTIFY says that there is background work
        self._topics: dict[str, dict[Hashable, Any]] = {}
        self._changes = 0
        self._is_listening = False

    async def get(self, topic: str, key: Hashable, load: Callable[[], Awaitable[T]]) -> T:
        """The kept value, or what `load` answers; kept only if nothing changed while it was loading."""
        kept = self._topics.setdefault(topic, {})
        if key in kept:
            value: T = kept[key]
            return value
        before = self._changes
        value = await load()
        if self._is_listening and self._changes == before:
            if len(kept) >= MOST_KEPT:
                kept.clear()
            kept[key] = value
        return value

    def kept(self, topic: str, key: Hashable) -> Any:
        """What is kept at this moment, or None; never asks the database."""
        return self._topics.get(topic, {}).get(key)

    def forget(self, topic: str) -> None:
        self._changes += 1
        self._topics.pop(topic, None)

    def forget_all(self) -> None:
        self._changes += 1
        self._topics.clear()

    async def listen(self, dsn: str) -> None:
        """Keep one LISTEN connection for as long as the process lives."""
        while True:
            with contextlib.suppress(OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await self._listen_once(dsn)
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _listen_once(self, dsn: str) -> None:
        connection = await asyncpg.connect(dsn, timeout=5, server_settings={"application_name": "openmedspa_listen"})
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _connection: lost.set())
        try:
            await connection.add_listener(CHANGED, lambda _c, _pid, _channel, topic: self.forget(str(topic)))
            await connection.add_listener(WORK, lambda _c, _pid, _channel, _payload: self.work.set())
            self.forget_all()
            self._is_listening = True
            while not lost.is_set():
                # A half-open connection says nothing; only asking finds out.
                await connection.execute("select 1", timeout=0.5)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(HEARTBEAT_SECONDS):
                        await lost.wait()
        finally:
            self._stop_keeping()
            connection.terminate()

    def _stop_keeping(self) -> None:
        self._is_listening = False
        self.forget_all()
