"""When what failed is tried again."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openmedspa.kit.ladder import DELAYS_SECONDS, JITTER_SHARE, next_try_at, parse_retry_after

NOW = datetime(2026, 3, 8, 9, 59, tzinfo=UTC)  # a minute before clocks change in California
DAY = 86400

tries = st.integers(0, len(DELAYS_SECONDS) - 1)
jitters = st.floats(0, 1, exclude_max=True)


def walk(jitter: float) -> list[datetime]:
    """The moments of all tries of a delivery that always fails at once."""
    moments: list[datetime] = []
    moment = next_try_at(0, NOW, jitter=jitter)
    while moment is not None:
        moments.append(moment)
        moment = next_try_at(len(moments), moment, jitter=jitter)
    return moments


def test_twelve_tries_over_seventy_five_hours_the_first_at_once() -> None:
    moments = walk(jitter=0)
    assert len(moments) == 12
    assert moments[0] == NOW
    assert [(moment - NOW).total_seconds() for moment in moments[1:4]] == [5, 35, 155]
    assert timedelta(hours=75) < moments[-1] - NOW < timedelta(hours=76)


def test_the_steps_are_the_promised_ones() -> None:
    steps = [next_try_at(number, NOW, jitter=0) for number in range(12)]
    hours = [(step - NOW).total_seconds() / 3600 for step in steps if step]
    assert hours == [0, 5 / 3600, 30 / 3600, 2 / 60, 10 / 60, 0.5, 2, 5, 10, 14, 20, 24]


@pytest.mark.parametrize("tries", [12, 13, 1000])
def test_the_ladder_ends(tries: int) -> None:
    assert next_try_at(tries, NOW, jitter=0, retry_after_seconds=5) is None


@given(tries, jitters)
def test_jitter_only_delays_and_by_a_fifth_at_most(tries: int, jitter: float) -> None:
    moment = next_try_at(tries, NOW, jitter=jitter)
    assert moment is not None
    assert DELAYS_SECONDS[tries] <= (moment - NOW).total_seconds() <= DELAYS_SECONDS[tries] * (1 + JITTER_SHARE)


def test_jitter_spreads_what_failed_together() -> None:
    assert len({next_try_at(6, NOW, jitter=number / 100) for number in range(100)}) == 100


@given(tries, jitters, st.integers(0, 10**9))
def test_retry_after_is_obeyed_up_to_a_day_and_never_hastens(tries: int, jitter: float, asked: int) -> None:
    moment = next_try_at(tries, NOW, jitter=jitter, retry_after_seconds=asked)
    plain = next_try_at(tries, NOW, jitter=jitter)
    assert moment is not None
    assert plain is not None
    waited = (moment - NOW).total_seconds()
    assert moment >= plain
    assert min(asked, DAY) <= waited <= DAY * (1 + JITTER_SHARE)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        (" 120 ", 120),
        ("0000000120", 120),
        ("86401", DAY),
        ("9" * 5000, DAY),
        ("Sun, 08 Mar 2026 10:01:00 GMT", 120),
        ("Sunday, 08-Mar-26 10:01:00 GMT", 120),
        ("Sun, 08 Mar 2026 02:01:00 -0800", 120),
        ("Sun, 08 Mar 2026 09:00:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", DAY),
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("１２", None),
        ("Sun, 99 Mar 2026 10:01:00 GMT", None),
        ("2026-03-08T10:01:00Z", None),
    ],
)
def test_retry_after_is_seconds_or_an_http_date(text: str | None, seconds: int | None) -> None:
    assert parse_retry_after(text, NOW) == seconds


@given(st.text() | st.from_regex(r"\A[A-Z][a-z]{2}, [0-9]{1,6} [A-Z][a-z]{2} [0-9]{1,6} [0-9:]{1,9} [+-][0-9]{1,9}\Z"))
def test_no_retry_after_breaks_the_parser(text: str) -> None:
    seconds = parse_retry_after(text, NOW)
    assert seconds is None or 0 <= seconds <= DAY
