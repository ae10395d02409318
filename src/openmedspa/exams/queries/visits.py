"""SQL that reads visits, each with its latest signed record."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

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


async def find_practice(db: Reads, gfe_id: str) -> int | None:
    """Whose visit this is; for those who may see all practices."""
    row = await db.unscoped_row("select practice_id from visit_directory where gfe_id = $1", gfe_id)
    return row["practice_id"] if row else None


async def find_last_invitation(db: Reads, scope: Scope, practice_id: int, visit_id: int) -> datetime | None:
    """When the patient was last invited, whatever became of it; None for a visit without an invitation."""
    row = await db.row(
        """
        select max(queued_at) as at from messages
        where practice_id = any($1) and practice_id = $2 and visit_id = $3 and notice = 'invited'
        """,
        scope,
        practice_id,
        visit_id,
    )
    return row["at"] if row else None


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
          and (v.ordered_at, v.id) < ($6::timestamptz, $7::bigint)
        order by v.ordered_at desc, v.id desc
        limit $5
        """,
        scope,
        practice_id,
        location_id,
        steps,
        limit,
        # Not null and not coalesce(): under row-level security neither could be looked up in the index.
        after.ordered_at if after else datetime.max.replace(tzinfo=UTC),
        after.id if after else 0,
    )
    return [Visit(*row) for row in rows]


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
