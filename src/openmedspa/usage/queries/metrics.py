"""SQL of /metrics: what all processes share. Counts other slices' rows too, so that one look costs two statements."""

from datetime import datetime

from openmedspa.kit.db import Reads, Row


async def list_totals(db: Reads) -> list[Row]:
    """Calls since the beginning by method, route and status, and how many of them were answered within what time."""
    return await db.unscoped_rows(
        """
        select method, route, status, calls, duration_us, in_5ms, in_25ms, in_100ms, in_500ms, in_2500ms
        from call_totals order by method, route, status
        """
    )


async def get_standing(db: Reads) -> Row:
    """What waits now and since when, how many keys live, and how many calls were not written down."""
    row = await db.unscoped_row(
        """
        select (select coalesce(sum(calls), 0)::bigint from call_gaps) as not_recorded,
               (select count(*) from api_keys k join partners p on p.id = k.partner_id
                where k.revoked_at is null and p.revoked_at is null
                  and (k.expires_at is null or k.expires_at > now())) as live_keys,
               d.deliveries, d.delivery_seconds, m.messages, m.message_seconds
        from (select count(*) as deliveries,
                     coalesce(extract(epoch from now() - min(created_at)), 0)::float8 as delivery_seconds
              from deliveries where due_at is not null) d,
             (select count(*) as messages,
                     coalesce(extract(epoch from now() - min(queued_at)), 0)::float8 as message_seconds
              from messages where due_at is not null) m
        """
    )
    assert row is not None
    return row


async def count_not_recorded(db: Reads, since: datetime) -> int:
    """Calls that were answered since then and not written down."""
    row = await db.unscoped_row("select coalesce(sum(calls), 0)::bigint as calls from call_gaps where at >= $1", since)
    assert row is not None
    return int(row["calls"])
