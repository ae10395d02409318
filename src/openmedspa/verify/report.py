"""What came of a run, for people, programs and build servers: table, lines, JSON, JUnit XML. Decides nothing."""

import json
import sys
from collections import Counter
from itertools import groupby
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from openmedspa.verify.checks import Check
from openmedspa.verify.run import Result, Run

MARKS = {"held": "✓", "failed": "✗", "skipped": "–"}
STYLES = {"held": "green", "failed": "bold red", "skipped": "dim"}
EXTENSION = "our extension"


def show(run: Run) -> None:
    """The table by groups on a terminal, lines with tabs through a pipe; what failed is told below."""
    if sys.stdout.isatty():
        _draw(run)
    else:
        for result in run.results:
            columns = (result.outcome, result.check.id, result.check.source, result.check.says, result.why)
            print("\t".join(columns).rstrip())
    for result in run.results:
        if result.outcome == "failed":
            print("\n".join(_story(result)))


def _draw(run: Run) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    for group, results in groupby(run.results, key=lambda result: result.check.group):
        table = Table(box=box.SIMPLE, show_header=False, pad_edge=False, show_edge=False, title_justify="left",
                      title=f"\n{group}", title_style="bold")  # fmt: skip
        for width in (1, 30, None):
            table.add_column(width=width, overflow="fold", no_wrap=width is not None)
        for result in results:
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
    return [*lines, f"{run.ordered} visits were ordered, all for invented people at example.com."]


def as_json(run: Run) -> dict[str, Any]:
    """The run for programs."""
    return {"base_url": run.base, "visits_ordered": run.ordered, "checks": [_record(result) for result in run.results]}


def _record(result: Result) -> dict[str, Any]:
    told = {name: getattr(result, name) for name in ("why", "sent", "expected", "came") if getattr(result, name)}
    return {**describe(result.check), "outcome": result.outcome, "seconds": round(result.seconds, 3), **told}


def describe(check: Check) -> dict[str, Any]:
    """A check that need not have run."""
    return {
        "id": check.id, "group": check.group, "source": check.source, "section": check.section, "says": check.says,
        "needs": list(check.needs),
    }  # fmt: skip


def write_junit(run: Run, path: Path) -> None:
    """JUnit XML as build servers read it: a suite for each group, a case for each check. OSError where it cannot."""
    root = ET.Element("testsuites", {"name": "exam API", **_counts(run.results)})
    for group, results in groupby(run.results, key=lambda result: result.check.group):
        of_group = list(results)
        suite = ET.SubElement(root, "testsuite", {"name": group, "hostname": run.base, **_counts(of_group)})
        for result in of_group:
            _add_case(suite, result)
    ET.indent(root)
    ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def _add_case(suite: ET.Element, result: Result) -> None:
    case = ET.SubElement(
        suite, "testcase", classname=f"exam.{result.check.group}", name=result.check.name, time=f"{result.seconds:.3f}"
    )
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
