"""`openmedspa import providers|hours|bookings`: a practice's schedule from tables, and busy times from calendars."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from openmedspa.cli.flags import DataDir, DryRun, Json
from openmedspa.cli.import_report import Refusals, report_file
from openmedspa.cli.import_run import File, How, IgnoreUnknown, Practice, Report, bring, bring_rows, conclude
from openmedspa.kit.errors import Stopped

if TYPE_CHECKING:
    from openmedspa.cli.database import Desk
    from openmedspa.kit.bulk import Slice
    from openmedspa.scheduling.importing.register import Register

WRONG_USAGE = 2
FileOrCalendar = Annotated[Path, Parameter(help="CSV or JSON as elsewhere; or a calendar, .ics, with --provider.")]
OfProvider = Annotated[
    str | None, Parameter(name="--provider", help="Whose calendar it is: a provider's number, reference or name.")
]
OfCalendar = Annotated[
    str | None, Parameter(name="--calendar", help="Which of theirs; else the name it gives itself, or the file's.")
]


async def providers(
    file: File, /, *, practice: Practice, dry_run: DryRun = False, report: Report = None,
    ignore_unknown: IgnoreUnknown = False, as_json: Json = False, data_dir: DataDir = None,
) -> int:  # fmt: skip
    """Add providers to a practice, and change those it knows: by Reference, ProviderID or Name."""
    from openmedspa.scheduling.importing.providers import Providers

    async def make(desk: "Desk") -> "Slice[Any]":
        register = await _register(desk, practice)
        return Providers(register.practice_id, register.zones, actor=desk.actor, now=desk.now)

    then = f"Next, when they work: openmedspa import hours FILE --practice {practice}"
    how = How(("provider", "providers"), dry_run, report, ignore_unknown, as_json, data_dir, then)
    return await bring(file, make, how)


async def hours(
    file: File, /, *, practice: Practice, dry_run: DryRun = False, report: Report = None,
    ignore_unknown: IgnoreUnknown = False, as_json: Json = False, data_dir: DataDir = None,
) -> int:  # fmt: skip
    """Replace weeks and dates of a practice's providers by what the file has of them, and add their time off."""
    from openmedspa.scheduling.importing.hours import HoursImport
    from openmedspa.scheduling.importing.hours_rows import Rows

    async def start(desk: "Desk", **hears: Any) -> tuple[Rows, HoursImport]:
        rows = Rows(await _register(desk, practice))
        return rows, HoursImport(desk.db, rows, actor=desk.actor, now=desk.now, is_dry=dry_run, **hears)

    words = ("row of hours", "rows of hours")
    return await bring_rows(file, start, How(words, dry_run, report, ignore_unknown, as_json, data_dir))


async def bookings(
    file: FileOrCalendar, /, *, practice: Practice, provider: OfProvider = None, calendar: OfCalendar = None,
    dry_run: DryRun = False, report: Report = None, ignore_unknown: IgnoreUnknown = False, as_json: Json = False,
    data_dir: DataDir = None,
) -> int:  # fmt: skip
    """Add bookings to a practice, and change those it knows; or take a provider's busy times from a calendar."""
    from openmedspa.scheduling.importing.bookings import Bookings

    if file.suffix.lower() == ".ics":
        how = How(("busy time", "busy times"), dry_run, report, ignore_unknown, as_json, data_dir)
        return await _busy_times(file, practice, provider, calendar, how)
    if provider is not None or calendar is not None:
        raise Stopped(
            "--provider and --calendar are for calendars (.ics).", "In a table each row names its Provider.",
            exit_code=WRONG_USAGE,
        )  # fmt: skip

    async def make(desk: "Desk") -> "Slice[Any]":
        return Bookings(await _register(desk, practice), actor=desk.actor, now=desk.now)

    return await bring(file, make, How(("booking", "bookings"), dry_run, report, ignore_unknown, as_json, data_dir))


async def _busy_times(file: Path, practice: str, word: str | None, name: str | None, how: How) -> int:
    from time import monotonic

    from openmedspa.cli.database import open_desk
    from openmedspa.scheduling.importing.calendars import COLUMNS, CalendarImport, open_calendar

    if word is None:
        hint = f"--provider with a number, reference or name: openmedspa providers list {practice}"
        raise Stopped("Whose calendar is it?", hint, exit_code=WRONG_USAGE)
    if name is not None and not name.strip():
        raise Stopped("The calendar's name is empty.", "--calendar work", exit_code=WRONG_USAGE)
    async with open_desk(how.data_dir) as desk:
        register = await _register(desk, practice)
        provider = register.by_word(word, practice)
        calendar = open_calendar(file)
        with report_file(how.report, file) as out:
            refusals = Refusals(out, COLUMNS)
            run = CalendarImport(
                desk.db, register, provider, actor=desk.actor, now=desk.now, is_dry=how.is_dry, clock=monotonic,
                refuse=lambda entry, faults: refusals.add(entry.line, faults, entry.cells),
            )  # fmt: skip
            totals = await run.run(calendar, name or calendar.name or file.name)
    return conclude(file, totals, refusals, how)


async def _register(desk: "Desk", ppass: str) -> "Register":
    from openmedspa.practices import register as practices
    from openmedspa.scheduling.importing import register

    return await register.read(desk.db, await practices.get_practice(desk.db, ppass))
