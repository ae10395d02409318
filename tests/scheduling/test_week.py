"""A week as a grid: what is shown where, also when the clocks change. Pure."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from openmedspa.scheduling.clock import moment_of
from openmedspa.scheduling.slots import Diary, Span, Spans, Visit, offered
from openmedspa.scheduling.week import Day, Elsewhere, Entry, Grid, Is, days_of, grid_of

ZONE = ZoneInfo("America/Los_Angeles")
MONDAY = date(2026, 6, 1)
EARLY = datetime(2026, 5, 1, tzinfo=UTC)
OFFICE: dict[int, tuple[tuple[int, int], ...]] = dict.fromkeys(range(1, 6), ((540, 1020),))


def diary(**changes: Any) -> Diary:
    return Diary(**{"zone": ZONE, "weekly": OFFICE, "breaks": {1: ((720, 780),)}, **changes})


def at(day: date, minute: int) -> int:
    return moment_of(ZONE, day, minute)


def entry(
    start: int, minutes: int = 30, *, before: int = 0, after: int = 0, kind: Any = "booking", id_: int = 1
) -> Entry:
    end = start + minutes * 60
    taken = (start - before * 60, end + after * 60)
    return Entry(kind=kind, id=id_, span=(start, end), taken=taken, minutes=minutes, type="FOLLOWUP")


def seen(
    wanted: Diary, entries: Sequence[Entry] = (), *, visit: Visit | None = None, first: date = MONDAY,
    now: datetime = EARLY,
) -> tuple[list[Day], Grid]:  # fmt: skip
    """With what the entries take known to the diary, as when it is read."""
    spans: list[Span] = sorted(one.taken for one in entries)
    known = diary_with(wanted, spans)
    days = days_of(known, visit or Visit(30), entries, first, now=now)
    return days, grid_of(days, known)


def diary_with(wanted: Diary, spans: list[Span]) -> Diary:
    taken = Spans([since for since, _ in spans], [until for _, until in spans])
    return diary(
        zone=wanted.zone, weekly=wanted.weekly, breaks=wanted.breaks, dates=wanted.dates, off=wanted.off, taken=taken,
        step_minutes=wanted.step_minutes,
    )  # fmt: skip


def shown(grid: Grid, column: int, minute: int) -> Is:
    return grid.columns[column][list(grid.rows).index(minute)].shows


def test_what_is_offered_is_what_the_engine_offers() -> None:
    taken = entry(at(MONDAY, 600), before=5, after=10)
    days, grid = seen(diary(), [taken])
    known = diary_with(diary(), [taken.taken])
    for n, day in enumerate(days):
        expected = [minute for minute, _ in offered(known, Visit(30), day.day, now=EARLY)]
        assert list(day.starts) == expected
        assert [start for cell in grid.columns[n] for start in cell.starts] == expected
    assert days[0].note == f"{len(days[0].starts)} free"


def test_rows_are_steps_from_the_first_hour_to_the_last() -> None:
    _, grid = seen(diary())
    assert (grid.rows[0], grid.rows[-1], grid.row_minutes) == (540, 1005, 15)
    assert len(grid.columns) == 7 and all(len(cells) == len(grid.rows) for cells in grid.columns)


def test_each_thing_has_its_own_sign() -> None:
    away = (at(MONDAY, 900), at(MONDAY, 960))
    booking = entry(at(MONDAY, 600), before=15, after=15)
    hold = entry(at(MONDAY, 840), kind="hold", id_=2)
    _, grid = seen(diary(off=Spans([away[0]], [away[1]])), [booking, hold])
    for minute, what in (
        (540, Is.OFFERED), (570, Is.OPEN), (585, Is.AROUND), (600, Is.BOOKED), (615, Is.BOOKED), (630, Is.AROUND),
        (720, Is.BREAK), (840, Is.HELD), (900, Is.AWAY), (1005, Is.OPEN),
    ):  # fmt: skip
        assert shown(grid, 0, minute) is what, minute
    assert shown(grid, 5, 600) is Is.CLOSED


def test_a_booking_says_what_it_is_once() -> None:
    _, grid = seen(diary(), [entry(at(MONDAY, 600), 60)])
    lines = [cell.line for cell in grid.columns[0] if cell.entry is not None]
    assert lines == [0, 1, 2, 3]


def test_an_entry_between_two_rows_says_when_it_begins() -> None:
    _, grid = seen(diary(step_minutes=20), [entry(at(MONDAY, 555)), entry(at(MONDAY, 600), id_=2)])
    cells = [cell for cell in grid.columns[0] if cell.entry is not None]
    assert [(cell.begins, cell.line, cell.lines, cell.order) for cell in cells] == [
        (555, 0, 3, 0), (555, 1, 3, 0), (555, 2, 3, 0), (None, 0, 2, 1), (None, 1, 2, 1),
    ]  # fmt: skip


def test_an_entry_that_lies_within_one_row_is_seen_beside_a_longer_one() -> None:
    long, short = entry(at(MONDAY, 540), 65), entry(at(MONDAY, 605), 10, id_=2)
    _, grid = seen(diary(step_minutes=60), [long, short])
    ids = [cell.entry.id for cell in grid.columns[0] if cell.entry is not None]
    assert ids == [1, 2]


def test_a_location_that_closes_early_narrows_the_day() -> None:
    known = diary(open_on={MONDAY: ((600, 700),), date(2026, 6, 2): ()}, dates={date(2026, 6, 3): ((540, 560),)})
    days = days_of(known, Visit(30), [], MONDAY, now=EARLY)
    assert [list(day.hours) for day in days[:3]] == [[(600, 700)], [], [(540, 560)]]


def test_closed_days_and_other_places_are_said() -> None:
    known = diary(weekly={**OFFICE, 3: ()}, dates={date(2026, 6, 5): ()})
    days = days_of(known, Visit(30), [], MONDAY, elsewhere=[Elsewhere("Long Beach", 3, (540, 900))], now=EARLY)
    assert [day.note for day in days[2:]] == ["at Long Beach", "31 free", "closed", "closed", "closed"]


def test_what_is_past_is_not_offered_and_still_shown() -> None:
    now = datetime(2026, 6, 4, 19, tzinfo=UTC)  # Thursday noon
    days, grid = seen(diary(), [entry(at(MONDAY, 600))], now=now)
    assert [day.note for day in days] == ["1 visit", "0 visits", "0 visits", "19 free", "31 free", "closed", "closed"]
    assert [day.is_today for day in days].index(True) == 3
    assert shown(grid, 0, 600) is Is.BOOKED


def test_a_date_of_its_own_has_no_breaks_of_the_week() -> None:
    days, grid = seen(diary(dates={MONDAY: ((600, 840),)}))
    assert (list(days[0].hours), list(days[0].breaks)) == ([(600, 840)], [])
    assert shown(grid, 0, 720) is Is.OFFERED


def test_what_lies_outside_the_hours_is_seen_as_well() -> None:
    _, grid = seen(diary(), [entry(at(date(2026, 6, 6), 1230), 45)])
    assert shown(grid, 5, 1230) is Is.BOOKED
    assert grid.rows[-1] >= 1260


def test_a_long_day_gets_longer_rows_that_keep_every_start() -> None:
    always = diary(weekly=dict.fromkeys(range(1, 8), ((0, 1440),)), breaks={}, step_minutes=5)
    days, grid = seen(always)
    assert grid.row_minutes == 30 and len(grid.rows) == 48
    assert [start for cell in grid.columns[0] for start in cell.starts] == list(days[0].starts)


def test_a_week_without_hours_has_no_rows() -> None:
    days, grid = seen(diary(weekly={}))
    assert list(grid.rows) == [] and {day.note for day in days} == {"closed"}


@pytest.mark.parametrize(
    ("first", "skipped"), [(date(2026, 3, 2), [120, 135, 150, 165]), (date(2026, 10, 26), [])], ids=["forward", "back"]
)
def test_a_change_of_the_clocks_is_seen_where_it_happens(first: date, skipped: list[int]) -> None:
    night = diary(weekly=dict.fromkeys(range(1, 8), ((60, 300),)), breaks={})
    days, grid = seen(night, first=first, now=datetime(2026, 2, 1, tzinfo=UTC))
    missing = [row for row, cell in zip(grid.rows, grid.columns[6], strict=True) if cell.shows is Is.MISSING]
    assert missing == skipped
    starts = list(days[6].starts)
    assert not set(starts) & set(skipped) and len(set(starts)) == len(starts)
    assert all(Is.MISSING not in {cell.shows for cell in cells} for cells in grid.columns[:6])


def test_a_booking_over_midnight_is_seen_on_both_days() -> None:
    night = diary(weekly=dict.fromkeys(range(1, 8), ((0, 1440),)), breaks={}, step_minutes=60)
    _, grid = seen(night, [entry(at(MONDAY, 1410), 60)])
    assert shown(grid, 0, 1380) is Is.BOOKED and shown(grid, 1, 0) is Is.BOOKED
    assert shown(grid, 1, 60) is Is.OFFERED
