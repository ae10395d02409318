"""Token buckets: who may call how often. Pure but for what it remembers; knows neither keys nor addresses."""

from collections.abc import Hashable
from math import ceil

from msgspec import Struct

MOST_KEPT = 50_000


class Bucket(Struct):
    left: float
    at: float  # seconds, on the caller's clock
    full_at: float  # from then on it is as good as a new one


class Taken(Struct, frozen=True):
    """What came of asking: whether there was one, how many are left, and the seconds until the next and until full."""

    is_granted: bool
    left: int
    next_seconds: int
    full_seconds: int


class Buckets:
    """A bucket for each name, full at first. One process's: each process counts for itself."""

    def __init__(self, *, most_kept: int = MOST_KEPT) -> None:
        self._buckets: dict[Hashable, Bucket] = {}
        self._most_kept = self._sweep_at = most_kept

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, name: Hashable, *, per_second: float, burst: int, now: float, cost: int = 1) -> Taken:
        """One call, if there is one left; a refused call costs nothing. `cost=0` only looks. `per_second` is above 0.

        A limit that changed counts at once, on what is left.
        """
        bucket = self._buckets.get(name) or self._new(name, burst, now)
        left = min(float(burst), bucket.left + max(0.0, now - bucket.at) * per_second)
        is_granted = left >= 1
        bucket.left = left - cost if is_granted else left
        bucket.at = max(now, bucket.at)
        bucket.full_at = bucket.at + (burst - bucket.left) / per_second
        return Taken(
            is_granted,
            int(bucket.left),
            0 if bucket.left >= 1 else ceil((1 - bucket.left) / per_second),
            ceil((burst - bucket.left) / per_second),
        )

    def _new(self, name: Hashable, burst: int, now: float) -> Bucket:
        """Those that are full again are forgotten, which changes nothing; looked for rarely enough to cost little."""
        if len(self._buckets) >= self._sweep_at:
            self._buckets = {one: kept for one, kept in self._buckets.items() if kept.full_at > now}
            self._sweep_at = max(self._most_kept, 2 * len(self._buckets))
        bucket = self._buckets[name] = Bucket(float(burst), now, now)
        return bucket
