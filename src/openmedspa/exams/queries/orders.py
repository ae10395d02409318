"""SQL of an order: it touches other slices' tables too, in one statement."""

from collections.abc import Sequence
from datetime import datetime

from openmedspa.exams.orders import Order
from openmedspa.kit.db import Reads, Row, Scope


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
    3. The visit takes a snapshot: the record's spelling of the name, this order's contact and no other. A partner may
       have written anything into the record; a name is taken only as an order might have said it.
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
          returning p.practice_id, p.id
        ), noted as (
          insert into patient_changes (practice_id, patient_id, at, actor, request_id, before, after)
          select filled.practice_id, filled.id, $19, $20, $21, '{}', jsonb_strip_nulls(jsonb_build_object(
                   'email', case when known.email is null then $7 end, 'phone', case when known.phone is null then $8 end,
                   'dob', case when known.dob is null then $9 end))
          from filled join known on true
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
                 coalesce(plain_name(known.first_name), $5), coalesce(plain_name(known.last_name), $6),
                 case when lower(known.email) = lower($7) then known.email else $7 end,
                 $8, coalesce($9, known.dob), $14, $15, $16, $17, $18,
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
