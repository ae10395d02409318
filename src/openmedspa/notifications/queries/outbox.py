"""SQL for whoever looks: lists, one message, what waits and what went wrong."""

from collections.abc import Sequence
from datetime import datetime

from openmedspa.kit.db import Reads, Row
from openmedspa.notifications.queries.sending import ABOUT, MESSAGE, WITH_ALL
from openmedspa.notifications.shapes import Message

STATE = """
m.id, m.practice_id, m.queued_at, m.address, m.channel, m.notice, m.due_at, m.leased_until, m.doubted_at, m.tries,
m.sent_at, m.withdrawn_at, m.failed_at, m.sender, coalesce(m.cause, '') as cause, v.gfe_id, e.url
"""


async def list_messages(db: Reads, *, gfe_id: str | None, limit: int) -> list[Row]:
    """The latest of all practices, or of one visit."""
    visit = "join visit_directory d on d.practice_id = m.practice_id and d.gfe_id = v.gfe_id and d.gfe_id = $2"
    every = "where $2::text is null"
    return await db.unscoped_rows(
        f"""
        select {STATE} from messages m {ABOUT} {visit if gfe_id else every}
        order by m.queued_at desc, m.id desc limit $1
        """,
        limit, gfe_id,
    )  # fmt: skip


async def find_message(db: Reads, message_id: int) -> tuple[Message, Row] | None:
    """As it would be rendered, and where it stands. The number is enough: practices are few, and 0 is ours."""
    row = await db.unscoped_row(
        f"""
        select {MESSAGE}, {STATE}
        from (select 0 as id union all select id from practices) every
        join messages m on m.practice_id = every.id and m.id = $1 {WITH_ALL}
        """,
        message_id,
    )
    return (Message(*list(row)[: len(Message.__struct_fields__)]), row) if row else None


async def list_tries(db: Reads, practice_id: int, message_id: int) -> list[Row]:
    return await db.unscoped_rows(
        "select at, outcome, cause from message_tries where practice_id = $1 and message_id = $2 order by id",
        practice_id, message_id,
    )  # fmt: skip


async def is_anything_due(db: Reads, channels: Sequence[str], now: datetime) -> bool:
    due = "select 1 from messages where due_at <= $1 and channel = any($2::text[]) limit 1"
    return bool(await db.unscoped_rows(due, now, channels))


async def find_oldest_due(db: Reads, channels: Sequence[str], now: datetime) -> datetime | None:
    """Since when the oldest message of these channels has been due that nobody holds; None when none is."""
    row = await db.unscoped_row(
        """
        select due_at from messages
        where due_at <= $2 and channel = any($1) and (leased_until is null or leased_until <= $2)
        order by due_at limit 1
        """,
        channels,
        now,
    )
    moment: datetime | None = row["due_at"] if row else None
    return moment


async def count_troubled(db: Reads, since: datetime) -> int:
    """Refused, bounced, given up or never confirmed since then."""
    row = await db.unscoped_row(
        """
        select count(*) as number from messages
        where failed_at >= $1 or (due_at is null and sent_at is null and withdrawn_at is null and doubted_at >= $1)
        """,
        since,
    )
    return int(row["number"]) if row else 0
