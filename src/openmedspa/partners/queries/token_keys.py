"""SQL on the keys that sign tokens. The secret is sealed by the time it comes here."""

from openmedspa.kit.db import Reads, Row


async def list_token_keys(db: Reads) -> list[Row]:
    """The newest first; what was retired longer ago than a token lives verifies nothing any more."""
    return await db.unscoped_rows(
        """
        select kid, secret_sealed, created_at, retired_at from token_keys
        where retired_at is null or retired_at > now() - interval '25 hours'
        order by retired_at is not null, created_at desc, kid
        """
    )


async def insert_token_key(db: Reads, kid: str, secret_sealed: bytes) -> None:
    await db.unscoped_row("insert into token_keys (kid, secret_sealed) values ($1, $2)", kid, secret_sealed)


async def insert_first_token_key(db: Reads, kid: str, secret_sealed: bytes) -> None:
    """Unless there is one."""
    await db.unscoped_row(
        "insert into token_keys (kid, secret_sealed) select $1, $2 where not exists (select from token_keys)",
        kid,
        secret_sealed,
    )


async def update_token_keys_retired(db: Reads, *, but: str) -> None:
    await db.unscoped_row("update token_keys set retired_at = now() where kid <> $1 and retired_at is null", but)


async def delete_token_keys(db: Reads, *, but: str) -> None:
    """What they signed is worth nothing from now on."""
    await db.unscoped_row("delete from token_keys where kid <> $1", but)


async def delete_old_token_keys(db: Reads) -> None:
    await db.unscoped_row("delete from token_keys where retired_at < now() - interval '25 hours'")
