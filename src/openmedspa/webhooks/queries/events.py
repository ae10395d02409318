"""SQL on subscriptions, and on the events that they ask for."""

from datetime import datetime

from openmedspa.kit.db import Reads, Row, Scope, Tx


async def insert_subscription(tx: Tx, partner_id: int, practice_id: int, location_id: str) -> bool:
    """True if it is new."""
    row = await tx.unscoped_row(
        """
        insert into subscriptions (partner_id, practice_id, location_id) values ($1, $2, $3)
        on conflict do nothing returning location_id
        """,
        partner_id,
        practice_id,
        location_id,
    )
    return row is not None


async def insert_event(
    tx: Tx,
    scope: Scope,
    practice_id: int,
    visit_id: int,
    *,
    event_id: str,
    location_id: str,
    record_version: int,
    now: datetime,
) -> None:
    """The event, a delivery per endpoint that wants it, and the worker's wake-up call at commit.

    For an endpoint that is switched off the delivery is given up as it is made: it shows, and can be replayed.
    `now` is on the clock of the account that caused it. Another account, whose clock may not be as far ahead, waits no
    longer for it: hence the earlier of the two moments, and only its own clock under staging's delay. The event keeps the
    date of birth as it is known now: the visit may be told it for the first time later, and the body must stay the same.
    """
    await tx.row(
        """
        with event as (
          insert into events (practice_id, id, kind, visit_id, record_version, occurred_at, dob)
          select v.practice_id, $4, 'visit.completed', v.id, $6, $7, v.dob
          from visits v where v.practice_id = any($1) and v.practice_id = $2 and v.id = $3
          returning practice_id, id
        ), queued as (
          insert into deliveries (practice_id, event_id, endpoint_id, due_at, failed_at, created_at)
          select event.practice_id, event.id, e.id,
                 case when e.switched_off_at is not null then null
                      when e.delay_seconds = 0 then least($7, now() + p.clock_offset)
                      else now() + p.clock_offset + e.delay_seconds * interval '1 second' end,
                 case when e.switched_off_at is not null then $7 end, $7
          from event
          join subscriptions s on s.location_id = $5
          join grants g on g.partner_id = s.partner_id and g.location_id = s.location_id
          join partners p on p.id = s.partner_id and p.revoked_at is null
          join endpoints e on e.partner_id = s.partner_id and e.deleted_at is null
          returning id
        )
        select pg_notify('openmedspa_work', 'deliveries') from event
        """,
        scope, practice_id, visit_id, event_id, location_id, record_version, now,
    )  # fmt: skip


async def find_event(db: Reads, event_id: str) -> Row | None:
    """Whosever it is: for the operator."""
    return await db.unscoped_row(
        "select practice_id, id, visit_id, record_version, occurred_at, dob from events where id = $1", event_id
    )


async def delete_old_events(db: Reads, before: datetime, *, limit: int) -> int:
    """Events of before then that no delivery needs any more; how many those were."""
    rows = await db.unscoped_rows(
        """
        delete from events ev using (
          select old.practice_id, old.id from events old
          where old.occurred_at < $1 and not exists (
            select from deliveries d where d.practice_id = old.practice_id and d.event_id = old.id)
          order by old.occurred_at limit $2
        ) old
        where ev.practice_id = old.practice_id and ev.id = old.id returning ev.id
        """,
        before,
        limit,
    )
    return len(rows)
