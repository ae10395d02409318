"""`openmedspa providers`: who can be booked, and by which number. Asks the slice, prints the answer."""

from cyclopts import App

from openmedspa.cli.flags import DataDir, Json
from openmedspa.cli.tables import show
from openmedspa.cli.talk import typable

YES_NO = {True: "yes", False: "no"}
app = App(name="providers", help="Providers, their numbers and licences.", version_flags=())
COLUMNS = {
    "id": "NUMBER", "name": "NAME", "title": "TITLE", "specialty": "SPECIALTY", "ppass": "PRACTICE",
    "home_location_id": "HOME", "reference": "REFERENCE", "licences": "LICENCES", "hours": "HOURS", "active": "ACTIVE",
}  # fmt: skip


@app.command(name="list")
async def list_(ppass: str | None = None, /, *, as_json: Json = False, data_dir: DataDir = None) -> None:
    """All providers, or those of one practice; also those who left. Licences that ended are not named."""
    from openmedspa.cli.database import open_desk
    from openmedspa.practices import register
    from openmedspa.scheduling.queries import week as queries

    async with open_desk(data_dir) as desk:
        practice_id = (await register.get_practice(desk.db, ppass))["id"] if ppass is not None else None
        rows = await queries.list_all_providers_across_practices(desk.db, practice_id, today=desk.now.date())
    told = (
        rows if as_json else [dict(row) | {field: YES_NO[row[field]] for field in ("hours", "active")} for row in rows]
    )
    nothing = typable("No providers yet: openmedspa import providers FILE --practice PPASS")
    show(told, COLUMNS, as_json=as_json, nothing=nothing)
