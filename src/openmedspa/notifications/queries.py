"""All SQL on messages."""

from datetime import datetime

from openmedspa.kit.db import Scope, Tx


async def replace_messages(
    tx: Tx, scope: Scope, practice_id: int, visit_id: int, *, notice: str, now: datetime
) -> None:
    await tx.row(
        """
        with withdrawn as (
          update messages set withdrawn_at = $5
          where practice_id = any($1) and practice_id = $2 and visit_id = $3 and sent_at is null and withdrawn_at is null
        )
        insert into messages (practice_id, visit_id, channel, notice, address, queued_at)
        select v.practice_id, v.id, contact.channel, $4, contact.address, $5
        from visits v cross join lateral (values ('email', v.email), ('sms', v.phone)) as contact (channel, address)
        where v.practice_id = any($1) and v.practice_id = $2 and v.id = $3 and contact.address is not null
        """,
        scope,
        practice_id,
        visit_id,
        notice,
        now,
    )
