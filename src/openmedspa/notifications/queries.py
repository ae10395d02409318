"""All SQL on messages."""

from datetime import datetime

from openmedspa.kit.db import Scope, Tx


async def replace_messages(
    tx: Tx, scope: Scope, practice_id: int, visit_id: int, *, notice: str, now: datetime
) -> None:
    await tx.row(
        """
        with withdrawn as (
          update messages set withdrawn_at = $5, due_at = null
          where practice_id = any($1) and practice_id = $2 and visit_id = $3 and sent_at is null and withdrawn_at is null
        )
        insert into messages (practice_id, visit_id, channel, notice, address, queued_at, due_at)
        select v.practice_id, v.id, contact.channel, $4, contact.address, $5, $5
        from visits v cross join lateral (values ('email', v.email), ('sms', v.phone)) as contact (channel, address)
        where v.practice_id = any($1) and v.practice_id = $2 and v.id = $3 and contact.address is not null
        """,
        scope,
        practice_id,
        visit_id,
        notice,
        now,
    )


async def insert_owner_message(
    tx: Tx, endpoint_id: int, *, notice: str, operator_email: str | None, now: datetime
) -> bool:
    """To the contact of the partner that owns the endpoint, or else to the operator; False when there is neither."""
    row = await tx.unscoped_row(
        """
        insert into messages (practice_id, endpoint_id, channel, notice, address, queued_at, due_at)
        select 0, e.id, 'email', $2, coalesce(p.contact_email, $3), $4, $4
        from endpoints e join partners p on p.id = e.partner_id
        where e.id = $1 and coalesce(p.contact_email, $3) is not null
        returning id
        """,
        endpoint_id,
        notice,
        operator_email,
        now,
    )
    return row is not None
