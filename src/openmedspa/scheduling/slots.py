"""When a provider can be booked. Pure: the diary, the clock and the zone are parameters.

`offered` is the one answer behind check, slots, next-slot, holds and booking; everything else here asks it, or says
why it said no. A start is named by its minute on the wall clock of the location, and a moment is in whole seconds since
1970. A local time that a change of the clock leaves out does not exist and is never offered; one that comes twice means
its first time. Durations are real minutes, whatever the clock does meanwhile.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from openmedspa.scheduling.clock import EPOCH, moment_of, offset_of, wall_of

DAY_MINUTES = 1440

Minutes = tuple[int, int]  # of a day: from, until
Span = tuple[int, int]  # moments: from, until


class Why(Enum):
    """Why a time is not offered, as the API says it."""

    BEYOND = "This is further ahead than the provider can be booked."
    MISSING = "The clocks are put forward then: this local time does not exist."
    PAST = "This is in the past."
    NOTICE = "This is too soon: the provider needs more notice."
    CLOSED = "The provider does not work there on this day."
    OUTSIDE = "This is outside the provider's working hours."
    BREAK = "The provider has a break then."
    OFF = "The provider is away then."
    TAKEN = "The provider is booked or held then, counting the time kept free around a visit."
    GRID = "Visits do not begin at this minute: ask for the slots of the day."


class Spans(Struct, frozen=True):
    """Moments in order that neither overlap nor touch: the n-th lasts from `starts[n]` until `ends[n]`."""

    starts: Sequence[int] = ()
    ends: Sequence[int] = ()

    def between(self, since: int, until: int) -> list[Span]:
        """Those that have anything of this time."""
        found, n = [], bisect_right(self.ends, since)
        while n < len(self.ends) and self.starts[n] < until:
            found.append((self.starts[n], self.ends[n]))
            n += 1
        return found

    def covers(self, since: int, until: int) -> bool:
        """Whether one of them takes all of this time."""
        n = bisect_right(self.ends, since)
        return n < len(self.ends) and self.starts[n] <= since and until <= self.ends[n]


class Diary(Struct, frozen=True, kw_only=True):
    """All that decides about one provider at one location, for the days it was read for.

    `weekly` and `breaks` go by ISO weekday, 1 for Monday; `dates` stands instead of both, an empty day is closed;
    `open_on` is when the location is open on a date, which narrows the week and no date of the provider's own.
    `taken` includes the time that is kept free around visits.
    """

    zone: ZoneInfo
    weekly: Mapping[int, tuple[Minutes, ...]]
    breaks: Mapping[int, tuple[Minutes, ...]] = {}
    dates: Mapping[date, tuple[Minutes, ...]] = {}
    open_on: Mapping[date, tuple[Minutes, ...]] = {}
    off: Spans = Spans()
    taken: Spans = Spans()
    step_minutes: int = 15
    notice_minutes: int = 0
    window_days: int = 730


class Stretch(NamedTuple):
    """Work without a break: minutes of the day, and the opening from which steps are counted."""

    opening: int
    start: int
    end: int


class Visit(Struct, frozen=True):
    """What is to be put in: minutes, and those kept free before and after."""

    minutes: int
    before: int = 0
    after: int = 0

    def around(self, start: datetime) -> tuple[datetime, datetime]:
        """All the time that it takes from others."""
        return start - timedelta(minutes=self.before), start + timedelta(minutes=self.minutes + self.after)


def offered(diary: Diary, visit: Visit, day: date, *, now: datetime) -> Iterator[Span]:
    """Every start that can be booked on this day, in order: its minute, and its moment."""
    today = now.astimezone(diary.zone).date()
    if today <= day <= today + timedelta(days=diary.window_days):
        yield from _of_day(diary, visit, day, _earliest(diary, now))


def next_offered(diary: Diary, visit: Visit, days: int, *, now: datetime) -> tuple[date, int] | None:
    """The first start of so many days, today the first: its day and minute."""
    today, earliest = now.astimezone(diary.zone).date(), _earliest(diary, now)
    for ahead in range(min(days, diary.window_days + 1)):
        day = today + timedelta(days=ahead)
        for minute, _ in _of_day(diary, visit, day, earliest):
            return day, minute
    return None


def judge(diary: Diary, visit: Visit, day: date, time: str, *, now: datetime) -> datetime | Why:
    """The moment at which this start (`09:00:00`) can be booked, or why it cannot: it is offered, or it is not."""
    minute = minute_of(time)
    for start, moment in offered(diary, visit, day, now=now):
        if minute is None or minute < start:
            break
        if minute == start:
            return datetime.fromtimestamp(moment, UTC)
    return _why_not(diary, visit, day, minute, now=now)


def minute_of(time: str) -> int | None:
    """Of `09:00:00` or `09:00` its minute of the day; None between minutes, where nothing begins."""
    hours, minutes, *seconds = map(int, time.split(":"))
    return None if any(seconds) else hours * 60 + minutes


def time_of(minute: int) -> str:
    """As the wire has it: `09:00:00`."""
    return f"{minute // 60:02}:{minute % 60:02}:00"


def _earliest(diary: Diary, now: datetime) -> int:
    return int(-(-now.timestamp() // 1)) + diary.notice_minutes * 60


def _of_day(diary: Diary, visit: Visit, day: date, earliest: int) -> Iterator[Span]:
    """Each stretch of work, what is left of it, and the steps that fit in there."""
    length = visit.minutes * 60
    for stretch in _stretches(diary, day):
        since, until = max(moment_of(diary.zone, day, stretch.start), earliest), _closing(diary, day, stretch)
        if diary.taken.covers(since, until):
            continue  # the fast way through a year that is booked solid
        for start, end in _free(diary, visit, since, until):
            if end - start >= length:
                yield from _steps(diary, day, stretch, start, end - length)


def _stretches(diary: Diary, day: date) -> Sequence[Stretch]:
    """The day's work in order. A date's own hours know no breaks of the week."""
    own = diary.dates.get(day)
    if own is not None:
        return _cut(own, ())
    weekday = day.isoweekday()
    if day in diary.open_on:
        hours = tuple(_common(diary.weekly.get(weekday, ()), diary.open_on[day]))
        return _cut(hours, diary.breaks.get(weekday, ()))
    return _cut(diary.weekly.get(weekday, ()), diary.breaks.get(weekday, ()))


def _closing(diary: Diary, day: date, stretch: Stretch) -> int:
    """When it ends; work that goes on past midnight ends on the next day."""
    if stretch.end == DAY_MINUTES:
        tomorrow = day + timedelta(days=1)
        if (after := _stretches(diary, tomorrow)) and after[0].start == 0:
            return moment_of(diary.zone, tomorrow, after[0].end)
    return moment_of(diary.zone, day, stretch.end)


def _free(diary: Diary, visit: Visit, since: int, until: int) -> Iterator[Span]:
    """What is left for the visit itself, once nothing is in its way or in that of the time around it."""
    before, after = visit.before * 60, visit.after * 60
    blocked = [(start - after, end + before) for start, end in diary.taken.between(since - before, until + after)]
    if diary.off.ends:
        blocked = sorted([*blocked, *diary.off.between(since, until)])
    for start, end in blocked:
        if start > since:
            yield since, start
        since = max(since, end)
    if since < until:
        yield since, until


def _steps(diary: Diary, day: date, stretch: Stretch, since: int, last: int) -> Iterator[Span]:
    """The steps of a stretch that exist and whose moment is no earlier and no later than these."""
    offset, changes = offset_of(diary.zone, day)
    first, step = stretch.start + (stretch.opening - stretch.start) % diary.step_minutes, diary.step_minutes
    if not changes:  # nearly every day: counting is enough
        midnight = (day.toordinal() - EPOCH) * 86_400 - offset
        first += step * max(0, -(-(since - midnight - first * 60) // (step * 60)))
        for minute in range(first, min(stretch.end, (last - midnight) // 60 + 1), step):
            yield minute, midnight + minute * 60
        return
    for minute in range(first, stretch.end, step):
        moment = moment_of(diary.zone, day, minute)
        if since <= moment <= last and wall_of(diary.zone, moment) == (day, minute):
            yield minute, moment


def _why_not(diary: Diary, visit: Visit, day: date, minute: int | None, *, now: datetime) -> Why:
    today = now.astimezone(diary.zone).date()
    if day < today:
        return Why.PAST
    if day > today + timedelta(days=diary.window_days):
        return Why.BEYOND
    stretches = _stretches(diary, day)
    if minute is None or not stretches:
        return Why.GRID if stretches else Why.CLOSED
    start = moment_of(diary.zone, day, minute)
    end = start + visit.minutes * 60
    if start < now.timestamp():
        return Why.PAST
    if wall_of(diary.zone, start) != (day, minute):
        return Why.MISSING
    if not _fits(diary, day, minute, end):
        return Why.BREAK if _fits(replace(diary, breaks={}), day, minute, end) else Why.OUTSIDE
    if diary.off.between(start, end):
        return Why.OFF
    if diary.taken.between(start - visit.before * 60, end + visit.after * 60):
        return Why.TAKEN
    return Why.NOTICE if start < _earliest(diary, now) else Why.GRID


def _fits(diary: Diary, day: date, minute: int, end: int) -> bool:
    return any(
        stretch.start <= minute < stretch.end and end <= _closing(diary, day, stretch)
        for stretch in _stretches(diary, day)
    )


@lru_cache(maxsize=4096)
def _cut(hours: tuple[Minutes, ...], breaks: tuple[Minutes, ...]) -> Sequence[Stretch]:
    """Hours in order, joined where they overlap or touch, with the breaks taken out."""
    return [
        Stretch(start, since, until)
        for start, end in joined(hours)
        for since, until in _without(joined(breaks), start, end)
    ]


def _common(some: Sequence[Minutes], others: Sequence[Minutes]) -> Iterator[Minutes]:
    """What lies in both."""
    for start, end in joined(some):
        for since, until in joined(others):
            if max(start, since) < min(end, until):
                yield max(start, since), min(end, until)


def joined(intervals: Sequence[Minutes]) -> list[Minutes]:
    """In order, and one where they overlap or touch."""
    found: list[Minutes] = []
    for start, end in sorted(intervals):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _without(breaks: Sequence[Minutes], start: int, end: int) -> Iterator[Minutes]:
    for since, until in breaks:
        if start < min(since, end):
            yield start, min(since, end)
        start = max(start, until)
    if start < end:
        yield start, end
