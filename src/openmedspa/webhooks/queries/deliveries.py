"""SQL on deliveries as a queue: claimed, tried, let go of, forgotten."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from openmedspa.kit.db import Database, Reads, Row


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
    did_badly: Sequence[int] = (),
    takes_suspect: bool = True,
    lost_suspect: int,
    lost_poison: int,
    poison_cause: str,
) -> list[Row]:
    """Due deliveries, leased to us, with what sending them takes: the oldest due of all, so many of each endpoint.

    1. `busy` says how many of an endpoint's deliveries we hold already; one whose last try failed, or that did badly
       as we saw it, may have `per_failing`. Due is what is due on its account's clock.
    2. A lease that has run out is anybody's, and counts as lost. Who was lost `lost_suspect` times comes beside the
       others, one at most; who was lost `lost_poison` times is given up here, before it can do any more harm.
    3. Chosen first and locked after, so that only what is taken is locked.
    """
    return await db.unscoped_rows(
        """
        with chosen as materialized (
          (select d.practice_id, d.id, p.clock_offset
           from endpoints e
           join partners p on p.id = e.partner_id
           cross join lateral (
             select practice_id, id, due_at from deliveries
             where endpoint_id = e.id and due_at <= $1::timestamptz + p.clock_offset
               and (leased_until is null or leased_until <= $1) and lost + (lease is not null)::int < $10
             order by due_at
             limit greatest(0, case when e.failing_since is null and e.id <> all ($13::int[]) then $6::int else least($6, $8::int) end
                               - coalesce(($4::int[])[array_position($5::int[], e.id)], 0))
           ) d
           where e.switched_off_at is null and e.deleted_at is null
           order by d.due_at - p.clock_offset limit $7)
          union all
          (select d.practice_id, d.id, p.clock_offset
           from deliveries d
           join endpoints e on e.id = d.endpoint_id and e.switched_off_at is null and e.deleted_at is null
           join partners p on p.id = e.partner_id
           where $9 and d.due_at is not null and d.lost >= 2 and d.lost + (d.lease is not null)::int >= $10
             and d.due_at <= $1::timestamptz + p.clock_offset and (d.leased_until is null or d.leased_until <= $1)
           order by d.due_at limit 1)
        ), due as (
          select d.practice_id, d.id, d.endpoint_id, d.lost + (d.lease is not null)::int as lost,
                 $1::timestamptz + chosen.clock_offset as now
          from chosen join deliveries d using (practice_id, id)
          where d.due_at <= $1::timestamptz + chosen.clock_offset and (d.leased_until is null or d.leased_until <= $1)
          for update of d skip locked
        ), claimed as (
          update deliveries d set lease = $2, leased_until = $3, lost = due.lost
          from due where d.practice_id = due.practice_id and d.id = due.id and due.lost < $11
          returning d.practice_id, d.id, d.event_id, d.endpoint_id, d.tries, d.lost
        ), given_up as (
          update deliveries d
          set due_at = null, failed_at = due.now, lease = null, leased_until = null, lost = due.lost
          from due where d.practice_id = due.practice_id and d.id = due.id and due.lost >= $11
        ), told as (
          insert into delivery_tries (practice_id, delivery_id, at, duration_ms, cause, url)
          select due.practice_id, due.id, due.now, 0, $12, e.url
          from due join endpoints e on e.id = due.endpoint_id where due.lost >= $11
        )
        select c.practice_id, c.id, c.event_id, c.endpoint_id, c.tries, c.lost, ev.occurred_at, ev.visit_id,
               ev.record_version, ev.dob, p.clock_offset, e.fail_next, e.duplicate_next,
               e.url, e.header_secret_sealed, e.signing_secret_sealed,
               case when k.revoked_at is null then e.api_key_sealed end as api_key_sealed,
               exists (
                 select from visits v join grants g on g.location_id = v.location_id and g.partner_id = e.partner_id
                 where v.practice_id = ev.practice_id and v.id = ev.visit_id
               ) as is_granted
        from claimed c
        join events ev on ev.practice_id = c.practice_id and ev.id = c.event_id
        join endpoints e on e.id = c.endpoint_id
        join partners p on p.id = e.partner_id
        left join api_keys k on k.id = e.api_key_id
        """,
        now, lease, leased_until, list(busy.values()), list(busy), per_endpoint, limit, per_failing, takes_suspect,
        lost_suspect, lost_poison, poison_cause, did_badly,
    )  # fmt: skip


async def insert_try(
    db: Reads,
    practice_id: int,
    delivery_id: int,
    *,
    lease: UUID,
    at: datetime,
    url: str,
    duration_ms: int,
    status: int | None,
    cause: str,
    answer: str | None = None,
    is_delivered: bool,
    is_answer: bool = True,
    next_due_at: datetime | None,
) -> Row | None:
    """Record one try, if the lease is still ours; None when another worker has taken the delivery over.

    `is_answer`: it says how the endpoint fares. A try that never left the house does not. What comes back is since when
    the endpoint had been failing before it.
    """
    return await db.unscoped_row(
        """
        with held as (
          update deliveries
          set tries = tries + 1, lost = 0, lease = null, leased_until = null, due_at = $9,
              delivered_at = case when $8 then $4::timestamptz end,
              failed_at = case when not $8 and $9::timestamptz is null then $4::timestamptz end
          where practice_id = $1 and id = $2 and lease = $3
          returning practice_id, id, endpoint_id
        ), judged as (
          update endpoints e set failing_since = case when not $8 then $4::timestamptz end
          from held where e.id = held.endpoint_id and $10 and (e.failing_since is null) <> $8
        ), tried as (
          insert into delivery_tries (practice_id, delivery_id, at, duration_ms, status, cause, url, answer)
          select practice_id, id, $4, $5, $6, $7, $11, $12 from held
        )
        select e.failing_since from held join endpoints e on e.id = held.endpoint_id
        """,
        practice_id, delivery_id, lease, at, duration_ms, status, cause, is_delivered, next_due_at, is_answer, url,
        answer,
    )  # fmt: skip


async def insert_second_sending(
    db: Reads,
    practice_id: int,
    delivery_id: int,
    *,
    at: datetime,
    url: str,
    duration_ms: int,
    status: int | None,
    cause: str,
    answer: str | None,
) -> None:
    """What came of sending a delivered one twice, as staging asked for: logged, and nothing else changes."""
    await db.unscoped_row(
        """
        insert into delivery_tries (practice_id, delivery_id, at, duration_ms, status, cause, url, answer)
        select practice_id, id, $3, $4, $5, $6, $7, $8 from deliveries where practice_id = $1 and id = $2
        """,
        practice_id, delivery_id, at, duration_ms, status, cause, url, answer,
    )  # fmt: skip


async def update_released(db: Reads, leases: Sequence[UUID], *, now: datetime) -> None:
    """What is still held under these leases is anybody's at once, as if it had never been claimed."""
    await db.unscoped_row(
        """
        update deliveries set lease = null, leased_until = null
        where due_at <= $2::timestamptz + (select coalesce(max(clock_offset), '0') from partners)
          and lease = any($1::uuid[])
        """,
        leases,
        now,
    )


async def delete_old_deliveries(db: Reads, *, now: datetime, limit: int) -> int:
    """What is over and older than 30 days on its account's clock, with its tries; how many deliveries that were."""
    rows = await db.unscoped_rows(
        """
        with old as materialized (
          select d.practice_id, d.id
          from endpoints e
          join partners p on p.id = e.partner_id
          cross join lateral (
            select practice_id, id from deliveries
            where endpoint_id = e.id and due_at is null
              and created_at < $1::timestamptz + p.clock_offset - interval '30 days'
            limit $2
          ) d
          limit $2
        ), untried as (
          delete from delivery_tries t using old where t.practice_id = old.practice_id and t.delivery_id = old.id
        )
        delete from deliveries d using old
        where d.practice_id = old.practice_id and d.id = old.id and d.due_at is null returning d.id
        """,
        now,
        limit,
    )
    return len(rows)
