"""Token buckets: who may call how often. Pure but for what it remembers; knows neither keys nor addresses."""

from collections.abc import Hashable
from math import ceil

from msgspec import Struct

MOST_KEPT = 50_000


class Bucket(Struct):
    left: float
    at: float  # seconds, on the caller's clock


class Taken(Struct, frozen=True):
    """What came of asking: whether there was one, how many are left, and the seconds until the next and until full."""

    is_granted: bool
    left: int
    next_seconds: int
    full_seconds: int


class Buckets:
    """A bucket for each name, full at first. One process's: each process counts for itself."""

    def __init__(self) -> None:
        self._buckets: dict[Hashable, Bucket] = {}

    def take(self, name: Hashable, *, per_second: float, burst: int, now: float, cost: int = 1) -> Taken:
        """One call, if there is one left; a refused call costs nothing. `cost=0` only looks."""
        bucket = self._buckets.get(name)
        if bucket is None:
            bucket = self._new(name, burst, now, per_second)
        left = min(float(burst), bucket.left + max(0.0, now - bucket.at) * per_second)
        bucket.at = now
        is_granted = left >= 1
        bucket.left = left - cost if is_granted else left
        return Taken(
            is_granted,
            int(bucket.left),
            0 if bucket.left >= 1 else ceil((1 - bucket.left) / per_second),
            ceil((burst - bucket.left) / per_second),
        )

    def _new(self, name: Hashable, burst: int, now: float, per_second: float) -> Bucket:
        if len(self._buckets) >= MOST_KEPT:
            # Whoever has not called for so long has a full bucket again: forgetting it changes nothing.
            idle = now - burst / per_second
            self._buckets = {one: kept for one, kept in self._buckets.items() if kept.at > idle}
        bucket = self._buckets[name] = Bucket(float(burst), now)
        return bucket
