"""For whatever diary: what is offered is what the plain model says, can be booked, and collides with nothing."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from scheduling import plain as model
from scheduling.diaries_at_random import questions
from scheduling.plain import DAY, Plain

from openmedspa.scheduling.slots import Why, judge, next_offered, offered, time_of

STEADY: dict[str, Any] = {
    "derandomize": True, "database": None, "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
}  # fmt: skip


def ask(plain: Plain, day: date) -> list[tuple[int, int]]:
    return list(offered(plain.diary(), plain.visit(), day, now=plain.now))


@given(question=questions())
@settings(max_examples=150, **STEADY)
def test_what_is_offered_is_what_the_plain_model_says(question: tuple[Plain, date]) -> None:
    plain, day = question
    assert ask(plain, day) == model.offered(plain, day)


@given(question=questions(steps=(30, 45, 50, 60, 90, 240)))  # a judgement goes through the day's starts, 1440 times
@settings(max_examples=15, **STEADY)
def test_every_minute_of_the_day_can_be_booked_as_offered_or_is_refused_for_a_true_reason(
    question: tuple[Plain, date],
) -> None:
    plain, day = question
    diary, visit, moments = plain.diary(), plain.visit(), dict(ask(plain, day))
    for minute, objections in enumerate(model.objections(plain, day)):
        answer = judge(diary, visit, day, time_of(minute), now=plain.now)
        if isinstance(answer, Why):
            assert minute not in moments
            assert answer.name in objections
            assert answer is not Why.GRID or objections == {"GRID"}
        else:
            assert answer == datetime.fromtimestamp(moments[minute], UTC)
            assert not objections


@given(question=questions())
@settings(max_examples=150, **STEADY)
def test_nothing_offered_collides_with_anything(question: tuple[Plain, date]) -> None:
    plain, day = question
    starts = ask(plain, day)
    assert [minute for minute, _ in starts] == sorted({minute for minute, _ in starts})
    assert [moment for _, moment in starts] == sorted({moment for _, moment in starts})
    hours, breaks = model.hours_of(plain, day)
    for minute, start in starts:
        end = start + plain.minutes * 60
        assert start >= plain.now.timestamp() + plain.notice * 60
        assert any(since <= minute < until for since, until in hours)
        assert not any(since <= minute < until for since, until in breaks)
        assert not any(since < end and start < until for since, until in plain.off)
        assert not any(
            since < end + plain.after * 60 and start - plain.before * 60 < until for since, until in plain.taken
        )
        assert not any(start < since < end for since in _stops(plain, day))


def _stops(plain: Plain, day: date) -> Iterator[int]:
    """The moments at which work ends or a break begins, and nothing goes on."""
    names = model.clock(plain.zone, day)
    for later in (0, 1):
        hours, breaks = model.hours_of(plain, day + timedelta(days=later))
        yield from (names[later * DAY + since][0] for since, _ in breaks if model.is_within(since, hours, ()))
        yield from (
            names[later * DAY + until][0]
            for _, until in hours
            if until < DAY and not model.is_within(until, hours, breaks)
        )
    if not any(since == 0 for since, _ in model.hours_of(plain, day + timedelta(days=1))[0]):
        yield names[DAY][0]


@given(question=questions(), ahead=st.integers(1, 12), solid_days=st.integers(0, 12))
@settings(max_examples=100, **STEADY)
def test_the_next_slot_is_the_first_of_all_slots(question: tuple[Plain, date], ahead: int, solid_days: int) -> None:
    plain, _ = question
    now = int(plain.now.timestamp())
    solid = [(now - 86_400, now - 86_400 + solid_days * 86_400)] if solid_days else []
    plain = replace(plain, taken=[*plain.taken, *solid])
    days = [plain.today + timedelta(days=n) for n in range(ahead)]
    found = next_offered(plain.diary(), plain.visit(), ahead, now=plain.now)
    assert found == next(((day, minute) for day in days for minute, _ in ask(plain, day)), None)
