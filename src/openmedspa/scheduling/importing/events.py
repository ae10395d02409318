"""An event of a calendar: when it begins by its own clock, how long it lasts, whether it takes time. No I/O."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Any

from msgspec import Struct

from openmedspa.scheduling.importing.ics import Block, Broken, Moments, When, moment, moments, parse

LONGEST = timedelta(days=366)
EARLIEST_YEAR, LATEST_YEAR = 1900, 2200


class Window(Struct, frozen=True):
    """What is looked at, and the zone of times that have none."""

    since: datetime
    until: datetime
    zone: tzinfo


class Busy(Struct, frozen=True):
    """A time, the event it comes from, and which of its repetitions this is: the moment that its rule says."""

    uid: str
    repetition: datetime
    since: datetime
    until: datetime


class Series(Struct):
    """An event: when it begins and ends, by its own clock."""

    uid: str
    line: int
    sequence: int
    is_busy: bool
    start: When
    zone: tzinfo | None
    lasts: timedelta
    by_the_clock: bool  # it lasts that long on the wall, not in hours
    repeats: str
    more: list[Moments]
    without: list[Moments]
    instead_of: datetime | None  # of an event that replaces one repetition


def read(block: Block, zones: Mapping[str, tzinfo], window: Window) -> Series:
    """Broken, with the reason, when it cannot be understood."""
    event = parse(block)
    uid = str(event.get("UID", "")).strip()
    if not uid:
        raise Broken("has no UID")
    begins = moment(event.get("DTSTART"), zones, "DTSTART")
    if begins is None:
        raise Broken("has no DTSTART")
    start, zone = begins
    if not EARLIEST_YEAR <= start.year <= LATEST_YEAR:
        raise Broken(f"begins in the year {start.year}")
    if "EXRULE" in event:
        raise Broken("has an EXRULE, which is not understood")
    rules = event.get("RRULE")
    lasts, by_the_clock = _length(event, start, zone, zones, window)
    if lasts < timedelta(0):
        raise Broken("ends before it begins")
    if lasts > LONGEST:
        raise Broken("lasts longer than a year")
    replaced = event.get("RECURRENCE-ID")
    if replaced is not None and "RANGE" in getattr(replaced, "params", {}):
        raise Broken("changes all repetitions from one on (RANGE), which is not understood")
    instead_of = moment(replaced, zones, "RECURRENCE-ID")
    return Series(
        uid=uid, line=block.line, sequence=int(event.get("SEQUENCE", 0) or 0), is_busy=_is_busy(event), start=start,
        zone=zone, lasts=lasts, by_the_clock=by_the_clock, repeats=rules.to_ical().decode() if rules else "",
        more=moments(event.get("RDATE"), zones), without=moments(event.get("EXDATE"), zones),
        instead_of=None if instead_of is None else at(instead_of[0], instead_of[1], window),
    )  # fmt: skip


def free_busy(block: Block, zones: Mapping[str, tzinfo], window: Window) -> Iterator[Busy]:
    """The periods that are not free."""
    found = parse(block).get("FREEBUSY")
    for one in found if isinstance(found, list) else [found] if found is not None else []:
        if str(one.params.get("FBTYPE", "BUSY")).upper() == "FREE":
            continue
        for part in moments(one, zones):
            for value in part.values:
                since, until = period(value, part.zone, window)
                if until > window.since and since < window.until:
                    yield Busy("", since, since, until)


def _length(
    event: Any, start: When, zone: tzinfo | None, zones: Mapping[str, tzinfo], window: Window
) -> tuple[timedelta, bool]:
    """How long it lasts; by the clock when it ends on the same one that it begins on."""
    ends = moment(event.get("DTEND"), zones, "DTEND")
    if ends is None:
        lasts = getattr(event.get("DURATION"), "dt", None)
        if lasts is not None and not isinstance(lasts, timedelta):
            raise Broken("has a DURATION that is none")
        whole_days = lasts is not None and not lasts.seconds
        if lasts is not None:
            return lasts, whole_days
        return (timedelta(0), False) if isinstance(start, datetime) else (timedelta(days=1), True)
    end, end_zone = ends
    if isinstance(start, datetime) != isinstance(end, datetime):
        raise Broken("begins on a day and ends at a time, or the other way round")
    if end_zone == zone and getattr(end, "tzinfo", None) == getattr(start, "tzinfo", None):
        return clock_of(end) - clock_of(start), True
    return at(end, end_zone, window) - at(start, zone, window), False


def _is_busy(event: Any) -> bool:
    return (
        str(event.get("STATUS", "")).upper() != "CANCELLED"
        and str(event.get("TRANSP", "")).upper() != "TRANSPARENT"
        and str(event.get("X-MICROSOFT-CDO-BUSYSTATUS", "")).upper() != "FREE"
    )


def period(value: Any, zone: tzinfo | None, window: Window) -> tuple[datetime, datetime]:
    if not isinstance(value, tuple):
        raise Broken("has a period without an end")
    since = at(value[0], zone, window)
    return since, since + value[1] if isinstance(value[1], timedelta) else at(value[1], zone, window)


def at(value: When, zone: tzinfo | None, window: Window) -> datetime:
    """The moment: UTC, by the given zone, or floating by the window's. A day begins at midnight."""
    try:
        if not isinstance(value, datetime):
            value = datetime.combine(value, time())
            return value.replace(tzinfo=window.zone).astimezone(UTC)
        return (value if value.tzinfo else value.replace(tzinfo=zone or window.zone)).astimezone(UTC)
    except OverflowError:
        raise Broken("lies beyond the calendar") from None


def clock_of(value: When) -> datetime:
    """What the wall says, whatever the zone."""
    return value.replace(tzinfo=None) if isinstance(value, datetime) else datetime.combine(value, time())
