"""What came of a run, for people, programs and build servers: table, lines, JSON, JUnit XML. Decides nothing."""

import json
import sys
from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from openmedspa.verify.checks import Check
from openmedspa.verify.run import Result, Run

MARKS = {"held": "✓", "failed": "✗", "skipped": "–"}
STYLES = {"held": "green", "failed": "bold red", "skipped": "dim"}
EXTENSION = "our extension"


def show(runs: Sequence[Run]) -> None:
    """The table by groups on a terminal, lines with tabs through a pipe; what failed is told below."""
    results = [result for run in runs for result in run.results]
    if sys.stdout.isatty():
        _draw(results)
    else:
        for result in results:
            columns = (result.outcome, result.check.id, result.check.source, result.check.says, result.why)
            print("\t".join(columns).rstrip())
    for result in results:
        if result.outcome == "failed":
            print("\n".join(_story(result)))


def _draw(results: list[Result]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    for group, of_group in groupby(results, key=lambda result: result.check.group):
        table = Table(box=box.SIMPLE, show_header=False, pad_edge=False, show_edge=False, title_justify="left",
                      title=f"\n{group}", title_style="bold")  # fmt: skip
        for width in (1, 30, None):
            table.add_column(width=width, overflow="fold", no_wrap=width is not None)
        for result in of_group:
            remark = result.why or (EXTENSION if result.check.source == "extension" else "")
            says = Text(result.check.says)
            if remark:
                says.append(f" ({remark})", style="dim")
            table.add_row(Text(MARKS[result.outcome], STYLES[result.outcome]), Text(result.check.name), says)
        console.print(table)


def _story(result: Result) -> list[str]:
    """A failure in words: what was sent, what was expected, what came."""
    extension = f" ({EXTENSION})" if result.check.source == "extension" else ""
    told = (("sent", result.sent), ("expected", result.expected), ("came", result.came))
    return [
        "",
        f"{MARKS['failed']} {result.check.id}{extension}: {result.check.says}",
        *(f"    {label:9} {_printable(text)}" for label, text in told if text),
    ]


def _printable(text: str) -> str:
    """What another server said, harmless to a terminal and to XML."""
    return "".join(character if character.isprintable() else "?" for character in text)


def summary(run: Run) -> list[str]:
    """The totals, and what was left at the server."""
    count = Counter(result.outcome for result in run.results)
    failed = Counter(result.check.source for result in run.results if result.outcome == "failed")
    of = ", ".join(f"{number} {source}" for source, number in sorted(failed.items()))
    totals = [f"{count['held']} of {len(run.results)} hold", f"{count['failed']} failed{f' ({of})' if of else ''}"]
    lacking = Counter(result.why for result in run.results if result.outcome == "skipped")
    lines = [", ".join([*totals, f"{count['skipped']} skipped"]) + f" at {run.base}."]
    lines += [f"  – {number} skipped: {why}" for why, number in lacking.most_common()]
    made = ", ".join(f"{number} {kind}" for kind, number in run.made.items())
    return [*lines, f"{made} were made, all of invented people at example.com."] if made else lines


def as_json(runs: Sequence[Run]) -> dict[str, Any]:
    """What came of it for programs."""
    return {
        "runs": [
            {
                "api": run.api,
                "base_url": run.base,
                "made": dict(run.made),
                "checks": [_record(result) for result in run.results],
            }
            for run in runs
        ]
    }


def _record(result: Result) -> dict[str, Any]:
    told = {name: getattr(result, name) for name in ("why", "sent", "expected", "came") if getattr(result, name)}
    return {**describe(result.check), "outcome": result.outcome, "seconds": round(result.seconds, 3), **told}


def describe(check: Check) -> dict[str, Any]:
    """A check that need not have run."""
    return {
        "id": check.id, "group": check.group, "source": check.source, "section": check.section, "says": check.says,
        "needs": list(check.needs),
    }  # fmt: skip


def write_junit(runs: Sequence[Run], path: Path) -> None:
    """JUnit XML as build servers read it: a suite for each group, a case for each check. OSError where it cannot."""
    everything = [result for run in runs for result in run.results]
    name = " and ".join(f"{run.api} API" for run in runs)
    root = ET.Element("testsuites", {"name": name, **_counts(everything)})
    for run in runs:
        for group, results in groupby(run.results, key=lambda result: result.check.group):
            of_group = list(results)
            suite = ET.SubElement(root, "testsuite", {"name": group, "hostname": run.base, **_counts(of_group)})
            for result in of_group:
                _add_case(suite, run, result)
    ET.indent(root)
    ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def _add_case(suite: ET.Element, run: Run, result: Result) -> None:
    group, name = result.check.group, result.check.name
    case = ET.SubElement(suite, "testcase", classname=f"{run.api}.{group}", name=name, time=f"{result.seconds:.3f}")
    if result.outcome == "failed":
        kind = "OpenMedspaExtension" if result.check.source == "extension" else "Contract"
        failure = ET.SubElement(case, "failure", type=kind, message=_printable(result.check.says))
        failure.text = "\n".join(_story(result)[2:])
    if result.outcome == "skipped":
        ET.SubElement(case, "skipped", message=result.why)


def _counts(results: list[Result]) -> dict[str, str]:
    count = Counter(result.outcome for result in results)
    seconds = sum(result.seconds for result in results)
    return {
        "tests": str(len(results)), "failures": str(count["failed"]), "skipped": str(count["skipped"]), "errors": "0",
        "time": f"{seconds:.3f}",
    }  # fmt: skip


def dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
