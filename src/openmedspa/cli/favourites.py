"""`openmedspa favourites`: what a practice likes best. Asks the slices, prints the answer."""

from cyclopts import App

from openmedspa.cli.flags import DataDir, Json
from openmedspa.cli.tables import show
from openmedspa.cli.talk import data, typable

app = App(name="favourites", help="What a practice likes best.", version_flags=())
COLUMNS = {"id": "ID", "name": "NAME"}


@app.command(name="set")
async def set_(ppass: str, treatment: str, /, *more: str, data_dir: DataDir = None) -> None:
    """Make these treatments, by name, alias or id, the practice's favourites, in this order, instead of all before."""
    from openmedspa.cli.database import open_desk
    from openmedspa.practices import register
    from openmedspa.treatments import favourites

    async with open_desk(data_dir) as desk:
        practice = await register.get_practice(desk.db, ppass)
        chosen = await desk.write(
            lambda tx: favourites.choose(tx, practice["id"], (treatment, *more), actor=desk.actor, now=desk.now)
        )
    for entry in chosen:
        data(f"{entry.id}\t{entry.name}")


@app.command(name="list")
async def list_(ppass: str, /, *, as_json: Json = False, data_dir: DataDir = None) -> None:
    """A practice's favourites, in its own order."""
    from openmedspa.cli.database import open_desk
    from openmedspa.practices import register
    from openmedspa.treatments import queries

    async with open_desk(data_dir) as desk:
        practice = await register.get_practice(desk.db, ppass)
        entries = await queries.list_favourites(desk.db, [practice["id"]], practice["id"])
    rows = [{"id": entry.id, "name": entry.name} for entry in entries]
    nothing = typable(f"No favourites yet: openmedspa favourites set {ppass} TREATMENT")
    show(rows, COLUMNS, as_json=as_json, nothing=nothing)
