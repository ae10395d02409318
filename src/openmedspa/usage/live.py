"""Calls as they come: one query a second for each who looks, and no call twice or left out.

Processes write their batches side by side, so that a call may become visible behind one with a higher number. Each look
therefore goes back a stretch, and leaves out what it has shown there:

1. `floor` is the number behind which to look: OVERLAP before the last call of all.
2. `shown` are the numbers above it that were shown.
3. Both travel with what is sent, so that a browser that comes back goes on from there.
"""

from collections.abc import Sequence

from msgspec import Struct

from openmedspa.kit.db import Reads, Row
from openmedspa.usage import queries
from openmedspa.usage.shapes import Asked

OVERLAP = 2_000  # as many as one batch, usage/calls.py
MOST_AT_ONCE = 100
MOST_TOLD = 120  # numbers that travel


class Mark(Struct, frozen=True):
    """How far somebody has seen."""

    floor: int = 0
    shown: frozenset[int] = frozenset()

    @property
    def text(self) -> str:
        """`floor.number.number…`; with many numbers, the floor rises above the oldest of them."""
        numbers = sorted(self.shown)
        told = numbers[-MOST_TOLD:]
        floor = self.floor if told == numbers else told[0] - 1
        return ".".join(map(str, (floor, *told)))

    @classmethod
    def of(cls, text: str) -> "Mark | None":
        """None for a text that is no mark of ours."""
        parts = text.split(".")
        if len(text) > 4_000 or not all(part.isascii() and part.isdecimal() and len(part) < 19 for part in parts):
            return None
        floor, *shown = map(int, parts)
        return cls(floor, frozenset(shown))

    def behind(self, top: int, numbers: Sequence[int]) -> "Mark":
        """After these were shown, when `top` was the last call of all."""
        floor = max(self.floor, top - OVERLAP)
        return Mark(floor, frozenset(number for number in (*self.shown, *numbers) if number > floor))


class Later(Struct, frozen=True):
    """What came, newest first; `is_cut` when there was more than can be shown, which is left out."""

    rows: list[Row]
    mark: Mark
    is_cut: bool = False


async def begin(db: Reads, rows: Sequence[Row]) -> Mark:
    """The mark of a page that shows these calls."""
    numbers = [row["id"] for row in rows]
    return Mark().behind(max(await queries.find_top(db), *numbers, 0), numbers)


async def look(db: Reads, asked: Asked, mark: Mark) -> Later:
    """What was written down since, of what is asked for."""
    rows = await queries.list_later(db, asked, mark.floor, sorted(mark.shown), MOST_AT_ONCE + 1)
    top, found = rows[0]["top"], [row for row in rows if row["id"] is not None]
    if len(found) > MOST_AT_ONCE:
        return Later(found[:MOST_AT_ONCE], Mark(top), is_cut=True)
    return Later(found, mark.behind(top, [row["id"] for row in found]))
