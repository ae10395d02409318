"""Busy times of a calendar's events: recurrence worked out by the wall clock of each event. No I/O."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from dateutil.rrule import rrulestr

from openmedspa.scheduling.importing.events import Busy, Series, Window, at, clock_of, period
from openmedspa.scheduling.importing.ics import Broken, When

MOST_COUNTED = 100_000  # repetitions of one event, those before the window included
MOST_TIMES_A_DAY = 96
MOST_INTERVAL = 1_000_000_000
LAST = "99991231T235959"
STEPS = {"DAILY": timedelta(days=1), "WEEKLY": timedelta(weeks=1), "HOURLY": timedelta(hours=1)}


def repetitions(series: Series, instead: Mapping[datetime, Series], window: Window) -> Iterator[Busy]:
    """Those of a series that have anything of the window; what replaces one of them stands in its place."""
    left_out, days_out = _left_out(series, window)
    for start, own_end in _starts(series, window):
        repetition = at(start, series.zone, window)
        if repetition in left_out or (_day(start) in days_out) or repetition in instead:
            continue
        until = own_end or _end(series, start, window)
        if series.is_busy and repetition < until and until > window.since and repetition < window.until:
            yield Busy(series.uid, repetition, repetition, until)


def alone(series: Series, window: Window) -> Iterator[Busy]:
    """What replaces a repetition."""
    since = at(series.start, series.zone, window)
    until = _end(series, series.start, window)
    if series.is_busy and since < until and until > window.since and since < window.until:
        yield Busy(series.uid, series.instead_of or since, since, until)


def _starts(series: Series, window: Window) -> Iterator[tuple[When, datetime | None]]:
    """Each start by the event's own clock, once; of a period its end as well."""
    met = set()
    for start in _by_rule(series, window) if series.repeats else [series.start]:
        met.add(start)
        yield start, None
    for more in series.more:
        for value in more.values:
            start, end = value, None
            if isinstance(value, tuple):
                since, end = period(value, more.zone, window)
                start = since
            elif isinstance(value, datetime) and isinstance(series.start, datetime):
                start = _by_clock_of(series, value, more.zone, window)
            if start not in met:
                met.add(start)
                yield start, end


def _by_rule(series: Series, window: Window) -> Iterator[When]:
    """On the wall clock, so that nine o'clock stays nine o'clock."""
    is_day = not isinstance(series.start, datetime)
    first = datetime.combine(series.start, time()) if is_day else clock_of(series.start)
    parts = _parts(series, window)
    latest = _clock_in(window.until, series, window) + timedelta(days=1)
    # A rule may never come true: without an end it would be looked for until the calendar ends.
    parts["UNTIL"] = min(parts.get("UNTIL", LAST), f"{latest:%Y%m%dT%H%M%S}")
    most = int(parts.pop("COUNT", "0"))
    if not most:
        first = _nearer(first, parts, _clock_in(window.since, series, window) - series.lasts - timedelta(days=2))
    try:
        rule = rrulestr(";".join(f"{name}={value}" for name, value in parts.items()), dtstart=first)
    except (ValueError, TypeError, KeyError) as trouble:
        raise Broken(f"has an RRULE that is not understood: {str(trouble)[:80]}") from None
    begun = first if first == (datetime.combine(series.start, time()) if is_day else clock_of(series.start)) else None
    if begun is not None:
        yield series.start  # the first counts, whether the rule has it or not
    for count, found in enumerate(rule):
        if most and count >= most:
            return
        if count >= MOST_COUNTED:
            raise Broken(f"repeats more than {MOST_COUNTED:,} times")
        if found != begun:
            yield found.date() if is_day else found.replace(tzinfo=getattr(series.start, "tzinfo", None))


def _parts(series: Series, window: Window) -> dict[str, str]:
    parts = {}
    for part in series.repeats.upper().split(";"):
        name, _, value = part.partition("=")
        parts[name] = value
    if parts.get("FREQ") in {"SECONDLY", "MINUTELY"}:
        raise Broken("repeats more often than every hour")
    times = 1
    for name in ("BYHOUR", "BYMINUTE", "BYSECOND"):
        times *= len(parts.get(name, "").split(","))
    if times > MOST_TIMES_A_DAY:
        raise Broken(f"repeats more than {MOST_TIMES_A_DAY} times a day")
    for name in ("INTERVAL", "COUNT"):
        if not (parts.get(name, "1").isdecimal() and 0 < int(parts.get(name, "1")) < MOST_INTERVAL):
            raise Broken(f"has an RRULE whose {name} is no number above 0")
    if until := parts.get("UNTIL"):
        parts["UNTIL"] = _last(until, series, window)
    return parts


def _last(until: str, series: Series, window: Window) -> str:
    """UNTIL by the event's own clock, as times without a zone are compared."""
    try:
        if len(until) == 8:
            return f"{until}T235959"
        last = datetime.strptime(until.removesuffix("Z"), "%Y%m%dT%H%M%S")  # noqa: DTZ007 its zone is told by the Z
    except ValueError:
        raise Broken("has an RRULE whose UNTIL is no date or time") from None
    if until.endswith("Z"):
        last = _clock_in(last.replace(tzinfo=UTC), series, window)
    return f"{last:%Y%m%dT%H%M%S}"


def _nearer(first: datetime, parts: Mapping[str, str], since: datetime) -> datetime:
    """A later start of the same rule, whole steps ahead: nobody counts through the years before the window."""
    step = STEPS.get(parts.get("FREQ", ""))
    if step is None or since <= first:
        return first
    step *= int(parts.get("INTERVAL", "1") or 1) if parts.get("INTERVAL", "1").isdigit() else 1
    return first + (since - first) // step * step if step else first


def _left_out(series: Series, window: Window) -> tuple[set[datetime], set[date]]:
    """Moments, and days as a whole."""
    moments_out: set[datetime] = set()
    days: set[date] = set()
    for without in series.without:
        for value in without.values:
            if isinstance(value, datetime):
                moments_out.add(at(value, without.zone, window))
            elif isinstance(value, date):
                days.add(value)
    return moments_out, days


def _end(series: Series, start: When, window: Window) -> datetime:
    if series.by_the_clock:
        return at(start + series.lasts, series.zone, window)
    return at(start, series.zone, window) + series.lasts


def _clock_in(moment_: datetime, series: Series, window: Window) -> datetime:
    """What the event's own clock says at a moment."""
    zone = getattr(series.start, "tzinfo", None) or series.zone or window.zone
    return moment_.astimezone(zone).replace(tzinfo=None)


def _by_clock_of(series: Series, value: datetime, zone: tzinfo | None, window: Window) -> datetime:
    """An extra repetition, told by another clock, on the event's own."""
    if value.tzinfo is None and zone == series.zone:
        return value
    local = _clock_in(at(value, zone, window), series, window)
    return local.replace(tzinfo=getattr(series.start, "tzinfo", None))


def _day(value: When) -> date:
    return value.date() if isinstance(value, datetime) else value


def gathered(all_: Sequence[Series]) -> dict[str, dict[datetime | None, Series]]:
    """By UID the series, under None, and what replaces its repetitions; of two the newer, or the later in the file."""
    found: dict[str, dict[datetime | None, Series]] = {}
    for series in all_:
        own = found.setdefault(series.uid, {})
        known = own.get(series.instead_of)
        if known is None or series.sequence >= known.sequence:
            own[series.instead_of] = series
    return found
