"""SQL: all that stands in a provider's week, for whoever runs the installation."""

from datetime import date, datetime

from openmedspa.kit.db import Reads, Row, Scope


async def list_providers_across_practices(db: Reads, practice_id: int | None) -> list[Row]:
    """Everybody active, or those of one practice, with where they are at home."""
    return await db.unscoped_rows(
        """
        select p.practice_id, o.ppass, p.id, p.name, p.title, p.specialty, p.home_location_id, p.reference
        from providers p join practices o on o.id = p.practice_id
        where p.ended_at is null and ($1::int is null or p.practice_id = $1)
        order by p.id
        """,
        practice_id,
    )


async def list_all_providers_across_practices(db: Reads, practice_id: int | None, *, today: date) -> list[Row]:
    """Also those who left: the states of licences that are still good, and whether they have hours anywhere."""
    return await db.unscoped_rows(
        """
        select p.id, p.name, p.title, p.specialty, o.ppass, p.home_location_id, p.reference,
               array(select c.state from provider_licences c where c.practice_id = p.practice_id
                     and c.provider_id = p.id and c.expires_on >= $2 order by c.state) as licences,
               exists (select from provider_hours w where w.practice_id = p.practice_id and w.provider_id = p.id)
                 or exists (select from date_hours d where d.practice_id = p.practice_id and d.provider_id = p.id
                            and d.from_minute is not null and d.on_date >= $2) as hours,
               p.ended_at is null as active
        from providers p join practices o on o.id = p.practice_id
        where $1::int is null or p.practice_id = $1
        order by o.id, p.id
        """,
        practice_id,
        today,
    )


async def list_entries(
    db: Reads, scope: Scope, provider_id: int, *, since: datetime, until: datetime, now: datetime
) -> list[Row]:
    """What takes any of this time, bookings and holds that have not lapsed, in order. Nobody's name."""
    return await db.rows(
        """
        select t.from_at, t.until_at, t.lapses_at, b.id as booking_id, t.hold_id, b.type, b.status,
               coalesce(b.starts_at, h.starts_at) as starts_at, coalesce(b.minutes, h.minutes) as minutes,
               coalesce(b.location_id, h.location_id) as location_id
        from taken_times t
        left join bookings b on b.practice_id = t.practice_id and b.id = t.booking_id
        left join holds h on h.practice_id = t.practice_id and h.id = t.hold_id
        where t.practice_id = any($1) and t.provider_id = $2
          and t.from_at > $3::timestamptz - interval '1 day' and t.from_at < $4 and t.until_at > $3
          and (t.lapses_at is null or t.lapses_at > $5)
        order by t.from_at
        """,
        scope,
        provider_id,
        since,
        until,
        now,
    )


async def list_places(db: Reads, scope: Scope, provider_id: int) -> list[Row]:
    """Weekly hours by location, breaks not among them, and each location's name."""
    return await db.rows(
        """
        select w.location_id, l.name, w.weekday, w.from_minute, w.until_minute
        from provider_hours w join locations l on l.practice_id = w.practice_id and l.id = w.location_id
        where w.practice_id = any($1) and w.provider_id = $2 and not w.is_break
        order by w.weekday, w.from_minute
        """,
        scope,
        provider_id,
    )


async def find_location_name(db: Reads, scope: Scope, location_id: str) -> str | None:
    row = await db.row("select l.name from locations l where l.practice_id = any($1) and l.id = $2", scope, location_id)
    return row["name"] if row else None
