"""The rules of free time told as slowly as possible, minute by minute over the wall clock: `slots` must say the same.

It shares nothing with `slots`: it knows a zone only by asking for the local time of one moment after the other.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from msgspec import Struct

from openmedspa.scheduling.slots import Diary, Spans, Visit

DAY = 1440
Minutes = tuple[int, int]  # of a day: from, until
Span = tuple[int, int]  # seconds since 1970: from, until
Week = dict[int, tuple[Minutes, ...]]


class Plain(Struct, frozen=True, kw_only=True):
    """A diary and a question: as `Diary`, but what is off or taken may come in any order and overlap."""

    zone: str
    weekly: Week
    now: datetime
    breaks: Week = {}
    dates: dict[date, tuple[Minutes, ...]] = {}
    off: Sequence[Span] = ()
    taken: Sequence[Span] = ()
    step: int = 15
    notice: int = 0
    window: int = 730
    minutes: int = 30
    before: int = 0
    after: int = 0

    @property
    def today(self) -> date:
        return self.now.astimezone(ZoneInfo(self.zone)).date()

    def diary(self) -> Diary:
        """The same for `slots`."""
        return Diary(
            zone=ZoneInfo(self.zone), weekly=self.weekly, breaks=self.breaks, dates=self.dates, off=spans(self.off),
            taken=spans(self.taken), step_minutes=self.step, notice_minutes=self.notice, window_days=self.window,
        )  # fmt: skip

    def visit(self) -> Visit:
        return Visit(self.minutes, self.before, self.after)


def offered(plain: Plain, day: date) -> list[Span]:
    """Minute and moment of every start that nothing stands against."""
    against = objections(plain, day)
    return [(minute, clock(plain.zone, day)[minute][0]) for minute in range(DAY) if not against[minute]]


def objections(plain: Plain, day: date) -> list[set[str]]:
    """For each minute of the day all that stands against a start, by the names of `Why`."""
    open_ = _real_minutes(plain, day, hours=True)
    worked = open_ - _real_minutes(plain, day, hours=False)
    openings = _openings(hours_of(plain, day)[0])
    at_work = any(is_within(minute, *hours_of(plain, day)) for minute in range(DAY))
    today, now, found = plain.today, plain.now.timestamp(), []
    for minute, (start, exists) in enumerate(clock(plain.zone, day)[:DAY]):
        end = start + plain.minutes * 60
        during = range(start, end, 60)
        opening = openings[minute]
        fits_hours = open_.issuperset(during)
        against = {
            "PAST": day < today or start < now,
            "BEYOND": (day - today).days > plain.window,
            "NOTICE": start < now + plain.notice * 60,
            "MISSING": not exists,
            "CLOSED": not at_work,
            "OUTSIDE": not fits_hours,
            "BREAK": fits_hours and not worked.issuperset(during),
            "OFF": any(since < end and until > start for since, until in plain.off),
            "TAKEN": any(
                since < end + plain.after * 60 and until > start - plain.before * 60 for since, until in plain.taken
            ),
            "GRID": opening is None or (minute - opening) % plain.step != 0,
        }
        found.append({name for name, stands in against.items() if stands})
    return found


def hours_of(plain: Plain, day: date) -> tuple[Sequence[Minutes], Sequence[Minutes]]:
    """Hours and breaks: the date's own, which know no breaks, or the week's."""
    if day in plain.dates:
        return plain.dates[day], ()
    return plain.weekly.get(day.isoweekday(), ()), plain.breaks.get(day.isoweekday(), ())


@cache
def clock(zone: str, day: date) -> list[tuple[int, bool]]:
    """For each minute of this day and the next, and the end of both: the first moment at which the wall clock shows
    that or later, and whether it ever shows just that."""
    found: list[tuple[int, bool]] = []
    name = midnight = datetime.combine(day, time())
    walk = _walk(zone, midnight.replace(tzinfo=UTC) - timedelta(hours=14))
    while len(found) <= 2 * DAY:
        moment, wall = next(walk)
        while name <= wall:
            found.append((moment, name == wall))
            name += timedelta(minutes=1)
    return found


def changes(zone: str, first: date, last: date) -> list[datetime]:
    """Moments between these days at which the wall clock is put forward or back."""
    start, hour = datetime(first.year, first.month, first.day, tzinfo=UTC), timedelta(hours=1)
    hours = [start + n * hour for n in range((last - first).days * 24 + 1)]
    return [late for early, late in pairwise(hours) if _ahead(zone, early) != _ahead(zone, late)]


def spans(times: Sequence[Span]) -> Spans:
    """In order, those that overlap or touch made one."""
    joined: list[list[int]] = []
    for since, until in sorted(times):
        if joined and since <= joined[-1][1]:
            joined[-1][1] = max(until, joined[-1][1])
        else:
            joined.append([since, until])
    return Spans([since for since, _ in joined], [until for _, until in joined])


def _walk(zone: str, moment: datetime) -> Iterator[tuple[int, datetime]]:
    """Real minutes, each with what the clock on the wall shows."""
    there = ZoneInfo(zone)
    while True:
        yield int(moment.timestamp()), moment.astimezone(there).replace(tzinfo=None)
        moment += timedelta(minutes=1)


def _ahead(zone: str, moment: datetime) -> timedelta | None:
    return moment.astimezone(ZoneInfo(zone)).utcoffset()


def _real_minutes(plain: Plain, day: date, *, hours: bool) -> set[int]:
    """Those of the hours (or of the breaks) of this day and the next, into which a visit may last."""
    names = clock(plain.zone, day)
    return {
        second
        for later in (0, 1)
        for since, until in hours_of(plain, day + timedelta(days=later))[0 if hours else 1]
        for second in range(names[later * DAY + since][0], names[later * DAY + until][0], 60)
    }


def _openings(hours: Sequence[Minutes]) -> list[int | None]:
    """For each minute of the day, the one at which the doors were opened; breaks leave them open."""
    openings: list[int | None] = []
    opening = None
    for minute in range(DAY):
        if not is_within(minute, hours, ()):
            opening = None
        elif opening is None:
            opening = minute
        openings.append(opening)
    return openings


def is_within(minute: int, hours: Sequence[Minutes], breaks: Sequence[Minutes]) -> bool:
    return any(a <= minute < b for a, b in hours) and not any(a <= minute < b for a, b in breaks)
