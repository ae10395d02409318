"""`openmedspa import`: a practice's own data from files. Opens the file, asks the slice, tells what came of it."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from cyclopts import App, Parameter

from openmedspa.cli.flags import DataDir, DryRun, Json, switch
from openmedspa.cli.import_report import Refusals, bar, report_file, say
from openmedspa.cli.tables import show_json
from openmedspa.cli.talk import data, visible
from openmedspa.cli.talk import say as tell
from openmedspa.kit.errors import Stopped

if TYPE_CHECKING:
    from openmedspa.cli.database import Desk
    from openmedspa.kit.bulk import Slice, Totals
    from openmedspa.kit.files import Source

app = App(name="import", help="Bring your data, from CSV or JSON files.", version_flags=())
FOUND_SOMETHING = 6
File = Annotated[Path, Parameter(help="CSV with a line of field names, or JSON: an array, or an object a line.")]
Practice = Annotated[str, Parameter(name="--practice", help="The practice's PPass.")]
Report = Annotated[Path | None, Parameter(name="--report", help="A CSV file to write refused rows to, with reasons.")]
IgnoreUnknown = Annotated[bool, switch("Leave out fields that are not known.", name="--ignore-unknown")]
Owner = Annotated[str | None, Parameter(name="--partner", help="The partner whose they become; else the operator's.")]
Maker = Callable[["Desk"], Awaitable["Slice[Any]"]]


class How(NamedTuple):
    """What was asked for, whatever is imported; `word` is what its rows are."""

    word: str
    is_dry: bool
    report: Path | None
    ignores_unknown: bool
    as_json: bool
    data_dir: Path | None


@app.command
async def prospects(
    file: File, /, *, practice: Practice, dry_run: DryRun = False, report: Report = None,
    ignore_unknown: IgnoreUnknown = False, as_json: Json = False, data_dir: DataDir = None,
) -> int:  # fmt: skip
    """Add people to a practice, and change those it knows: by name with e-mail or birthday, or by an earlier run."""
    from openmedspa.patients import importing
    from openmedspa.patients.queries import importing as queries
    from openmedspa.practices import register

    async def make(desk: "Desk") -> "Slice[Any]":
        practice_id = (await register.get_practice(desk.db, practice))["id"]
        provider_ids = await queries.list_provider_ids(desk.db, [practice_id], practice_id)
        return importing.Prospects(practice_id, provider_ids, actor=desk.actor, now=desk.now)

    how = How("people", dry_run, report, ignore_unknown, as_json, data_dir)
    return await _bring(file, make, how)


@app.command
async def products(
    file: File, /, *, partner: Owner = None, dry_run: DryRun = False, report: Report = None,
    ignore_unknown: IgnoreUnknown = False, as_json: Json = False, data_dir: DataDir = None,
) -> int:  # fmt: skip
    """Add products to the catalogue, and change those it knows by VendorCode and ProductCode."""
    from openmedspa.catalog import importing
    from openmedspa.partners import registry

    async def make(desk: "Desk") -> "Slice[Any]":
        partner_id = (await registry.get_partner(desk.db, partner))["id"] if partner is not None else None
        return importing.Products(partner_id, actor=desk.actor, now=desk.now)

    how = How("products", dry_run, report, ignore_unknown, as_json, data_dir)
    return await _bring(file, make, how)


@app.command
async def kb(
    file: File, /, *, dry_run: DryRun = False, report: Report = None, ignore_unknown: IgnoreUnknown = False,
    as_json: Json = False, data_dir: DataDir = None,
) -> int:  # fmt: skip
    """Add articles to the knowledge base, and change those it knows by Title and Category."""
    from openmedspa.knowledge import importing

    async def make(desk: "Desk") -> "Slice[Any]":
        return importing.Articles(actor=desk.actor, now=desk.now)

    how = How("articles", dry_run, report, ignore_unknown, as_json, data_dir)
    return await _bring(file, make, how)


@app.command
async def tickets(
    file: File, /, *, practice: Practice, dry_run: DryRun = False, report: Report = None,
    ignore_unknown: IgnoreUnknown = False, as_json: Json = False, data_dir: DataDir = None,
) -> int:  # fmt: skip
    """Add tickets to a practice, and change those it knows by Reference."""
    from openmedspa.practices import register
    from openmedspa.tickets import importing

    async def make(desk: "Desk") -> "Slice[Any]":
        practice_id = (await register.get_practice(desk.db, practice))["id"]
        return importing.Tickets(practice_id, actor=desk.actor, now=desk.now)

    how = How("tickets", dry_run, report, ignore_unknown, as_json, data_dir)
    return await _bring(file, make, how)


async def _bring(file: Path, make: Maker, how: How) -> int:
    """0 if every row was taken, 6 if some were not."""
    from openmedspa.cli.database import open_desk
    from openmedspa.kit.files import open_rows

    async with open_desk(how.data_dir) as desk:
        slice_ = await make(desk)
        with (
            open_rows(file, slice_.fields, slice_.needed, ignores_unknown=how.ignores_unknown) as source,
            report_file(how.report, file) as out,
        ):
            refusals = Refusals(out, source.columns)
            totals = await _run(desk, slice_, source, refusals, is_dry=how.is_dry)
    if how.as_json:
        show_json(_summary(file, totals, refusals, how))
    else:
        _tell(totals, refusals, how)
    return FOUND_SOMETHING if totals.refused else 0


async def _run(desk: "Desk", slice_: "Slice[Any]", source: "Source", refusals: Refusals, *, is_dry: bool) -> "Totals":
    """Ctrl-C ends between two batches, or takes back the one that is under way; what is in is said."""
    from openmedspa.kit.bulk import Import

    with bar(source.size) as update:
        run = Import(
            desk.db, slice_, is_dry=is_dry,
            refuse=lambda entry, faults: refusals.add(entry.line, faults, entry.cells),
            tell=lambda totals: update(source.position, totals.rows),
        )  # fmt: skip
        try:
            return await run.run(source)
        except (asyncio.CancelledError, Stopped):
            is_partly_in = run.totals.line and not is_dry
            done = f"Everything up to line {run.totals.line} is in; run again, it goes on from there."
            tell(f"Stopped. {done if is_partly_in else 'Nothing was written.'}")
            raise


def _summary(file: Path, totals: "Totals", refusals: Refusals, how: How) -> dict[str, Any]:
    return {
        "file": str(file),
        "dry_run": how.is_dry,
        "rows": totals.rows,
        "created": totals.created,
        "updated": totals.updated,
        "unchanged": totals.unchanged,
        "refused": totals.refused,
        "first_refused": refusals.first,
        "report": str(how.report) if how.report else None,
    }


def _tell(totals: "Totals", refusals: Refusals, how: How) -> None:
    """The counts as data; the refused rows, if they are not in a file, beside it."""
    for refused in refusals.first if how.report is None else ():
        tell(visible(f"line {refused['line']}: {say(refused['faults'])}", 400))
    more = totals.refused - len(refusals.first)
    if how.report is None and more > 0:
        tell(f"… and {more:,} more: --report refused.csv writes all of them.")
    if how.report is not None and totals.refused:
        tell(f"The refused rows are in {how.report}.")
    would = "Would be: " * how.is_dry
    data(
        f"{would}{totals.created:,} {how.word} created, {totals.updated:,} updated, {totals.unchanged:,} unchanged, "
        f"{totals.refused:,} refused."
    )
