"""SQL: providers as partners see them, and what is booked with them."""

from collections.abc import Sequence
from datetime import datetime

from openmedspa.kit.db import Reads, Row, Scope

PROVIDER = """
p.id, p.name, p.title, p.specialty, p.home_location_id, coalesce(l.time_zone, o.time_zone) as time_zone,
array(select w.location_id from provider_hours w where w.practice_id = p.practice_id and w.provider_id = p.id
      union select p.home_location_id where p.home_location_id is not null order by 1) as location_ids
"""
JOINED = """
join practices o on o.id = p.practice_id
left join locations l on l.practice_id = p.practice_id and l.id = p.home_location_id
"""


async def list_providers(
    db: Reads, scope: Scope, *, limit: int, offset: int, most_counted: int
) -> tuple[int, list[Row]]:
    """How many are active, counting no further than one beyond `most_counted`, and a page of them, by number."""
    rows = await db.rows(
        f"""
        select c.counted, f.* from
          (select count(*) as counted from
             (select from providers p where p.practice_id = any($1) and p.ended_at is null limit $4::int + 1) x) c
        left join
          (select {PROVIDER} from providers p {JOINED}
           where p.practice_id = any($1) and p.ended_at is null order by p.id limit $2 offset $3) f on true
        order by f.id
        """,
        scope,
        limit,
        offset,
        most_counted,
    )
    return rows[0]["counted"] if rows else 0, [row for row in rows if row["id"] is not None]


async def find_provider(db: Reads, scope: Scope, provider_id: int) -> Row | None:
    """An active one."""
    return await db.row(
        f"select {PROVIDER} from providers p {JOINED} where p.practice_id = any($1) and p.id = $2 and p.ended_at is null",
        scope,
        provider_id,
    )


async def list_schedule(
    db: Reads, scope: Scope, provider_id: int, *, since: datetime, until: datetime, visit_type: str | None
) -> Sequence[Row]:
    """A provider's bookings, also of one who has left, that begin in this window and were not cancelled, each with its location's zone.

    One row without a booking if there are none; no row if there is no such provider.
    """
    return await db.rows(
        """
        select p.id, p.name, p.title, p.specialty, b.id as booking_id, b.starts_at, b.minutes, b.type,
               coalesce(l.time_zone, o.time_zone) as time_zone
        from providers p
        join practices o on o.id = p.practice_id
        left join bookings b on b.practice_id = p.practice_id and b.provider_id = p.id and b.status <> 'Cancelled'
          and b.starts_at >= $3 and b.starts_at < $4 and ($5::text is null or b.type = $5)
        left join locations l on l.practice_id = p.practice_id and l.id = b.location_id
        where p.practice_id = any($1) and p.id = $2
        order by b.starts_at, b.id
        """,
        scope,
        provider_id,
        since,
        until,
        visit_type,
    )
