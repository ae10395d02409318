"""`openmedspa practices`: the tenants. Asks the slice, prints the answer."""

from cyclopts import App

from openmedspa.cli.flags import DataDir, Json
from openmedspa.cli.tables import show, show_json
from openmedspa.cli.talk import data, say, typable

app = App(name="practices", help="Practices, the tenants.", version_flags=())
COLUMNS = {
    "ppass": "PPASS",
    "name": "NAME",
    "time_zone": "TIME ZONE",
    "locations": "LOCATIONS",
    "created_at": "CREATED",
}


@app.command
async def create(
    ppass: str,
    /,
    *,
    name: str | None = None,
    time_zone: str = "America/Los_Angeles",
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Add a practice under a PPass: its short name, 3 to 32 letters and digits.

    Parameters
    ----------
    name
        What patients read; the PPass unless given.
    time_zone
        As in America/Denver.
    """
    from openmedspa.cli.database import open_desk
    from openmedspa.practices import register

    async with open_desk(data_dir, makes=True) as desk:
        row = await desk.write(
            lambda tx: register.create_practice(
                tx, ppass=ppass, name=ppass if name is None else name, time_zone=time_zone, actor=desk.actor,
                now=desk.now,
            )
        )  # fmt: skip
    if as_json:
        show_json({field: row[field] for field in ("ppass", "name", "time_zone")})
        return
    data(row["ppass"])
    say(typable(f"Next, where it sees patients: openmedspa locations create {row['ppass']} --state CA"))


@app.command(name="list")
async def list_(*, as_json: Json = False, data_dir: DataDir = None) -> None:
    """All practices."""
    from openmedspa.cli.database import open_desk
    from openmedspa.practices import queries

    async with open_desk(data_dir) as desk:
        rows = await queries.list_practices(desk.db)
    show(rows, COLUMNS, as_json=as_json, nothing=typable("No practices yet: openmedspa practices create GlowOffice"))
