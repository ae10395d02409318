"""SQL on the audit trail, which is append-only for those who serve."""

from collections.abc import Sequence
from datetime import datetime

from openmedspa.kit.db import Database, Tx


async def insert_audit(
    tx: Tx, practice_id: int, *, at: datetime, actor: str, action: str, subject: str, request_id: str | None
) -> None:
    await tx.unscoped_row(
        "insert into audit (practice_id, at, actor, action, subject, request_id) values ($1, $2, $3, $4, $5, $6)",
        practice_id,
        at,
        actor,
        action,
        subject,
        request_id,
    )


async def insert_reads(db: Database, rows: Sequence[tuple[object, ...]]) -> None:
    """Many rows in one statement. COPY would be faster still, but PostgreSQL has no COPY FROM under row security."""
    await db.unscoped_row(
        """
        insert into audit (practice_id, at, actor, action, subject, request_id, address)
        select * from unnest($1::int[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
        """,
        *(list(column) for column in zip(*rows, strict=True)),
    )
