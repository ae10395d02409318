"""SQL that sends again. Both roles come here: the partner's inside its scope, the operator's without one ($1 is null).

One event and all since a moment are statements of their own: a plan that must serve both finds neither by an index.
All since a moment goes in batches of AT_ONCE rows, each beginning after the last row of the one before.
"""

from collections.abc import Sequence
from datetime import datetime

from openmedspa.kit.db import Reads, Row, Scope

# It stands literally in the statements, so that the planner knows how few rows are joined.
AT_ONCE = 1_000

MISSED = """
join subscriptions s on s.location_id = v.location_id and s.created_at <= ev.occurred_at
join grants g on g.partner_id = s.partner_id and g.location_id = s.location_id
join partners p on p.id = s.partner_id and p.revoked_at is null
join endpoints e on e.partner_id = s.partner_id and e.deleted_at is null
"""
AS_NEW = (
    "due_at = asked.now, tries = 0, lost = 0, delivered_at = null, failed_at = null, lease = null, leased_until = null"
)
WOKEN = "pg_notify('openmedspa_work', 'deliveries')"


async def insert_event_missing(
    db: Reads,
    scope: Scope | None,
    *,
    event_id: str,
    partner_id: int | None,
    endpoint: str | None,
    location_ids: Sequence[str] | None,
    now: datetime,
) -> None:
    """The deliveries of an event of the last 30 days that a subscription covered while there was no endpoint yet.

    Not due yet: `update_event_replayed` makes them so. Dated as the event, so that --since finds them by when it happened.
    """
    await db.unscoped_row(
        f"""
        insert into deliveries (practice_id, event_id, endpoint_id, failed_at, created_at)
        select ev.practice_id, ev.id, e.id, $3::timestamptz + p.clock_offset, ev.occurred_at
        from events ev join visits v on v.practice_id = ev.practice_id and v.id = ev.visit_id {MISSED}
        where ($1::int[] is null or ev.practice_id = any($1)) and ev.id = $2
          and ev.occurred_at > $3::timestamptz + p.clock_offset - interval '30 days'
          and ($4::int is null or e.partner_id = $4) and ($5::text is null or e.name = $5)
          and ($6::text[] is null or v.location_id = any($6))
        on conflict on constraint deliveries_once_per_endpoint do nothing
        """,
        scope, event_id, now, partner_id, endpoint, location_ids,
    )  # fmt: skip


async def insert_missing_since(
    db: Reads,
    scope: Scope | None,
    *,
    practice_id: int,
    after_at: datetime,
    after_id: str,
    partner_id: int | None,
    endpoint: str | None,
    location_ids: Sequence[str] | None,
    now: datetime,
) -> Row | None:
    """The same for a practice's next events; the last of those that were looked at, or None when there was none."""
    return await db.unscoped_row(
        f"""
        with seen as materialized (
          select ev.practice_id, ev.id, ev.visit_id, ev.occurred_at
          from events ev
          where ($1::int[] is null or ev.practice_id = any($1)) and ev.practice_id = $2
            and (ev.occurred_at, ev.id) > ($3, $4)
          order by ev.occurred_at, ev.id limit {AT_ONCE}
        ), made as (
          insert into deliveries (practice_id, event_id, endpoint_id, failed_at, created_at)
          select ev.practice_id, ev.id, e.id, $5::timestamptz + p.clock_offset, ev.occurred_at
          from seen ev
          cross join lateral (
            select location_id from visits where practice_id = ev.practice_id and id = ev.visit_id offset 0
          ) v {MISSED}
          where ev.occurred_at > $5::timestamptz + p.clock_offset - interval '30 days'
            and ($6::int is null or e.partner_id = $6) and ($7::text is null or e.name = $7)
            and ($8::text[] is null or v.location_id = any($8))
          on conflict on constraint deliveries_once_per_endpoint do nothing
        )
        select occurred_at, id from seen order by occurred_at desc, id desc limit 1
        """,
        scope, practice_id, after_at, after_id, now, partner_id, endpoint, location_ids,
    )  # fmt: skip


async def update_event_replayed(
    db: Reads,
    scope: Scope | None,
    *,
    event_id: str,
    partner_id: int | None,
    endpoint: str | None,
    location_ids: Sequence[str] | None,
    now: datetime,
) -> list[Row]:
    """Send one event of the last 30 days again: the same `webhook-id`, a fresh ladder.

    A delivery to an endpoint that is switched off is answered too, with `switched_off_at`, and not touched.
    """
    return await db.unscoped_rows(
        f"""
        with asked as (
          select d.practice_id, d.id, d.event_id, e.url, p.name as partner, e.switched_off_at,
                 $3::timestamptz + p.clock_offset as now
          from events ev
          join visits v on v.practice_id = ev.practice_id and v.id = ev.visit_id
          join deliveries d on d.practice_id = ev.practice_id and d.event_id = ev.id
          join endpoints e on e.id = d.endpoint_id and e.deleted_at is null
          join partners p on p.id = e.partner_id
          where ($1::int[] is null or ev.practice_id = any($1)) and ev.id = $2
            and d.created_at > $3::timestamptz + p.clock_offset - interval '30 days'
            and ($4::int is null or e.partner_id = $4) and ($5::text is null or e.name = $5)
            and ($6::text[] is null or v.location_id = any($6))
        ), replayed as (
          update deliveries d set {AS_NEW}
          from asked where d.practice_id = asked.practice_id and d.id = asked.id and asked.switched_off_at is null
        )
        select event_id, url, partner, switched_off_at, {WOKEN} from asked
        """,
        scope, event_id, now, partner_id, endpoint, location_ids,
    )  # fmt: skip


async def update_replayed_since(
    db: Reads,
    scope: Scope | None,
    *,
    endpoint_id: int,
    after_at: datetime,
    after_id: int,
    location_ids: Sequence[str] | None,
    now: datetime,
) -> list[Row]:
    """The same for an endpoint's next deliveries. Those of other locations are answered as well, with `is_wanted`."""
    return await db.unscoped_rows(
        f"""
        with next as materialized (
          select d.practice_id, d.id, d.event_id, d.created_at, e.url, p.name as partner, e.switched_off_at,
                 $5::timestamptz + p.clock_offset as now
          from endpoints e
          join partners p on p.id = e.partner_id
          cross join lateral (
            select practice_id, id, event_id, created_at from deliveries
            where ($1::int[] is null or practice_id = any($1)) and endpoint_id = e.id
              and (created_at, id) > ($3, $4) and created_at > $5::timestamptz + p.clock_offset - interval '30 days'
            order by created_at, id limit {AT_ONCE}
          ) d
          where e.id = $2 and e.deleted_at is null
          order by d.created_at, d.id limit {AT_ONCE}
        ), asked as materialized (
          select next.*, $6::text[] is null or place.location_id is not null as is_wanted
          from next left join lateral (
            select v.location_id from events ev
            join visits v on v.practice_id = ev.practice_id and v.id = ev.visit_id and v.location_id = any($6)
            where $6 is not null and ev.practice_id = next.practice_id and ev.id = next.event_id offset 0
          ) place on true
          limit {AT_ONCE}
        ), replayed as (
          update deliveries d set {AS_NEW}
          from asked
          where d.practice_id = asked.practice_id and d.id = asked.id and is_wanted and asked.switched_off_at is null
        )
        select id, created_at, event_id, url, partner, switched_off_at, is_wanted, {WOKEN}
        from asked order by created_at, id
        """,
        scope, endpoint_id, after_at, after_id, now, location_ids,
    )  # fmt: skip


async def list_replayed_practices(
    db: Reads, scope: Scope | None, *, since: datetime, partner_id: int | None, endpoint: str | None, now: datetime
) -> list[Row]:
    """Practices in which events may have been missed, each with the moment from which on; of the last 30 days."""
    return await db.unscoped_rows(
        """
        select s.practice_id, greatest($2, min(s.created_at), $5::timestamptz - interval '30 days') as since
        from subscriptions s join endpoints e on e.partner_id = s.partner_id and e.deleted_at is null
        where ($1::int[] is null or s.practice_id = any($1))
          and ($3::int is null or e.partner_id = $3) and ($4::text is null or e.name = $4)
        group by s.practice_id order by s.practice_id
        """,
        scope, since, partner_id, endpoint, now,
    )  # fmt: skip


async def list_replayed_endpoints(db: Reads, *, partner_id: int | None, endpoint: str | None) -> list[int]:
    """Those that are not removed, by id."""
    rows = await db.unscoped_rows(
        """
        select id from endpoints
        where deleted_at is null and ($1::int is null or partner_id = $1) and ($2::text is null or name = $2)
        order by id
        """,
        partner_id,
        endpoint,
    )
    return [row["id"] for row in rows]


async def count_since(db: Reads, scope: Scope, *, since: datetime, partner_id: int, most: int, now: datetime) -> int:
    """How many deliveries, or else events of its practices, a partner's replay would look at; counted up to `most`."""
    row = await db.unscoped_row(
        """
        with practices as materialized (
          select s.practice_id, greatest($2, min(s.created_at), $5::timestamptz - interval '30 days') as since
          from subscriptions s join endpoints e on e.partner_id = s.partner_id and e.deleted_at is null
          where s.practice_id = any($1) and s.partner_id = $3
          group by s.practice_id
        )
        select greatest(
          (select count(*) from (
             select from endpoints e
             join partners p on p.id = e.partner_id
             cross join lateral (
               select from deliveries d
               where d.practice_id = any($1) and d.endpoint_id = e.id and d.created_at >= $2
                 and d.created_at > $5::timestamptz + p.clock_offset - interval '30 days'
               order by d.created_at desc limit $4
             ) d
             where e.partner_id = $3 and e.deleted_at is null limit $4
           ) deliveries),
          (select count(*) from (
             select from practices cross join lateral (
               select from events ev
               where ev.practice_id = practices.practice_id and ev.occurred_at >= practices.since
               order by ev.occurred_at desc limit $4
             ) ev
             limit $4
           ) events)
        ) as found
        """,
        scope, since, partner_id, most, now,
    )  # fmt: skip
    found: int = row["found"] if row else 0
    return found
