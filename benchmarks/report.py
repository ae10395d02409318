"""A run as a table on the terminal and as docs/benchmarks.md: ratios first, absolute figures beside them."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import load, parts, sides
from benchmarks.measure import Compared, Run, busy, cpu_us, p99_ms, rate

AIM = 0.7  # of the bare handler (issue 2); design/performance.md hopes for 0.8
BUSY = 0.7  # a web process below this share of its core was waiting for somebody else
LIBRARIES = ("uvicorn", "uvloop", "httptools", "starlette", "asyncpg", "msgspec")
COLUMNS = ("call", "of bare", "rounds", "ours/s", "bare/s", "CPU µs ours", "CPU µs bare", "p99 ms ours", "p99 ms bare")


def show(run: Run, console: Console) -> None:
    table = Table(*COLUMNS, title="OpenMedspa beside a bare handler with the same statements")
    for column in table.columns[1:]:
        column.justify = "right"
    for compared in run.compared:
        call, ratio, *rest = _cells(compared)
        style = "bold green" if compared.ratio >= AIM else "bold red"
        table.add_row(call, f"[{style}]{ratio}[/]", *rest)
    console.print(table)
    for line in _facts(run):
        console.print(f"  {line}", highlight=False)


def write(run: Run, path: Path) -> None:
    path.write_text(f"{_page(run)}\n{parts.all_of(path)}", encoding="utf-8")


def _page(run: Run) -> str:
    rows = "\n".join("| " + " | ".join(_cells(compared)) + " |" for compared in run.compared)
    facts = "\n".join(f"- {fact}" for fact in _facts(run))
    rounds = len(run.compared[0].ours)
    return f"""# How fast it is

<!-- Written by `make bench`; do not edit. -->
Measured {run.at:%Y-%m-%d %H:%M} UTC.

| {" | ".join(COLUMNS)} |
|---|{"---:|" * (len(COLUMNS) - 1)}
{rows}

**of bare** is the rate of OpenMedspa divided by that of a bare handler, medians of {rounds} rounds of {run.seconds} s
each; the aim is {AIM}. **rounds** is the lowest and the highest ratio of any single round: wide apart, the machine was
busy with something else. **CPU µs** is what the kernel says that the web process took for a request.

{facts}

## What is compared
- **ours**: the whole application by uvicorn, worker included: key check, routes, validation, matching, row-level
  security, audit of reads and writes, one durable commit for each order.
- **bare** (`benchmarks/peers/bare.py`): an ASGI function on the same uvicorn, asyncpg and pool settings that sends the
  same statements in the same number of round trips. It checks no key, has no routes, validates nothing, and writes no
  audit row for a read.
- **pgbench**: the read's statement without HTTP or Python (the id is made from a number by the statement itself).

Not yet compared: the same two calls by FastAPI and an ORM, and a mock server made from the OpenAPI document.

## How
PostgreSQL is the embedded one with the product's own settings, durable (`fsync` and `synchronous_commit` on), on the
same machine, free to use every core; {run.visits:,} visits in 4 practices, half of them completed, and one EMR that
serves all four. One web process is pinned to one core, the load ({load.TOOL}, {load.CONNECTIONS} connections) to
another. Reads ask for random visits; of three orders two are for new patients and one for a known one. After a warm-up
the sides take turns, each round from a fresh checkpoint. A single answer that is not 2xx, or an order that was answered
and is not in the database, fails the run.

## Again
```
make bench                                    # a few minutes; writes this page
.venv/bin/python -m benchmarks --quick        # a look, under a minute; writes nothing
.venv/bin/python -m benchmarks --rounds 9 --seconds 10
```
Compare ratios, not rates: those belong to the machine and the day.

## The partner API
Measured one by one, each by its own command, which writes its table here.
"""


def _cells(compared: Compared) -> list[str]:
    ours, bare = compared.ours, compared.bare
    low, high = compared.spread
    return [
        compared.call.name, f"{compared.ratio:.2f}", f"{low:.2f}–{high:.2f}",
        f"{rate(ours):,.0f}", f"{rate(bare):,.0f}",
        f"{cpu_us(ours):.0f}", f"{cpu_us(bare):.0f}", f"{p99_ms(ours):.1f}", f"{p99_ms(bare):.1f}",
    ]  # fmt: skip


def _facts(run: Run) -> list[str]:
    trips = " · ".join(f"{name}: {count:g}" for name, count in run.round_trips.items())
    facts = [f"Round trips to PostgreSQL of one call, counted on the wire: {trips}"]
    facts += [_bound(compared) for compared in run.compared if busy(compared.bare) < BUSY]
    if run.pgbench_reads:
        facts.append(f"The read's statement by pgbench: {run.pgbench_reads:,.0f}/s")
    facts += [
        f"{name}: first answer {run.started_seconds[name]:.2f} s after the process's start on a migrated database, "
        f"{run.resident_mb[name]:.0f} MB resident after the load"
        for name in sides.SIDES
    ]
    return [*facts, *_machine(run)]


def _bound(compared: Compared) -> str:
    ours, bare = (f"{busy(rounds):.0%}" for rounds in (compared.ours, compared.bare))
    return (
        f"**{compared.call.name}: the web process was not the bound** (its core was busy {ours} of the time with ours, "
        f"{bare} with bare). PostgreSQL, or the machine, was: compare the CPU columns, not the rates"
    )


def _machine(run: Run) -> list[str]:
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return [
        f"Python {platform.python_version()}, PostgreSQL {run.postgresql}, {libraries}",
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs ({_cpu()}); load by {load.TOOL}",
    ]


def _cpu() -> str:
    names = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return names[0].partition(":")[2].strip() if names else "unknown model"
