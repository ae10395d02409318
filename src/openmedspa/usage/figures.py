"""Figures of a time: tiles, days, busiest routes, and what is missing in them. A partner of None is everybody."""

from datetime import UTC, date, datetime, time

from openmedspa.kit.db import Reads, Row
from openmedspa.usage import queries
from openmedspa.usage.shapes import EARLIEST, Busy, Period, Span, Sums, beginnings

BUSIEST = 8


async def sums(db: Reads, period: Period, partner_id: int | None, *, now: datetime) -> Sums:
    """All calls of the period."""
    if period == "all":
        return _sums(await queries.get_sums_ever(db, partner_id))
    begins = beginnings(period, now)
    if period == "24h":
        return _sums(await queries.get_sums_of_hours(db, begins, partner_id))
    return _sums(await queries.get_sums_of_days(db, _dates(begins), partner_id))


async def spans(db: Reads, period: Period, partner_id: int | None, *, now: datetime) -> list[Span]:
    """Each day of the period up to today, oldest first, also those without calls; of 24 hours, each hour.

    Of all time: from the first day with a call on.
    """
    begins = beginnings(period, now)
    if period == "all":
        first = await queries.find_first_day(db, partner_id)
        begins = beginnings(period, now, since=datetime.combine(first, time(), UTC) if first else None)
    if period == "24h":
        found = {row["at"]: _sums(row) for row in await queries.list_hours(db, begins, partner_id)}
    else:
        rows = await queries.list_days(db, _dates(begins), partner_id)
        found = {datetime.combine(row["at"], time(), UTC): _sums(row) for row in rows}
    return [Span(at, found.get(at, Sums())) for at in begins]


async def busiest(db: Reads, period: Period, partner_id: int | None, *, now: datetime) -> list[Busy]:
    """The routes with the most calls."""
    if period == "all":
        rows = await queries.list_routes_ever(db, BUSIEST, partner_id)
    elif period == "24h":
        rows = await queries.list_routes_of_hours(db, beginnings(period, now), BUSIEST, partner_id)
    else:
        rows = await queries.list_routes_of_days(db, _dates(beginnings(period, now)), BUSIEST, partner_id)
    return [Busy(row["method"], row["route"], _sums(row), row["slowest_us"]) for row in rows]


async def missing(db: Reads, period: Period, *, now: datetime) -> int:
    """Calls of the period that were answered and not written down."""
    return await queries.count_gaps(db, beginnings(period, now)[0] if period != "all" else EARLIEST)


async def key_limits(db: Reads, key_id: int) -> Row | None:
    """A key's name, how it is recognised, calls per second, burst and expiry."""
    return await queries.find_key_limits(db, key_id)


async def count_keys(db: Reads, partner_id: int, *, now: datetime) -> int:
    """A partner's keys that open something."""
    return await queries.count_keys(db, partner_id, now)


def _dates(begins: list[datetime]) -> list[date]:
    return [begin.date() for begin in begins]


def _sums(row: Row) -> Sums:
    return Sums(row["calls"], row["errors"], row["duration_us"])
