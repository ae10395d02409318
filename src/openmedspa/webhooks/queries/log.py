"""SQL that reads what was sent and what came of it: for the operator, and for the partner about its own."""

from collections.abc import Sequence

from openmedspa.kit.db import Reads, Row, Scope

# What was given up untried found its endpoint switched off, or removed.
CAUSE = """
case when d.failed_at is not null and d.failed_at = e.deleted_at then 'the endpoint was removed'
     when (d.due_at is not null and e.switched_off_at is not null) or (d.failed_at is not null and t.cause is null)
     then 'the endpoint is switched off' else t.cause end as cause
"""
# What is over went where its last try went, wherever the endpoint has been moved since.
WENT_TO = "case when d.due_at is null then coalesce(t.url, e.url) else e.url end as url"
LAST_TRY = """
left join lateral (
  select status, cause, duration_ms, url from delivery_tries t
  where t.practice_id = d.practice_id and t.delivery_id = d.id order by t.id desc limit 1
) t on true
"""


async def list_deliveries(db: Reads, partner_ids: Sequence[int] | None, *, limit: int) -> list[Row]:
    """The latest deliveries with their last try."""
    return await db.unscoped_rows(
        f"""
        select d.event_id, p.name as partner, e.name as endpoint, {WENT_TO}, d.created_at, d.tries, d.due_at,
               d.delivered_at, d.failed_at, t.status, t.duration_ms, {CAUSE}
        from endpoints e
        join partners p on p.id = e.partner_id
        cross join lateral (
          select * from deliveries where endpoint_id = e.id order by created_at desc, id desc limit $2
        ) d
        {LAST_TRY}
        where $1::int[] is null or e.partner_id = any($1)
        order by d.created_at desc, d.id desc limit $2
        """,
        partner_ids,
        limit,
    )


async def list_own_deliveries(
    db: Reads, scope: Scope, partner_id: int, *, location_ids: Sequence[str], limit: int
) -> list[Row]:
    """The latest deliveries of one partner about these locations, with the visit and the last try."""
    return await db.rows(
        f"""
        select d.practice_id, d.event_id, d.gfe_id, e.name as endpoint, {WENT_TO}, d.created_at, d.tries, d.due_at,
               d.delivered_at, d.failed_at, t.status, t.duration_ms, {CAUSE}
        from endpoints e
        cross join lateral (
          select d.*, v.gfe_id
          from deliveries d
          join events ev on ev.practice_id = d.practice_id and ev.id = d.event_id
          join visits v on v.practice_id = ev.practice_id and v.id = ev.visit_id and v.location_id = any($3)
          where d.practice_id = any($1) and d.endpoint_id = e.id
          order by d.created_at desc, d.id desc limit $4
        ) d
        {LAST_TRY}
        where e.partner_id = $2
        order by d.created_at desc, d.id desc limit $4
        """,
        scope,
        partner_id,
        location_ids,
        limit,
    )


async def list_own_event_deliveries(
    db: Reads, scope: Scope, partner_id: int, *, location_ids: Sequence[str], event_id: str, limit: int
) -> list[Row]:
    """The same of one event: found by it, and not by looking through all of the partner's."""
    return await db.rows(
        f"""
        select d.practice_id, d.event_id, v.gfe_id, e.name as endpoint, {WENT_TO}, d.created_at, d.tries, d.due_at,
               d.delivered_at, d.failed_at, t.status, t.duration_ms, {CAUSE}
        from events ev
        join visits v on v.practice_id = ev.practice_id and v.id = ev.visit_id and v.location_id = any($3)
        join deliveries d on d.practice_id = ev.practice_id and d.event_id = ev.id
        join endpoints e on e.id = d.endpoint_id and e.partner_id = $2
        {LAST_TRY}
        where ev.practice_id = any($1) and ev.id = $4
        order by d.created_at desc, d.id desc limit $5
        """,
        scope, partner_id, location_ids, event_id, limit,
    )  # fmt: skip


async def list_event_deliveries(db: Reads, practice_id: int, event_id: str) -> list[Row]:
    """An event's deliveries, with where they go and what would be sent along."""
    return await db.unscoped_rows(
        f"""
        select d.id, p.name as partner, e.name as endpoint, e.url, d.created_at, d.tries, d.lost, d.due_at,
               d.leased_until, d.delivered_at, d.failed_at, e.deleted_at, e.switched_off_at, e.switched_off_because,
               e.header_secret_sealed is not null as has_header_secret,
               e.api_key_sealed is not null and k.revoked_at is null as has_api_key, {CAUSE}
        from deliveries d
        join endpoints e on e.id = d.endpoint_id
        join partners p on p.id = e.partner_id
        left join api_keys k on k.id = e.api_key_id
        {LAST_TRY}
        where d.practice_id = $1 and d.event_id = $2 order by d.id
        """,
        practice_id,
        event_id,
    )


async def list_tries(db: Reads, practice_id: int, event_id: str) -> list[Row]:
    """All tries of an event's deliveries, the first first."""
    return await db.unscoped_rows(
        """
        select t.delivery_id, t.at, coalesce(t.url, e.url) as url, t.status, t.duration_ms, t.cause, t.answer
        from delivery_tries t
        join deliveries d on d.practice_id = t.practice_id and d.id = t.delivery_id
        join endpoints e on e.id = d.endpoint_id
        where d.practice_id = $1 and d.event_id = $2 order by t.id
        """,
        practice_id,
        event_id,
    )
