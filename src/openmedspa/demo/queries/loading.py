"""SQL: the installation's marks, keys and endpoint, patients and visits."""

from collections.abc import Sequence
from datetime import datetime

from openmedspa.kit.db import Reads, Row


async def find_installation(db: Reads) -> Row:
    row = await db.unscoped_row(
        """
        select environment, demo_loaded_at,
               exists (select from practices) or exists (select from partners) or exists (select from articles)
                 or exists (select from products) as is_in_use
        from installation
        """
    )
    assert row is not None
    return row


async def lock_installation(db: Reads) -> Row:
    """Until commit: a second loader waits here, and then finds the demo loaded."""
    row = await db.unscoped_row("select demo_loaded_at from installation for update")
    assert row is not None
    return row


async def update_loading(db: Reads, now: datetime) -> None:
    """From now on, and until it is loaded, `/readyz` says no."""
    await db.unscoped_row("update installation set demo_loading_since = $1 where demo_loaded_at is null", now)


async def update_loaded(db: Reads, now: datetime) -> None:
    await db.unscoped_row("update installation set demo_loaded_at = $1", now)


async def insert_endpoint(
    db: Reads,
    partner_id: int,
    *,
    url: str,
    header_secret_sealed: bytes,
    signing_secret_sealed: bytes,
    api_key_id: int,
    api_key_sealed: bytes,
    now: datetime,
) -> None:
    """Switched off: it holds the secrets only, and nothing is sent until `POST /emr/webhooks` sets the URL."""
    await db.unscoped_row(
        """
        insert into endpoints (partner_id, url, header_secret_sealed, signing_secret_sealed, api_key_id, api_key_sealed,
                               created_at, updated_at, switched_off_at)
        values ($1, $2, $3, $4, $5, $6, $7, $7, $7)
        """,
        partner_id,
        url,
        header_secret_sealed,
        signing_secret_sealed,
        api_key_id,
        api_key_sealed,
        now,
    )


async def list_reserved_ids(db: Reads, *, patients: int, visits: int) -> tuple[list[int], list[int]]:
    """Ids for so many new patients and visits, which no order will be given."""
    row = await db.unscoped_row(
        """
        select array(select nextval('patients_id_seq') from generate_series(1, $1::int)),
               array(select nextval('visits_id_seq') from generate_series(1, $2::int))
        """,
        patients,
        visits,
    )
    assert row is not None
    return row[0], row[1]


async def insert_patients(db: Reads, patients_json: str) -> None:
    """Patients, each with its match keys."""
    await db.unscoped_row(
        """
        with told as materialized (
          select * from json_to_recordset($1::json) as p (
            practice_id int, id bigint, first_name text, last_name text, email text, phone text, dob date,
            created_at timestamptz, match_keys bytea[])
        ), born as (
          insert into patients (practice_id, id, first_name, last_name, email, phone, dob, created_at, updated_at)
          select practice_id, id, first_name, last_name, email, phone, dob, created_at, created_at from told
        )
        insert into match_keys (practice_id, key, patient_id)
        select practice_id, key, id from told cross join unnest(match_keys) as key
        """,
        patients_json,
    )


async def insert_visits(db: Reads, visits_json: str) -> None:
    """Visits, each with its place in the directory, its steps, its signed record and the messages sent."""
    await db.unscoped_row(
        """
        with told as materialized (
          select * from json_to_recordset($1::json) as v (
            practice_id int, id bigint, gfe_id text, location_id text, kind text, step text, patient_id bigint,
            partner_id int, first_name text, last_name text, email text, phone text, dob date,
            requested_treatments text[], requested_treatment_ids text[], intake_sent jsonb, appointment_at timestamptz,
            scheduled_at timestamptz, ordered_at timestamptz, updated_at timestamptz, steps json, decisions jsonb,
            signed_by text, notices json)
        ), visit as (
          insert into visits (practice_id, id, gfe_id, location_id, kind, step, patient_id, partner_id, first_name,
                              last_name, email, phone, dob, requested_treatments, requested_treatment_ids, intake_sent,
                              appointment_at, scheduled_at, record_version, ordered_at, updated_at)
          select practice_id, id, gfe_id, location_id, kind, step, patient_id, partner_id, first_name,
                 last_name, email, phone, dob, requested_treatments, requested_treatment_ids, intake_sent,
                 appointment_at, scheduled_at, case when decisions is not null then 1 end, ordered_at, updated_at
          from told
        ), listed as (
          insert into visit_directory (gfe_id, practice_id, location_id) select gfe_id, practice_id, location_id from told
        ), stepped as (
          insert into visit_steps (practice_id, visit_id, step, actor, at)
          select t.practice_id, t.id, s.step, s.actor, s.at
          from told t cross join json_to_recordset(t.steps) as s (step text, actor text, at timestamptz)
          order by s.at
        ), signed as (
          insert into records (practice_id, visit_id, version, decisions, signed_by, signed_at)
          select practice_id, id, 1, decisions, signed_by, updated_at from told where decisions is not null
        )
        insert into messages (practice_id, visit_id, channel, notice, address, queued_at, sent_at)
        select t.practice_id, t.id, contact.channel, n.notice, contact.address, n.at, n.at + interval '2 seconds'
        from told t
        cross join json_to_recordset(t.notices) as n (notice text, at timestamptz)
        cross join lateral (values ('email', t.email), ('sms', t.phone)) as contact (channel, address)
        where contact.address is not null
        order by n.at
        """,
        visits_json,
    )


async def find_card(db: Reads, key_sha256: bytes) -> Row | None:
    """The secrets of the endpoint of the key's partner, sealed; None until the demo is loaded."""
    return await db.unscoped_row(
        """
        select e.header_secret_sealed, e.signing_secret_sealed,
               coalesce(k.revoked_at, p.revoked_at) is not null as is_revoked
        from installation i
        join api_keys k on k.key_sha256 = $1
        join partners p on p.id = k.partner_id
        join endpoints e on e.partner_id = p.id and e.name = 'api'
        where i.demo_loaded_at is not null
        order by e.deleted_at is not null, e.id desc limit 1
        """,
        key_sha256,
    )


async def list_live_keys(db: Reads, keys_sha256: Sequence[bytes]) -> list[bytes]:
    """Those of the keys that open something now."""
    rows = await db.unscoped_rows(
        """
        select k.key_sha256 from api_keys k join partners p on p.id = k.partner_id
        where k.key_sha256 = any($1) and k.revoked_at is null and p.revoked_at is null
        """,
        keys_sha256,
    )
    return [row["key_sha256"] for row in rows]
