"""All SQL on partners, keys and grants. These tables have no tenants: a partner serves many practices."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from openmedspa.kit.db import Reads, Row
from openmedspa.partners.keys import BURST, PER_SECOND, Grant

GRANT = """
select k.id as key_id, k.partner_id, k.scopes, k.expires_at, p.clock_offset, k.per_second, k.burst,
       array_agg(g.location_id) filter (where g.location_id is not null) as location_ids,
       array_agg(g.practice_id) filter (where g.location_id is not null) as practice_ids
from api_keys k
join partners p on p.id = k.partner_id and p.revoked_at is null
left join grants g on g.partner_id = k.partner_id and (k.location_ids is null or g.location_id = any(k.location_ids))
where k.revoked_at is null and
"""


async def find_grant(db: Reads, key_sha256: bytes) -> Grant | None:
    """What a live key may reach; None when it is unknown or revoked. Expiry is the caller's to compare."""
    return _to_grant(await db.unscoped_row(f"{GRANT} k.key_sha256 = $1 group by k.id, p.clock_offset", key_sha256))


async def find_grant_by_id(db: Reads, key_id: int) -> Grant | None:
    return _to_grant(await db.unscoped_row(f"{GRANT} k.id = $1 group by k.id, p.clock_offset", key_id))


def _to_grant(row: Row | None) -> Grant | None:
    if row is None:
        return None
    places = dict(zip(row["location_ids"] or [], row["practice_ids"] or [], strict=True))
    return Grant(
        key_id=row["key_id"],
        partner_id=row["partner_id"],
        scopes=frozenset(row["scopes"]),
        places=places,
        practice_ids=sorted(set(places.values())),
        expires_at=row["expires_at"],
        clock_offset=row["clock_offset"],
        per_second=row["per_second"],
        burst=row["burst"],
    )


async def find_token_grant(db: Reads, key_id: int, ppass: str) -> Grant | None:
    """What a token's holder may reach now: its practice and no other; None once the key or the grant has ended."""
    row = await db.unscoped_row(
        f"{GRANT} k.id = $1 and g.practice_id = (select id from practices where lower(ppass) = lower($2))"
        " group by k.id, p.clock_offset",
        key_id,
        ppass,
    )
    return _to_grant(row)


async def find_asked_for(db: Reads, key_sha256: bytes, ppass: str) -> Row | None:
    """A key and a practice, as somebody who asks for a token names them, in one statement whatever they are.

    None unless there are both, the key lives and reaches the practice: the caller is not to learn which it was.
    """
    return await db.unscoped_row(
        """
        select k.id, k.partner_id, k.scopes, k.expires_at, k.prefix, pr.ppass
        from (select $1::bytea as sha256, $2::text as ppass) asked
        left join api_keys k on k.key_sha256 = asked.sha256 and k.revoked_at is null
        left join partners p on p.id = k.partner_id and p.revoked_at is null
        left join practices pr on lower(pr.ppass) = lower(asked.ppass)
        where p.id is not null and exists (
          select from grants g where g.partner_id = k.partner_id and g.practice_id = pr.id
            and (k.location_ids is null or g.location_id = any(k.location_ids)))
        """,
        key_sha256,
        ppass,
    )


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


async def find_location_practice(db: Reads, location_id: str) -> int | None:
    row = await db.unscoped_row("select practice_id from locations where id = $1", location_id)
    return row["practice_id"] if row else None


async def insert_partner(db: Reads, name: str, *, contact_email: str | None = None) -> Row:
    row = await db.unscoped_row(
        "insert into partners (name, contact_email) values ($1, $2) returning id, name, contact_email, created_at",
        name,
        contact_email,
    )
    assert row is not None
    return row


async def update_contact(db: Reads, partner_id: int, contact_email: str | None) -> None:
    """Where the partner is told what concerns its endpoints; None: the operator is told instead."""
    await db.unscoped_row("update partners set contact_email = $2 where id = $1", partner_id, contact_email)


async def find_partner(db: Reads, name_or_id: str) -> Row | None:
    """By number or by name, without regard to case."""
    return await db.unscoped_row(
        "select id, name, revoked_at from partners where id::text = $1 or lower(name) = lower($1)", name_or_id
    )


async def find_profile(db: Reads, partner_id: int) -> Row | None:
    return await db.unscoped_row(
        "select name, contact_name, contact_email, phone, website from partners where id = $1", partner_id
    )


async def update_profile(db: Reads, partner_id: int, given: Mapping[str, object]) -> None:
    """The columns given, and no others."""
    await db.unscoped_row(
        """
        update partners p
        set name = coalesce($2::jsonb ->> 'name', p.name),
            contact_name = case when $2 ? 'contact_name' then $2 ->> 'contact_name' else p.contact_name end,
            contact_email = case when $2 ? 'contact_email' then nullif($2 ->> 'contact_email', '') else p.contact_email end,
            phone = case when $2 ? 'phone' then $2 ->> 'phone' else p.phone end,
            website = case when $2 ? 'website' then $2 ->> 'website' else p.website end
        where p.id = $1
        """,
        partner_id,
        json.dumps(given),
    )


async def list_own_keys(db: Reads, partner_id: int) -> list[Row]:
    return await db.unscoped_rows(
        """
        select name, prefix, last_used_at, expires_at, revoked_at from api_keys
        where partner_id = $1 order by revoked_at is not null, id
        """,
        partner_id,
    )


async def list_partners(db: Reads) -> list[Row]:
    return await db.unscoped_rows(
        """
        select p.id, p.name, p.contact_email, p.created_at, p.revoked_at,
               (select count(*) from api_keys k where k.partner_id = p.id and k.revoked_at is null) as keys,
               (select coalesce(array_agg(g.location_id order by g.location_id), '{}')
                  from grants g where g.partner_id = p.id) as location_ids
        from partners p order by p.id
        """
    )


async def insert_grant(db: Reads, partner_id: int, location_id: str) -> bool:
    """True if it is new."""
    row = await db.unscoped_row(
        """
        insert into grants (partner_id, practice_id, location_id)
        select $1, practice_id, id from locations where id = $2
        on conflict do nothing returning location_id
        """,
        partner_id,
        location_id,
    )
    return row is not None


async def delete_grant(db: Reads, partner_id: int, location_id: str) -> bool:
    """True if there was one. The subscription stays: it delivers only while the grant stands."""
    row = await db.unscoped_row(
        "delete from grants where partner_id = $1 and location_id = $2 returning location_id", partner_id, location_id
    )
    return row is not None


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
) -> Row:
    row = await db.unscoped_row(
        """
        insert into api_keys (partner_id, name, key_sha256, prefix, last_four, scopes, location_ids, expires_at,
                              per_second, burst)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
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
    )
    assert row is not None
    return row


async def list_keys(db: Reads) -> list[Row]:
    return await db.unscoped_rows(
        """
        select k.id, k.name, p.name as partner, k.prefix || '…' || k.last_four as key, k.scopes, k.location_ids,
               k.created_at, k.expires_at, k.last_used_at, coalesce(k.revoked_at, p.revoked_at) as revoked_at
        from api_keys k join partners p on p.id = k.partner_id order by k.id
        """
    )


async def update_key_revoked(db: Reads, key_id: int) -> Row | None:
    """None if there is no such key; revoking twice keeps the first moment."""
    return await db.unscoped_row(
        "update api_keys set revoked_at = coalesce(revoked_at, now()) where id = $1 returning id, name, revoked_at",
        key_id,
    )


async def claim_idempotency_key(db: Reads, partner_id: int, key: str, *, request_hash: bytes) -> Row | None:
    """None if the key is ours from now on; else the row of whoever had it before. Waits for a twin in flight."""
    mine = await db.unscoped_row(
        """
        insert into idempotency_keys (partner_id, key, request_hash) values ($1, $2, $3)
        on conflict (partner_id, key) do update
          set request_hash = excluded.request_hash, answer = null, created_at = now()
          where idempotency_keys.created_at < now() - interval '72 hours'
        returning key
        """,
        partner_id,
        key,
        request_hash,
    )
    if mine is not None:
        return None
    return await db.unscoped_row(
        "select request_hash, answer from idempotency_keys where partner_id = $1 and key = $2", partner_id, key
    )


async def update_idempotency_answer(db: Reads, partner_id: int, key: str, *, answer: bytes) -> None:
    await db.unscoped_row(
        "update idempotency_keys set answer = $3 where partner_id = $1 and key = $2", partner_id, key, answer
    )


async def delete_old_idempotency_keys(db: Reads) -> None:
    await db.unscoped_row("delete from idempotency_keys where created_at < now() - interval '72 hours'")


async def update_keys_used(db: Reads, uses: Mapping[int, datetime]) -> None:
    await db.unscoped_row(
        """
        update api_keys k set last_used_at = greatest(k.last_used_at, used.at)
        from unnest($1::int[], $2::timestamptz[]) as used (key_id, at) where k.id = used.key_id
        """,
        list(uses),
        list(uses.values()),
    )


async def update_clock(db: Reads, partner_id: int, by: timedelta) -> timedelta:
    """Staging only: the database refuses it elsewhere. How far the account's clock is ahead now."""
    row = await db.unscoped_row("select advance_clock($1, $2) as ahead", partner_id, by)
    assert row is not None
    ahead: timedelta = row["ahead"]
    return ahead


async def delete_since_set_up(db: Reads, partner_id: int) -> tuple[int, int]:
    """Staging only, as above: the visits removed, and the older ones restored."""
    row = await db.unscoped_row("select removed, restored from reset_account($1)", partner_id)
    assert row is not None
    return row["removed"], row["restored"]


async def update_known(db: Reads, partner_ids: Sequence[int], now: datetime) -> None:
    """From now on a reset goes back to this moment."""
    await db.unscoped_row("update partners set known_at = $2 where id = any($1)", partner_ids, now)
