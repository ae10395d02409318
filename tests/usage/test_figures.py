"""Figures of calls: whole numbers, honest percentages, every day of a week; and what can be asked is read or named."""

from datetime import UTC, datetime, timedelta
from itertools import count

import asyncpg
import pytest

from openmedspa.kit.backlog import Row
from openmedspa.kit.house import House
from openmedspa.portals.calls import asking
from openmedspa.usage import calls, figures
from openmedspa.usage.shapes import Asked, Cursor, Period, Span, Sums, beginnings, milliseconds

NOW = datetime(2026, 3, 9, 17, 30, tzinfo=UTC)
PERIODS: tuple[Period, ...] = ("24h", "7d", "90d")
numbers = count(1)


def utc(year: int, month: int, day: int, hour: int = 0) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


def call(at: datetime, *, status: int = 200, ms: float = 10, route: str = "/emr/treatments", partner: int = 1) -> Row:
    code = "invalid" if status >= 400 else ""
    return (at, f"req_{next(numbers):032}", "GET", route, status, code, int(ms * 1000), "203.0.113.9", 1, partner, 1)


async def log(house: House, *rows: Row) -> None:
    for row in rows:
        house.calls.add(row)
    await calls.write(house)


@pytest.mark.parametrize(
    ("sums", "rate", "average"),
    [
        (Sums(), "0%", "0ms"),
        (Sums(4, 0, 100_000), "100%", "25ms"),
        (Sums(3, 1, 3_000), "66.6%", "1ms"),
        (Sums(8, 1, 36_000), "87.5%", "4.5ms"),
        (Sums(100_000, 1, 1), "99.9%", "0.1ms"),  # not 100, and not nothing
        (Sums(2, 2, 9_940 * 2), "0%", "9.9ms"),
        (Sums(1, 0, 12_345_678), "100%", "12,346ms"),
    ],
)
def test_rates_and_averages_are_short_and_flatter_nobody(sums: Sums, rate: str, average: str) -> None:
    assert (sums.success_rate, sums.average) == (rate, average)


def test_a_duration_is_never_rounded_away() -> None:
    assert [milliseconds(us) for us in (1, 949, 1_000, 9_949, 9_951, 10_499)] == [
        "0.1ms", "0.9ms", "1ms", "9.9ms", "10ms", "10ms",
    ]  # fmt: skip


def test_a_period_ends_with_the_hour_or_the_day_that_it_is() -> None:
    hours, week, quarter = (beginnings(period, NOW) for period in PERIODS)
    assert (len(hours), hours[0], hours[-1]) == (24, utc(2026, 3, 8, 18), utc(2026, 3, 9, 17))
    assert (len(week), week[0], week[-1]) == (7, utc(2026, 3, 3), utc(2026, 3, 9))
    assert (len(quarter), quarter[0]) == (90, utc(2025, 12, 10))


async def test_without_calls_everything_is_nothing_and_seven_days_are_there(house: House) -> None:
    assert await figures.sums(house.system, "7d", None, now=NOW) == Sums()
    days = await figures.spans(house.system, "7d", None, now=NOW)
    assert [day.at.day for day in days] == [3, 4, 5, 6, 7, 8, 9]
    assert {day.sums for day in days} == {Sums()}
    assert await figures.busiest(house.system, "7d", None, now=NOW) == []
    assert await figures.missing(house.system, "7d", now=NOW) == 0


async def test_every_period_counts_what_lies_in_it_and_nothing_else(house: House) -> None:
    hours = [timedelta(minutes=1), timedelta(hours=23), timedelta(hours=24)]
    ages = hours + [timedelta(days=days) for days in (6, 7, 29, 30, 89, 90, 400)]
    await log(house, *(call(NOW - age) for age in ages))
    expected: dict[Period, int] = {"24h": 2, "7d": 4, "30d": 6, "90d": 8, "all": 10}
    for period, calls_in_it in expected.items():
        assert (await figures.sums(house.system, period, None, now=NOW)).calls == calls_in_it, period
        spans = await figures.spans(house.system, period, None, now=NOW)
        assert sum(span.sums.calls for span in spans) == calls_in_it, period
        routes = await figures.busiest(house.system, period, None, now=NOW)
        assert [busy.sums.calls for busy in routes] == [calls_in_it], period


async def test_a_call_at_midnight_belongs_to_the_day_that_begins(house: House) -> None:
    midnight = datetime(2026, 3, 9, tzinfo=UTC)
    await log(house, call(midnight), call(midnight - timedelta(microseconds=1), status=499))
    days = await figures.spans(house.system, "7d", None, now=NOW)
    assert days[-2:] == [
        Span(midnight - timedelta(days=1), Sums(1, 1, 10_000)), Span(midnight, Sums(1, 0, 10_000)),
    ]  # fmt: skip


async def test_the_busiest_routes_come_first_with_their_errors_and_slowest_call(house: House) -> None:
    await log(
        house, *(call(NOW, route="/a", ms=5) for _ in range(3)), call(NOW, route="/b", ms=900, status=503),
        call(NOW - timedelta(days=1), route="/b", ms=20), *(call(NOW, route=f"/c{number}") for number in range(9)),
    )  # fmt: skip
    found = await figures.busiest(house.system, "7d", None, now=NOW)
    assert [(busy.route, busy.sums.calls, busy.sums.errors, busy.slowest_us) for busy in found[:2]] == [
        ("/a", 3, 0, 5_000), ("/b", 2, 1, 900_000),
    ]  # fmt: skip
    assert len(found) == figures.BUSIEST


async def test_one_partners_figures_hold_nothing_of_anothers(house: House) -> None:
    await log(house, call(NOW, partner=1), call(NOW, partner=2, status=500, ms=999, route="/secret"))
    for period in ("24h", "7d", "all"):
        assert await figures.sums(house.system, period, 1, now=NOW) == Sums(1, 0, 10_000)
        assert [busy.route for busy in await figures.busiest(house.system, period, 1, now=NOW)] == ["/emr/treatments"]
        assert sum(span.sums.errors for span in await figures.spans(house.system, period, 1, now=NOW)) == 0


async def test_calls_that_were_not_recorded_are_told_for_their_period(house: House, owner: asyncpg.Connection) -> None:
    gaps = [(NOW, 3), (NOW - timedelta(days=8), 40)]
    await owner.executemany("insert into call_gaps (at, calls) values ($1, $2)", gaps)
    assert [await figures.missing(house.system, period, now=NOW) for period in ("24h", "7d", "30d")] == [3, 3, 43]


def test_filters_are_read_as_they_are_typed() -> None:
    typed = asking.read({
        "partner": "7", "key": "12", "practice": "GlowOffice", "method": "get", "route": "(unknown path)",
        "status": "4XX", "code": "invalid", "ip": "2001:DB8::0:1", "request": "req_" + "a" * 32,
        "from": "2026-03-09T17:00", "to": "2026-03-09T17:00:00-05:00", "before": "1-2", "sort": "oldest",
    })  # fmt: skip
    assert not typed.wrong
    assert typed.asked == Asked(
        partner_id=7, key_id=12, practice="GlowOffice", method="GET", route="", status_from=400, status_to=499,
        code="invalid", address="2001:db8::1", request_id="req_" + "a" * 32, since=datetime(2026, 3, 9, 17, tzinfo=UTC),
        until=datetime(2026, 3, 9, 22, tzinfo=UTC), before=Cursor.of("1-2"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("req_" + "0" * 32, Asked(request_id="req_" + "0" * 32)),
        ("/emr/visits/{gfe_id}", Asked(route="/emr/visits/{gfe_id}")),
        ("GET /emr/treatments", Asked(method="GET", route="/emr/treatments")),
        ("203.0.113.9", Asked(address="203.0.113.9")),
        ("slot_taken", Asked(code="slot_taken")),
    ],
)
def test_the_search_knows_what_it_is_given(text: str, asked: Asked) -> None:
    assert asking.read({"search": text}).asked == asked


@pytest.mark.parametrize("name", [*asking.FIELDS, "before", "after", "search"])
@pytest.mark.parametrize("text", ["<img onerror>", "=cmd()", "9" * 30, "x" * 300, "0001-01-01T00:00+23:00", "é"])
def test_what_cannot_be_read_is_named_and_not_asked(name: str, text: str) -> None:
    typed = asking.read({name: text})
    assert set(typed.wrong) == {name} and typed.asked == Asked()
    assert text not in typed.wrong[name]


def test_a_cursor_survives_its_travel() -> None:
    cursor = Cursor(datetime(2026, 3, 9, 17, 30, 1, 234_567, tzinfo=UTC), 987_654_321_012)
    assert Cursor.of(cursor.text) == cursor
    assert Cursor.of("1-2-3") is None
