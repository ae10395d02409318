"""`openmedspa keys`: API keys of partners. Prints a key once and keeps none."""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from openmedspa.cli.flags import DataDir, Json, Yes, repeated, switch
from openmedspa.cli.moments import later, length
from openmedspa.cli.tables import show, show_json
from openmedspa.cli.talk import confirm, data, say, typable
from openmedspa.kit.errors import Stopped

app = App(name="keys", help="API keys of partners.", version_flags=())
COLUMNS = {
    "id": "NUMBER", "partner": "PARTNER", "name": "NAME", "key": "KEY", "scopes": "SCOPES", "location_ids": "ONLY AT",
    "per_second": "PER SECOND", "burst": "BURST", "last_used_at": "LAST USED", "expires_at": "EXPIRES",
    "revoked_at": "REVOKED", "status": "STATUS",
}  # fmt: skip
PerSecond = Annotated[int | None, Parameter(name="--per-second", help="Calls a second; 0 for no limit.")]
Burst = Annotated[int | None, Parameter(name="--burst", help="Calls at once, after a pause.")]


@app.command
async def create(
    partner: str | None = None,
    /,
    *,
    staging: Annotated[
        bool, switch("A place of your own to try things in: practice, location, partner and key.")
    ] = False,
    name: str = "key",
    scope: Annotated[tuple[str, ...], repeated("What it may do; Exams unless given. May be repeated.")] = ("Exams",),
    location: Annotated[tuple[str, ...], repeated("Only there, not all the partner's places. May be repeated.")] = (),
    expires: str | None = None,
    per_second: PerSecond = None,
    burst: Burst = None,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Make a key for a partner, or with --staging all that a key needs. It is printed now and never again.

    Parameters
    ----------
    name
        To recognise it by.
    expires
        When it ends: 90d, 2027-01-31 or 2027-01-31T12:00:00Z; never unless given.
    """
    from openmedspa.cli.database import open_desk
    from openmedspa.partners import registry

    if staging == (partner is not None):
        hint = 'openmedspa keys create "Glow EMR", or openmedspa keys create --staging'
        raise Stopped("keys create takes a PARTNER or --staging.", hint, exit_code=2)
    if partner is None:
        await _create_sandbox(as_json=as_json, data_dir=data_dir)
        return
    async with open_desk(data_dir) as desk:
        expires_at = later(expires, now=desk.now) if expires is not None else None
        limits = {name: value for name, value in (("per_second", per_second), ("burst", burst)) if value is not None}
        key, row = await desk.write(
            lambda tx: registry.create_key(
                tx, partner, environment=desk.settings.environment, name=name, scopes=scope, location_ids=location,
                expires_at=expires_at, actor=desk.actor, now=desk.now, **limits,
            )
        )  # fmt: skip
    if as_json:
        fields = ("id", "name", "scopes", "location_ids", "expires_at", "per_second", "burst")
        show_json({"key": key, **{field: row[field] for field in fields}})
        return
    data(key)
    say(f"This is key {row['id']} for {desk.settings.environment}. It is not shown again; keep it somewhere safe.")
    say(typable(f"To end it: openmedspa keys revoke {row['id']}"))


async def _create_sandbox(*, as_json: bool, data_dir: Path | None) -> None:
    """Self-service: whoever may type here needs nobody else to begin."""
    from openmedspa.cli.database import open_desk
    from openmedspa.cli.start_card import address
    from openmedspa.partners import sandbox

    async with open_desk(data_dir, makes=True, environment="staging") as desk:
        account = await desk.write(lambda tx: sandbox.open_account(tx, actor=desk.actor, now=desk.now))
        base_url = f"{address(desk.settings)}/emr"
    values = {"base_url": base_url, "api_key": account.key, "location_id": account.location_id}
    values |= {"partner": account.partner, "ppass": account.ppass}
    if as_json:
        show_json(values)
        return
    for field, value in values.items():
        data(f"{field}\t{value}")
    say("The key is not shown again. Everything here is staging: patients and exams are yours to invent.")
    say(typable("If it does not run yet: OPENMEDSPA_ENVIRONMENT=staging openmedspa serve"))


@app.command(name="list")
async def list_(*, as_json: Json = False, data_dir: DataDir = None) -> None:
    """All keys, each by its first and last characters."""
    from openmedspa.cli.database import open_desk
    from openmedspa.partners import queries
    from openmedspa.partners.status import with_status

    async with open_desk(data_dir) as desk:
        rows = with_status(await queries.list_keys(desk.db), desk.now)
    show(rows, COLUMNS, as_json=as_json, nothing=typable('No keys yet: openmedspa keys create "PARTNER"'))


@app.command
async def limit(number: int, /, *, per_second: PerSecond = None, burst: Burst = None, data_dir: DataDir = None) -> None:
    """Set how often a key may call, from the next second on; each process of the server counts for itself."""
    from openmedspa.cli.database import open_desk
    from openmedspa.partners import registry

    if per_second is None and burst is None:
        raise Stopped(
            "keys limit takes --per-second, --burst or both.",
            f"openmedspa keys limit {number} --per-second 50 --burst 200",
            exit_code=2,
        )
    async with open_desk(data_dir) as desk:
        row = await desk.write(
            lambda tx: registry.set_limits(
                tx, number, per_second=per_second, burst=burst, actor=desk.actor, now=desk.now
            )
        )
    limits = f"{row['per_second']} calls a second, {row['burst']} at once" if row["per_second"] else "no limit"
    data(f"key {number}: {limits}")


@app.command
async def rotate(
    number: int,
    /,
    *,
    overlap: Annotated[
        str, Parameter(help="How long the old key goes on: 30m, 24h, 7d, or 0 to end it at once.")
    ] = "24h",
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Make a key that takes over from another: the same scopes, places and limits. It is printed now and never again.

    A webhook's X-Signature stays that of the old key until the partner sets its URL again with the new one.
    """
    from openmedspa.cli.database import open_desk
    from openmedspa.partners import registry, rotation

    goes_on = length(overlap)
    async with open_desk(data_dir) as desk:
        key, row = await desk.write(
            lambda tx: rotation.rotate_key(
                tx, number, overlap=goes_on, environment=desk.settings.environment, actor=desk.actor, now=desk.now
            )
        )
        old = await registry.get_key(desk.db, number)
    if as_json:
        fields = ("id", "replaces", "name", "scopes", "location_ids", "expires_at", "per_second", "burst")
        values = {"key": key, **{field: row[field] for field in fields}, "old_expires_at": old["expires_at"]}
        show_json(values)
        return
    data(key)
    say(f"This is key {row['id']}. It is not shown again; keep it somewhere safe.")
    say(f"Key {number} {'has ended' if not goes_on else 'goes on until'} {old['expires_at']:%Y-%m-%d %H:%M} UTC.")


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
