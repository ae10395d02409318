"""SQL: what somebody comes for."""

from collections.abc import Sequence

from openmedspa.kit.db import Reads, Row, Scope, Tx

VISIT_TYPE = "t.practice_id, t.code, t.name, t.minutes, t.before_minutes, t.after_minutes, t.treatment_ids"


async def find_visit_type(db: Reads, scope: Scope, practice_id: int, code: str) -> Row | None:
    return await db.row(
        f"select {VISIT_TYPE} from visit_types t where t.practice_id = any($1) and t.practice_id = $2 and t.code = $3",
        scope,
        practice_id,
        code,
    )


async def get_ppass(db: Reads, practice_id: int) -> str:
    row = await db.unscoped_row("select ppass from practices where id = $1", practice_id)
    assert row is not None
    return str(row["ppass"])


async def list_visit_types(db: Reads, scope: Scope) -> list[Row]:
    """Those of these practices, with their treatments' names."""
    return await db.rows(
        f"""
        select {VISIT_TYPE}, o.ppass,
               array(select coalesce(c.name, u.id) from unnest(t.treatment_ids) with ordinality as u (id, place)
                     left join treatments c on c.id = u.id order by u.place) as treatments
        from visit_types t join practices o on o.id = t.practice_id
        where t.practice_id = any($1) order by t.practice_id, t.code
        """,
        scope,
    )


async def upsert_visit_type(
    tx: Tx, scope: Scope, practice_id: int, code: str, *, name: str, minutes: int, before: int, after: int,
    treatment_ids: Sequence[str],
) -> None:  # fmt: skip
    await tx.row(
        """
        insert into visit_types (practice_id, code, name, minutes, before_minutes, after_minutes, treatment_ids)
        select $2::int, $3, $4, $5, $6, $7, $8 where $2 = any($1::int[])
        on conflict (practice_id, code) do update
          set name = excluded.name, minutes = excluded.minutes, before_minutes = excluded.before_minutes,
              after_minutes = excluded.after_minutes, treatment_ids = excluded.treatment_ids
        """,
        scope,
        practice_id,
        code,
        name,
        minutes,
        before,
        after,
        treatment_ids,
    )
