"""SQL of what comes back: bounces, and numbers that answered STOP."""

from datetime import datetime

from openmedspa.kit.db import Reads, Row


async def update_bounced(db: Reads, reference: str, *, cause: str, now: datetime) -> Row | None:
    """The message that the carrier knows by this name did not arrive; None when there is none, or it is known."""
    return await db.unscoped_row(
        """
        update messages set failed_at = $3, due_at = null, cause = $2
        where reference = $1 and failed_at is null returning practice_id, id
        """,
        reference, cause, now,
    )  # fmt: skip


async def insert_stop(db: Reads, phone: str, now: datetime) -> None:
    await db.unscoped_row("insert into sms_stops values ($1, $2) on conflict do nothing", phone, now)


async def delete_stop(db: Reads, phone: str) -> None:
    await db.unscoped_row("delete from sms_stops where phone = $1", phone)
