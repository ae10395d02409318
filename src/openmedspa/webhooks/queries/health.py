"""SQL by which the operator's doctor sees how deliveries fare."""

from datetime import datetime

from openmedspa.kit.db import Reads, Row


async def find_oldest_due(db: Reads, now: datetime) -> datetime | None:
    """Since when, by its account's clock, the oldest delivery has been due that nobody holds; None when none is."""
    row = await db.unscoped_row(
        """
        select min(d.due_at - p.clock_offset) as oldest
        from endpoints e join partners p on p.id = e.partner_id
        cross join lateral (
          select due_at from deliveries
          where endpoint_id = e.id and due_at <= $1::timestamptz + p.clock_offset
            and (leased_until is null or leased_until <= $1)
          order by due_at limit 1
        ) d
        where e.switched_off_at is null and e.deleted_at is null
        """,
        now,
    )
    oldest: datetime | None = row["oldest"] if row else None
    return oldest


async def list_troubled_endpoints(db: Reads) -> list[Row]:
    """Endpoints that fail, or were switched off for it; and whether anybody could be told."""
    return await db.unscoped_rows(
        """
        select p.name as partner, e.name, e.url, e.failing_since, e.switched_off_at, e.switched_off_because,
               p.contact_email is not null as has_contact
        from endpoints e join partners p on p.id = e.partner_id
        where e.deleted_at is null and p.revoked_at is null
          and (e.failing_since is not null or e.switched_off_because is not null)
        order by e.id
        """
    )
