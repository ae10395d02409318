"""One run of an import: opens the file, asks the slice, tells what came of it. Knows no kind of data."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from cyclopts import Parameter

from openmedspa.cli.flags import switch
from openmedspa.cli.import_report import SHOWN, Refusals, bar, report_file, say
from openmedspa.cli.tables import show_json
from openmedspa.cli.talk import data, typable, visible
from openmedspa.cli.talk import say as tell
from openmedspa.kit.errors import Stopped

if TYPE_CHECKING:
    from openmedspa.cli.database import Desk
    from openmedspa.kit.bulk import Slice, Totals
    from openmedspa.kit.files import Source

FOUND_SOMETHING = 6
File = Annotated[Path, Parameter(help="CSV with a line of field names, or JSON: an array, or an object a line.")]
Practice = Annotated[str, Parameter(name="--practice", help="The practice's PPass.")]
Report = Annotated[Path | None, Parameter(name="--report", help="A CSV file to write refused rows to, with reasons.")]
IgnoreUnknown = Annotated[bool, switch("Leave out fields that are not known.", name="--ignore-unknown")]
Maker = Callable[["Desk"], Awaitable["Slice[Any]"]]
Runner = Callable[..., Any]


class How(NamedTuple):
    """What was asked for, whatever is imported; `words` is what a row is, and several are."""

    words: tuple[str, str]
    is_dry: bool
    report: Path | None
    ignores_unknown: bool
    as_json: bool
    data_dir: Path | None
    then: str = ""  # what to do when somebody new is in


async def bring(file: Path, make: Maker, how: How) -> int:
    """Rows in batches. 0 if every row was taken, 6 if some were not."""

    async def start(desk: "Desk", **hears: Any) -> tuple[Any, Any]:
        from openmedspa.kit.bulk import Import

        slice_ = await make(desk)
        return slice_, Import(desk.db, slice_, is_dry=how.is_dry, **hears)

    return await bring_rows(file, start, how)


async def bring_rows(file: Path, start: Runner, how: How) -> int:
    """`start` makes what knows the fields, and the run over the rows."""
    from openmedspa.cli.database import open_desk
    from openmedspa.kit.files import open_rows

    async with open_desk(how.data_dir) as desk:
        hears = _Hears()
        knows, run = await start(desk, refuse=hears.refuse, tell=hears.tell)
        with (
            open_rows(file, knows.fields, knows.needed, ignores_unknown=how.ignores_unknown) as source,
            report_file(how.report, file) as out,
        ):
            hears.refusals = Refusals(out, source.columns)
            totals = await _run(run, source, hears, is_dry=how.is_dry)
    notes = getattr(run, "notes", getattr(knows, "notes", None))
    return conclude(file, totals, hears.refusals, how, notes=notes)


class _Hears:
    """Between a run and those who are told of it, who come later than it."""

    refusals: Refusals

    def __init__(self) -> None:
        self.update: Callable[[Any], None] = lambda _totals: None

    def refuse(self, entry: Any, faults: dict[str, str]) -> None:
        self.refusals.add(entry.line, faults, entry.cells)

    def tell(self, totals: "Totals") -> None:
        self.update(totals)


async def _run(run: Any, source: "Source", hears: _Hears, *, is_dry: bool) -> "Totals":
    """Ctrl-C ends between two batches, or takes back the one that is under way; what is in is said."""
    with bar(source.size) as update:
        hears.update = lambda totals: update(source.position, totals.rows)
        try:
            totals: Totals = await run.run(source)
        except (asyncio.CancelledError, Stopped):
            is_partly_in = run.totals.line and not is_dry
            done = f"Everything up to line {run.totals.line} is in; run again, it goes on from there."
            tell(f"Stopped. {done if is_partly_in else 'Nothing was written.'}")
            raise
    return totals


def conclude(file: Path, totals: "Totals", refusals: Refusals, how: How, *, notes: Sequence[str] | None = None) -> int:
    """Say what came of it; the exit code. `notes`: what was taken and may be meant otherwise."""
    if how.as_json:
        show_json(_summary(file, totals, refusals, how) | ({} if notes is None else {"notes": list(notes)}))
    else:
        _tell(totals, refusals, how, notes or ())
    return FOUND_SOMETHING if totals.refused else 0


def _summary(file: Path, totals: "Totals", refusals: Refusals, how: How) -> dict[str, Any]:
    removed = getattr(totals, "removed", None)
    return {
        "file": str(file),
        "dry_run": how.is_dry,
        "rows": totals.rows,
        "created": totals.created,
        "updated": totals.updated,
        "unchanged": totals.unchanged,
        **({} if removed is None else {"removed": removed}),
        "refused": totals.refused,
        "first_refused": refusals.first,
        "report": str(how.report) if how.report else None,
    }


def _tell(totals: "Totals", refusals: Refusals, how: How, notes: Sequence[str]) -> None:
    """The counts as data; the refused rows, if they are not in a file, and the notes beside it."""
    for refused in refusals.first if how.report is None else ():
        tell(visible(f"line {refused['line']}: {say(refused['faults'])}", 400))
    more = totals.refused - len(refusals.first)
    if how.report is None and more > 0:
        tell(f"… and {more:,} more: --report refused.csv writes all of them.")
    if how.report is not None and totals.refused:
        tell(f"The refused rows are in {how.report}.")
    for note in notes[:SHOWN]:
        tell(visible(note, 400))
    if len(notes) > SHOWN:
        tell(f"… and {len(notes) - SHOWN:,} more: --json has all of them.")
    would = "Would be: " * how.is_dry
    removed = getattr(totals, "removed", None)
    gone = "" if removed is None else f"{removed:,} removed, "
    data(
        f"{would}{totals.created:,} {how.words[totals.created != 1]} created, {totals.updated:,} updated, "
        f"{totals.unchanged:,} unchanged, {gone}{totals.refused:,} refused."
    )
    if how.then and totals.created and not how.is_dry:
        tell(typable(how.then))
