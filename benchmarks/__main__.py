"""`python -m benchmarks`: the options, the progress, and the order of things. Linux only: it pins and reads /proc."""

import asyncio
import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import cyclopts
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks import load, report, stage
from benchmarks.measure import Bench, Run, fetch, now
from benchmarks.sides import Server, serving
from openmedspa.settings import Settings

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
VISITS = 100_000


def main(*, rounds: int = 5, seconds: int = 5, visits: int = VISITS, quick: bool = False) -> None:
    """Measure the two hot calls beside a bare handler and write docs/benchmarks.md.

    Parameters
    ----------
    rounds
        Turns of each side; the page is written from 5 on.
    seconds
        Length of a turn.
    visits
        Visits in the database; the page is written for 100,000.
    quick
        A look: 2 rounds of 1 second each, nothing written.
    """
    if sys.platform != "linux":
        sys.exit("The benchmark pins processes and reads /proc: it runs on Linux only.")
    if quick:
        rounds, seconds = 2, 1
    console = Console()
    run = measure(rounds, seconds, visits, console)
    report.show(run, console)
    if rounds >= 5 and visits == VISITS:
        report.write(run, PAGE)
        console.print(f"Written: {PAGE}")


def measure(rounds: int, seconds: int, visits: int, console: Console) -> Run:
    """The servers on the first core, the load on the last, PostgreSQL wherever there is room."""
    cores = sorted(os.sched_getaffinity(0))
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="oms")))
        progress = stack.enter_context(Progress(*columns, console=console))
        task = progress.add_task("starting PostgreSQL", total=3 + 2 * 2 * (rounds + 1) + rounds)

        def tell(text: str) -> None:
            progress.update(task, description=text, advance=1)
            if not console.is_terminal:
                console.print(text)

        settings = Settings(database_url=stack.enter_context(stage.cluster()), secret_key="benchmark" * 4)
        tell(f"filling in {visits:,} visits")
        asyncio.run(stage.fill(settings, visits))
        gfe_ids = [row[0] for row in fetch(settings, "select gfe_id from visits order by id")]

        def side(name: str) -> Server:
            return stack.enter_context(serving(name, settings, cores={cores[0]}, probe=f"/emr/visits/{gfe_ids[0]}"))

        tell("starting both servers")
        ours, bare = side("ours"), side("bare")
        bench = Bench(settings, gfe_ids, folder, seconds=seconds, cores={cores[-1]}, tell=tell)
        pgbench_reads = bench.reads_by_pgbench(rounds)
        return Run(
            at=now(),
            postgresql=fetch(settings, "show server_version")[0][0],
            visits=visits,
            seconds=seconds,
            compared=[bench.compare(call, ours, bare, rounds) for call in load.CALLS],
            round_trips=bench.round_trips(),
            pgbench_reads=pgbench_reads,
            started_seconds={server.name: server.started_seconds for server in (ours, bare)},
            resident_mb={server.name: server.resident_mb() for server in (ours, bare)},
        )


if __name__ == "__main__":
    cyclopts.run(main)
