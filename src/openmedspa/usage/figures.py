"""Figures of a time: tiles, days, busiest routes, and what is missing in them. A partner of None is everybody."""

from datetime import UTC, datetime, time, timedelta

from openmedspa.kit.db import Reads, Row
from openmedspa.usage import queries
from openmedspa.usage.shapes import EARLIEST, Busy, Period, Span, Sums, since

BUSIEST = 8


async def sums(db: Reads, period: Period, partner_id: int | None, *, now: datetime) -> Sums:
    """All calls of the period."""
    begins = since(period, now)
    if period == "24h":
        return _sums(await queries.get_sums_of_hours(db, begins, partner_id))
    return _sums(await queries.get_sums_of_days(db, begins.date(), partner_id))


async def spans(db: Reads, period: Period, partner_id: int | None, *, now: datetime) -> list[Span]:
    """Each day of the period up to today, oldest first, also those without calls; of 24 hours, each hour.

    Of all time: from the first day with a call on.
    """
    begins = since(period, now)
    if period == "24h":
        rows = await queries.list_hours(db, begins, partner_id)
        return _filled({row["at"]: _sums(row) for row in rows}, begins, now, timedelta(hours=1))
    rows = await queries.list_days(db, begins.date(), partner_id)
    found = {datetime.combine(row["at"], time(), UTC): _sums(row) for row in rows}
    first = min(found, default=since("7d", now)) if begins == EARLIEST else begins
    return _filled(found, first, now, timedelta(days=1))


async def busiest(db: Reads, period: Period, partner_id: int | None, *, now: datetime) -> list[Busy]:
    """The routes with the most calls."""
    begins = since(period, now)
    if period == "24h":
        rows = await queries.list_routes_of_hours(db, begins, partner_id, BUSIEST)
    else:
        rows = await queries.list_routes_of_days(db, begins.date(), partner_id, BUSIEST)
    return [Busy(row["method"], row["route"], _sums(row), row["slowest_us"]) for row in rows]


async def missing(db: Reads, period: Period, *, now: datetime) -> int:
    """Calls of the period that were answered and not written down."""
    return await queries.count_gaps(db, since(period, now))


async def key_limits(db: Reads, key_id: int) -> Row | None:
    """A key's name, how it is recognised, calls per second, burst and expiry."""
    return await queries.find_key_limits(db, key_id)


async def count_keys(db: Reads, partner_id: int, *, now: datetime) -> int:
    """A partner's keys that open something."""
    return await queries.count_keys(db, partner_id, now)


def _filled(found: dict[datetime, Sums], first: datetime, now: datetime, step: timedelta) -> list[Span]:
    spans = []
    while first <= now:
        spans.append(Span(first, found.get(first, Sums())))
        first += step
    return spans


def _sums(row: Row) -> Sums:
    return Sums(row["calls"], row["errors"], row["duration_us"])
