"""The database as a whole: reachable, migrated, of one environment, loaded with the demo. Refuses in one line."""

from datetime import timedelta
from time import monotonic

import asyncpg
from msgspec import Struct

from openmedspa.kit import migrate
from openmedspa.kit.crypto import Vault
from openmedspa.kit.db import Database
from openmedspa.kit.errors import Stopped
from openmedspa.kit.house import utc_now
from openmedspa.partners.keys import Environment
from openmedspa.settings import Settings

UPGRADE = "openmedspa db upgrade"


class Mark(Struct, frozen=True):
    """What a database says it is: staging or production, and whether it was made for the demo."""

    environment: Environment
    is_demo: bool


class Probe(Struct, frozen=True):
    """PostgreSQL's version, what a round trip to it takes, and how far its clock is from ours."""

    version: str
    round_trip_ms: float
    clock_off: timedelta


async def connect(settings: Settings) -> asyncpg.Connection:
    """A connection as the owner. Stopped, with the way out, when there is none to be had."""
    try:
        return await asyncpg.connect(settings.database_url, timeout=10)
    except ValueError:  # asyncpg quotes what it could not read, which may be the password
        raise Stopped(
            "DATABASE_URL is not a URL that PostgreSQL understands.",
            "postgresql://USER:PASSWORD@HOST:5432/DATABASE, with %2F for a / in the password and %40 for an @",
            exit_code=5,
        ) from None
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as trouble:
        why = str(trouble) or type(trouble).__name__
        raise Stopped(
            f"The database does not answer: {why}",
            "Check DATABASE_URL, or unset it to use the embedded PostgreSQL.",
            exit_code=5,
        ) from None


async def probe(settings: Settings) -> Probe:
    """One look at the server, changing nothing."""
    connection = await connect(settings)
    try:
        version = await connection.fetchval("show server_version")
        began = monotonic()
        theirs = await connection.fetchval("select clock_timestamp()")
        return Probe(version, (monotonic() - began) * 1000, abs(utc_now() - theirs))
    finally:
        await connection.close()


async def find_mark(settings: Settings) -> Mark | None:
    """What the database says it is; None while it is new."""
    connection = await connect(settings)
    try:
        return await _find_mark(connection)
    finally:
        await connection.close()


async def require_ready(settings: Settings) -> None:
    """Stopped unless the database is migrated to this version and belongs to this environment."""
    connection = await connect(settings)
    try:
        if waiting := await migrate.pending(connection):
            raise Stopped(f"{len(waiting)} migrations are pending, {waiting[0].name} first.", UPGRADE, exit_code=4)
        await _require_environment(connection, settings)
    finally:
        await connection.close()


async def upgrade(settings: Settings) -> list[str]:
    """Apply what is pending and mark a new database with this environment; the names of the migrations applied."""
    connection = await connect(settings)
    try:
        applied = await migrate.upgrade(connection)
        await connection.execute(
            "insert into installation (environment) values ($1) on conflict do nothing", settings.environment
        )
        await _require_environment(connection, settings)
        return applied
    finally:
        await connection.close()


async def require_secret(db: Database, vault: Vault) -> None:
    """Stopped when the secrets of this database were sealed with another key; the first process leaves its mark."""
    await db.unscoped_row("update installation set secret_check = $1 where secret_check is null", vault.seal("sealed"))
    await check_secret(db, vault)


async def check_secret(db: Database, vault: Vault) -> bool:
    """Stopped as `require_secret`, and leaves no mark: False while nobody has left one."""
    row = await db.unscoped_row("select secret_check from installation")
    if row is None or row["secret_check"] is None:
        return False
    vault.open(row["secret_check"])
    return True


async def is_ready(system: Database, app: Database) -> bool:
    """Whether both roles are answered and the demo, if this is to be one, is loaded; loading leaves its mark last."""
    row = await system.unscoped_row(
        "select demo_loading_since is null or demo_loaded_at is not null as ready from installation"
    )
    served = await app.unscoped_row("select true as ready")
    return row is not None and bool(row["ready"]) and served is not None


async def _find_mark(connection: asyncpg.Connection) -> Mark | None:
    if not await connection.fetchval("select to_regclass('installation') is not null"):
        return None
    row = await connection.fetchrow("select environment, demo_loading_since is not null from installation")
    return Mark(*row) if row else None


async def _require_environment(connection: asyncpg.Connection, settings: Settings) -> None:
    mark = await _find_mark(connection)
    if mark is None or mark.environment != settings.environment:
        found = mark.environment if mark else "nobody yet"
        raise Stopped(
            f"This database belongs to {found}, and this process is {settings.environment}.",
            f"Set OPENMEDSPA_ENVIRONMENT={found}, or use another database." if mark else UPGRADE,
            exit_code=4,
        )
    if mark.is_demo and not settings.demo:
        raise Stopped(
            "This database holds the demo, whose keys everybody knows.",
            "openmedspa serve --demo, or use another database.",
            exit_code=4,
        )
