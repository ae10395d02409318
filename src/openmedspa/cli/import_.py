"""`openmedspa import`: a practice's own data from files. People, products, articles and tickets;
schedules have a file of their own."""

from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from openmedspa.cli import import_schedule
from openmedspa.cli.flags import DataDir, DryRun, Json
from openmedspa.cli.import_run import File, How, IgnoreUnknown, Practice, Report, bring

if TYPE_CHECKING:
    from openmedspa.cli.database import Desk
    from openmedspa.kit.bulk import Slice

app = App(name="import", help="Bring your data, from CSV, JSON and .ics files.", version_flags=())
Owner = Annotated[str | None, Parameter(name="--partner", help="The partner whose they become; else the operator's.")]
app.command(import_schedule.providers)
app.command(import_schedule.hours)
app.command(import_schedule.bookings)


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

    how = How(("person", "people"), dry_run, report, ignore_unknown, as_json, data_dir)
    return await bring(file, make, how)


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

    how = How(("product", "products"), dry_run, report, ignore_unknown, as_json, data_dir)
    return await bring(file, make, how)


@app.command
async def kb(
    file: File, /, *, dry_run: DryRun = False, report: Report = None, ignore_unknown: IgnoreUnknown = False,
    as_json: Json = False, data_dir: DataDir = None,
) -> int:  # fmt: skip
    """Add articles to the knowledge base, and change those it knows by Title and Category."""
    from openmedspa.knowledge import importing

    async def make(desk: "Desk") -> "Slice[Any]":
        return importing.Articles(actor=desk.actor, now=desk.now)

    how = How(("article", "articles"), dry_run, report, ignore_unknown, as_json, data_dir)
    return await bring(file, make, how)


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

    how = How(("ticket", "tickets"), dry_run, report, ignore_unknown, as_json, data_dir)
    return await bring(file, make, how)
