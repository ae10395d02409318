"""The run itself: fill, start both sides, warm up, rounds by turns, and what they come to. Prints nothing."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import asyncpg
from msgspec import Struct

from benchmarks import limit, load, stage, trips
from benchmarks.load import Call, Figures
from benchmarks.sides import Server
from openmedspa.settings import Settings

Tell = Callable[[str], None]


class Round(Struct, frozen=True):
    """One side's turn: what the load saw, and the CPU that the server's process took for each request."""

    figures: Figures
    cpu_us: float


class Compared(Struct, frozen=True):
    """One call, all rounds of both sides; rounds with the same number ran one after the other."""

    call: Call
    ours: list[Round]
    bare: list[Round]

    @property
    def ratio(self) -> float:
        """Ours to bare: the median rate of all rounds each."""
        return rate(self.ours) / rate(self.bare)

    @property
    def spread(self) -> tuple[float, float]:
        """The lowest and the highest ratio of any one round: how quiet the machine was."""
        each = [ours.figures.rate / bare.figures.rate for ours, bare in zip(self.ours, self.bare, strict=True)]
        return min(each), max(each)


class Run(Struct, frozen=True):
    """Everything a report tells."""

    at: datetime
    postgresql: str
    visits: int
    seconds: int
    compared: list[Compared]
    round_trips: dict[str, float]
    pgbench_reads: float | None
    started_seconds: dict[str, float]
    resident_mb: dict[str, float]


def rate(rounds: list[Round]) -> float:
    return median(each.figures.rate for each in rounds)


def cpu_us(rounds: list[Round]) -> float:
    return median(each.cpu_us for each in rounds)


def busy(rounds: list[Round]) -> float:
    """The share of its core that the web process used; far below 1, something else was the bound."""
    return median(each.figures.rate * each.cpu_us / 1e6 for each in rounds)


def p99_ms(rounds: list[Round]) -> float:
    return median(each.figures.p99_ms for each in rounds)


class Bench:
    """One call after the other against servers that both run all the time; the one whose turn it is not sleeps."""

    def __init__(
        self, settings: Settings, gfe_ids: list[str], folder: Path, *, seconds: int, cores: set[int], tell: Tell
    ) -> None:
        self.settings = settings
        self.gfe_ids = gfe_ids
        self.folder = folder
        self.seconds = seconds
        self.cores = cores
        self.tell = tell
        self._seed = 0

    def compare(self, call: Call, ours: Server, bare: Server, rounds: int) -> Compared:
        """Warm both up, then A, B, A, B …"""
        for server in (ours, bare):
            self.tell(f"{call.name}: {server.name} warms up")
            self._turn(call, server, seconds=max(1, min(3, self.seconds)))
        found: dict[str, list[Round]] = {"ours": [], "bare": []}
        for number in range(1, rounds + 1):
            for server in (ours, bare) if number % 2 else (bare, ours):
                self.tell(f"{call.name}: {server.name}, round {number} of {rounds}")
                found[server.name].append(self._turn(call, server, seconds=self.seconds))
        return Compared(call, found["ours"], found["bare"])

    def _turn(self, call: Call, server: Server, *, seconds: int) -> Round:
        """One round, from a fresh checkpoint; an order that was answered and is not there ends the run."""
        self._seed += 1
        lines = self.folder / "lines"
        self.write_lines(call, lines, seconds=seconds)
        had = fetch(self.settings, "checkpoint", COUNT)
        before = server.cpu_seconds()
        figures = load.run(call, server.base, lines, seconds=seconds, cores=self.cores)
        cpu = server.cpu_seconds() - before
        kept = fetch(self.settings, COUNT)[0][0] - had[0][0]
        if call is load.ORDER and kept < figures.requests:
            raise RuntimeError(f"{server.name} answered {figures.requests} orders and kept {kept}")
        return Round(figures, cpu * 1e6 / figures.requests)

    def write_lines(self, call: Call, lines: Path, *, seconds: int) -> None:
        """What is sent in this turn."""
        load.write_lines(call, lines, self.gfe_ids, seconds=seconds, seed=self._seed)

    def reads_by_pgbench(self, rounds: int) -> float | None:
        found = []
        for number in range(1, rounds + 1):
            self.tell(f"pgbench: round {number} of {rounds}")
            rate = limit.read_rate(
                self.settings.database_url, self.folder, visits=len(self.gfe_ids), practices=len(stage.LOCATIONS),
                seconds=self.seconds, cores=self.cores,
            )  # fmt: skip
            if rate is None:
                return None
            found.append(rate)
        return median(found)

    def round_trips(self) -> dict[str, float]:
        self.tell("counting round trips")
        return asyncio.run(trips.count(self.settings, self.gfe_ids))


COUNT = "select count(*) from visits"


def fetch(settings: Settings, *statements: str) -> list[Any]:
    """The rows of the last of some statements, as the owner."""

    async def ask() -> list[Any]:
        connection = await asyncpg.connect(settings.database_url)
        try:
            for sql in statements[:-1]:
                await connection.execute(sql)
            rows: list[Any] = await connection.fetch(statements[-1])
            return rows
        finally:
            await connection.close()

    return asyncio.run(ask())


def now() -> datetime:
    return datetime.now(UTC)
