"""SQL: what is booked and held. A time is taken by inserting it; the exclusion constraint says whether it was free."""

from collections.abc import Sequence
from datetime import datetime

from openmedspa.kit.db import Reads, Row, Scope, Tx

BOOKING = """
b.practice_id, b.id, b.provider_id, b.location_id, b.patient_id, b.type, b.starts_at, b.minutes, b.status,
b.treatment_ids, b.notes, b.created_at, b.updated_at, (
  select coalesce(l.time_zone, o.time_zone) from locations l join practices o on o.id = l.practice_id
  where l.practice_id = b.practice_id and l.id = b.location_id) as time_zone
"""


async def find_booking(db: Reads, scope: Scope, booking_id: int) -> Row | None:
    return await db.row(
        f"select {BOOKING} from bookings b where b.practice_id = any($1) and b.id = $2", scope, booking_id
    )


async def lock_booking(tx: Tx, scope: Scope, booking_id: int) -> Row | None:
    """As it is now; nobody else changes it before this transaction ends.

    No table is joined: whoever waited for the lock is given the booking as it is by then, and the rest as it was
    before. Its location could have become another one.
    """
    return await tx.row(
        f"select {BOOKING} from bookings b where b.practice_id = any($1) and b.id = $2 for update",
        scope,
        booking_id,
    )


async def find_references(
    db: Reads, scope: Scope, *, patient_id: int | None, treatment_ids: Sequence[str], hold_id: int | None,
    partner_id: int,
) -> Row:  # fmt: skip
    """Whether the practice has this person and this partner such a hold, and which treatments nobody has."""
    row = await db.row(
        """
        select $2::bigint is null
                 or exists (select from patients p where p.practice_id = any($1) and p.id = $2) as has_patient,
               $3::bigint is null or exists (
                 select from holds h where h.practice_id = any($1) and h.id = $3 and h.partner_id = $5) as has_hold,
               array(select u.id from unnest($4::text[]) as u (id)
                     where not exists (select from treatments t where t.id = u.id)) as unknown_treatments
        """,
        scope,
        patient_id,
        hold_id,
        treatment_ids,
        partner_id,
    )
    assert row is not None
    return row


async def delete_lapsed(tx: Tx, scope: Scope, provider_id: int, *, since: datetime, until: datetime, now: datetime) -> None:  # fmt: skip
    """What lapsed holds have of this time: they block nothing, and the constraint cannot know that."""
    await tx.row(
        """
        delete from taken_times t
        where t.practice_id = any($1) and t.provider_id = $2 and t.lapses_at <= $5
          and t.from_at > $3::timestamptz - interval '1 day' and t.from_at < $4 and t.until_at > $3
        """,
        scope,
        provider_id,
        since,
        until,
        now,
    )


async def delete_taken(tx: Tx, scope: Scope, booking_id: int) -> None:
    """Give back what a booking has taken."""
    await tx.row("delete from taken_times t where t.practice_id = any($1) and t.booking_id = $2", scope, booking_id)


async def insert_booking(
    tx: Tx, scope: Scope, practice_id: int, *, provider_id: int, location_id: str, patient_id: int | None,
    visit_type: str, starts_at: datetime, minutes: int, before: int, after: int, treatment_ids: Sequence[str],
    notes: str, actor: str, now: datetime,
) -> Row | None:  # fmt: skip
    """Take the time, and write the booking with its first step; None when somebody has any of it.

    On a conflict nothing is inserted instead of an error: so PostgreSQL waits for who was first, and two that insert
    at once do not end in a deadlock.
    """
    return await tx.row(
        """
        with number as materialized (
          select nextval('bookings_id_seq') as id where $2 = any($1::int[])
        ), taken as (
          insert into taken_times (practice_id, provider_id, from_at, until_at, booking_id)
          select $2, $3, $7::timestamptz - make_interval(mins => $9),
                 $7 + make_interval(mins => $8::int + $10::int), number.id from number
          on conflict on constraint taken_times_one_owner do nothing
          returning booking_id
        ), booked as (
          insert into bookings (practice_id, id, provider_id, location_id, patient_id, type, starts_at, minutes,
                                treatment_ids, notes, created_at, updated_at)
          select $2, booking_id, $3, $4, $5, $6, $7, $8, $11, $12, $14::timestamptz, $14 from taken
          returning *
        )
        insert into booking_steps (practice_id, booking_id, status, provider_id, location_id, starts_at, minutes, type,
                                   patient_id, treatment_ids, notes, actor, at)
        select practice_id, id, status, provider_id, location_id, starts_at, minutes, type, patient_id, treatment_ids,
               notes, $13, $14 from booked
        returning booking_id as id
        """,
        scope,
        practice_id,
        provider_id,
        location_id,
        patient_id,
        visit_type,
        starts_at,
        minutes,
        before,
        after,
        treatment_ids,
        notes,
        actor,
        now,
    )


async def insert_taken(
    tx: Tx, scope: Scope, practice_id: int, *, provider_id: int, starts_at: datetime, minutes: int, before: int,
    after: int, booking_id: int,
) -> bool:  # fmt: skip
    """Take time for a booking that is there; False when somebody has any of it."""
    row = await tx.row(
        """
        insert into taken_times (practice_id, provider_id, from_at, until_at, booking_id)
        select $2::int, $3, $4::timestamptz - make_interval(mins => $6),
               $4 + make_interval(mins => $5::int + $7::int), $8::bigint
        where $2 = any($1::int[])
        on conflict on constraint taken_times_one_owner do nothing
        returning booking_id
        """,
        scope,
        practice_id,
        provider_id,
        starts_at,
        minutes,
        before,
        after,
        booking_id,
    )
    return row is not None


async def update_taken_shortened(tx: Tx, scope: Scope, booking_id: int, *, by: int) -> None:
    """Give back the last minutes of what a booking has taken; the time kept free after it moves up."""
    await tx.row(
        """
        update taken_times t set until_at = until_at - make_interval(mins => $3)
        where t.practice_id = any($1) and t.booking_id = $2
        """,
        scope,
        booking_id,
        by,
    )


async def update_booking(
    tx: Tx, scope: Scope, booking_id: int, *, provider_id: int, location_id: str, patient_id: int | None,
    visit_type: str, starts_at: datetime, minutes: int, status: str, treatment_ids: Sequence[str], notes: str,
    actor: str, now: datetime,
) -> None:  # fmt: skip
    """Change it, and write what it is from now on as a step. Call it with the booking locked."""
    await tx.row(
        """
        with changed as (
          update bookings b
          set provider_id = $3, location_id = $4, patient_id = $5, type = $6, starts_at = $7, minutes = $8, status = $9,
              treatment_ids = $10, notes = $11, updated_at = $13
          where b.practice_id = any($1) and b.id = $2
          returning b.*
        )
        insert into booking_steps (practice_id, booking_id, status, provider_id, location_id, starts_at, minutes, type,
                                   patient_id, treatment_ids, notes, actor, at)
        select practice_id, id, status, provider_id, location_id, starts_at, minutes, type, patient_id, treatment_ids,
               notes, $12, $13
        from changed
        """,
        scope,
        booking_id,
        provider_id,
        location_id,
        patient_id,
        visit_type,
        starts_at,
        minutes,
        status,
        treatment_ids,
        notes,
        actor,
        now,
    )


async def list_steps(db: Reads, scope: Scope, booking_id: int) -> list[Row]:
    """Each state of a booking, the oldest first."""
    return await db.rows(
        """
        select s.status, s.provider_id, s.location_id, s.starts_at, s.minutes, s.type, s.patient_id, s.treatment_ids,
               s.notes, s.actor, s.at,
               coalesce(l.time_zone, o.time_zone) as time_zone
        from booking_steps s
        join practices o on o.id = s.practice_id
        join locations l on l.practice_id = s.practice_id and l.id = s.location_id
        where s.practice_id = any($1) and s.booking_id = $2 order by s.id
        """,
        scope,
        booking_id,
    )


async def find_practice_across_practices(db: Reads, booking_id: int) -> int | None:
    """Whose booking it is."""
    row = await db.unscoped_row("select practice_id from bookings where id = $1", booking_id)
    return row["practice_id"] if row else None
