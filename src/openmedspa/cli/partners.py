"""`openmedspa partners`: companies whose software talks to us. Asks the slice, prints the answer."""

from typing import Annotated

from cyclopts import App, Parameter

from openmedspa.cli.flags import DataDir, Json
from openmedspa.cli.tables import show, show_json
from openmedspa.cli.talk import data, say, typable

app = App(name="partners", help="Companies whose software talks to us.", version_flags=())
COLUMNS = {
    "id": "NUMBER", "name": "NAME", "keys": "LIVE KEYS", "location_ids": "LOCATIONS", "contact_email": "CONTACT",
    "created_at": "CREATED", "revoked_at": "REVOKED",
}  # fmt: skip


@app.command
async def create(
    name: str,
    /,
    *,
    email: Annotated[str | None, Parameter(help="Who is told when an endpoint of theirs is switched off.")] = None,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Add a partner, an EMR for example."""
    from openmedspa.cli.database import open_desk
    from openmedspa.partners import registry

    async with open_desk(data_dir, makes=True) as desk:
        row = await desk.write(
            lambda tx: registry.create_partner(tx, name, contact_email=email, actor=desk.actor, now=desk.now)
        )
    if as_json:
        show_json({field: row[field] for field in ("id", "name")})
        return
    data(row["name"])
    say(typable(f'Next, its locations: openmedspa grants add "{row["name"]}" LOCATION'))


@app.command(name="set")
async def set_(
    partner: str,
    /,
    *,
    email: Annotated[str, Parameter(help="Who is told when an endpoint of theirs is switched off; '' for nobody.")],
    data_dir: DataDir = None,
) -> None:
    """Say where a partner is told what concerns its webhooks."""
    from openmedspa.cli.database import open_desk
    from openmedspa.partners import registry

    async with open_desk(data_dir) as desk:
        row = await desk.write(
            lambda tx: registry.set_contact(tx, partner, email or None, actor=desk.actor, now=desk.now)
        )
    data(f"{row['name']}\t{email or '–'}")


@app.command(name="list")
async def list_(*, as_json: Json = False, data_dir: DataDir = None) -> None:
    """All partners, with what is granted to them."""
    from openmedspa.cli.database import open_desk
    from openmedspa.partners import queries

    async with open_desk(data_dir) as desk:
        rows = await queries.list_partners(desk.db)
    show(rows, COLUMNS, as_json=as_json, nothing=typable('No partners yet: openmedspa partners create "Glow EMR"'))
