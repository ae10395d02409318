"""All SQL on endpoints, subscriptions, events and deliveries."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from openmedspa.kit.db import Database, Reads, Row, Scope, Tx


async def upsert_endpoint(
    tx: Tx,
    partner_id: int,
    *,
    url: str,
    signing_secret_sealed: bytes,
    api_key_id: int,
    api_key_sealed: bytes,
    now: datetime,
) -> None:
    """The partner's one endpoint: a new URL keeps the secrets of the old, and is switched on again."""
    await tx.unscoped_row(
        """
        insert into endpoints (partner_id, url, signing_secret_sealed, api_key_id, api_key_sealed, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $6)
        on conflict on constraint endpoints_one_per_partner do update
          set url = excluded.url, api_key_id = excluded.api_key_id, api_key_sealed = excluded.api_key_sealed,
              updated_at = excluded.updated_at, switched_off_at = null, failing_since = null
        """,
        partner_id, url, signing_secret_sealed, api_key_id, api_key_sealed, now,
    )  # fmt: skip


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
    """
    await tx.row(
        """
        with event as (
          insert into events (practice_id, id, kind, visit_id, record_version, occurred_at)
          select p.id, $4, 'visit.completed', $3, $6, $7 from practices p where p.id = any($1) and p.id = $2
          returning practice_id, id
        ), queued as (
          insert into deliveries (practice_id, event_id, endpoint_id, due_at, failed_at, created_at)
          select event.practice_id, event.id, e.id, case when e.switched_off_at is null then $7 end,
                 case when e.switched_off_at is not null then $7 end, $7
          from event
          join subscriptions s on s.location_id = $5
          join grants g on g.partner_id = s.partner_id and g.location_id = s.location_id
          join partners p on p.id = s.partner_id and p.revoked_at is null
          join endpoints e on e.partner_id = s.partner_id
          returning id
        )
        select pg_notify('openmedspa_work', 'deliveries') from event
        """,
        scope, practice_id, visit_id, event_id, location_id, record_version, now,
    )  # fmt: skip


async def claim_deliveries(
    db: Database,
    *,
    now: datetime,
    lease: UUID,
    leased_until: datetime,
    busy: dict[int, int],
    per_endpoint: int,
    per_failing: int,
    limit: int,
) -> list[Row]:
    """Due deliveries, leased to us, with what sending them takes: the oldest due of all, so many of each endpoint.

    `busy` says how many of an endpoint's deliveries we hold already; one whose last try failed may have `per_failing`.
    A lease that has run out is anybody's. Chosen first and locked after, so that only what is taken is locked.
    """
    return await db.unscoped_rows(
        """
        with chosen as materialized (
          select d.practice_id, d.id
          from endpoints e
          cross join lateral (
            select practice_id, id, due_at from deliveries
            where endpoint_id = e.id and due_at <= $1 and (leased_until is null or leased_until <= $1)
            order by due_at
            limit greatest(0, case when e.failing_since is null then $6::int else least($6, $8::int) end
                              - coalesce(($4::int[])[array_position($5::int[], e.id)], 0))
          ) d
          where e.switched_off_at is null
          order by d.due_at limit $7
        ), due as (
          select d.practice_id, d.id from chosen join deliveries d using (practice_id, id)
          where d.due_at <= $1 and (d.leased_until is null or d.leased_until <= $1)
          for update of d skip locked
        ), claimed as (
          update deliveries d set lease = $2, leased_until = $3
          from due where d.practice_id = due.practice_id and d.id = due.id
          returning d.practice_id, d.id, d.event_id, d.endpoint_id, d.tries
        )
        select c.practice_id, c.id, c.event_id, c.endpoint_id, c.tries, ev.occurred_at, ev.visit_id, ev.record_version,
               e.url, e.header_secret_sealed, e.signing_secret_sealed,
               case when k.revoked_at is null then e.api_key_sealed end as api_key_sealed,
               exists (
                 select from visits v join grants g on g.location_id = v.location_id and g.partner_id = e.partner_id
                 where v.practice_id = ev.practice_id and v.id = ev.visit_id
               ) as is_granted
        from claimed c
        join events ev on ev.practice_id = c.practice_id and ev.id = c.event_id
        join endpoints e on e.id = c.endpoint_id
        left join api_keys k on k.id = e.api_key_id
        """,
        now, lease, leased_until, list(busy.values()), list(busy), per_endpoint, limit, per_failing,
    )  # fmt: skip


async def insert_try(
    db: Database,
    practice_id: int,
    delivery_id: int,
    *,
    lease: UUID,
    at: datetime,
    duration_ms: int,
    status: int | None,
    cause: str,
    is_delivered: bool,
    is_answer: bool = True,
    next_due_at: datetime | None,
) -> bool:
    """Record one try, if the lease is still ours; False when another worker has taken the delivery over.

    `is_answer`: it says how the endpoint fares. A try that never left the house does not.
    """
    row = await db.unscoped_row(
        """
        with held as (
          update deliveries
          set tries = tries + 1, lease = null, leased_until = null, due_at = $9,
              delivered_at = case when $8 then $4::timestamptz end,
              failed_at = case when not $8 and $9::timestamptz is null then $4::timestamptz end
          where practice_id = $1 and id = $2 and lease = $3
          returning practice_id, id, endpoint_id
        ), judged as (
          update endpoints e set failing_since = case when not $8 then $4::timestamptz end
          from held where e.id = held.endpoint_id and $10 and (e.failing_since is null) <> $8
        )
        insert into delivery_tries (practice_id, delivery_id, at, duration_ms, status, cause)
        select practice_id, id, $4, $5, $6, $7 from held
        returning id
        """,
        practice_id, delivery_id, lease, at, duration_ms, status, cause, is_delivered, next_due_at, is_answer,
    )  # fmt: skip
    return row is not None


async def update_released(db: Database, leases: Sequence[UUID], *, now: datetime) -> None:
    """What is still held under these leases is anybody's at once, as if it had never been claimed."""
    await db.unscoped_row(
        "update deliveries set lease = null, leased_until = null where due_at <= $2 and lease = any($1::uuid[])",
        leases,
        now,
    )


async def update_switched_off(db: Database, endpoint_id: int, now: datetime) -> None:
    await db.unscoped_row("update endpoints set switched_off_at = $2 where id = $1", endpoint_id, now)


async def list_endpoints(db: Reads) -> list[Row]:
    return await db.unscoped_rows(
        """
        select e.id, p.name as partner, e.url, e.updated_at, e.switched_off_at,
               (select coalesce(array_agg(s.location_id order by s.location_id), '{}')
                  from subscriptions s where s.partner_id = e.partner_id) as location_ids,
               (select count(*) from deliveries d where d.endpoint_id = e.id and d.due_at is not null) as waiting,
               (select count(*) from deliveries d where d.endpoint_id = e.id and d.failed_at is not null) as failed
        from endpoints e join partners p on p.id = e.partner_id order by e.id
        """
    )


async def find_endpoint(db: Reads, partner_id: int) -> Row | None:
    return await db.unscoped_row(
        "select id, url, header_secret_sealed, signing_secret_sealed from endpoints where partner_id = $1", partner_id
    )


async def update_header_secret(db: Reads, endpoint_id: int, header_secret_sealed: bytes | None) -> None:
    await db.unscoped_row(
        "update endpoints set header_secret_sealed = $2, updated_at = now() where id = $1",
        endpoint_id,
        header_secret_sealed,
    )


async def update_signing_secret(db: Reads, endpoint_id: int, signing_secret_sealed: bytes) -> None:
    await db.unscoped_row(
        "update endpoints set signing_secret_sealed = $2, updated_at = now() where id = $1",
        endpoint_id,
        signing_secret_sealed,
    )


async def insert_missing_deliveries(
    db: Reads, *, event_id: str | None, since: datetime | None, partner_id: int | None, now: datetime
) -> None:
    """A delivery of each event of the last 30 days that a subscription covered while there was no endpoint yet.

    Not due yet: `update_replayed` makes it so. Dated as its event, so that --since finds it by when it happened.
    """
    await db.unscoped_row(
        """
        insert into deliveries (practice_id, event_id, endpoint_id, failed_at, created_at)
        select ev.practice_id, ev.id, e.id, $4, ev.occurred_at
        from events ev
        join visits v on v.practice_id = ev.practice_id and v.id = ev.visit_id
        join subscriptions s on s.location_id = v.location_id and s.created_at <= ev.occurred_at
        join grants g on g.partner_id = s.partner_id and g.location_id = s.location_id
        join partners p on p.id = s.partner_id and p.revoked_at is null
        join endpoints e on e.partner_id = s.partner_id
        where ev.occurred_at > $4::timestamptz - interval '30 days' and ($1::text is null or ev.id = $1)
          and ($2::timestamptz is null or ev.occurred_at >= $2) and ($3::int is null or e.partner_id = $3)
        on conflict on constraint deliveries_once_per_endpoint do nothing
        """,
        event_id, since, partner_id, now,
    )  # fmt: skip


async def update_replayed(
    db: Reads, *, event_id: str | None, since: datetime | None, partner_id: int | None, now: datetime
) -> list[Row]:
    """Send again: one event, or all since a moment, of the last 30 days; the same `webhook-id`, a fresh ladder.

    Those of an endpoint that is switched off are answered too, with `switched_off_at`, and not touched.
    """
    return await db.unscoped_rows(
        """
        with asked as (
          select d.practice_id, d.id, d.event_id, e.url, p.name as partner, e.switched_off_at
          from deliveries d join endpoints e on e.id = d.endpoint_id join partners p on p.id = e.partner_id
          where d.created_at > $4::timestamptz - interval '30 days' and ($1::text is null or d.event_id = $1)
            and ($2::timestamptz is null or d.created_at >= $2) and ($3::int is null or e.partner_id = $3)
        ), replayed as (
          update deliveries d
          set due_at = $4, tries = 0, delivered_at = null, failed_at = null, lease = null, leased_until = null
          from asked where d.practice_id = asked.practice_id and d.id = asked.id and asked.switched_off_at is null
        )
        select event_id, url, partner, switched_off_at, pg_notify('openmedspa_work', 'deliveries') from asked
        """,
        event_id, since, partner_id, now,
    )  # fmt: skip


async def list_deliveries(db: Reads, partner_ids: Sequence[int] | None, *, limit: int) -> list[Row]:
    """The latest deliveries with their last try. What was given up untried found its endpoint switched off."""
    return await db.unscoped_rows(
        """
        select d.event_id, p.name as partner, e.url, d.created_at, d.tries, d.due_at, d.delivered_at, d.failed_at,
               t.status, t.duration_ms,
               case when (d.due_at is not null and e.switched_off_at is not null)
                      or (d.failed_at is not null and t.cause is null)
                    then 'the endpoint is switched off' else t.cause end as cause
        from deliveries d
        join endpoints e on e.id = d.endpoint_id
        join partners p on p.id = e.partner_id
        left join lateral (
          select status, cause, duration_ms from delivery_tries t
          where t.practice_id = d.practice_id and t.delivery_id = d.id order by t.id desc limit 1
        ) t on true
        where $1::int[] is null or e.partner_id = any($1)
        order by d.created_at desc, d.id desc limit $2
        """,
        partner_ids,
        limit,
    )
