"""Token buckets: never more than the burst and what time has brought, whatever the order of calls. Pure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openmedspa.kit.buckets import Buckets

STEPS = st.lists(st.floats(-1, 5, allow_nan=False), min_size=1, max_size=200)
HAIR = 1e-6  # of floats


@given(STEPS, st.floats(0.1, 50), st.integers(1, 40))
def test_never_more_is_granted_than_the_burst_and_what_time_brought(
    steps: list[float], rate: float, burst: int
) -> None:
    """Over every stretch of time, not only from the beginning; a clock that steps back brings nothing."""
    buckets, now, latest, granted = Buckets(), 0.0, 0.0, list[float]()
    for step in steps:
        now += step
        latest = max(latest, now)
        if buckets.take("one", per_second=rate, burst=burst, now=now).is_granted:
            granted.append(latest)
    for first in range(len(granted)):
        for last in range(first, len(granted)):
            assert last - first + 1 <= burst + rate * (granted[last] - granted[first]) + HAIR


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 2)), max_size=100), st.integers(1, 5))
def test_what_one_takes_no_other_misses(calls: list[tuple[str, float]], burst: int) -> None:
    together, apart, now = Buckets(), {name: Buckets() for name in "abc"}, 0.0
    for name, step in calls:
        now += step
        limits = {"per_second": 2.0, "burst": burst, "now": now}
        assert together.take(name, **limits) == apart[name].take(name, **limits)  # type: ignore[arg-type]


@given(st.floats(0.1, 1_000), st.integers(1, 100))
def test_after_the_seconds_it_names_there_is_one_again(rate: float, burst: int) -> None:
    buckets = Buckets()
    for _ in range(burst):
        assert buckets.take("one", per_second=rate, burst=burst, now=0).is_granted
    refused = buckets.take("one", per_second=rate, burst=burst, now=0)
    assert not refused.is_granted and refused.left == 0 and refused.next_seconds >= 1
    assert buckets.take("one", per_second=rate, burst=burst, now=refused.next_seconds + HAIR).is_granted
    full = buckets.take("one", per_second=rate, burst=burst, now=refused.full_seconds * 3 + 1, cost=0)
    assert (full.left, full.full_seconds) == (burst, 0)


def test_looking_costs_nothing_and_neither_does_a_refusal() -> None:
    buckets = Buckets()
    limits = {"per_second": 1.0, "burst": 2}
    for _ in range(5):
        assert buckets.take("one", **limits, now=0, cost=0).left == 2  # type: ignore[arg-type]
    assert [buckets.take("one", **limits, now=0).left for _ in range(4)] == [1, 0, 0, 0]  # type: ignore[arg-type]
    assert buckets.take("one", **limits, now=1).is_granted  # type: ignore[arg-type]


@pytest.mark.parametrize(("burst", "left"), [(2, 1), (50, 8)])
def test_a_changed_limit_counts_at_once_on_what_is_left(burst: int, left: int) -> None:
    buckets = Buckets()
    assert buckets.take("one", per_second=1, burst=10, now=0).left == 9
    assert buckets.take("one", per_second=1, burst=burst, now=0).left == left


def test_only_full_buckets_are_forgotten() -> None:
    """A thousand names that come once are; one that has used up what it had stays refused, however slow it fills."""
    buckets = Buckets(most_kept=100)
    assert buckets.take("slow", per_second=0.001, burst=1, now=0).is_granted
    for number in range(5_000):
        assert buckets.take(number, per_second=100, burst=1_000, now=number / 10).is_granted
    assert len(buckets) <= 101
    assert not buckets.take("slow", per_second=0.001, burst=1, now=600).is_granted


def test_many_that_are_not_full_are_all_remembered() -> None:
    buckets = Buckets(most_kept=100)
    for number in range(1_000):
        buckets.take(number, per_second=0.001, burst=1, now=0)
    assert len(buckets) == 1_000
    assert not any(buckets.take(number, per_second=0.001, burst=1, now=1).is_granted for number in range(1_000))
