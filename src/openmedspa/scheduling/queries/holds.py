"""SQL: times that are kept for a partner until they lapse."""

from datetime import datetime

from openmedspa.kit.db import Reads, Row, Scope, Tx


async def count_live(db: Reads, scope: Scope, partner_id: int, *, now: datetime) -> int:
    """How many of a partner's holds keep time from others at this moment."""
    row = await db.row(
        """
        select count(*) as count from holds h
        where h.practice_id = any($1) and h.partner_id = $2 and h.lapses_at > $3 and h.released_at is null
        """,
        scope,
        partner_id,
        now,
    )
    assert row is not None
    return int(row["count"])


async def insert_hold(
    tx: Tx, scope: Scope, practice_id: int, *, provider_id: int, location_id: str, starts_at: datetime, minutes: int,
    before: int, after: int, partner_id: int, actor: str, now: datetime, lapses_at: datetime,
) -> int | None:  # fmt: skip
    """Take the time until it lapses; the hold's number, None when somebody has any of it."""
    row = await tx.row(
        """
        with number as materialized (
          select nextval('holds_id_seq') as id where $2 = any($1::int[])
        ), taken as (
          insert into taken_times (practice_id, provider_id, from_at, until_at, hold_id, lapses_at)
          select $2, $3, $5::timestamptz - make_interval(mins => $7),
                 $5 + make_interval(mins => $6::int + $8::int), number.id, $12 from number
          on conflict on constraint taken_times_one_owner do nothing
          returning hold_id
        )
        insert into holds (practice_id, id, provider_id, location_id, starts_at, minutes, partner_id, actor, held_at,
                           lapses_at)
        select $2, hold_id, $3, $4, $5, $6, $9, $10, $11, $12 from taken
        returning id
        """,
        scope,
        practice_id,
        provider_id,
        location_id,
        starts_at,
        minutes,
        before,
        after,
        partner_id,
        actor,
        now,
        lapses_at,
    )
    return row["id"] if row else None


async def update_released(tx: Tx, scope: Scope, hold_id: int, partner_id: int, *, now: datetime) -> Row | None:
    """End a partner's hold that still keeps its time, and give the time back; None when there is none such."""
    return await tx.row(
        """
        with ended as (
          update holds h set released_at = $4
          where h.practice_id = any($1) and h.id = $2 and h.partner_id = $3 and h.released_at is null
            and h.lapses_at > $4
          returning h.practice_id, h.id, h.provider_id, h.location_id, h.starts_at, h.minutes
        ), given_back as (
          delete from taken_times t using ended where t.practice_id = ended.practice_id and t.hold_id = ended.id
        )
        select e.provider_id, e.location_id, e.starts_at, e.minutes, coalesce(l.time_zone, o.time_zone) as time_zone
        from ended e
        join practices o on o.id = e.practice_id
        join locations l on l.practice_id = e.practice_id and l.id = e.location_id
        """,
        scope,
        hold_id,
        partner_id,
        now,
    )


async def delete_lapsed_across_practices(db: Reads, *, now: datetime, forget_before: datetime) -> int:
    """What lapsed holds still had, and the holds that lapsed long ago; how many times were given back.

    What somebody removes at this moment is left to them: in another order than ours, each would wait for the other.
    """
    row = await db.unscoped_row(
        """
        with lapsed as materialized (
          select practice_id, hold_id from taken_times where lapses_at <= $1 for update skip locked
        ), swept as (
          delete from taken_times t using lapsed
          where t.practice_id = lapsed.practice_id and t.hold_id = lapsed.hold_id returning 1
        ), forgotten as (
          delete from holds where lapses_at <= $2
        )
        select count(*) as count from swept
        """,
        now,
        forget_before,
    )
    assert row is not None
    return int(row["count"])
