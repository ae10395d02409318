"""SQL that sends again. Both roles come here: the partner's inside its scope, the operator's without one ($1 is null)."""

from collections.abc import Sequence
from datetime import datetime

from openmedspa.kit.db import Reads, Row, Scope


async def insert_missing_deliveries(
    db: Reads,
    scope: Scope | None,
    *,
    event_id: str | None,
    since: datetime | None,
    partner_id: int | None,
    endpoint: str | None,
    location_ids: Sequence[str] | None,
    now: datetime,
) -> None:
    """A delivery of each event of the last 30 days that a subscription covered while there was no endpoint yet.

    Not due yet: `update_replayed` makes it so. Dated as its event, so that --since finds it by when it happened.
    """
    await db.unscoped_row(
        """
        insert into deliveries (practice_id, event_id, endpoint_id, failed_at, created_at)
        select ev.practice_id, ev.id, e.id, $5::timestamptz + p.clock_offset, ev.occurred_at
        from events ev
        join visits v on v.practice_id = ev.practice_id and v.id = ev.visit_id
        join subscriptions s on s.location_id = v.location_id and s.created_at <= ev.occurred_at
        join grants g on g.partner_id = s.partner_id and g.location_id = s.location_id
        join partners p on p.id = s.partner_id and p.revoked_at is null
        join endpoints e on e.partner_id = s.partner_id and e.deleted_at is null
        where ($1::int[] is null or ev.practice_id = any($1))
          and ev.occurred_at > $5::timestamptz - interval '30 days'
          and ev.occurred_at > $5::timestamptz + p.clock_offset - interval '30 days'
          and ($2::text is null or ev.id = $2) and ($3::timestamptz is null or ev.occurred_at >= $3)
          and ($4::int is null or e.partner_id = $4) and ($6::text is null or e.name = $6)
          and ($7::text[] is null or v.location_id = any($7))
        on conflict on constraint deliveries_once_per_endpoint do nothing
        """,
        scope, event_id, since, partner_id, now, endpoint, location_ids,
    )  # fmt: skip


async def update_replayed(
    db: Reads,
    scope: Scope | None,
    *,
    event_id: str | None,
    since: datetime | None,
    partner_id: int | None,
    endpoint: str | None,
    location_ids: Sequence[str] | None,
    now: datetime,
) -> list[Row]:
    """Send again: one event, or all since a moment, of the last 30 days; the same `webhook-id`, a fresh ladder.

    Those of an endpoint that is switched off are answered too, with `switched_off_at`, and not touched.
    """
    return await db.unscoped_rows(
        """
        with asked as (
          select d.practice_id, d.id, d.event_id, e.url, p.name as partner, e.switched_off_at,
                 $5::timestamptz + p.clock_offset as now
          from deliveries d
          join endpoints e on e.id = d.endpoint_id and e.deleted_at is null
          join partners p on p.id = e.partner_id
          join events ev on ev.practice_id = d.practice_id and ev.id = d.event_id
          join visits v on v.practice_id = ev.practice_id and v.id = ev.visit_id
          where ($1::int[] is null or d.practice_id = any($1))
            and d.created_at > $5::timestamptz + p.clock_offset - interval '30 days'
            and ($2::text is null or ev.id = $2) and ($3::timestamptz is null or d.created_at >= $3)
            and ($4::int is null or e.partner_id = $4) and ($6::text is null or e.name = $6)
            and ($7::text[] is null or v.location_id = any($7))
        ), replayed as (
          update deliveries d
          set due_at = asked.now, tries = 0, lost = 0, delivered_at = null, failed_at = null, lease = null,
              leased_until = null
          from asked where d.practice_id = asked.practice_id and d.id = asked.id and asked.switched_off_at is null
        )
        select event_id, url, partner, switched_off_at, pg_notify('openmedspa_work', 'deliveries') from asked
        """,
        scope, event_id, since, partner_id, now, endpoint, location_ids,
    )  # fmt: skip
