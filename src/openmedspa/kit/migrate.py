"""Numbered SQL files, each applied once, in order, under an advisory lock. Knows nothing of what they create."""

from hashlib import sha256
from importlib import resources
from typing import Any

import asyncpg
from msgspec import Struct

from openmedspa.kit.errors import Stopped

OLDEST_POSTGRESQL = 150000
LOCK = 0x6F6D735F6D6967  # "oms_mig": one installer at a time
LEDGER = """
create table if not exists migrations (
  name text primary key, sha256 text not null, applied_at timestamptz not null default now())
"""


class Migration(Struct, frozen=True):
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        return sha256(self.sql.encode()).hexdigest()


def shipped() -> list[Migration]:
    """Every migration of this version, in the order of their numbers."""
    folder = resources.files("openmedspa.migrations")
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
    return [Migration(name=file.name, sql=file.read_text(encoding="utf-8")) for file in files]


async def pending(connection: Any) -> list[Migration]:
    """What is still to be applied. Stopped when an applied file was edited, or the database is newer than we are."""
    if connection.get_server_version().major < OLDEST_POSTGRESQL // 10000:
        raise Stopped(
            f"PostgreSQL {connection.get_server_version().major} is too old: OpenMedspa needs 15 or newer.",
            "Point DATABASE_URL at a newer server, or unset it to use the embedded one.",
            exit_code=4,
        )
    applied = {}
    if await connection.fetchval("select to_regclass('migrations') is not null"):
        applied = {row["name"]: row["sha256"] for row in await connection.fetch("select name, sha256 from migrations")}
    known = {migration.name: migration for migration in shipped()}
    _refuse_strangers(applied, known)
    return [migration for name, migration in known.items() if name not in applied]


async def upgrade(connection: Any) -> list[str]:
    """Apply what is pending, each file in its own transaction; the names of those applied."""
    await connection.execute("select pg_advisory_lock($1)", LOCK)
    try:
        todo = await pending(connection)
        for migration in todo:
            await _apply(connection, migration)
        return [migration.name for migration in todo]
    finally:
        await connection.execute("select pg_advisory_unlock($1)", LOCK)


async def _apply(connection: Any, migration: Migration) -> None:
    try:
        async with connection.transaction():
            await connection.execute("set local lock_timeout = '5s'; set local statement_timeout = '10min'")
            await connection.execute(LEDGER)
            await connection.execute(migration.sql)
            await connection.execute(
                "insert into migrations (name, sha256) values ($1, $2)", migration.name, migration.sha256
            )
    except asyncpg.PostgresError as trouble:
        raise Stopped(f"Migration {migration.name} failed and changed nothing: {trouble}", exit_code=1) from trouble


def _refuse_strangers(applied: dict[str, str], known: dict[str, Migration]) -> None:
    for name, checksum in applied.items():
        if name not in known:
            raise Stopped(
                f"This database was upgraded by a newer OpenMedspa ({name}).", "Run that version.", exit_code=4
            )
        if known[name].sha256 != checksum:
            raise Stopped(f"Migration {name} was edited after it had been applied.", "Restore the file.", exit_code=4)
