"""`openmedspa locations`: where practices see patients. Asks the slice, prints the answer."""

from cyclopts import App

from openmedspa.cli.flags import DataDir, Json
from openmedspa.cli.tables import show, show_json
from openmedspa.cli.talk import data, say, typable

app = App(name="locations", help="Where practices see patients.", version_flags=())
COLUMNS = {
    "id": "ID", "ppass": "PRACTICE", "name": "NAME", "state": "STATE", "time_zone": "TIME ZONE",
    "created_at": "CREATED",
}  # fmt: skip


@app.command
async def create(
    ppass: str,
    /,
    id: str | None = None,  # noqa: A002 the flag is --id
    *,
    name: str | None = None,
    state: str | None = None,
    time_zone: str | None = None,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Add a location to a practice.

    Parameters
    ----------
    id
        As in loc_main1; a random one unless given.
    name
        What patients read; the practice's name unless given.
    state
        Two letters, as in CA.
    time_zone
        As in America/Denver; the practice's unless given.
    """
    from openmedspa.cli.database import open_desk
    from openmedspa.practices import register

    async with open_desk(data_dir) as desk:
        practice = await register.get_practice(desk.db, ppass)
        row = await desk.write(
            lambda tx: register.create_location(
                tx, ppass, location_id=id, name=practice["name"] if name is None else name, state=state,
                time_zone=time_zone, actor=desk.actor, now=desk.now,
            )
        )  # fmt: skip
    if as_json:
        show_json({field: row[field] for field in ("id", "name", "state", "time_zone")})
        return
    data(row["id"])
    say(typable(f'Next, let a partner in: openmedspa grants add "PARTNER" {row["id"]}'))


@app.command(name="list")
async def list_(ppass: str | None = None, /, *, as_json: Json = False, data_dir: DataDir = None) -> None:
    """All locations, or those of one practice."""
    from openmedspa.cli.database import open_desk
    from openmedspa.practices import queries, register

    async with open_desk(data_dir) as desk:
        practice_id = (await register.get_practice(desk.db, ppass))["id"] if ppass is not None else None
        rows = await queries.list_locations(desk.db, practice_id)
    show(rows, COLUMNS, as_json=as_json, nothing=typable("No locations yet: openmedspa locations create PPASS"))
