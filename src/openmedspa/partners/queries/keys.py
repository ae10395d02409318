"""SQL on API keys. The key itself never comes here, its digest does."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from openmedspa.kit.db import Reads, Row
from openmedspa.partners.keys import BURST, PER_SECOND

KEYS = """
select k.id, k.name, k.partner_id, p.name as partner, k.prefix, k.prefix || '…' || k.last_four as key, k.scopes,
       k.location_ids, k.created_at, k.expires_at, k.last_used_at, coalesce(k.revoked_at, p.revoked_at) as revoked_at,
       k.revoked_at is null and p.revoked_at is not null as is_partner_off, k.per_second, k.burst, k.replaces,
       (select n.id from api_keys n where n.replaces = k.id) as replaced_by,
       (select coalesce(array_agg(distinct pr.ppass order by pr.ppass), '{}')
          from grants g join practices pr on pr.id = g.practice_id
         where g.partner_id = k.partner_id and (k.location_ids is null or g.location_id = any(k.location_ids)))
         as ppasses
from api_keys k join partners p on p.id = k.partner_id
"""


async def insert_key(
    db: Reads,
    partner_id: int,
    *,
    name: str,
    key_sha256: bytes,
    prefix: str,
    last_four: str,
    scopes: Sequence[str],
    location_ids: Sequence[str] | None,
    expires_at: datetime | None,
    per_second: int = PER_SECOND,
    burst: int = BURST,
    replaces: int | None = None,
) -> Row:
    row = await db.unscoped_row(
        """
        insert into api_keys (partner_id, name, key_sha256, prefix, last_four, scopes, location_ids, expires_at,
                              per_second, burst, replaces)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        returning id, name, scopes, location_ids, expires_at, per_second, burst
        """,
        partner_id,
        name,
        key_sha256,
        prefix,
        last_four,
        scopes,
        location_ids,
        expires_at,
        per_second,
        burst,
        replaces,
    )
    assert row is not None
    return row


async def list_keys(db: Reads) -> list[Row]:
    return await db.unscoped_rows(f"{KEYS} order by k.id")


async def list_latest_keys(db: Reads, limit: int) -> list[Row]:
    """Those that were used or made last; the ones that are over stand at the end."""
    return await db.unscoped_rows(
        f"""
        {KEYS}
        order by coalesce(k.revoked_at, p.revoked_at) is not null or coalesce(k.expires_at <= now(), false),
                 coalesce(k.last_used_at, k.created_at) desc, k.id desc
        limit $1
        """,
        limit,
    )


async def list_own_keys(db: Reads, partner_id: int) -> list[Row]:
    return await db.unscoped_rows(f"{KEYS} where k.partner_id = $1 order by k.revoked_at is not null, k.id", partner_id)


async def find_key(db: Reads, key_id: int) -> Row | None:
    return await db.unscoped_row(f"{KEYS} where k.id = $1", key_id)


async def update_key_expiry(db: Reads, key_id: int, expires_at: datetime) -> None:
    """Never later than it was."""
    await db.unscoped_row("update api_keys set expires_at = least(expires_at, $2) where id = $1", key_id, expires_at)


async def update_key_revoked(db: Reads, key_id: int) -> Row | None:
    """None if there is no such key; revoking twice keeps the first moment."""
    return await db.unscoped_row(
        "update api_keys set revoked_at = coalesce(revoked_at, now()) where id = $1 returning id, name, revoked_at",
        key_id,
    )


async def update_key_limits(db: Reads, key_id: int, *, per_second: int | None, burst: int | None) -> Row | None:
    """Those given; None if there is no such key."""
    return await db.unscoped_row(
        """
        update api_keys set per_second = coalesce($2, per_second), burst = coalesce($3, burst) where id = $1
        returning id, per_second, burst
        """,
        key_id,
        per_second,
        burst,
    )


async def update_keys_used(db: Reads, uses: Mapping[int, datetime]) -> None:
    await db.unscoped_row(
        """
        update api_keys k set last_used_at = greatest(k.last_used_at, used.at)
        from unnest($1::int[], $2::timestamptz[]) as used (key_id, at) where k.id = used.key_id
        """,
        list(uses),
        list(uses.values()),
    )
