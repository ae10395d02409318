"""SQL of imports: what a practice has already, and providers. Hours and bookings have files of their own."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from openmedspa.kit.db import Reads, Row, Scope, Tx


async def lock_practice(tx: Tx, scope: Scope, practice_id: int) -> None:
    """Imports of schedules into one practice come one after the other; nobody else waits for this lock."""
    await tx.row(
        "select o.id from practices o where o.id = any($1) and o.id = $2 for no key update", scope, practice_id
    )


async def update_planning(tx: Tx) -> None:
    """Until this transaction ends PostgreSQL plans each statement for how large the tables are by now."""
    await tx.unscoped_row("select set_config('plan_cache_mode', 'force_custom_plan', true)")


async def list_providers(db: Reads, scope: Scope, practice_id: int) -> list[Row]:
    """All that the practice ever had, by number."""
    return await db.rows(
        """
        select p.id, p.name, p.reference, p.home_location_id, p.ended_at is not null as is_ended
        from providers p where p.practice_id = any($1) and p.practice_id = $2 order by p.id
        """,
        scope,
        practice_id,
    )


async def list_locations(db: Reads, scope: Scope, practice_id: int) -> list[Row]:
    """Each with the zone of its wall clock."""
    return await db.rows(
        """
        select l.id, coalesce(l.time_zone, o.time_zone) as time_zone
        from locations l join practices o on o.id = l.practice_id
        where l.practice_id = any($1) and l.practice_id = $2
        """,
        scope,
        practice_id,
    )


async def list_visit_types(db: Reads, scope: Scope, practice_id: int) -> list[Row]:
    return await db.rows(
        """
        select y.code, y.minutes, y.before_minutes, y.after_minutes from visit_types y
        where y.practice_id = any($1) and y.practice_id = $2 order by y.code
        """,
        scope,
        practice_id,
    )


async def list_whole_providers(db: Reads, scope: Scope, practice_id: int) -> list[Row]:
    """All of each: what a file may say, and `licences`, a JSON object of [number, last day] by state."""
    return await db.rows(
        """
        select p.id, p.name, p.title, p.specialty, p.npi, p.home_location_id, p.step_minutes, p.notice_minutes,
               p.window_days, p.reference, p.ended_at is null as active,
               (select coalesce(json_object_agg(c.state, json_build_array(c.number, c.expires_on)), '{}')
                from provider_licences c where c.practice_id = p.practice_id and c.provider_id = p.id) as licences
        from providers p where p.practice_id = any($1) and p.practice_id = $2 order by p.id
        """,
        scope,
        practice_id,
    )


async def write_providers(
    tx: Tx, scope: Scope, practice_id: int, *, new: Sequence[Mapping[str, Any]], changes: Sequence[Mapping[str, Any]],
    now: datetime,
) -> dict[int, int]:  # fmt: skip
    """New providers, and all of known ones, each with its licences; the numbers of the new ones by their position."""
    rows = await tx.rows(
        """
        with given as materialized (
          select nextval('providers_id_seq') as id, g.* from jsonb_to_recordset($3::jsonb)
            g (position int, name text, title text, specialty text, npi text, home_location_id text, step_minutes int,
               notice_minutes int, window_days int, reference text, active boolean, licences jsonb)
        ), born as (
          insert into providers (practice_id, id, name, title, specialty, npi, home_location_id, step_minutes,
                                 notice_minutes, window_days, reference, ended_at, created_at)
          select $2::int, id, name, title, specialty, npi, home_location_id, step_minutes, notice_minutes, window_days,
                 reference, case when not active then $5::timestamptz end, $5
          from given where $2 = any($1::int[])
        ), wanted as materialized (
          select * from jsonb_to_recordset($4::jsonb)
            w (id bigint, name text, title text, specialty text, npi text, home_location_id text, step_minutes int,
               notice_minutes int, window_days int, reference text, active boolean, licences jsonb)
        ), changed as (
          update providers p
          set name = w.name, title = w.title, specialty = w.specialty, npi = w.npi,
              home_location_id = w.home_location_id, step_minutes = w.step_minutes, notice_minutes = w.notice_minutes,
              window_days = w.window_days, reference = w.reference,
              ended_at = case when not w.active then coalesce(p.ended_at, $5::timestamptz) end
          from wanted w where p.practice_id = any($1) and p.practice_id = $2 and p.id = w.id
        ), gone as (
          delete from provider_licences c using wanted w
          where c.practice_id = any($1) and c.practice_id = $2 and c.provider_id = w.id and not w.licences ? c.state
        ), licensed as (
          insert into provider_licences (practice_id, provider_id, state, number, expires_on)
          select $2, x.id, l.key, l.value ->> 0, (l.value ->> 1)::date
          from (select id, licences from given union all select id, licences from wanted) x,
               jsonb_each(x.licences) l
          where $2 = any($1)
          on conflict (practice_id, provider_id, state) do update
            set number = excluded.number, expires_on = excluded.expires_on
        )
        select position, id from given
        """,
        scope,
        practice_id,
        json.dumps(new),
        json.dumps(changes),
        now,
    )
    return {row["position"]: row["id"] for row in rows}
