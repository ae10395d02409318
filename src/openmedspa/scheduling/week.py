"""A week of one provider as a grid to be drawn: a column a day, a row for each step. Pure, knows no terminal.

What is free comes from `slots.offered` and nowhere else; what is taken, from the entries that were read beside it.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import Enum
from functools import partial
from typing import Literal
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from openmedspa.scheduling.clock import moment_of, wall_of
from openmedspa.scheduling.slots import DAY_MINUTES, Diary, Minutes, Span, Visit, joined, offered

MOST_ROWS, LONGER_ROWS = 52, (15, 30, 60)


class Entry(Struct, frozen=True, kw_only=True):
    """Something that takes time: moments of the thing itself, and of all that it takes with the time around it."""

    kind: Literal["booking", "hold"]
    id: int
    span: Span
    taken: Span
    minutes: int
    type: str = ""
    status: str = ""
    location_id: str = ""
    lapses_at: datetime | None = None


class Elsewhere(Struct, frozen=True):
    """Weekly hours at another location."""

    location: str
    weekday: int
    hours: Minutes


class Is(Enum):
    """What a cell of the grid shows."""

    MISSING = "the clocks skip this"
    BOOKED = "booked"
    HELD = "held"
    AWAY = "away"
    AROUND = "kept free around a visit"
    OFFERED = "offered"
    BREAK = "break"
    OPEN = "working, not offered"
    CLOSED = ""


class Cell(Struct, frozen=True):
    """A row of a day; `entry` is what shows there, `line` which of its rows this is, of how many.

    `begins`: the minute at which the entry begins, where no row does. `order` counts the day's entries, so that one
    after another can be told apart.
    """

    shows: Is
    starts: Sequence[int] = ()  # minutes of the day that are offered
    entry: Entry | None = None
    line: int = 0
    lines: int = 1
    begins: int | None = None
    order: int = 0


class Day(Struct, frozen=True, kw_only=True):
    """A day with all that is in it."""

    day: date
    hours: Sequence[Minutes]
    breaks: Sequence[Minutes]
    starts: Sequence[int]
    entries: Sequence[Entry]
    away: Sequence[Span]
    elsewhere: Sequence[Elsewhere]
    is_today: bool
    is_past: bool

    @property
    def note(self) -> str:
        """How the day stands, in a word or two."""
        if self.starts:
            return f"{len(self.starts)} free"
        if not self.hours:
            return f"at {self.elsewhere[0].location}" if self.elsewhere else "closed"
        if self.is_past:
            count = sum(entry.kind == "booking" for entry in self.entries)
            return f"{count} visit{'s' * (count != 1)}"
        return "none free"


class Grid(Struct, frozen=True):
    """Rows of so many minutes, each named by the minute of the day at which it begins; a column for each day."""

    row_minutes: int
    rows: Sequence[int]
    columns: Sequence[Sequence[Cell]]


def days_of(
    diary: Diary, visit: Visit, entries: Sequence[Entry], first: date, *, elsewhere: Sequence[Elsewhere] = (),
    count: int = 7, now: datetime,
) -> list[Day]:  # fmt: skip
    """So many days from the first on."""
    today = now.astimezone(diary.zone).date()
    days = (first + timedelta(days=ahead) for ahead in range(count))
    return [_day(diary, visit, entries, day, elsewhere=elsewhere, today=today, now=now) for day in days]


def grid_of(days: Sequence[Day], diary: Diary) -> Grid:
    """From the first hour that shows anything to the last; in longer rows than the steps if it were too many."""
    opened = [
        minute for day in days for since, until in (*day.hours, *_walls(day, diary.zone)) for minute in (since, until)
    ]
    if not opened:
        return Grid(diary.step_minutes, [], [[] for _ in days])
    lengths = [diary.step_minutes, *(length for length in LONGER_ROWS if length > diary.step_minutes)]
    row = next((length for length in lengths if (max(opened) - min(opened)) / length <= MOST_ROWS), lengths[-1])
    rows = range(min(opened), max(opened), row)
    return Grid(row, rows, [_column(day, diary.zone, rows) for day in days])


def hours_of(diary: Diary, day: date) -> list[Minutes]:
    """The date's own, else the week's, within those of the location if it has any on that date."""
    if day in diary.dates:
        return sorted(diary.dates[day])
    week = sorted(diary.weekly.get(day.isoweekday(), ()))
    if day not in diary.open_on:
        return week
    opened = joined(diary.open_on[day])
    return [
        (max(start, since), min(end, until))
        for start, end in joined(week)
        for since, until in opened
        if max(start, since) < min(end, until)
    ]


def _day(
    diary: Diary, visit: Visit, entries: Sequence[Entry], day: date, *, elsewhere: Sequence[Elsewhere], today: date,
    now: datetime,
) -> Day:  # fmt: skip
    since, until = moment_of(diary.zone, day, 0), moment_of(diary.zone, day + timedelta(days=1), 0)
    weekday = day.isoweekday()
    return Day(
        day=day,
        hours=hours_of(diary, day),
        breaks=sorted(diary.breaks.get(weekday, ())) if day not in diary.dates else (),
        starts=[minute for minute, _ in offered(diary, visit, day, now=now)],
        entries=[entry for entry in entries if entry.taken[0] < until and entry.taken[1] > since],
        away=diary.off.between(since, until),
        elsewhere=[other for other in elsewhere if other.weekday == weekday],
        is_today=day == today,
        is_past=day < today,
    )


def _walls(day: Day, zone: ZoneInfo) -> list[Minutes]:
    """The part of the day's entries that lies on it, in whole hours."""
    found = []
    for entry in day.entries:
        (first, since), (last, until) = wall_of(zone, entry.span[0]), wall_of(zone, entry.span[1])
        since, until = since if first == day.day else 0, until if last == day.day else DAY_MINUTES
        if first <= day.day <= last and since < until:
            found.append((since // 60 * 60, min(-(-until // 60) * 60, DAY_MINUTES)))
    return found


def _column(day: Day, zone: ZoneInfo, rows: range) -> list[Cell]:
    at = partial(moment_of, zone, day.day)
    cells: list[Cell] = []
    for minute in rows:
        end = min(minute + rows.step, DAY_MINUTES)
        until = at(end) if end < DAY_MINUTES else moment_of(zone, day.day + timedelta(days=1), 0)
        cells.append(_cell(day, (minute, end), (at(minute), until)))
    return _numbered(cells, day, zone, rows)


def _numbered(cells: Sequence[Cell], day: Day, zone: ZoneInfo, rows: range) -> list[Cell]:
    """Each cell of an entry with which of its rows it is."""
    met = [(cell.entry.kind, cell.entry.id) if cell.entry is not None else None for cell in cells]
    order = {key: n for n, key in enumerate(dict.fromkeys(key for key in met if key is not None))}
    seen: dict[tuple[str, int], int] = {}
    numbered = []
    for cell, key in zip(cells, met, strict=True):
        if cell.entry is None or key is None:
            numbered.append(cell)
        else:
            line = seen.get(key, 0)
            seen[key] = line + 1
            on, start = wall_of(zone, cell.entry.span[0])
            begins = start if on == day.day and start not in rows else None
            numbered.append(replace(cell, line=line, lines=met.count(key), begins=begins, order=order[key]))
    return numbered


def _cell(day: Day, minutes: Minutes, span: Span) -> Cell:
    starts = [start for start in day.starts if minutes[0] <= start < minutes[1]]
    if span[0] >= span[1]:
        return Cell(Is.MISSING)
    met = [entry for entry in day.entries if _meet(entry.span, span)]
    if met:
        # One that lies within this row is seen here or nowhere.
        entry = next((one for one in met if span[0] <= one.span[0] and one.span[1] <= span[1]), met[0])
        return Cell(Is.BOOKED if entry.kind == "booking" else Is.HELD, starts, entry)
    if starts:
        return Cell(Is.OFFERED, starts)
    if not any(_meet(hours, minutes) for hours in day.hours):
        return Cell(Is.CLOSED)
    if any(_meet(away, span) for away in day.away):
        return Cell(Is.AWAY)
    if any(_meet(entry.taken, span) for entry in day.entries):
        return Cell(Is.AROUND)
    return Cell(Is.BREAK if any(_meet(pause, minutes) for pause in day.breaks) else Is.OPEN)


def _meet(one: Span, other: Span) -> bool:
    return one[0] < other[1] and one[1] > other[0]
