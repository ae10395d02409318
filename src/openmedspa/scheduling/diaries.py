"""A provider's diary as the rules of `slots` take it, read in one query, for every door that asks for free time."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from openmedspa.kit.db import Reads, Row
from openmedspa.scheduling.queries import diaries as queries
from openmedspa.scheduling.slots import Diary, Minutes, Spans, Visit

MOST_AHEAD_DAYS = 730  # nobody can be booked further ahead
_hours = msgspec.json.Decoder(list[tuple[int, int, int, bool]]).decode
_dates = msgspec.json.Decoder(list[tuple[date, int | None, int | None, bool]]).decode


class Asked(Struct, frozen=True, kw_only=True):
    """What is to be put in, and where. Without minutes, the type's; without a type, the practice's largest buffers."""

    minutes: int | None = None
    visit_type: str | None = None
    location_id: str | None = None


class Page(Struct, frozen=True):
    """An open diary: whose, where, and what was asked to be put in."""

    asked: Asked
    provider: Row
    location_id: str | None  # None: the practice has no such location
    knows_type: bool
    visit: Visit
    diary: Diary

    @property
    def zone(self) -> ZoneInfo:
        return self.diary.zone


async def find(
    db: Reads, practice_id: int, provider_id: int, asked: Asked, *, first: date, last: date, now: datetime,
    real_now: datetime | None = None,
) -> Page | None:  # fmt: skip
    """An active provider's diary for these local days; None: there is no such provider.

    Holds lapse by the server's own clock, `real_now`: they concern everybody, and each account of staging has its own.
    """
    since, until = window(first, last, now=now)
    row = await queries.find_diary(
        db, [practice_id], provider_id, location_id=asked.location_id, visit_type=asked.visit_type, since=since,
        until=until, now=real_now or now, minutes=asked.minutes,
    )  # fmt: skip
    return None if row is None else to_page(row, asked)


def window(first: date, last: date, *, now: datetime) -> tuple[datetime, datetime]:
    """Moments around these days in whatever zone, cut to where anybody can be booked at all."""
    today = now.astimezone(UTC).date()
    first = min(max(first, today - timedelta(days=1)), today + timedelta(days=MOST_AHEAD_DAYS + 1))
    last = max(min(last, today + timedelta(days=MOST_AHEAD_DAYS + 1)), first)
    return _midnight(first) - timedelta(days=1), _midnight(last) + timedelta(days=3)


def to_page(row: Row, asked: Asked) -> Page:
    minutes = asked.minutes or (row["minutes"] if asked.visit_type is not None else None) or 0
    return Page(
        asked=asked,
        provider=row,
        location_id=row["location_id"],
        knows_type=asked.visit_type is None or row["known_types"] > 0,
        visit=Visit(minutes, row["before_minutes"], row["after_minutes"]),
        diary=_to_diary(row),
    )


def _to_diary(row: Row) -> Diary:
    (weekly, breaks), (own, open_) = _weeks(row["hours"]), _to_dates(row["dates"])
    return Diary(
        zone=ZoneInfo(row["time_zone"]),
        weekly=weekly,
        breaks=breaks,
        dates=own,
        open_on=open_,
        off=Spans(row["off_starts"], row["off_ends"]),
        taken=Spans(row["taken_starts"], row["taken_ends"]),
        step_minutes=row["step_minutes"],
        notice_minutes=row["notice_minutes"],
        window_days=row["window_days"],
    )


Week = dict[int, tuple[Minutes, ...]]
Dates = dict[date, tuple[Minutes, ...]]


@lru_cache(maxsize=1024)
def _weeks(hours_json: str) -> tuple[Week, Week]:
    """Hours and breaks by weekday."""
    weekly: Week = {}
    breaks: Week = {}
    for weekday, start, end, is_break in _hours(hours_json):
        days = breaks if is_break else weekly
        days[weekday] = (*days.get(weekday, ()), (start, end))
    return weekly, breaks


def _to_dates(dates_json: str) -> tuple[Dates, Dates]:
    """The provider's own, and when the location is open. Closed days have no hours."""
    own: Dates = {}
    open_: Dates = {}
    for day, start, end, is_own in _dates(dates_json):
        dates = own if is_own else open_
        hours: tuple[Minutes, ...] = () if start is None or end is None else ((start, end),)
        dates[day] = (*dates.get(day, ()), *hours)
    return own, open_


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
