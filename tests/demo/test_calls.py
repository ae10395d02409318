"""The demo's thirty days of calls: believable, of routes that exist, and their sums are those of the rows."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from demo.test_load import fetch

from openmedspa.demo import calls
from openmedspa.routes.exam import EXAM_API
from openmedspa.routes.partner import PARTNER_API
from openmedspa.settings import Settings

NOW = datetime(2026, 3, 20, 19, 30, tzinfo=UTC)  # twelve days after the clocks were put forward
ROUTES = {(route.method, route.path) for route in (*EXAM_API, *PARTNER_API)}
FOR_DOCUMENTS = [ip_network(text) for text in ("192.0.2.0/24", "198.51.100.0/24", "2001:db8::/32")]
CALLERS = {habit.name: (1, 2, number) for number, habit in enumerate(calls.HABITS)} | {calls.BURST: (1, 2, 99)}
SUMS = "count(*), count(*) filter (where status >= 400), sum(duration_us), max(duration_us)"


def told(now: datetime = NOW) -> list[calls.Told]:
    return calls.tell(CALLERS, seed=7, now=now)


def test_the_same_moment_is_told_the_same_way() -> None:
    assert told() == told()


@pytest.mark.parametrize("hour", range(0, 168, 17))
def test_they_end_now_and_began_thirty_days_ago_whatever_the_hour(hour: int) -> None:
    now = NOW + timedelta(hours=hour)
    found = told(now)
    assert 12_000 < len(found) < 20_000
    assert found[0][0] >= now - timedelta(days=31) and found[-1][0] <= now
    assert found == sorted(found) and len({call[1] for call in found}) == len(found)
    assert 6 * 24 < (now - calls.bad_hour(now)).total_seconds() / 3600 < 14 * 24


def test_they_call_what_there_is_from_addresses_of_nobody() -> None:
    for call in told():
        assert (call[2], call[3]) in ROUTES or (call[3], call[4]) == ("", 401), call
        assert any(ip_address(call[7]) in network for network in FOR_DOCUMENTS), call


def test_most_are_good_and_each_kind_of_trouble_is_there() -> None:
    found = told()
    statuses = Counter(call[4] for call in found)
    assert 0.96 < sum(count for status, count in statuses.items() if status < 400) / len(found) < 0.99
    assert statuses[429] == 100 and statuses[503] > 20 and {400, 401, 404, 409, 422} <= set(statuses)
    assert all((call[5] != "") is (call[4] >= 400) for call in found)
    assert {call[8:] for call in found if call[7] == calls.STRANGER} == {(None, None, None)}


def test_the_practices_days_are_seen_and_no_call_takes_no_time() -> None:
    found = told()
    local = [call[0].astimezone(calls.ZONE) for call in found]
    noon = sum(moment.hour == 11 for moment in local)
    assert noon > 10 * sum(moment.hour == 22 for moment in local) > 0
    days = Counter(moment.weekday() for moment in local)
    assert days[6] * 2 < days[1]
    took = sorted(call[6] for call in found)
    assert took[0] > 0 and 3_000 < took[len(took) // 2] < 15_000 and took[-1] > 500_000


DAY = "(at at time zone 'UTC')::date"
EACH_AND_ALL = "calls cross join lateral (values (coalesce(partner_id, 0)), (-1)) as everybody (who)"


@pytest.mark.parametrize(
    ("table", "by", "sums"),
    [
        ("call_hours", ["date_trunc('hour', at, 'UTC')", "who", "method", "route"], SUMS),
        ("call_days", [DAY, "who", "method", "route"], SUMS),
        ("call_totals", ["method", "route", "status"], "count(*), sum(duration_us)"),
    ],
)
async def test_the_sums_are_those_of_the_calls(demo: Settings, table: str, by: list[str], sums: str) -> None:
    groups = ", ".join(str(number + 1) for number in range(len(by)))
    source = EACH_AND_ALL if "who" in by else "calls"
    counted = await fetch(demo, f"select {', '.join(by)}, {sums} from {source} group by {groups}")
    kept = await fetch(demo, f"select * from {table}")
    width = len(counted[0])
    assert sorted(map(str, (tuple(row)[:width] for row in kept))) == sorted(map(str, map(tuple, counted)))


async def test_each_key_was_used_last_when_its_last_call_says(demo: Settings) -> None:
    rows: list[Any] = await fetch(
        demo, "select last_used_at, (select max(at) from calls c where c.key_id = k.id) as called_at from api_keys k"
    )
    assert rows and all(row["last_used_at"] == row["called_at"] for row in rows)
    assert await fetch(demo, "select from calls where at < now() - interval '31 days' or at > now()") == []
    assert len(await fetch(demo, "select from call_gaps")) == 1
