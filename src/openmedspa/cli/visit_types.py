"""`openmedspa visit-types`: what somebody comes for, and how long it takes. Asks the slice, prints the answer."""

from typing import Annotated

from cyclopts import App, Parameter

from openmedspa.cli.flags import DataDir, Json, repeated
from openmedspa.cli.tables import show
from openmedspa.cli.talk import data, say, typable

app = App(name="visit-types", help="What somebody comes for, and how long it takes.", version_flags=())
COLUMNS = {
    "ppass": "PRACTICE", "code": "CODE", "name": "NAME", "minutes": "MINUTES", "before_minutes": "BEFORE",
    "after_minutes": "AFTER", "treatments": "TREATMENTS",
}  # fmt: skip


@app.command(name="set")
async def set_(
    code: str,
    /,
    *,
    practice: Annotated[str, Parameter(help="Whose it is: a PPass.")],
    name: Annotated[str | None, Parameter(help="As people say it; the code unless given.")] = None,
    minutes: Annotated[int | None, Parameter(help="How long it takes, 5 to 480; a new one needs it.")] = None,
    before: Annotated[int | None, Parameter(help="Minutes kept free before it, up to 240.")] = None,
    after: Annotated[int | None, Parameter(help="Minutes kept free after it, up to 240.")] = None,
    treatment: Annotated[
        tuple[str, ...] | None, repeated("A treatment's name, alias or id, instead of all before; may be repeated.")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Add a visit type, or change what is said about it: what is left out stays, and so does what is booked."""
    from openmedspa.cli.database import open_desk
    from openmedspa.practices import register
    from openmedspa.scheduling import visit_types

    wanted = visit_types.Wanted(name=name, minutes=minutes, before=before, after=after, treatments=treatment)
    async with open_desk(data_dir) as desk:
        found = await register.get_practice(desk.db, practice)
        is_new = await desk.write(
            lambda tx: visit_types.put(tx, found["id"], code, wanted, actor=desk.actor, now=desk.now)
        )
    data(f"{code.upper()} {'added' if is_new else 'set'}")
    say(typable(f"To see them all: openmedspa visit-types list {found['ppass']}"))


@app.command(name="list")
async def list_(ppass: str | None = None, /, *, as_json: Json = False, data_dir: DataDir = None) -> None:
    """All visit types, or those of one practice."""
    from openmedspa.cli.database import open_desk
    from openmedspa.practices import queries as practices
    from openmedspa.practices import register
    from openmedspa.scheduling.queries import visit_types as queries

    async with open_desk(data_dir) as desk:
        if ppass is not None:
            scope = [(await register.get_practice(desk.db, ppass))["id"]]
        else:
            scope = [row["id"] for row in await practices.list_practices(desk.db)]
        rows = await queries.list_visit_types(desk.db, scope)
    nothing = typable("No visit types yet: openmedspa visit-types set FOLLOWUP --practice PPASS --minutes 30")
    show(rows, COLUMNS, as_json=as_json, nothing=nothing)
