"""SQL of imports: hours of weeks and dates, and time off. What a file replaces is removed first, then written."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from openmedspa.kit.db import Row, Scope, Tx


async def list_weeks(tx: Tx, scope: Scope, practice_id: int, *, providers: Sequence[int], locations: Sequence[str]) -> list[Row]:  # fmt: skip
    """All weekly hours of these pairs of provider and location."""
    return await tx.rows(
        """
        select w.provider_id, w.location_id, w.weekday, w.is_break, w.from_minute, w.until_minute
        from unnest($3::bigint[], $4::text[]) g (provider_id, location_id)
        join provider_hours w on w.practice_id = any($1) and w.practice_id = $2
          and w.provider_id = g.provider_id and w.location_id = g.location_id
        """,
        scope,
        practice_id,
        providers,
        locations,
    )


async def list_days(
    tx: Tx, scope: Scope, practice_id: int, *, providers: Sequence[int | None], locations: Sequence[str],
    days: Sequence[date],
) -> list[Row]:  # fmt: skip
    """All hours of these dates; no provider: those for everybody."""
    return await tx.rows(
        """
        select d.provider_id, d.location_id, d.on_date, d.from_minute, d.until_minute
        from unnest($3::bigint[], $4::text[], $5::date[]) g (provider_id, location_id, on_date)
        join date_hours d on d.practice_id = any($1) and d.practice_id = $2 and d.location_id = g.location_id
          and d.on_date = g.on_date and d.provider_id is not distinct from g.provider_id
        """,
        scope,
        practice_id,
        providers,
        locations,
        days,
    )


async def delete_weeks(tx: Tx, scope: Scope, practice_id: int, *, providers: Sequence[int], locations: Sequence[str]) -> None:  # fmt: skip
    await tx.row(
        """
        delete from provider_hours w using unnest($3::bigint[], $4::text[]) g (provider_id, location_id)
        where w.practice_id = any($1) and w.practice_id = $2
          and w.provider_id = g.provider_id and w.location_id = g.location_id
        """,
        scope,
        practice_id,
        providers,
        locations,
    )


async def delete_days(
    tx: Tx, scope: Scope, practice_id: int, *, providers: Sequence[int | None], locations: Sequence[str],
    days: Sequence[date],
) -> None:  # fmt: skip
    await tx.row(
        """
        delete from date_hours d using unnest($3::bigint[], $4::text[], $5::date[]) g (provider_id, location_id, on_date)
        where d.practice_id = any($1) and d.practice_id = $2 and d.location_id = g.location_id
          and d.on_date = g.on_date and d.provider_id is not distinct from g.provider_id
        """,
        scope,
        practice_id,
        providers,
        locations,
        days,
    )


async def insert_weeks(tx: Tx, scope: Scope, practice_id: int, *, hours: Sequence[Mapping[str, Any]]) -> None:
    await tx.row(
        """
        insert into provider_hours (practice_id, provider_id, location_id, weekday, from_minute, until_minute, is_break)
        select $2::int, provider_id, location_id, weekday, from_minute, until_minute, is_break
        from jsonb_to_recordset($3::jsonb) g (provider_id bigint, location_id text, weekday int, from_minute int,
                                              until_minute int, is_break boolean)
        where $2 = any($1::int[])
        """,
        scope,
        practice_id,
        json.dumps(hours),
    )


async def insert_days(tx: Tx, scope: Scope, practice_id: int, *, hours: Sequence[Mapping[str, Any]]) -> None:
    """One without minutes: closed."""
    await tx.row(
        """
        insert into date_hours (practice_id, provider_id, location_id, on_date, from_minute, until_minute)
        select $2::int, provider_id, location_id, on_date, from_minute, until_minute
        from jsonb_to_recordset($3::jsonb) g (provider_id bigint, location_id text, on_date date, from_minute int,
                                              until_minute int)
        where $2 = any($1::int[])
        """,
        scope,
        practice_id,
        json.dumps(hours),
    )


async def insert_missing_time_off(
    tx: Tx, scope: Scope, practice_id: int, *, providers: Sequence[int], starts: Sequence[datetime],
    ends: Sequence[datetime],
) -> int:  # fmt: skip
    """Time off that is not there to the minute, whoever brought it; how many are new."""
    row = await tx.row(
        """
        with made as (
          insert into time_off (practice_id, provider_id, from_at, until_at)
          select distinct $2::int, g.provider_id, g.from_at, g.until_at
          from unnest($3::bigint[], $4::timestamptz[], $5::timestamptz[]) g (provider_id, from_at, until_at)
          where $2 = any($1::int[]) and not exists (
            select from time_off f where f.practice_id = $2 and f.provider_id = g.provider_id
              and f.from_at = g.from_at and f.until_at = g.until_at)
          returning 1
        )
        select count(*) as made from made
        """,
        scope,
        practice_id,
        providers,
        starts,
        ends,
    )
    assert row is not None
    return int(row["made"])


async def delete_time_off(
    tx: Tx, scope: Scope, practice_id: int, *, back: Mapping[str, object], wanted: Mapping[str, object]
) -> int:
    """What files brought and lies within one of these times, but for what is wanted; how many there were.

    Both have providers, starts and ends, side by side. What calendars brought is theirs to take back.
    """
    row = await tx.row(
        """
        with gone as (
          delete from time_off f
          using unnest($3::bigint[], $4::timestamptz[], $5::timestamptz[]) g (provider_id, from_at, until_at)
          where f.practice_id = any($1) and f.practice_id = $2 and f.provider_id = g.provider_id
            and f.source_key is null and f.from_at >= g.from_at and f.until_at <= g.until_at
            and not exists (
              select from unnest($6::bigint[], $7::timestamptz[], $8::timestamptz[]) w (provider_id, from_at, until_at)
              where w.provider_id = f.provider_id and w.from_at = f.from_at and w.until_at = f.until_at)
          returning 1
        )
        select count(*) as gone from gone
        """,
        scope,
        practice_id,
        back["providers"],
        back["starts"],
        back["ends"],
        wanted["providers"],
        wanted["starts"],
        wanted["ends"],
    )
    assert row is not None
    return int(row["gone"])


async def list_calendar(tx: Tx, scope: Scope, practice_id: int, provider_id: int, *, prefix: str) -> list[Row]:
    """The time off that a calendar brought: what its `source_key` begins with says which."""
    return await tx.rows(
        """
        select f.source_key, f.from_at, f.until_at from time_off f
        where f.practice_id = any($1) and f.practice_id = $2 and f.provider_id = $3 and starts_with(f.source_key, $4)
        """,
        scope,
        practice_id,
        provider_id,
        prefix,
    )


async def write_calendar(
    tx: Tx, scope: Scope, practice_id: int, provider_id: int, *, keys: Sequence[str], starts: Sequence[datetime],
    ends: Sequence[datetime], gone: Sequence[str],
) -> None:  # fmt: skip
    """Busy times by their keys, new or moved; those that are gone are removed."""
    await tx.row(
        """
        with gone as (
          delete from time_off f where f.practice_id = any($1) and f.practice_id = $2 and f.provider_id = $3
            and f.source_key = any($7::text[])
        )
        insert into time_off (practice_id, provider_id, source_key, from_at, until_at)
        select $2::int, $3::bigint, g.key, g.from_at, g.until_at
        from unnest($4::text[], $5::timestamptz[], $6::timestamptz[]) g (key, from_at, until_at)
        where $2 = any($1::int[])
        on conflict (practice_id, provider_id, source_key) do update
          set from_at = excluded.from_at, until_at = excluded.until_at
        """,
        scope,
        practice_id,
        provider_id,
        keys,
        starts,
        ends,
        gone,
    )
