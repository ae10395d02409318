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


async def update_bounced_text(
    db: Reads, practice_id: int, message_id: int, *, reference: str, cause: str, now: datetime
) -> Row | None:
    """The text of this number, called `reference` by the carrier, did not arrive. Its word may come before our own
    record of that name, or instead of it; but if we know another name, it speaks of the first of two copies."""
    return await db.unscoped_row(
        """
        update messages set failed_at = $5, due_at = null, cause = $4, reference = $3
        where practice_id = $1 and id = $2 and channel = 'sms' and coalesce(reference, $3) = $3
          and (handed_over_at is not null or doubted_at is not null or sent_at is not null) and failed_at is null
        returning practice_id, id
        """,
        practice_id, message_id, reference, cause, now,
    )  # fmt: skip


async def insert_stop(db: Reads, phone: str, now: datetime) -> None:
    await db.unscoped_row("insert into sms_stops values ($1, $2) on conflict do nothing", phone, now)


async def delete_stop(db: Reads, phone: str) -> None:
    """Also what was noted of an order that named the number without its country: the reverse of IS_STOPPED."""
    await db.unscoped_row("delete from sms_stops where $1 in (phone, '+1' || ltrim(phone, '+'))", phone)
