"""When a provider can be booked: each rule by a table of examples, and each reason why not."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from openmedspa.scheduling.slots import DAY_MINUTES, Diary, Spans, Visit, Why, judge, minute_of, next_offered, offered

ZONE = ZoneInfo("America/Los_Angeles")
MONDAY, TUESDAY, SUNDAY = date(2026, 3, 9), date(2026, 3, 10), date(2026, 3, 15)
NOW = datetime(2026, 3, 5, 12, tzinfo=ZONE)
HALF_HOUR = Visit(30)
Day = tuple[tuple[int, int], ...]


def clock(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def hours(text: str) -> Day:
    """`9:00-12:00 13:00-17:00`"""
    ends = [interval.split("-") for interval in text.split()]
    return tuple((clock(start), clock(end)) for start, end in ends)


def spans(text: str, day: date = MONDAY) -> Spans:
    midnight = int(datetime(day.year, day.month, day.day, tzinfo=ZONE).timestamp())
    found = [(midnight + start * 60, midnight + end * 60) for start, end in hours(text)]
    return Spans([start for start, _ in found], [end for _, end in found])


def diary(text: str = "9:00-17:00", *, breaks: str = "", weekdays: range = range(1, 6), **rest: Any) -> Diary:
    """On working days; steps of an hour unless told."""
    return Diary(
        zone=ZONE, weekly=dict.fromkeys(weekdays, hours(text)), breaks=dict.fromkeys(weekdays, hours(breaks)),
        **{"step_minutes": 60} | rest,
    )  # fmt: skip


def starts(of: Diary, visit: Visit = HALF_HOUR, day: date = MONDAY, *, now: datetime = NOW) -> str:
    """`9:00 10:00`"""
    return " ".join(f"{minute // 60}:{minute % 60:02}" for minute, _ in offered(of, visit, day, now=now))


@pytest.mark.parametrize(
    ("open_", "breaks", "minutes", "expected"),
    [
        ("9:00-12:00", "", 60, "9:00 10:00 11:00"),
        ("9:00-12:00", "", 61, "9:00 10:00"),  # the last would end a minute late
        ("9:00-12:00", "", 180, "9:00"),
        ("9:00-12:00", "", 181, ""),
        ("9:00-11:00 13:00-15:00", "", 60, "9:00 10:00 13:00 14:00"),
        ("13:00-15:00 9:00-11:00", "", 60, "9:00 10:00 13:00 14:00"),
        ("9:00-11:00 13:00-15:00", "", 90, "9:00 13:00"),
        ("9:00-11:00 11:00-13:00", "", 90, "9:00 10:00 11:00"),  # they touch
        ("9:00-11:30 10:30-12:00 9:30-10:00", "", 90, "9:00 10:00"),  # they overlap
        ("9:00-13:00", "11:00-12:00", 60, "9:00 10:00 12:00"),
        ("9:00-13:00", "11:00-12:00", 61, "9:00"),
        ("9:00-13:00", "9:00-10:00 12:00-13:00", 60, "10:00 11:00"),
        ("9:00-13:00", "8:00-9:30", 60, "10:00 11:00 12:00"),
        ("9:00-13:00", "10:00-11:00 10:30-12:00", 60, "9:00 12:00"),
        ("9:00-13:00", "9:00-11:00 11:00-13:00", 30, ""),
        ("9:00-11:00 13:00-15:00", "10:30-13:30", 30, "9:00 10:00 14:00"),
        ("9:00-11:00", "14:00-15:00", 60, "9:00 10:00"),
        ("", "", 30, ""),
    ],
)
def test_visits_begin_and_end_within_the_hours_and_outside_the_breaks(
    open_: str, breaks: str, minutes: int, expected: str
) -> None:
    assert starts(diary(open_, breaks=breaks), Visit(minutes)) == expected


@pytest.mark.parametrize(
    ("open_", "breaks", "step", "expected"),
    [
        ("9:00-10:00", "", 15, "9:00 9:15 9:30"),
        ("9:10-10:10", "", 15, "9:10 9:25 9:40"),
        ("9:10-12:00", "", 50, "9:10 10:00 10:50"),
        ("9:00-12:30", "10:10-11:00", 45, "9:00 11:15 12:00"),  # after a break still counted from 9:00
        ("9:00-10:00 10:20-11:20", "", 30, "9:00 9:30 10:20 10:50"),  # each opening counts anew
        ("9:00-10:00 9:20-11:00", "", 40, "9:00 9:40 10:20"),  # hours that overlap have one opening
    ],
)
def test_steps_are_counted_from_the_opening(open_: str, breaks: str, step: int, expected: str) -> None:
    assert starts(diary(open_, breaks=breaks, step_minutes=step)) == expected


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        ({}, "9:00 10:00 11:00 13:00"),
        ({MONDAY: ""}, ""),
        ({MONDAY: "11:00-14:00"}, "11:00 12:00 13:00"),  # the week's break does not hold then
        ({MONDAY: "9:30-10:00 15:00-15:30"}, "9:30 15:00"),
        ({TUESDAY: "11:00-14:00"}, "9:00 10:00 11:00 13:00"),
        ({TUESDAY: ""}, "9:00 10:00 11:00 13:00"),
    ],
)
def test_a_dates_own_hours_stand_instead_of_the_weeks(dates: dict[date, str], expected: str) -> None:
    own = {day: hours(text) for day, text in dates.items()}
    assert starts(diary("9:00-14:00", breaks="12:00-13:00", dates=own)) == expected


def test_a_date_may_open_a_day_on_which_the_week_is_closed() -> None:
    assert starts(diary(), day=SUNDAY) == ""
    assert starts(diary(dates={SUNDAY: hours("10:00-12:00")}), day=SUNDAY) == "10:00 11:00"


@pytest.mark.parametrize(
    ("off", "expected"),
    [
        ("10:00-11:00", "9:00 11:00"),
        ("10:30-11:00", "9:00 10:00 11:00"),  # one may come until somebody leaves, and at once when they are back
        ("10:29-11:01", "9:00"),
        ("0:00-24:00", ""),
        ("8:00-9:01 11:20-20:00", "10:00"),
    ],
)
def test_who_is_away_is_not_booked(off: str, expected: str) -> None:
    assert starts(diary("9:00-12:00", off=spans(off))) == expected
    assert starts(diary("9:00-12:00", off=spans(off)), Visit(30, 60, 60)) == expected  # time around needs no presence


@pytest.mark.parametrize(
    ("taken", "before", "after", "expected"),
    [
        ("10:00-10:30", 0, 0, "9:00 9:30 10:30 11:00 11:30"),
        ("10:00-10:30", 1, 0, "9:00 9:30 11:00 11:30"),
        ("10:00-10:30", 0, 1, "9:00 10:30 11:00 11:30"),
        ("10:00-10:30", 30, 0, "9:00 9:30 11:00 11:30"),
        ("10:00-10:30", 0, 30, "9:00 10:30 11:00 11:30"),
        ("10:00-10:30", 31, 0, "9:00 9:30 11:30"),
        ("10:00-10:30", 30, 60, "11:00 11:30"),
        ("9:30-10:00 11:00-11:30", 0, 0, "9:00 10:00 10:30 11:30"),
        ("9:30-10:00 11:00-11:30", 30, 30, ""),
        ("8:00-9:00 12:00-13:00", 0, 0, "9:00 9:30 10:00 10:30 11:00 11:30"),
        ("8:00-9:00 12:00-13:00", 30, 30, "9:30 10:00 10:30 11:00"),  # what is taken outside the hours counts as well
        ("8:00-12:00", 0, 0, ""),
        ("10:07-10:08", 0, 0, "9:00 9:30 10:30 11:00 11:30"),
    ],
)
def test_nothing_overlaps_what_is_taken_nor_does_the_time_around(
    taken: str, before: int, after: int, expected: str
) -> None:
    busy = diary("9:00-12:00", step_minutes=30, taken=spans(taken))
    assert starts(busy, Visit(30, before, after)) == expected


def test_time_around_a_visit_may_lie_outside_the_hours_and_in_a_break() -> None:
    assert starts(diary("9:00-12:00", breaks="10:00-11:00"), Visit(60, 240, 240)) == "9:00 11:00"


def test_time_off_and_what_is_taken_come_in_any_order() -> None:
    busy = diary("9:00-14:00", off=spans("11:00-12:00"), taken=spans("10:00-10:30 13:00-13:30"))
    assert starts(busy) == "9:00 12:00"
    within = diary("9:00-14:00", off=spans("10:00-13:00"), taken=spans("10:30-11:00"))
    assert starts(within) == "9:00 13:00"


@pytest.mark.parametrize(
    ("now", "notice", "expected"),
    [
        (datetime(2026, 3, 9, 10, tzinfo=ZONE), 0, "10:00 11:00"),  # at this very moment
        (datetime(2026, 3, 9, 10, 0, 0, 1, tzinfo=ZONE), 0, "11:00"),
        (datetime(2026, 3, 9, 10, 0, 1, tzinfo=ZONE), 0, "11:00"),
        (datetime(2026, 3, 9, 9, 0, tzinfo=ZONE), 60, "10:00 11:00"),
        (datetime(2026, 3, 9, 9, 0, tzinfo=ZONE), 61, "11:00"),
        (datetime(2026, 3, 8, 10, tzinfo=ZONE), 1440, "10:00 11:00"),
        (datetime(2026, 3, 9, 12, tzinfo=ZONE), 0, ""),
        (datetime(2026, 3, 9, 23, 59, tzinfo=ZONE), 0, ""),
        (datetime(2026, 3, 10, 0, 0, tzinfo=ZONE), 0, ""),
        (datetime(2026, 3, 9, 17, tzinfo=UTC), 0, "10:00 11:00"),  # a clock of another zone
    ],
)
def test_the_past_and_what_is_too_soon_are_not_offered(now: datetime, notice: int, expected: str) -> None:
    assert starts(diary("9:00-12:00", notice_minutes=notice), now=now) == expected


@pytest.mark.parametrize(
    ("ahead", "window", "is_offered"), [(0, 1, True), (1, 1, True), (2, 1, False), (7, 7, True), (8, 7, False)]
)
def test_the_window_is_counted_in_local_days_from_today(ahead: int, window: int, is_offered: bool) -> None:
    of = diary("9:00-10:00", weekdays=range(1, 8), window_days=window)
    for time in ((0, 5), (8, 0), (22, 0))[: None if ahead else 2]:  # at 22:00 it is tomorrow by UTC
        now = datetime(2026, 3, 9, *time, tzinfo=ZONE) - timedelta(days=ahead)
        assert (starts(of, now=now) == "9:00") is is_offered


@pytest.mark.parametrize(
    ("minutes", "breaks", "expected"),
    [
        (60, "", "22:00 23:00"),
        (120, "", "22:00 23:00"),
        (240, "", "22:00"),
        (241, "", ""),
        (120, "0:30-1:00", "22:00"),  # a break after midnight
        (60, "0:00-1:00", "22:00 23:00"),
        (61, "0:00-1:00", "22:00"),
    ],
)
def test_work_goes_on_past_midnight(minutes: int, breaks: str, expected: str) -> None:
    nights = diary("0:00-2:00 22:00-24:00", breaks=breaks)
    evening = [text for text in starts(nights, Visit(minutes)).split() if clock(text) > 720]
    assert " ".join(evening) == expected


def test_work_ends_at_midnight_where_the_next_day_does_not_begin_there() -> None:
    for dates in ({TUESDAY: ()}, {TUESDAY: ((1, 120),)}):
        assert starts(diary("22:00-24:00", dates=dates), Visit(120)) == "22:00"
        assert starts(diary("22:00-24:00", dates=dates), Visit(121)) == ""


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("09:00", datetime(2026, 3, 9, 16, tzinfo=UTC)),
        ("09:00:00", datetime(2026, 3, 9, 16, tzinfo=UTC)),
        ("09:00:30", Why.GRID),
        ("09:07", Why.GRID),
        ("08:59", Why.OUTSIDE),
        ("16:45", Why.OUTSIDE),  # it would end too late
        ("16:30", datetime(2026, 3, 9, 23, 30, tzinfo=UTC)),
        ("00:00", Why.OUTSIDE),
        ("23:59", Why.OUTSIDE),
        ("11:45", Why.BREAK),
        ("12:00", Why.BREAK),
        ("12:45", Why.BREAK),
        ("14:15", Why.OFF),
        ("15:00", Why.TAKEN),
        ("15:30", Why.TAKEN),  # the time kept free before
        ("14:45", Why.OFF),
        ("15:45", datetime(2026, 3, 9, 22, 45, tzinfo=UTC)),
    ],
)
def test_a_start_is_judged_by_what_is_offered(time: str, expected: datetime | Why) -> None:
    of = diary(breaks="12:00-13:00", step_minutes=15, off=spans("14:30-15:00"), taken=spans("15:00-15:30"))
    assert judge(of, Visit(30, 15, 0), MONDAY, time, now=NOW) == expected


@pytest.mark.parametrize(
    ("day", "time", "now", "expected"),
    [
        (MONDAY, "09:00", datetime(2026, 3, 9, 9, 0, 1, tzinfo=ZONE), Why.PAST),
        (MONDAY, "09:00", datetime(2026, 3, 10, 0, 0, tzinfo=ZONE), Why.PAST),
        (MONDAY, "03:00", datetime(2026, 3, 10, 0, 0, tzinfo=ZONE), Why.PAST),
        (MONDAY, "10:00", datetime(2026, 3, 9, 9, 0, 1, tzinfo=ZONE), Why.NOTICE),
        (MONDAY, "09:52", datetime(2026, 3, 9, 9, 0, 1, tzinfo=ZONE), Why.NOTICE),
        (MONDAY, "10:00", datetime(2026, 3, 1, 9, tzinfo=ZONE), Why.BEYOND),
        (SUNDAY, "10:00", datetime(2026, 3, 14, 9, tzinfo=ZONE), Why.CLOSED),
        (SUNDAY, "10:00:30", datetime(2026, 3, 14, 9, tzinfo=ZONE), Why.CLOSED),
        (date(2026, 3, 8), "02:30", datetime(2026, 3, 7, 9, tzinfo=ZONE), Why.MISSING),
        (date.max, "10:00", NOW, Why.BEYOND),
        (date.min, "10:00", NOW, Why.PAST),
    ],
)
def test_the_reason_why_not_is_the_first_that_a_person_would_give(
    day: date, time: str, now: datetime, expected: Why
) -> None:
    own = {date(2026, 3, 8): hours("0:00-24:00")}
    assert judge(diary(notice_minutes=60, window_days=7, dates=own), Visit(30), day, time, now=now) is expected


def test_a_break_after_midnight_is_named_as_such() -> None:
    nights = diary("0:00-2:00 22:00-24:00", breaks="0:30-1:00")
    assert judge(nights, Visit(120), MONDAY, "23:00", now=NOW) is Why.BREAK
    assert judge(nights, Visit(240), MONDAY, "23:00", now=NOW) is Why.OUTSIDE


def test_a_minute_is_told_with_seconds_or_without_and_none_lies_between() -> None:
    assert [minute_of(text) for text in ("09:00", "09:00:00", "23:59:00")] == [540, 540, DAY_MINUTES - 1]
    assert minute_of("09:00:30") is None


@pytest.mark.parametrize(
    ("days", "window", "expected"),
    [(4, 730, None), (5, 730, (MONDAY, 600)), (365, 730, (MONDAY, 600)), (365, 3, None), (365, 4, (MONDAY, 600))],
)
def test_the_next_slot_is_looked_for_in_so_many_days_with_today_the_first(
    days: int, window: int, expected: tuple[date, int] | None
) -> None:
    own = {date(2026, 3, 5): (), date(2026, 3, 6): ()}
    of = diary(dates=own, taken=spans("8:00-9:30"), window_days=window)
    assert next_offered(of, Visit(30), days, now=NOW) == expected


def test_spans_are_found_by_any_moment_they_share() -> None:
    some = Spans([100, 300], [200, 400])
    assert some.between(200, 300) == []
    assert some.between(199, 301) == [(100, 200), (300, 400)]
    assert [some.covers(*of) for of in ((100, 200), (99, 200), (100, 201), (150, 160), (200, 300))] == [
        True, False, False, True, False,
    ]  # fmt: skip
