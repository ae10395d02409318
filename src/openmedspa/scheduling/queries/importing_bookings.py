"""SQL of imports: bookings. A batch takes its time in one statement, and the exclusion constraint says what was free."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from openmedspa.kit.db import Row, Scope, Tx


async def lock_bookings_of_references(tx: Tx, scope: Scope, practice_id: int, references: Sequence[str]) -> list[Row]:
    """Those that imports brought under these names; nobody else changes them before this transaction ends."""
    return await tx.rows(
        """
        select b.id, b.reference, b.provider_id, b.location_id, b.patient_id, b.type, b.starts_at, b.minutes, b.status,
               b.treatment_ids, b.notes
        from bookings b where b.practice_id = any($1) and b.practice_id = $2 and b.reference = any($3::text[])
        order by b.id
        for update
        """,
        scope,
        practice_id,
        references,
    )


async def list_people_of_addresses(tx: Tx, scope: Scope, practice_id: int, addresses: Sequence[str]) -> list[Row]:
    """Whoever has one of these e-mail addresses, which are in small letters. One look at all of the practice's people."""
    return await tx.rows(
        """
        select p.id, p.email, p.first_name, p.middle_initial, p.last_name, p.full_name
        from patients p
        where p.practice_id = any($1) and p.practice_id = $2 and lower(btrim(p.email)) = any($3::text[])
        order by p.id
        """,
        scope,
        practice_id,
        addresses,
    )


async def find_missing(
    tx: Tx, scope: Scope, practice_id: int, *, patients: Sequence[int], treatments: Sequence[str]
) -> tuple[set[int], set[str]]:
    """Which of these people the practice does not have, and which treatments nobody has."""
    row = await tx.row(
        """
        select array(select u.id from unnest($3::bigint[]) u (id) where not exists (
                 select from patients p where p.practice_id = any($1) and p.practice_id = $2 and p.id = u.id))
                 as patients,
               array(select u.id from unnest($4::text[]) u (id) where not exists (
                 select from treatments t where t.id = u.id)) as treatments
        """,
        scope,
        practice_id,
        patients,
        treatments,
    )
    return (set(row["patients"]), set(row["treatments"])) if row else (set(), set())


async def next_numbers(tx: Tx, count: int) -> list[int]:
    """For bookings to come."""
    rows = await tx.unscoped_rows("select nextval('bookings_id_seq') as id from generate_series(1, $1)", count)
    return [row["id"] for row in rows]


async def delete_lapsed(tx: Tx, scope: Scope, practice_id: int, *, now: datetime) -> None:
    """What the practice's lapsed holds still have: they block nothing, and the constraint cannot know that."""
    await tx.row(
        "delete from taken_times t where t.practice_id = any($1) and t.practice_id = $2 and t.lapses_at <= $3",
        scope,
        practice_id,
        now,
    )


async def begin_attempt(tx: Tx) -> None:
    """From here on everything can be taken back without ending the transaction."""
    await tx.unscoped_row("savepoint attempt")


async def undo_attempt(tx: Tx) -> None:
    await tx.unscoped_row("rollback to savepoint attempt")


async def delete_taken(tx: Tx, scope: Scope, practice_id: int, bookings: Sequence[int]) -> None:
    """Give back what these have taken."""
    await tx.row(
        """
        delete from taken_times t
        where t.practice_id = any($1) and t.practice_id = $2 and t.booking_id = any($3::bigint[])
        """,
        scope,
        practice_id,
        bookings,
    )


async def write_bookings(
    tx: Tx, scope: Scope, practice_id: int, *, bookings: Sequence[Mapping[str, Any]], actor: str, now: datetime
) -> set[int]:
    """Take time for those that want any, in their order; write those that are new and got it, with their first steps.

    The numbers of those that are in: a known one whose time somebody has is not among them, a new one neither.
    """
    rows = await tx.rows(
        """
        with given as materialized (
          select * from jsonb_to_recordset($3::jsonb) g (
            position int, id bigint, is_new boolean, takes boolean, provider_id bigint, location_id text,
            patient_id bigint, type text, starts_at timestamptz, minutes int, before int, after int, status text,
            treatment_ids text[], notes text, reference text)
          where $2::int = any($1::int[])
        ), taken as (
          insert into taken_times (practice_id, provider_id, from_at, until_at, booking_id)
          select $2, provider_id, starts_at - make_interval(mins => before),
                 starts_at + make_interval(mins => minutes + after), id
          from given where takes order by position
          on conflict on constraint taken_times_one_owner do nothing
          returning booking_id
        ), settled as (
          select g.* from given g where not g.takes or g.id in (select booking_id from taken)
        ), booked as (
          insert into bookings (practice_id, id, provider_id, location_id, patient_id, type, starts_at, minutes, status,
                                treatment_ids, notes, reference, created_at, updated_at)
          select $2, id, provider_id, location_id, patient_id, type, starts_at, minutes, status, treatment_ids, notes,
                 reference, $5::timestamptz, $5
          from settled where is_new order by position
        ), stepped as (
          insert into booking_steps (practice_id, booking_id, status, provider_id, location_id, starts_at, minutes,
                                     type, patient_id, treatment_ids, notes, actor, at)
          select $2, id, status, provider_id, location_id, starts_at, minutes, type, patient_id, treatment_ids, notes,
                 $4, $5
          from settled where is_new
          order by position
        )
        select id from settled
        """,
        scope,
        practice_id,
        json.dumps(bookings),
        actor,
        now,
    )
    return {row["id"] for row in rows}


async def update_bookings(
    tx: Tx, scope: Scope, practice_id: int, *, bookings: Sequence[Mapping[str, Any]], actor: str, now: datetime
) -> None:
    """All of known ones that are locked, with what they are from now on as a step."""
    await tx.row(
        """
        with given as materialized (
          select * from jsonb_to_recordset($3::jsonb) g (
            id bigint, provider_id bigint, location_id text, patient_id bigint, type text,
            starts_at timestamptz, minutes int, status text, treatment_ids text[], notes text)
        ), changed as (
          update bookings b
          set provider_id = g.provider_id, location_id = g.location_id, patient_id = g.patient_id, type = g.type,
              starts_at = g.starts_at, minutes = g.minutes, status = g.status, treatment_ids = g.treatment_ids,
              notes = g.notes, updated_at = $5
          from given g where b.practice_id = any($1) and b.practice_id = $2 and b.id = g.id
          returning b.*
        )
        insert into booking_steps (practice_id, booking_id, status, provider_id, location_id, starts_at, minutes, type,
                                   patient_id, treatment_ids, notes, actor, at)
        select practice_id, id, status, provider_id, location_id, starts_at, minutes, type, patient_id, treatment_ids,
               notes, $4, $5::timestamptz
        from changed
        """,
        scope,
        practice_id,
        json.dumps(bookings),
        actor,
        now,
    )


async def list_in_the_way(
    tx: Tx, scope: Scope, practice_id: int, *, bookings: Sequence[Mapping[str, Any]]
) -> dict[int, Row]:
    """For each of these who has its time, by its position: the first, and whether the two visits themselves meet or
    only the time that is kept free around them."""
    rows = await tx.rows(
        """
        select distinct on (g.position) g.position, t.booking_id, t.hold_id, x.starts_at,
               x.starts_at < g.starts_at + make_interval(mins => g.minutes)
                 and g.starts_at < x.starts_at + make_interval(mins => x.minutes) as do_visits_meet
        from jsonb_to_recordset($3::jsonb) g (
          position int, id bigint, provider_id bigint, starts_at timestamptz, minutes int, before int, after int)
        join taken_times t on t.practice_id = any($1) and t.practice_id = $2 and t.provider_id = g.provider_id
          and t.booking_id is distinct from g.id
          and tstzrange(t.from_at, t.until_at) && tstzrange(g.starts_at - make_interval(mins => g.before),
                                                            g.starts_at + make_interval(mins => g.minutes + g.after))
        cross join lateral (
          select b.starts_at, b.minutes from bookings b where b.practice_id = t.practice_id and b.id = t.booking_id
          union all
          select h.starts_at, h.minutes from holds h where h.practice_id = t.practice_id and h.id = t.hold_id) x
        order by g.position, do_visits_meet desc, x.starts_at
        """,
        scope,
        practice_id,
        json.dumps(bookings),
    )
    return {row["position"]: row for row in rows}
