"""SQL for whoever looks: lists, one message, what waits and what went wrong."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from openmedspa.kit.db import Reads, Row, Tx
from openmedspa.notifications.queries.sending import ABOUT, ENDED, MESSAGE, WITH_ALL
from openmedspa.notifications.shapes import Channel, Message, Standing

STATE = """
m.id, m.practice_id, m.queued_at, m.address, m.channel, m.notice, m.due_at, m.leased_until, m.doubted_at, m.tries,
m.sent_at, m.withdrawn_at, m.failed_at, m.sender, coalesce(m.cause, '') as cause, v.gfe_id, e.url
"""
# Each stands literally in its statement, so that the planner knows the index that has no other rows.
STANDINGS: dict[Standing | None, str] = {
    None: "true",
    "waiting": "m.due_at is not null",
    "sent": "m.sent_at is not null and m.failed_at is null",
    "withdrawn": "m.withdrawn_at is not null and m.sent_at is null and m.failed_at is null",
    "troubled": "(m.failed_at is not null or (m.due_at is null and m.sent_at is null and m.withdrawn_at is null))",
}


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


async def list_page(
    db: Reads,
    *,
    gfe_id: str | None,
    channel: Channel | None,
    standing: Standing | None,
    before_at: datetime,
    before_id: int,
    limit: int,
) -> list[Row]:
    """The latest before that one, of all practices or of one visit."""
    visit = "join visit_directory d on d.practice_id = m.practice_id and d.gfe_id = v.gfe_id and d.gfe_id = $4"
    every = "where $4::text is null"
    return await db.unscoped_rows(
        f"""
        select {STATE}, coalesce(v.step not in ({ENDED}), false) as is_open
        from messages m {ABOUT} {f"{visit} where true" if gfe_id else every}
          and (m.queued_at, m.id) < ($1, $2) and ($5::text is null or m.channel = $5) and {STANDINGS[standing]}
        order by m.queued_at desc, m.id desc limit $3
        """,
        before_at, before_id, limit, gfe_id, channel,
    )  # fmt: skip


async def update_sent_again(tx: Tx, practice_id: int, message_id: int, *, now: datetime, lives: timedelta) -> bool:
    """Due anew, with a fresh ladder, if it was given up, nobody can have received it, and it is no older than it lives.

    Queued by its account's clock, which is never behind ours.
    """
    row = await tx.unscoped_row(
        """
        update messages
        set due_at = $3, tries = 0, failed_at = null, cause = null, lease = null, leased_until = null,
            handed_over_at = null
        where practice_id = $1 and id = $2 and failed_at is not null and sent_at is null and withdrawn_at is null
          and due_at is null and doubted_at is null and queued_at > $3::timestamptz - $4::interval
        returning id
        """,
        practice_id, message_id, now, lives,
    )  # fmt: skip
    return row is not None


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
