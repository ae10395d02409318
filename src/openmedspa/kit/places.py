"""Places that are taken for a while, so many for one holder and so many for all. One process's; waits for nobody."""

from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager


class Places:
    def __init__(self, *, each: int, all_: int) -> None:
        self._each = each
        self._all = all_
        self._taken: Counter[Hashable] = Counter()

    def __len__(self) -> int:
        """How many are taken."""
        return self._taken.total()

    def has_room(self, holder: Hashable) -> bool:
        return self._taken[holder] < self._each and len(self) < self._all

    @contextmanager
    def taken(self, holder: Hashable) -> Iterator[None]:
        """One more, for as long as the block; whoever minds the limits asks `has_room` before."""
        self._taken[holder] += 1
        try:
            yield
        finally:
            self._taken[holder] -= 1
            self._taken += Counter()  # those at none are forgotten
