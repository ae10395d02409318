"""Free time as a team would write it on the first day: for each day, for each step, for each booking of it. It imports
nothing of ours; minutes are those after midnight by the wall clock, weekdays are ISO's, 1 for Monday.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

Weekly = Mapping[int, Sequence[tuple[int, int]]]  # weekday: from, until
Booked = Sequence[tuple[datetime, datetime]]


def slots(
    zone: ZoneInfo, weekly: Weekly, bookings: Booked, *, day: date, minutes: int, step: int, now: datetime
) -> list[str]:
    """Every start of this day that is free, such as `09:00:00`."""
    return [
        f"{start:%H:%M:%S}" for start in _free(zone, weekly, bookings, day=day, minutes=minutes, step=step, now=now)
    ]


def next_slot(
    zone: ZoneInfo, weekly: Weekly, bookings: Booked, *, days: int, minutes: int, step: int, now: datetime
) -> tuple[date, str] | None:
    """The first free start of so many days, today the first."""
    today = now.astimezone(zone).date()
    for ahead in range(days):
        day = today + timedelta(days=ahead)
        for start in _free(zone, weekly, bookings, day=day, minutes=minutes, step=step, now=now):
            return day, f"{start:%H:%M:%S}"
    return None


def _free(
    zone: ZoneInfo, weekly: Weekly, bookings: Booked, *, day: date, minutes: int, step: int, now: datetime
) -> Iterator[datetime]:
    midnight = datetime.combine(day, time(), zone)
    near = [span for span in bookings if span[0] < midnight + timedelta(days=1) and span[1] > midnight]
    for since, until in weekly.get(day.isoweekday(), ()):
        for minute in range(since, until - minutes + 1, step):
            start = datetime.combine(day, time(minute // 60, minute % 60), zone)
            end = start.astimezone(UTC) + timedelta(minutes=minutes)
            if start >= now and not any(start < until_ and end > since_ for since_, until_ in near):
                yield start
