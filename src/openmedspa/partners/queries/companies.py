"""SQL on partners themselves: their names, contacts and profiles."""

import json
from collections.abc import Mapping
from datetime import datetime

from openmedspa.kit.db import Reads, Row

PARTNERS = """
select p.id, p.name, p.contact_name, p.contact_email, p.phone, p.website, p.created_at, p.revoked_at,
       (select count(*) from api_keys k where k.partner_id = p.id and k.revoked_at is null
           and (k.expires_at is null or k.expires_at > now())) as keys,
       (select max(k.last_used_at) from api_keys k where k.partner_id = p.id) as last_used_at,
       (select coalesce(array_agg(g.location_id order by g.location_id), '{}')
          from grants g where g.partner_id = p.id) as location_ids,
       (select coalesce(array_agg(distinct pr.ppass order by pr.ppass), '{}')
          from grants g join practices pr on pr.id = g.practice_id where g.partner_id = p.id) as ppasses
from partners p
"""


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


async def update_profile(db: Reads, partner_id: int, given: Mapping[str, str | None]) -> None:
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


async def list_partners(db: Reads) -> list[Row]:
    return await db.unscoped_rows(f"{PARTNERS} order by p.id")


async def list_latest_partners(db: Reads, limit: int) -> list[Row]:
    """Those that are on, the newest use first."""
    return await db.unscoped_rows(
        f"{PARTNERS} order by p.revoked_at is not null, last_used_at desc nulls last, p.id limit $1", limit
    )


async def find_company(db: Reads, partner_id: int) -> Row | None:
    return await db.unscoped_row(f"{PARTNERS} where p.id = $1", partner_id)


async def update_partner_revoked(db: Reads, partner_id: int, revoked_at: datetime | None) -> bool:
    """False when it was so already."""
    row = await db.unscoped_row(
        """
        update partners set revoked_at = $2
        where id = $1 and (revoked_at is null) <> ($2::timestamptz is null) returning id
        """,
        partner_id,
        revoked_at,
    )
    return row is not None
