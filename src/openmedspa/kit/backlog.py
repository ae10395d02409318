"""Rows that wait to be written together. Adding one costs next to nothing, and never waits or fails."""

from collections import deque
from collections.abc import Sequence

Row = tuple[object, ...]


class Backlog:
    """At most so many; what comes beyond is not kept but counted in `lost`."""

    def __init__(self, most: int) -> None:
        self.lost = 0
        self._most = most
        self._rows: deque[Row] = deque()

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, row: Row) -> None:
        if len(self._rows) < self._most:
            self._rows.append(row)
        else:
            self.lost += 1

    def take(self, most: int) -> list[Row]:
        """The oldest ones, which are no longer here then."""
        return [self._rows.popleft() for _ in range(min(most, len(self._rows)))]

    def put_back(self, rows: Sequence[Row]) -> None:
        """Those taken, in their old places; if others came meanwhile, there may be more than the most for a while."""
        self._rows.extendleft(reversed(rows))
