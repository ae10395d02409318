"""`openmedspa practices`: the tenants. Asks the slice, prints the answer."""

from typing import Annotated

from cyclopts import App, Parameter

from openmedspa.cli.flags import DataDir, Json, switch
from openmedspa.cli.tables import show, show_json
from openmedspa.cli.talk import data, say, typable
from openmedspa.kit.errors import Stopped

app = App(name="practices", help="Practices, the tenants.", version_flags=())
COLUMNS = {
    "ppass": "PPASS",
    "name": "NAME",
    "kind": "KIND",
    "time_zone": "TIME ZONE",
    "locations": "LOCATIONS",
    "colour": "COLOUR",
    "reply_to": "REPLY TO",
    "owner_name": "OWNER",
    "owner_email": "OWNER'S E-MAIL",
    "created_at": "CREATED",
}


@app.command
async def create(
    ppass: str,
    /,
    *,
    name: str | None = None,
    time_zone: str = "America/Los_Angeles",
    exam_group: Annotated[
        bool, switch("Its providers examine patients of practices that it has an agreement with.")
    ] = False,
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
                tx, ppass=ppass, name=ppass if name is None else name, time_zone=time_zone, is_exam_group=exam_group,
                actor=desk.actor, now=desk.now,
            )
        )  # fmt: skip
    if as_json:
        show_json({field: row[field] for field in ("ppass", "name", "kind", "time_zone")})
        return
    data(row["ppass"])
    next_ = (
        f"Next, whom it examines for: openmedspa agreements add PRACTICE {row['ppass']}"
        if exam_group
        else f"Next, where it sees patients: openmedspa locations create {row['ppass']} --state CA"
    )
    say(typable(next_))


@app.command(name="set")
async def set_(
    ppass: str,
    /,
    *,
    name: Annotated[str | None, Parameter(help="What patients read.")] = None,
    colour: Annotated[str | None, Parameter(help="Of its messages and pages, as in '#0f766e'.")] = None,
    reply_to: Annotated[str | None, Parameter(help="Who reads what patients answer; '' for nobody.")] = None,
    owner: Annotated[str | None, Parameter(help="Who answers for the practice, a name.")] = None,
    owner_email: Annotated[str | None, Parameter(help="Who is asked before a partner reaches its patients.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Change how a practice's messages look, who reads the answers, and who answers for it."""
    from openmedspa.cli.database import open_desk
    from openmedspa.kit.db import Tx
    from openmedspa.practices import register

    of_owner, of_looks = owner is not None or owner_email is not None, (name, colour, reply_to) != (None, None, None)
    if not of_owner and not of_looks:
        hint = "openmedspa practices set GlowOffice --colour '#0f766e'"
        raise Stopped("There is nothing to change.", hint, exit_code=2)
    async with open_desk(data_dir) as desk:

        async def change(tx: Tx) -> None:
            if of_looks:
                await register.change_practice(
                    tx, ppass, name=name, colour=colour, reply_to=reply_to, actor=desk.actor, now=desk.now
                )
            if of_owner:
                await register.set_owner(tx, ppass, name=owner, email=owner_email, actor=desk.actor, now=desk.now)

        await desk.write(change)
    data(f"{ppass} changed")


@app.command(name="list")
async def list_(*, as_json: Json = False, data_dir: DataDir = None) -> None:
    """All practices."""
    from openmedspa.cli.database import open_desk
    from openmedspa.practices import queries

    async with open_desk(data_dir) as desk:
        rows = await queries.list_practices(desk.db)
    show(rows, COLUMNS, as_json=as_json, nothing=typable("No practices yet: openmedspa practices create GlowOffice"))
