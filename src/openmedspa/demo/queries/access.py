"""SQL: what operators find in the demo, beside what the slices' own statements insert."""

from datetime import datetime

from openmedspa.kit.db import Reads, Row


async def list_callers(db: Reads) -> list[Row]:
    """Every key with its partner, by name and number, and that partner's practice."""
    return await db.unscoped_rows(
        """
        select p.name as partner, k.name as key, p.id as partner_id, k.id as key_id,
               (select min(g.practice_id) from grants g where g.partner_id = p.id) as practice_id
        from api_keys k join partners p on p.id = k.partner_id
        """
    )


async def update_key_dates(db: Reads, keys_json: str, *, partners_since: datetime | None) -> None:
    """Keys as if they had been made, revoked and replaced then; and all partners as old as that, with an address."""
    await db.unscoped_row(
        """
        with aged as (
          update partners set created_at = $2,
            contact_email = coalesce(contact_email, 'tech@' || replace(lower(name), ' ', '-') || '.example.com')
          returning 1
        )
        update api_keys k set created_at = t.created_at, revoked_at = t.revoked_at, replaces = t.replaces
        from json_to_recordset($1::json) as t (
          id int, created_at timestamptz, revoked_at timestamptz, replaces int)
        where k.id = t.id
        """,
        keys_json,
        partners_since,
    )


async def update_owner(db: Reads, practice_id: int, *, name: str, email: str) -> None:
    await db.unscoped_row(
        "update practices set owner_name = $2, owner_email = $3 where id = $1", practice_id, name, email
    )


async def insert_access_requests(db: Reads, requests_json: str) -> None:
    await db.unscoped_row(
        """
        insert into access_requests (
          created_at, company, practice, contact, email, scopes, purpose, address, confirmed_at, practice_id,
          location_ids, granted_scopes, approved_at, approved_by, owner_email, denied_at, denied_by, reason, partner_id,
          key_id, key_shown_at)
        select created_at, company, practice, contact, email, scopes, purpose, address, confirmed_at, practice_id,
               location_ids, granted_scopes, approved_at, approved_by, owner_email, denied_at, denied_by, reason,
               partner_id, key_id, key_shown_at
        from json_to_recordset($1::json) as r (
          created_at timestamptz, company text, practice text, contact text, email text, scopes text[], purpose text,
          address text, confirmed_at timestamptz, practice_id int, location_ids text[], granted_scopes text[],
          approved_at timestamptz, approved_by text, owner_email text, denied_at timestamptz, denied_by text,
          reason text, partner_id int, key_id int, key_shown_at timestamptz)
        """,
        requests_json,
    )
