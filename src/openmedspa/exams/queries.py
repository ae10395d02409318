"""All SQL on visits, their steps and records. The order touches other slices' tables too, in one statement."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from openmedspa.exams.orders import Order
from openmedspa.exams.status import Step
from openmedspa.exams.visit import Cursor, Visit
from openmedspa.kit.db import Database, Reads, Row, Scope

VISIT = """
v.practice_id, v.id, v.gfe_id, v.location_id, v.kind, v.step, v.first_name, v.last_name, v.email, v.phone, v.dob,
v.requested_treatments, v.requested_treatment_ids, v.link_generation, v.ordered_at, r.decisions, r.signed_at
"""
RECORD = """
left join records r on r.practice_id = v.practice_id and r.visit_id = v.id and r.version = v.record_version
"""


async def find_visit(db: Reads, scope: Scope, gfe_id: str) -> Visit | None:
    row = await db.row(
        f"select {VISIT} from visits v {RECORD} where v.practice_id = any($1) and v.gfe_id = $2", scope, gfe_id
    )
    return Visit(*row) if row else None


async def lock_visit(db: Reads, scope: Scope, gfe_id: str) -> Visit | None:
    """The visit, locked until commit: whoever else would change it waits for us, or has won."""
    row = await db.row(
        f"select {VISIT} from visits v {RECORD} where v.practice_id = any($1) and v.gfe_id = $2 for update of v",
        scope,
        gfe_id,
    )
    return Visit(*row) if row else None


async def exists_anywhere(db: Reads, gfe_id: str) -> bool:
    """Whether any practice has this visit; asked only on a miss, to tell the documented 403 from 404."""
    return await db.unscoped_row("select from visit_directory where gfe_id = $1", gfe_id) is not None


def stream_visits(
    db: Database, scope: Scope, practice_id: int, location_id: str, *, steps: Sequence[str] | None
) -> AsyncIterator[list[Row]]:
    """All of a location's visits, newest first, in batches from one snapshot."""
    return db.stream(
        f"""
        select {VISIT} from visits v {RECORD}
        where v.practice_id = any($1) and v.practice_id = $2 and v.location_id = $3
          and ($4::text[] is null or v.step = any($4))
        order by v.ordered_at desc, v.id desc
        """,
        scope,
        practice_id,
        location_id,
        steps,
    )


async def list_visits(
    db: Reads,
    scope: Scope,
    practice_id: int,
    location_id: str,
    *,
    steps: Sequence[str] | None,
    limit: int,
    after: Cursor | None,
) -> list[Visit]:
    """A page of a location's visits, newest first."""
    rows = await db.rows(
        f"""
        select {VISIT} from visits v {RECORD}
        where v.practice_id = any($1) and v.practice_id = $2 and v.location_id = $3
          and ($4::text[] is null or v.step = any($4))
          and ($6::timestamptz is null or (v.ordered_at, v.id) < ($6, $7::bigint))
        order by v.ordered_at desc, v.id desc
        limit $5
        """,
        scope,
        practice_id,
        location_id,
        steps,
        limit,
        after.ordered_at if after else None,
        after.id if after else None,
    )
    return [Visit(*row) for row in rows]


async def insert_order(
    db: Reads,
    scope: Scope,
    order: Order,
    *,
    gfe_id: str,
    practice_id: int,
    partner_id: int,
    treatment_names: Sequence[str],
    treatment_ids: Sequence[str],
    actor: str,
    request_id: str,
    now: datetime,
    decides_at: datetime | None,
) -> Row | None:
    """Patient matched or created, visit, step, invitations and audit row: one statement, one round trip.

    1. `key` finds or makes the patient's match key; the unique index makes identical orders queue up here.
    2. `known` reads the patient of an old key. None, when that patient was committed after this statement began: then
       no visit is made, the answer is None, and the caller runs the transaction again.
    3. The visit takes a snapshot: the record's spelling of the name, this order's contact.
    """
    return await db.row(
        """
        with key as (
          insert into match_keys (practice_id, key, patient_id) values ($2, $3, nextval('patients_id_seq'))
          on conflict (practice_id, key) do update set key = excluded.key
          returning patient_id, doubles, xmax = 0 as is_new
        ), known as (
          select p.* from patients p join key on p.id = key.patient_id
          where p.practice_id = any($1) and p.practice_id = $2 and not key.is_new
        ), born as (
          insert into patients (practice_id, id, first_name, last_name, email, phone, dob, created_at, updated_at)
          select $2, patient_id, $5, $6, $7, $8, $9, $19, $19 from key where is_new
        ), filled as (
          update patients p
          set email = coalesce(p.email, $7), phone = coalesce(p.phone, $8), dob = coalesce(p.dob, $9), updated_at = $19
          from known where p.practice_id = known.practice_id and p.id = known.id
            and ((known.email is null and $7 is not null) or (known.phone is null and $8 is not null)
                 or (known.dob is null and $9 is not null))
        ), further as (
          insert into match_keys (practice_id, key, patient_id)
          select $2, $4::bytea, key.patient_id from key left join known on true
          where $4::bytea is not null and (key.is_new or (known.id is not null and known.email is null))
          on conflict (practice_id, key) do update
            set doubles = match_keys.doubles + (match_keys.patient_id <> excluded.patient_id)::int,
                patient_id = least(match_keys.patient_id, excluded.patient_id)
        ), visit as (
          insert into visits (practice_id, gfe_id, location_id, kind, step, patient_id, partner_id, first_name, last_name,
                              email, phone, dob, requested_treatments, requested_treatment_ids, intake_sent,
                              appointment_at, decides_at, flagged_at, ordered_at, updated_at)
          select $2, $10, $11, $12, 'ordered', key.patient_id, $13,
                 coalesce(known.first_name, $5), coalesce(known.last_name, $6),
                 case when $7 is null or lower(known.email) = lower($7) then known.email else $7 end,
                 coalesce($8, known.phone), coalesce($9, known.dob), $14, $15, $16, $17, $18,
                 case when key.doubles > 0 then $19 end, $19, $19
          from key left join known on true where key.is_new or known.id is not null
          returning practice_id, id, gfe_id, location_id, kind, email, phone
        ), listed as (
          insert into visit_directory (gfe_id, practice_id, location_id) select gfe_id, practice_id, location_id from visit
        ), stepped as (
          insert into visit_steps (practice_id, visit_id, step, actor, at) select practice_id, id, 'ordered', $20, $19 from visit
        ), invited as (
          insert into messages (practice_id, visit_id, channel, notice, address, queued_at, due_at)
          select practice_id, id, channel, 'invited', address, $19, $19
          from visit cross join lateral (values ('email', email), ('sms', phone)) as contact (channel, address)
          where kind = 'at_home'
        ), audited as (
          insert into audit (practice_id, at, actor, action, subject, request_id)
          select practice_id, $19, $20, 'visit.ordered', gfe_id, $21 from visit
        )
        select id from visit
        """,
        scope,
        practice_id,
        order.match_key,
        order.further_key,
        order.first_name,
        order.last_name,
        order.email,
        order.phone,
        order.dob,
        gfe_id,
        order.location_id,
        order.kind.value,
        partner_id,
        treatment_names,
        treatment_ids,
        order.intake_sent,
        order.appointment_at,
        decides_at,
        now,
        actor,
        request_id,
    )


async def insert_step(
    db: Reads,
    scope: Scope,
    visit: Visit,
    step: Step,
    *,
    actor: str,
    now: datetime,
    scheduled_at: datetime | None = None,
) -> None:
    """The visit's next step: its row in the history, and the visit where it stands now."""
    await db.row(
        """
        with moved as (
          update visits
          set step = $4, scheduled_at = coalesce($7, scheduled_at), updated_at = $6
          where practice_id = any($1) and practice_id = $2 and id = $3
          returning practice_id, id
        )
        insert into visit_steps (practice_id, visit_id, step, actor, at) select practice_id, id, $4, $5, $6 from moved
        """,
        scope,
        visit.practice_id,
        visit.id,
        step.value,
        actor,
        now,
        scheduled_at,
    )


async def insert_record(db: Reads, scope: Scope, visit: Visit, *, decisions: str, actor: str, now: datetime) -> int:
    """The visit's next signed version and the step that it is; answers the version's number."""
    row = await db.row(
        """
        with signed as (
          insert into records (practice_id, visit_id, version, decisions, signed_by, signed_at)
          select v.practice_id, v.id, coalesce(v.record_version, 0) + 1, $4::jsonb, $5, $6
          from visits v where v.practice_id = any($1) and v.practice_id = $2 and v.id = $3
          returning practice_id, visit_id, version
        ), moved as (
          update visits v set step = 'signed', record_version = signed.version, updated_at = $6
          from signed where v.practice_id = signed.practice_id and v.id = signed.visit_id
        ), stepped as (
          insert into visit_steps (practice_id, visit_id, step, actor, at)
          select practice_id, visit_id, 'signed', $5, $6 from signed
        )
        select version from signed
        """,
        scope,
        visit.practice_id,
        visit.id,
        decisions,
        actor,
        now,
    )
    assert row is not None
    return int(row["version"])


async def claim_deciding_visits(db: Reads, now: datetime, *, limit: int) -> list[Row]:
    """Staging's visits whose patient decides for themselves by now on their account's clock, which may be ahead.

    Locked until commit, each by one worker. The first bound is what the index is searched by.
    """
    return await db.unscoped_rows(
        """
        with due as (
          select v.practice_id, v.id, p.clock_offset from visits v join partners p on p.id = v.partner_id
          where v.decides_at <= $1::timestamptz + (select max(clock_offset) from partners)
            and v.decides_at <= $1::timestamptz + p.clock_offset
          order by v.decides_at limit $2
          for update of v skip locked
        )
        update visits v set decides_at = null
        from due where v.practice_id = due.practice_id and v.id = due.id
        returning v.practice_id, v.gfe_id, due.clock_offset
        """,
        now,
        limit,
    )


async def claim_lapsed_visits(db: Reads, ordered_before: datetime, *, limit: int) -> list[Row]:
    """Invitations that nobody finished, by their account's clock; locked until commit, each by one worker."""
    return await db.unscoped_rows(
        """
        select v.practice_id, v.gfe_id, coalesce(p.clock_offset, '0') as clock_offset
        from visits v left join partners p on p.id = v.partner_id
        where v.step in ('ordered', 'intake_started', 'intake_done', 'waiting')
          and v.ordered_at <= $1::timestamptz + (select coalesce(max(clock_offset), '0') from partners)
          and v.ordered_at <= $1::timestamptz + coalesce(p.clock_offset, '0')
        order by v.ordered_at limit $2
        for update of v skip locked
        """,
        ordered_before,
        limit,
    )


async def list_signed_versions(
    db: Reads, practice_ids: Sequence[int], visit_ids: Sequence[int], versions: Sequence[int]
) -> dict[tuple[int, int, int], Visit]:
    """Visits with the given version of their record each, by (practice, visit, version); for the system's own work."""
    rows = await db.unscoped_rows(
        f"""
        select {VISIT}, r.version
        from unnest($1::int[], $2::bigint[], $3::int[]) as wanted (practice_id, visit_id, version)
        join visits v on v.practice_id = wanted.practice_id and v.id = wanted.visit_id
        join records r on r.practice_id = v.practice_id and r.visit_id = v.id and r.version = wanted.version
        """,
        practice_ids,
        visit_ids,
        versions,
    )
    return {(row["practice_id"], row["id"], row["version"]): Visit(*row[:-1]) for row in rows}
