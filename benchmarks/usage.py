"""The log of calls: operators' pages over ten million calls of a year, and what the log costs a hot request.

`python -m benchmarks.usage` measures by itself, prints, and writes its part of docs/benchmarks.md.
"""

import asyncio
import os
import tempfile
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from time import perf_counter

import asyncpg
import cyclopts
import httpx2
from msgspec import Struct
from msgspec.structs import replace
from rich.console import Console
from rich.table import Table
from starlette.applications import Starlette

from benchmarks import load, parts, stage
from benchmarks.load import Call
from benchmarks.measure import Bench, Compared, cpu_us, fetch
from benchmarks.sides import SIDES, serving
from openmedspa import installation
from openmedspa.app import build_app
from openmedspa.kit.api import Api
from openmedspa.kit.http import Incoming
from openmedspa.settings import Settings

CALLS, VISITS, ROUNDS, SECONDS = 10_000_000, 20_000, 5, 5
STEP = 500_000
SECRET = "an admin secret for benchmarks"
TREATMENTS = Call("GET /emr/treatments", "GET", "/")
HOT = (TREATMENTS, load.ORDER)

CAST = """
with partner as (
  insert into partners (name) select 'Partner ' || n from generate_series(1, 40) n returning id
), practice as (
  insert into practices (ppass, name) select 'Office' || n, 'Office ' || n from generate_series(1, 40) n
)
insert into api_keys (partner_id, name, key_sha256, prefix, last_four, scopes)
select id, 'key ' || n, sha256((id * 10 + n)::text::bytea), 'oms_live_xxx', 'yyyy', '{Exams}'
from partner, generate_series(1, 3) n
"""
# Call n of so many was a share of a year ago; most come from few partners, one in twenty is an error, and one code is
# that of one call in a hundred thousand.
FILL = """
insert into calls (at, request_id, method, route, status, code, duration_us, practice_id, partner_id, key_id, address)
select now() - interval '1 year' * ($3::int - n) / $3, 'req_' || md5(n::text),
       case when route % 5 = 0 then 'POST' else 'GET' end, '/v1/route' || route, status, code,
       1000 + (n * 7919::bigint % 40000)::int, 1 + (partner + n % 3) % 40, partner, partner * 3 - n % 3,
       '203.0.113.' || n % 250
from generate_series($1::int, $2::int) n,
     lateral (select (n * 104729::bigint % 59)::int as route) r,
     lateral (select 1 + (40 * power((n * 7919::bigint % 10007) / 10007.0, 2))::int % 40 as partner) p,
     lateral (select case when n % 100000 = 7 then 503 when n % 20 = 0 then 404 else 200 end as status,
                     case when n % 100000 = 7 then 'rare_trouble' when n % 20 = 0 then 'visit_not_found' else '' end
                       as code) s
"""
SUMS = (
    """insert into call_hours
       select date_trunc('hour', at, 'UTC'), who.id, method, route, count(*), count(*) filter (where status >= 400),
              sum(duration_us), max(duration_us)
       from calls cross join lateral (values (partner_id), (-1)) as who (id) group by 1, 2, 3, 4""",
    """insert into call_days
       select (hour at time zone 'UTC')::date, partner_id, method, route, sum(calls), sum(errors), sum(duration_us),
              max(slowest_us) from call_hours group by 1, 2, 3, 4""",
    """insert into call_totals
       select method, route, status, count(*), sum(duration_us), 0, 0, 0, 0, 0, max(duration_us)
       from calls group by 1, 2, 3""",
    "vacuum analyze",
    "checkpoint",
)
PAGES = (
    "/admin", "/admin?period=24h", "/admin?period=90d", "/admin?period=all", "/admin/activity",
    "/admin/activity?partner=7", "/admin/activity?code=rare_trouble", "/admin/activity?route=/v1/route7",
    "/admin/activity?status=5xx", "/admin/activity?partner=7&code=rare_trouble", "/admin/activity?sort=slowest",
    "/admin/activity?to=2020-01-01",
)  # fmt: skip


class Timed(Struct, frozen=True):
    """One page, in milliseconds."""

    path: str
    median_ms: float
    worst_ms: float


def create_without_log() -> Starlette:
    """The product as it is, but that its calls are not noted: the other side of the comparison."""

    def leave_out(_api: Api, incoming: Incoming, seconds: float) -> None: ...

    setattr(Api, "_note", leave_out)  # noqa: B010 on purpose, and for this process only
    return build_app(Settings.read())


async def fill(settings: Settings, calls: int, console: Console) -> None:
    """Calls in steps, their sums at the end."""
    await installation.upgrade(settings)
    owner = await asyncpg.connect(settings.database_url)
    try:
        await owner.execute(CAST)
        for first in range(1, calls + 1, STEP):
            await owner.execute(FILL, first, min(calls, first + STEP - 1), calls)
            console.print(f"{min(calls, first + STEP - 1):,} calls")
        for sql in SUMS:
            await owner.execute(sql)
    finally:
        await owner.close()


async def time_pages(settings: Settings, turns: int = 15) -> list[Timed]:
    """Each page, through the whole application in this process, after two turns that warm up."""
    app = build_app(settings)
    headers = {"authorization": f"Bearer {SECRET}"}
    async with app.router.lifespan_context(app):
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://bench", headers=headers) as http:
            return [await _time(http, path, turns) for path in PAGES]


async def _time(http: httpx2.AsyncClient, path: str, turns: int) -> Timed:
    took = []
    for turn in range(turns + 2):
        began = perf_counter()
        answer = await http.get(path)
        if answer.status_code != 200:
            raise RuntimeError(f"{path}: {answer.status_code}")
        if turn >= 2:
            took.append((perf_counter() - began) * 1000)
    return Timed(path, median(took), max(took))


class Hot(Bench):
    """The same turns; the read is the one without a database row of its own, which the log weighs on most."""

    def write_lines(self, call: Call, lines: Path, *, seconds: int) -> None:
        if call is TREATMENTS:
            lines.write_text("/emr/treatments\n" * 1_000, encoding="utf-8")
        else:
            super().write_lines(call, lines, seconds=seconds)


def compare(console: Console, rounds: int, seconds: int) -> list[Compared]:
    """The hot calls with the log and without it, by turns, on one core."""
    cores = sorted(os.sched_getaffinity(0))
    with ExitStack() as stack:
        settings = Settings(database_url=stack.enter_context(stage.cluster()), secret_key="benchmark" * 4)
        asyncio.run(stage.fill(settings, VISITS))
        gfe_ids = [row[0] for row in fetch(settings, "select gfe_id from visits order by id")]
        SIDES["bare"] = ["benchmarks.usage:create_without_log", "--factory"]
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="oms")))
        ours, bare = (
            stack.enter_context(serving(name, settings, cores={cores[0]}, probe="/emr/treatments"))
            for name in ("ours", "bare")
        )
        bench = Hot(settings, gfe_ids, folder, seconds=seconds, cores={cores[-1]}, tell=console.print)
        return [bench.compare(call, ours, bare, rounds) for call in HOT]


def table(calls: int, pages: list[Timed], compared: list[Compared]) -> Table:
    made = Table("measured", "median ms", "slowest ms", "of the rate without", title=f"The log of {calls:,} calls")
    for column in made.columns[1:]:
        column.justify = "right"
    for page in pages:
        made.add_row(page.path, f"{page.median_ms:.1f}", f"{page.worst_ms:.1f}", "")
    for one in compared:
        made.add_row(
            f"{one.call.name}: {cpu_us(one.ours):.0f} µs of CPU with the log, {cpu_us(one.bare):.0f} without", "", "",
            f"{one.ratio:.2f}× ({one.spread[0]:.2f} to {one.spread[1]:.2f})",
        )  # fmt: skip
    return made


def main(*, calls: int = CALLS, rounds: int = ROUNDS, seconds: int = SECONDS, pages_only: bool = False) -> None:
    """Measure on PostgreSQLs of its own, as the product starts them; the page is written for 10,000,000 calls."""
    console = Console()
    with stage.cluster() as dsn:
        settings = Settings(database_url=dsn, secret_key="benchmark" * 4, run_worker=False)
        settings = replace(settings, admin_secret=SECRET)
        asyncio.run(fill(settings, calls, console))
        pages = asyncio.run(time_pages(settings))
        console.print(table(calls, pages, []))
    compared = [] if pages_only else compare(console, rounds, seconds)
    made = table(calls, pages, compared)
    console.print(made)
    if calls == CALLS and compared and rounds >= ROUNDS:
        parts.keep(
            "usage", made,
            "Whole pages, from the request to the last byte of HTML, signed in, in one process; a year of calls of 40 "
            "partners, 60 routes and 120 keys; the aim is 50 ms. Below, the two hot calls with the log and without it, "
            f"medians of {ROUNDS} rounds by turns.",
        )  # fmt: skip


if __name__ == "__main__":
    cyclopts.run(main)
