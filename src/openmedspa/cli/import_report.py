"""What an import says: a bar while it runs, each row that was refused, and what came of the rest. Decides nothing."""

import csv
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from openmedspa.cli import talk
from openmedspa.kit.errors import Stopped

SHOWN = 20
NUMBER = re.compile(r"[+-]?[\d ().-]+")
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Refusals:
    """Rows that were not taken: the first few are kept to be shown, all go into the file, if there is to be one."""

    def __init__(self, file: IO[str] | None, columns: Sequence[str]) -> None:
        self.first: list[dict[str, Any]] = []
        self._writer = csv.writer(file) if file else None
        if self._writer:
            self._writer.writerow(["line", "field", "reason", *map(harmless, columns)])

    def add(self, line: int, faults: Mapping[str, str], cells: Sequence[str]) -> None:
        if len(self.first) < SHOWN:
            self.first.append({"line": line, "faults": dict(faults)})
        if self._writer:
            fields = ", ".join(filter(None, faults))
            self._writer.writerow([line, harmless(fields), harmless(say(faults)), *map(harmless, cells)])


def harmless(cell: str) -> str:
    """No spreadsheet takes it for a formula; a number stays one, also with its plus sign."""
    return f"'{cell}" if cell.startswith(FORMULA) and not NUMBER.fullmatch(cell) else cell


def say(faults: Mapping[str, str]) -> str:
    return "; ".join(f"{name} {why}" if name else f"The row {why}" for name, why in faults.items())


@contextmanager
def report_file(path: Path | None, source: Path) -> Iterator[IO[str] | None]:
    """The file for refused rows, with the mark by which spreadsheets know UTF-8. Never the file that is read."""
    if path is None:
        yield None
        return
    if path.exists() and path.samefile(source):
        raise Stopped(f"The report would overwrite {source}.", "--report refused.csv", exit_code=2)
    with path.open("w", encoding="utf-8-sig", errors="replace", newline="") as file:
        yield file


@contextmanager
def bar(size: int) -> Iterator[Any]:
    """Where a person looks on, `update(bytes, rows)` draws; elsewhere it does nothing."""
    if not sys.stderr.isatty() or talk.has_switch("--quiet"):
        yield lambda _at, _rows: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), TaskProgressColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=size or None)

        def update(at: int, rows: int) -> None:
            elapsed = progress.tasks[task].elapsed or 0
            rate = f", {rows / elapsed:,.0f} a second" if elapsed else ""
            progress.update(task, completed=at, description=f"{rows:,} rows{rate}")

        yield update
