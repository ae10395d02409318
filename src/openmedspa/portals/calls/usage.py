"""Figures of calls as pages show them: tiles, the chart of seven days, the busiest routes, a file. No SQL, no rules."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from openmedspa.kit.db import Reads
from openmedspa.kit.pages import Raw
from openmedspa.portals.layout.charts import Amount, Bars, bars
from openmedspa.portals.layout.listing import Column, sheet
from openmedspa.usage import figures
from openmedspa.usage.shapes import PERIODS, Busy, Period, Span, Sums

DEFAULT: Period = "7d"
IN_FILE = (
    Column("at", "Begins (UTC)", lambda span: span.at),
    Column("calls", "Calls", lambda span: span.sums.calls),
    Column("errors", "Errors", lambda span: span.sums.errors),
    Column("rate", "Success rate", lambda span: span.sums.success_rate),
    Column("average", "Average duration (ms)", lambda span: _average(span.sums)),
)


class Shown(Struct, frozen=True):
    """What the pages of operators and of partners have in common."""

    period: Period
    periods: Mapping[Period, str]
    sums: Sums
    days: list[Span]  # the last seven
    chart: Bars
    routes: list[Busy]


def period_of(query: Mapping[str, str]) -> Period:
    """Which period is asked for; seven days when it is none of ours."""
    return next((one for one in PERIODS if one == query.get("period")), DEFAULT)


async def shown(db: Reads, query: Mapping[str, str], partner_id: int | None, *, now: datetime) -> Shown:
    """The figures of the period that is asked for."""
    period = period_of(query)
    days = await figures.spans(db, DEFAULT, partner_id, now=now)
    return Shown(
        period=period,
        periods=PERIODS,
        sums=await figures.sums(db, period, partner_id, now=now),
        days=days,
        chart=bars([_amount(day) for day in days]),
        routes=await figures.busiest(db, period, partner_id, now=now),
    )


async def file(db: Reads, query: Mapping[str, str], partner_id: int | None, *, now: datetime) -> Raw:
    """The period day by day, or the 24 hours hour by hour, as CSV."""
    spans = await figures.spans(db, period_of(query), partner_id, now=now)
    headers = {"content-disposition": 'attachment; filename="usage.csv"'}
    return Raw(sheet(IN_FILE, spans), "text/csv; charset=utf-8", headers=headers)


def _amount(day: Span) -> Amount:
    calls = f"{day.sums.calls:,} {'call' if day.sums.calls == 1 else 'calls'}"
    errors = f"{day.sums.errors:,} {'error' if day.sums.errors == 1 else 'errors'}"
    return Amount(f"{day.at:%a %-d}", f"{day.at:%A, %b %-d}: {calls}, {errors}", day.sums.calls, day.sums.errors)


def _average(sums: Sums) -> float:
    return round(sums.duration_us / sums.calls / 1000, 3) if sums.calls else 0.0
