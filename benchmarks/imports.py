"""`openmedspa import prospects` with 100,000 rows, one in a hundred wrong: rows a second and memory, first and again.

`python -m benchmarks.imports` measures by itself, prints, and writes its part of docs/benchmarks.md.
"""

import csv
import json
import os
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path
from time import perf_counter
from typing import Any

import cyclopts
from msgspec import Struct
from rich.console import Console
from rich.table import Table

from benchmarks import parts, stage
from openmedspa.demo.people import people

ROWS, ONE_IN = 100_000, 100
FIELDS = ["FirstName", "LastName", "EMail", "Phone", "DOB", "City", "State", "Zip", "Notes"]


class Imported(Struct, frozen=True):
    """What one run of the command did, and what it took."""

    run: str
    rows: int
    created: int
    unchanged: int
    refused: int
    seconds: float
    peak_mb: float

    @property
    def rate(self) -> float:
        return self.rows / self.seconds


def measure(rows: int) -> list[Imported]:
    """Into a new database: a tenth of the file, whose memory is the measure; all of it; all of it again."""
    with tempfile.TemporaryDirectory(prefix="oms") as folder, stage.cluster() as dsn:
        variables = {**os.environ, "DATABASE_URL": dsn, "OPENMEDSPA_SECRET_KEY": "benchmark" * 4}
        _command("db", "upgrade", variables=variables)
        for practice in ("Little", "Whole"):
            _command("practices", "create", practice, variables=variables)
        tenth, whole = Path(folder, "tenth.csv"), Path(folder, "whole.csv")
        _write(tenth, rows // 10)
        _write(whole, rows)
        asked = (("a tenth", tenth, "Little"), ("first", whole, "Whole"), ("again", whole, "Whole"))
        return [_import(run, path, practice, variables) for run, path, practice in asked]


def _write(path: Path, rows: int) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(FIELDS)
        seen: set[tuple[str, str, date]] = set()  # two of one name and birthday would be refused as one person
        for number, person in enumerate(people(rows, seed=7), 1):
            who = (person.first_name, person.last_name, person.dob)
            dob = "1990-02-30" if number % ONE_IN == 0 else "" if who in seen else person.dob.isoformat()
            seen.add(who)
            writer.writerow([person.first_name, person.last_name, person.email, person.phone, dob, "Pasadena", "CA",
                             "91101", "Asked about a consultation."])  # fmt: skip


def _import(run: str, path: Path, practice: str, variables: dict[str, str]) -> Imported:
    began = perf_counter()
    report = path.with_suffix(f".{run.replace(' ', '-')}.refused.csv")
    told, peak_mb = _command(
        "import", "prospects", str(path), "--practice", practice, "--json", "--report", str(report),
        variables=variables,
    )  # fmt: skip
    seconds = perf_counter() - began
    found: dict[str, Any] = json.loads(told)
    with report.open(encoding="utf-8-sig", newline="") as file:
        reported = sum(1 for _ in csv.reader(file)) - 1
    if reported != found["refused"] or found["refused"] != found["rows"] // ONE_IN:
        raise RuntimeError(f"{reported} of {found['rows'] // ONE_IN} bad rows were reported: {told}")
    if run == "again" and (found["created"] or found["updated"]):
        raise RuntimeError(f"the second run changed something: {told}")
    return Imported(run, found["rows"], found["created"], found["unchanged"], found["refused"], seconds, peak_mb)


def _command(*words: str, variables: dict[str, str]) -> tuple[str, float]:
    """What it printed, and the most memory it ever had."""
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen([sys.executable, "-m", "openmedspa", *words], env=variables, stdout=out)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        printed = out.read()
    if process.returncode not in {0, 6}:
        raise RuntimeError(f"openmedspa {' '.join(words)} ended with {process.returncode}: {printed}")
    return printed, used.ru_maxrss / 1024


def table(found: list[Imported]) -> Table:
    shown = Table("run", "rows/s", "seconds", "peak MB", "created", "unchanged", "refused", title="import prospects")
    for one in found:
        counts = [f"{count:,}" for count in (one.created, one.unchanged, one.refused)]
        shown.add_row(
            f"{one.run}, {one.rows:,}", f"{one.rate:,.0f}", f"{one.seconds:.1f}", f"{one.peak_mb:.0f}", *counts
        )
    return shown


def main(*, rows: int = ROWS) -> None:
    found = table(measure(rows))
    Console().print(found)
    if rows == ROWS:
        parts.keep("imports", found, "One row in a hundred is wrong; run again, nothing changes.")


if __name__ == "__main__":
    cyclopts.run(main)
