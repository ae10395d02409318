"""Rows from a file into the database, in batches of which each is whole or not there. Knows nothing of what they mean.

Each batch is a transaction of its own. Whoever stops in between has the batches before it, and a second run finds them.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, Protocol, TypeVar

from msgspec import Struct

from openmedspa.kit.db import Database, Tx
from openmedspa.kit.files import Entry, Fields, Needed
from openmedspa.kit.seen import Seen

BATCH = 1_000
Faults = dict[str, str]  # field, or "" for the row: why
R = TypeVar("R")


class Judged(Struct, Generic[R], frozen=True):
    """A row that can be written, and where it came from."""

    entry: Entry
    row: R


class Outcome(Struct, frozen=True):
    """What became of a batch. `failed` goes by position; `met` is what later rows of this file may not mean again."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    failed: dict[int, Faults] = {}
    met: dict[int, bytes] = {}


class Totals(Struct):
    """So far. Everything up to `line` has been dealt with."""

    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    line: int = 0


class Slice(Protocol[R]):
    """What a slice knows of its rows."""

    fields: Fields
    needed: Needed

    def judge(self, given: dict[str, Any]) -> R | Faults: ...
    def identities(self, row: R) -> Sequence[bytes]: ...
    async def write(self, tx: Tx, batch: Sequence[Judged[R]], seen: Seen) -> Outcome: ...


class Undone(Exception):
    """A dry run's transaction ends with it."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome


class Import(Generic[R]):
    """One run over a file. `refuse` hears of each row that is not taken, `tell` how far it is."""

    def __init__(
        self, db: Database, slice_: Slice[R], *, is_dry: bool, refuse: Callable[[Entry, Faults], None],
        tell: Callable[[Totals], None],
    ) -> None:  # fmt: skip
        self.totals = Totals()
        self._db = db
        self._slice = slice_
        self._is_dry = is_dry
        self._refuse = refuse
        self._tell = tell
        self._seen = Seen()
        self._batch: list[Judged[R]] = []
        self._turned_away: list[tuple[Entry, Faults]] = []  # since the last batch: told in the file's order

    async def run(self, entries: Iterable[Entry]) -> Totals:
        last = 0
        for entry in entries:
            self.totals.rows += 1
            last = entry.line
            self._take(entry)
            if max(len(self._batch), len(self._turned_away)) >= BATCH:
                await self._flush(last)
        await self._flush(last)
        return self.totals

    def _take(self, entry: Entry) -> None:
        """Into the batch, or refused."""
        judged: R | Faults = {**entry.faults} if "" in entry.faults else self._slice.judge(entry.fields)
        if isinstance(judged, dict) or entry.faults:
            wrong = judged if isinstance(judged, dict) else {}
            self._turn_away(entry, {**wrong, **entry.faults})
            return
        identities = self._slice.identities(judged)
        for thing in identities:
            if first := self._seen.find(thing):
                self._turn_away(entry, {"": f"means the same as line {first}"})
                return
        for thing in identities:
            self._seen.add(thing, entry.line)
        self._batch.append(Judged(entry, judged))

    def _turn_away(self, entry: Entry, faults: Faults) -> None:
        self.totals.refused += 1
        self._turned_away.append((entry, faults))

    async def _flush(self, line: int) -> None:
        if self._batch:
            outcome = await self._write(self._batch)
            for position, faults in outcome.failed.items():
                self._turn_away(self._batch[position].entry, faults)
            for position, thing in outcome.met.items():
                self._seen.add(thing, self._batch[position].entry.line)
            self.totals.created += outcome.created
            self.totals.updated += outcome.updated
            self.totals.unchanged += outcome.unchanged
            self._batch = []
        for entry, faults in sorted(self._turned_away, key=lambda refused: refused[0].line):
            self._refuse(entry, faults)
        self._turned_away = []
        self.totals.line = line
        self._tell(self.totals)

    async def _write(self, batch: list[Judged[R]]) -> Outcome:
        """A dry run does the same, and takes it back."""

        async def work(tx: Tx) -> Outcome:
            outcome = await self._slice.write(tx, batch, self._seen)
            if self._is_dry:
                raise Undone(outcome)
            return outcome

        try:
            return await self._db.write([], work)
        except Undone as undone:
            return undone.outcome
