"""SQL of finding people: two functions of the database, which look at the scope themselves (migration 0016)."""

from collections.abc import Sequence
from datetime import datetime

from openmedspa.kit.db import Reads, Row, Scope


async def find_patients(
    db: Reads,
    scope: Scope,
    practice_id: int,
    *,
    words: str,
    email: str | None,
    phone_ends: str | None,
    phone_begins: str | None,
    phones_near: Sequence[str],
    only_prospects: bool | None,
    tag_id: int | None,
    updated_since: datetime | None,
    limit: int,
    offset: int,
) -> Row:
    """`ids` of one page, best first, and how many there are in all (`counted`)."""
    row = await db.row(
        """
        select f.ids, f.counted
        from find_patients($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) f
        """,
        scope,
        practice_id,
        words,
        email,
        phone_ends,
        phone_begins,
        phones_near,
        only_prospects,
        tag_id,
        updated_since,
        limit,
        offset,
    )
    assert row is not None
    return row


async def find_doubles(
    db: Reads, scope: Scope, practice_id: int, patient_id: int, *, only_prospects: bool, limit: int
) -> list[Row]:
    return await db.rows(
        """
        select d.id from find_doubles($1, $2, $3, $4, $5) d
        """,
        scope,
        practice_id,
        patient_id,
        only_prospects,
        limit,
    )
