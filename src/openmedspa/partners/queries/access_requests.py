"""SQL on requests for access. They belong to no tenant, and only the system role reads and writes them."""

from collections.abc import Sequence
from datetime import datetime

from openmedspa.kit.db import Reads, Row

REQUESTS = """
select r.*, p.ppass, p.name as practice_name, p.owner_name, t.name as partner,
       (select array_agg(l.name || ' (' || l.id || ')' order by l.name, l.id) from locations l
         where l.id = any(r.location_ids)) as places,
       coalesce(a.name, r.approved_by) as approver, coalesce(d.name, r.denied_by) as denier
from access_requests r
left join practices p on p.id = r.practice_id
left join partners t on t.id = r.partner_id
left join operators a on r.approved_by = 'operator:' || a.id
left join operators d on r.denied_by = 'operator:' || d.id
"""


async def lock_address(tx: Reads, email: str) -> None:
    """Whoever asks by the same address meanwhile waits, and then counts us."""
    await tx.unscoped_row("select pg_advisory_xact_lock(hashtextextended('access ' || lower($1), 0))", email)


async def count_unconfirmed(db: Reads, email: str, since: datetime) -> int:
    row = await db.unscoped_row(
        """
        select count(*) as number from access_requests
        where lower(email) = lower($1) and confirmed_at is null and created_at > $2
        """,
        email,
        since,
    )
    return int(row["number"]) if row else 0


async def insert_request(
    db: Reads,
    *,
    company: str,
    practice: str,
    contact: str,
    email: str,
    scopes: Sequence[str],
    purpose: str,
    address: str | None,
    now: datetime,
) -> int:
    row = await db.unscoped_row(
        """
        insert into access_requests (company, practice, contact, email, scopes, purpose, address, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8) returning id
        """,
        company,
        practice,
        contact,
        email,
        scopes,
        purpose,
        address,
        now,
    )
    assert row is not None
    request_id: int = row["id"]
    return request_id


async def list_requests(db: Reads) -> list[Row]:
    return await db.unscoped_rows(f"{REQUESTS} order by r.created_at desc, r.id desc")


async def list_latest_requests(db: Reads, limit: int) -> list[Row]:
    return await db.unscoped_rows(f"{REQUESTS} order by r.created_at desc, r.id desc limit $1", limit)


async def find_request(db: Reads, request_id: int) -> Row | None:
    return await db.unscoped_row(f"{REQUESTS} where r.id = $1", request_id)


async def lock_request(tx: Reads, request_id: int) -> Row | None:
    """As `find_request`; whoever decides on it at the same moment waits."""
    await tx.unscoped_row("select id from access_requests where id = $1 for update", request_id)
    return await find_request(tx, request_id)


async def find_place(db: Reads, ppass: str) -> Row | None:
    """A practice with its owner and its locations: `location_ids` and, beside them, `locations`, their names."""
    return await db.unscoped_row(
        """
        select p.id, p.ppass, p.name, p.owner_name, p.owner_email,
               coalesce(array_agg(l.id order by l.name, l.id) filter (where l.id is not null), '{}') as location_ids,
               coalesce(array_agg(l.name order by l.name, l.id) filter (where l.id is not null), '{}') as locations
        from practices p left join locations l on l.practice_id = p.id
        where lower(p.ppass) = lower($1) and p.kind = 'practice' group by p.id
        """,
        ppass,
    )


async def find_owner_email(db: Reads, practice_id: int) -> str | None:
    """Who answers for the practice now."""
    row = await db.unscoped_row("select owner_email from practices where id = $1", practice_id)
    return row["owner_email"] if row else None


async def list_places(db: Reads) -> list[Row]:
    return await db.unscoped_rows("select ppass, name from practices where kind = 'practice' order by lower(ppass)")


async def list_widened_scopes(db: Reads, partner_id: int, location_ids: Sequence[str], *, now: datetime) -> list[str]:
    """Scopes of keys that the partner has and that would reach one of these locations anew, were they granted."""
    rows = await db.unscoped_rows(
        """
        select distinct scope from api_keys k cross join lateral unnest(k.scopes) as scope
        where k.partner_id = $1 and k.revoked_at is null and (k.expires_at is null or k.expires_at > $3)
          and exists (
            select from unnest($2::text[]) as l (id)
            where (k.location_ids is null or l.id = any(k.location_ids))
              and not exists (select from grants g where g.partner_id = $1 and g.location_id = l.id))
        order by scope
        """,
        partner_id,
        location_ids,
        now,
    )
    return [row["scope"] for row in rows]


async def update_confirmed(db: Reads, request_id: int, now: datetime) -> None:
    await db.unscoped_row("update access_requests set confirmed_at = $2 where id = $1", request_id, now)


async def update_approved(
    db: Reads,
    request_id: int,
    *,
    practice_id: int,
    location_ids: Sequence[str],
    granted_scopes: Sequence[str],
    other_scopes: Sequence[str],
    owner_email: str | None,
    key_expires_at: datetime | None,
    partner_id: int | None,
    partner_name: str | None,
    actor: str,
    now: datetime,
) -> None:
    """Also a second time: then nothing of the first stays."""
    await db.unscoped_row(
        """
        update access_requests
        set practice_id = $2, location_ids = $3, granted_scopes = $4, other_scopes = $5, owner_email = $6,
            key_expires_at = $7, partner_id = $8, partner_name = $9, approved_by = $10, approved_at = $11,
            owner_agreed_at = null
        where id = $1
        """,
        request_id,
        practice_id,
        location_ids,
        granted_scopes,
        other_scopes,
        owner_email,
        key_expires_at,
        partner_id,
        partner_name,
        actor,
        now,
    )


async def update_agreed(db: Reads, request_id: int, now: datetime) -> None:
    await db.unscoped_row("update access_requests set owner_agreed_at = $2 where id = $1", request_id, now)


async def update_denied(db: Reads, request_id: int, *, actor: str, reason: str, now: datetime) -> None:
    await db.unscoped_row(
        "update access_requests set denied_at = $4, denied_by = $2, reason = $3 where id = $1",
        request_id,
        actor,
        reason,
        now,
    )


async def update_taken(db: Reads, request_id: int, *, partner_id: int, key_id: int, now: datetime) -> None:
    await db.unscoped_row(
        "update access_requests set partner_id = $2, key_id = $3, key_shown_at = $4 where id = $1",
        request_id,
        partner_id,
        key_id,
        now,
    )


async def delete_unconfirmed(db: Reads, before: datetime) -> None:
    """Those that were asked before then and never confirmed, with the messages about them."""
    await db.unscoped_row(
        """
        with old as (
          select id from access_requests where confirmed_at is null and created_at <= $1 for update
        ), tries as (
          delete from message_tries t using messages m, old
          where m.access_request_id = old.id and t.practice_id = m.practice_id and t.message_id = m.id
        ), told as (
          delete from messages m using old where m.access_request_id = old.id
        )
        delete from access_requests r using old where r.id = old.id
        """,
        before,
    )
