"""`openmedspa keys`: API keys of partners. Prints a key once and keeps none."""

from typing import Annotated

from cyclopts import App

from openmedspa.cli.flags import DataDir, Json, Yes, repeated
from openmedspa.cli.moments import later
from openmedspa.cli.tables import show, show_json
from openmedspa.cli.talk import confirm, data, say, typable

app = App(name="keys", help="API keys of partners.", version_flags=())
COLUMNS = {
    "id": "NUMBER", "partner": "PARTNER", "name": "NAME", "key": "KEY", "scopes": "SCOPES", "location_ids": "ONLY AT",
    "last_used_at": "LAST USED", "expires_at": "EXPIRES", "revoked_at": "REVOKED",
}  # fmt: skip


@app.command
async def create(
    partner: str,
    /,
    *,
    name: str = "key",
    scope: Annotated[tuple[str, ...], repeated("What it may do; Exams unless given. May be repeated.")] = ("Exams",),
    location: Annotated[tuple[str, ...], repeated("Only there, not all the partner's places. May be repeated.")] = (),
    expires: str | None = None,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Make a key for a partner. It is printed now and never again.

    Parameters
    ----------
    name
        To recognise it by.
    expires
        When it ends: 90d, 2027-01-31 or 2027-01-31T12:00:00Z; never unless given.
    """
    from openmedspa.cli.database import open_desk
    from openmedspa.partners import registry

    async with open_desk(data_dir) as desk:
        expires_at = later(expires, now=desk.now) if expires is not None else None
        key, row = await desk.write(
            lambda tx: registry.create_key(
                tx, partner, environment=desk.settings.environment, name=name, scopes=scope, location_ids=location,
                expires_at=expires_at, actor=desk.actor, now=desk.now,
            )
        )  # fmt: skip
    if as_json:
        fields = ("id", "name", "scopes", "location_ids", "expires_at")
        show_json({"key": key, **{field: row[field] for field in fields}})
        return
    data(key)
    say(f"This is key {row['id']} for {desk.settings.environment}. It is not shown again; keep it somewhere safe.")
    say(typable(f"To end it: openmedspa keys revoke {row['id']}"))


@app.command(name="list")
async def list_(*, as_json: Json = False, data_dir: DataDir = None) -> None:
    """All keys, each by its first and last characters."""
    from openmedspa.cli.database import open_desk
    from openmedspa.partners import queries

    async with open_desk(data_dir) as desk:
        rows = await queries.list_keys(desk.db)
    show(rows, COLUMNS, as_json=as_json, nothing=typable('No keys yet: openmedspa keys create "PARTNER"'))


@app.command
async def revoke(number: int, /, *, yes: Yes = False, data_dir: DataDir = None) -> None:
    """End a key for good, within a second; `keys list` has its number."""
    from openmedspa.cli.database import open_desk
    from openmedspa.partners import registry

    async with open_desk(data_dir) as desk:
        key = await registry.get_key(desk.db, number)
        confirm(f"Key {number} ({key['name']}, {key['partner']}) will be refused from now on.", yes=yes)
        await desk.write(lambda tx: registry.revoke_key(tx, number, actor=desk.actor, now=desk.now))
    data(f"key {number} revoked")
