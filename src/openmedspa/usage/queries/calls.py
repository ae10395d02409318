"""SQL that writes calls down, adds them up, and lets them go."""

from collections.abc import Sequence
from datetime import datetime

from openmedspa.kit.db import Database, Reads, Tx


async def insert_calls(tx: Tx, told: Sequence[tuple[object, ...]]) -> None:
    """Calls with their sums by hour and by day. Sums are taken in the order of their keys, so that two
    processes that write at once wait for each other and do not end in a deadlock."""
    await tx.unscoped_row(
        """
        with told as materialized (
          select * from unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::int[], $6::text[], $7::int[],
                               $8::text[], $9::int[], $10::int[], $11::int[])
            as t (at, request_id, method, route, status, code, duration_us, address, practice_id, partner_id, key_id)
        ), logged as (
          insert into calls (at, request_id, method, route, status, code, duration_us, address, practice_id, partner_id,
                             key_id)
          select * from told
        ), whose as materialized (
          select told.*, who.id as who from told cross join lateral (values (coalesce(partner_id, 0)), (-1)) as who (id)
        ), by_hour as (
          insert into call_hours
          select date_trunc('hour', at, 'UTC'), who, method, route, count(*), count(*) filter (where status >= 400),
                 sum(duration_us), max(duration_us)
          from whose group by 1, 2, 3, 4 order by 2, 1, 3, 4
          on conflict (partner_id, hour, method, route) do update
            set calls = call_hours.calls + excluded.calls, errors = call_hours.errors + excluded.errors,
                duration_us = call_hours.duration_us + excluded.duration_us,
                slowest_us = greatest(call_hours.slowest_us, excluded.slowest_us)
        ), in_all as (
          insert into call_totals
          select method, route, status, count(*), sum(duration_us),
                 count(*) filter (where duration_us <= 5000), count(*) filter (where duration_us <= 25000),
                 count(*) filter (where duration_us <= 100000), count(*) filter (where duration_us <= 500000),
                 count(*) filter (where duration_us <= 2500000),
                 max(duration_us)
          from told group by 1, 2, 3 order by 1, 2, 3
          on conflict (method, route, status) do update
            set calls = call_totals.calls + excluded.calls,
                duration_us = call_totals.duration_us + excluded.duration_us,
                in_5ms = call_totals.in_5ms + excluded.in_5ms, in_25ms = call_totals.in_25ms + excluded.in_25ms,
                in_100ms = call_totals.in_100ms + excluded.in_100ms,
                in_500ms = call_totals.in_500ms + excluded.in_500ms,
                in_2500ms = call_totals.in_2500ms + excluded.in_2500ms,
                slowest_us = greatest(call_totals.slowest_us, excluded.slowest_us)
        )
        insert into call_days
        select (at at time zone 'UTC')::date, who, method, route, count(*), count(*) filter (where status >= 400),
               sum(duration_us), max(duration_us)
        from whose group by 1, 2, 3, 4 order by 2, 1, 3, 4
        on conflict (partner_id, day, method, route) do update
          set calls = call_days.calls + excluded.calls, errors = call_days.errors + excluded.errors,
              duration_us = call_days.duration_us + excluded.duration_us,
              slowest_us = greatest(call_days.slowest_us, excluded.slowest_us)
        """,
        *(list(column) for column in zip(*told, strict=True)),
    )


async def insert_gap(db: Reads, at: datetime, calls: int) -> None:
    await db.unscoped_row("insert into call_gaps (at, calls) values ($1, $2)", at, calls)


async def delete_calls(db: Database, before: datetime, *, most: int) -> int:
    """The oldest of those before this moment, no more than so many; how many. The sums stay."""
    row = await db.unscoped_row(
        """
        with old as (select id from calls where at < $1 order by at, id limit $2),
             gone as (delete from calls c using old where c.id = old.id returning 1)
        select count(*) as count from gone
        """,
        before,
        most,
    )
    assert row is not None
    return int(row["count"])


async def delete_call_hours(db: Database, before: datetime) -> None:
    await db.unscoped_row("delete from call_hours where hour < $1", before)
