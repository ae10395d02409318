"""All SQL of the patient's way in. It looks at visits, practices and patients too: each statement is this slice's own."""

from datetime import date, datetime

from openmedspa.invitations.shapes import MOST_WRONG_IN_ROW, Guesses, Invitation
from openmedspa.kit.db import Reads, Scope, Tx


async def find_practice_id(db: Reads, gfe_id: str) -> int | None:
    """Whose visit it is: a link names no practice."""
    row = await db.unscoped_row("select practice_id from visit_directory where gfe_id = $1", gfe_id)
    return row["practice_id"] if row else None


async def find_invitation(
    db: Reads, scope: Scope, gfe_id: str, *, session_sha256: bytes, now: datetime
) -> Invitation | None:
    row = await db.row(
        """
        select v.practice_id, v.id, v.gfe_id, v.kind, v.step, v.link_generation, v.first_name, v.requested_treatments,
               v.ordered_at, v.scheduled_at, v.intake_sent, v.intake_answered, v.intake_answered_at, r.decisions,
               r.signed_at, p.name, p.colour, p.reply_to, p.time_zone, coalesce(a.clock_offset, '0') as clock_offset,
               coalesce(g.wrong_in_all, 0) as wrong_in_all, g.paused_until, s.id_sha256 is not null as is_confirmed
        from visits v
        join practices p on p.id = v.practice_id
        left join partners a on a.id = v.partner_id
        left join records r on r.practice_id = v.practice_id and r.visit_id = v.id and r.version = v.record_version
        left join identity_guesses g
          on g.practice_id = v.practice_id and g.visit_id = v.id and g.generation = v.link_generation
        left join visit_sessions s
          on s.practice_id = v.practice_id and s.id_sha256 = $3 and s.visit_id = v.id
          and s.generation = v.link_generation and s.expires_at > $4
        where v.practice_id = any($1) and v.gfe_id = $2
        """,
        scope,
        gfe_id,
        session_sha256,
        now,
    )
    return Invitation(*row) if row else None


async def find_guesses(tx: Tx, scope: Scope, practice_id: int, visit_id: int, generation: int) -> Guesses:
    row = await tx.row(
        """
        select wrong_in_all, paused_until from identity_guesses
        where practice_id = any($1) and practice_id = $2 and visit_id = $3 and generation = $4
        """,
        scope,
        practice_id,
        visit_id,
        generation,
    )
    return Guesses(*row) if row else Guesses()


async def count_wrong_guess(
    tx: Tx, scope: Scope, practice_id: int, visit_id: int, generation: int, *, pause_until: datetime
) -> Guesses:
    """One more; a pause begins whenever enough of them came in a row."""
    row = await tx.row(
        """
        insert into identity_guesses as g (practice_id, visit_id, generation, wrong_in_row, wrong_in_all)
        select v.practice_id, v.id, $4, 1, 1 from visits v
        where v.practice_id = any($1) and v.practice_id = $2 and v.id = $3
        on conflict (practice_id, visit_id, generation) do update
          set wrong_in_row = g.wrong_in_row + 1, wrong_in_all = g.wrong_in_all + 1,
              paused_until = case when (g.wrong_in_row + 1) % $6 = 0 then $5::timestamptz end
        returning g.wrong_in_all, g.paused_until
        """,
        scope,
        practice_id,
        visit_id,
        generation,
        pause_until,
        MOST_WRONG_IN_ROW,
    )
    assert row is not None
    return Guesses(*row)


async def update_guesses_after_right_one(
    tx: Tx, scope: Scope, practice_id: int, visit_id: int, generation: int
) -> None:
    """A new row of guesses begins; the number in all stays."""
    await tx.row(
        """
        update identity_guesses set wrong_in_row = 0
        where practice_id = any($1) and practice_id = $2 and visit_id = $3 and generation = $4
        """,
        scope,
        practice_id,
        visit_id,
        generation,
    )


async def update_dob(
    tx: Tx, scope: Scope, practice_id: int, visit_id: int, dob: date, *, match_key: bytes, now: datetime
) -> None:
    """What the first opening tells: the visit keeps it, and so does a patient's record that had none.

    Such a record then also gets the key by which an order in person finds it; if somebody has that key already, the
    oldest keeps it, as when an order brings it (exams/queries.py).
    """
    await tx.row(
        """
        with told as (
          update visits set dob = $4, dob_given_at = $6, updated_at = $6
          where practice_id = any($1) and practice_id = $2 and id = $3 and dob is null
          returning practice_id, patient_id
        ), filled as (
          update patients p set dob = $4, updated_at = $6
          from told where p.practice_id = told.practice_id and p.id = told.patient_id and p.dob is null
          returning p.practice_id, p.id
        ), noted as (
          insert into patient_changes (practice_id, patient_id, at, actor, before, after)
          select practice_id, id, $6, 'patient', '{}', jsonb_build_object('dob', $4::date) from filled
        )
        insert into match_keys (practice_id, key, patient_id) select practice_id, $5, id from filled
        on conflict (practice_id, key) do update
          set doubles = match_keys.doubles + (match_keys.patient_id <> excluded.patient_id)::int,
              patient_id = least(match_keys.patient_id, excluded.patient_id)
        """,
        scope,
        practice_id,
        visit_id,
        dob,
        match_key,
        now,
    )


async def insert_session(
    tx: Tx,
    scope: Scope,
    practice_id: int,
    visit_id: int,
    generation: int,
    *,
    id_sha256: bytes,
    created_at: datetime,
    expires_at: datetime,
) -> None:
    await tx.row(
        """
        insert into visit_sessions (practice_id, id_sha256, visit_id, generation, created_at, expires_at)
        select v.practice_id, $5, v.id, $4, $6, $7 from visits v
        where v.practice_id = any($1) and v.practice_id = $2 and v.id = $3
        """,
        scope,
        practice_id,
        visit_id,
        generation,
        id_sha256,
        created_at,
        expires_at,
    )


async def delete_ended_sessions(db: Reads, now: datetime) -> int:
    row = await db.unscoped_row(
        "with gone as (delete from visit_sessions where expires_at <= $1 returning 1) select count(*) as gone from gone",
        now,
    )
    return int(row["gone"]) if row else 0


async def update_answers(
    tx: Tx, scope: Scope, practice_id: int, visit_id: int, answers: str, *, answered_at: datetime
) -> None:
    """The patient's answers; what the EMR sent stays as it is."""
    await tx.row(
        """
        update visits set intake_answered = $4::jsonb, intake_answered_at = $5, updated_at = $5
        where practice_id = any($1) and practice_id = $2 and id = $3
        """,
        scope,
        practice_id,
        visit_id,
        answers,
        answered_at,
    )
