"""SQL of what happens to a visit: its steps, its signed versions, and what the worker finds due."""

from datetime import datetime

from openmedspa.exams.status import Step
from openmedspa.exams.visit import Visit
from openmedspa.kit.db import Reads, Row, Scope


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


async def update_link_generation(db: Reads, scope: Scope, practice_id: int, visit_id: int) -> None:
    """Every link made so far ends."""
    await db.row(
        """
        update visits set link_generation = link_generation + 1
        where practice_id = any($1) and practice_id = $2 and id = $3
        """,
        scope,
        practice_id,
        visit_id,
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
