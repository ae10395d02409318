"""Between a location's wall clock and moments, through changes of the clock. Pure; moments are seconds since 1970.

A minute of the day that comes twice means its first time, as on a calendar; one that the clock jumps over means the
moment of the jump.
"""

from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

EPOCH = date(1970, 1, 1).toordinal()


def moment_of(zone: ZoneInfo, day: date, minute: int) -> int:
    """When the wall clock first says so; for what it never says, when it jumps over it."""
    offset, changes = offset_of(zone, day)
    moment = (day.toordinal() - EPOCH) * 86_400 + minute * 60 - offset
    if not changes:
        return moment
    return _moment_of_a_change(zone, day, minute)


@lru_cache(maxsize=16_384)
def _moment_of_a_change(zone: ZoneInfo, day: date, minute: int) -> int:
    wall = datetime.combine(day, datetime.min.time()) + timedelta(minutes=minute)
    first, second = (_epoch(wall.replace(tzinfo=zone, fold=fold)) for fold in (0, 1))
    if second >= first:  # it exists; of two, the first
        return first
    before = _utc_offset(zone, second)
    while first - second > 1:  # the jump lies between what it would be by the new clock and by the old
        middle = (first + second) // 2
        first, second = (first, middle) if _utc_offset(zone, middle) == before else (middle, second)
    return first


def wall_of(zone: ZoneInfo, moment: int) -> tuple[date, int]:
    local = datetime.fromtimestamp(moment, zone)
    return local.date(), local.hour * 60 + local.minute


@lru_cache(maxsize=16_384)  # two years of 20 zones
def offset_of(zone: ZoneInfo, day: date) -> tuple[int, bool]:
    """Seconds by which the day begins ahead of UTC, and whether that changes before it ends."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    offset = _seconds(midnight)
    return offset, offset != _seconds(midnight + timedelta(days=1))


def _seconds(local: datetime) -> int:
    offset = local.utcoffset()
    assert offset is not None
    return int(offset.total_seconds())


def _epoch(local: datetime) -> int:
    return int(local.timestamp())


def _utc_offset(zone: ZoneInfo, moment: int) -> int:
    return _seconds(datetime.fromtimestamp(moment, zone))
