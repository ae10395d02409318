"""SQL of the long list of deliveries, a page at a time: for the operator all, for a partner its own.

Each page begins after the last row of the one before, endpoint by endpoint, so that it costs the same at any depth.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from openmedspa.kit.db import Reads, Row, Scope
from openmedspa.webhooks.queries.log import CAUSE, LAST_TRY, WENT_TO
from openmedspa.webhooks.shapes import State

SoughtBy = Literal["event", "visit"]
COUNTED = 10_000  # of what waits; beyond that the number says no more
# Each stands literally in its statement, so that the planner knows the index that has no other rows.
STATES: dict[State | None, str] = {
    None: "true",
    "delivered": "d.delivered_at is not null",
    "waiting": "d.due_at is not null",
    "failed": "d.failed_at is not null",
}
SHOWN = f"""
d.practice_id, d.id, d.event_id, p.name as partner, e.name as endpoint, {WENT_TO}, d.created_at, d.tries, d.due_at,
d.leased_until, d.delivered_at, d.failed_at, e.deleted_at, e.switched_off_at, e.switched_off_because,
t.status, t.duration_ms, {CAUSE}
"""
WITH_ALL = f"""
join endpoints e on e.id = d.endpoint_id
join partners p on p.id = e.partner_id
{LAST_TRY}
"""
EVENTS: dict[SoughtBy, str] = {
    "event": "select ev.practice_id, ev.id, ev.visit_id from events ev where ev.id = $1",
    "visit": """
        select ev.practice_id, ev.id, ev.visit_id from visit_directory place
        join visits v on v.practice_id = place.practice_id and v.gfe_id = place.gfe_id
        join events ev on ev.practice_id = v.practice_id and ev.visit_id = v.id
        where place.gfe_id = $1
    """,
}
OWN_EVENTS: dict[SoughtBy, str] = {
    "event": """
        select ev.practice_id, ev.id, v.gfe_id from events ev
        join visits v on v.practice_id = ev.practice_id and v.id = ev.visit_id and v.location_id = any($3)
        where ev.practice_id = any($1) and ev.id = $4
    """,
    "visit": """
        select ev.practice_id, ev.id, v.gfe_id from visits v
        join events ev on ev.practice_id = v.practice_id and ev.visit_id = v.id
        where v.practice_id = any($1) and v.gfe_id = $4 and v.location_id = any($3)
    """,
}


async def list_page(
    db: Reads,
    *,
    partner_id: int | None,
    endpoint_id: int | None,
    state: State | None,
    before_at: datetime,
    before_id: int,
    limit: int,
) -> list[Row]:
    """The latest deliveries before that one."""
    return await db.unscoped_rows(
        f"""
        select {SHOWN} from (
          select found.* from endpoints e cross join lateral (
            select d.* from deliveries d
            where d.endpoint_id = e.id and (d.created_at, d.id) < ($3, $4) and {STATES[state]}
            order by d.created_at desc, d.id desc limit $5
          ) found
          where ($1::int is null or e.partner_id = $1) and ($2::int is null or e.id = $2)
          order by found.created_at desc, found.id desc limit $5
        ) d {WITH_ALL}
        order by d.created_at desc, d.id desc
        """,
        partner_id, endpoint_id, before_at, before_id, limit,
    )  # fmt: skip


async def list_sought(
    db: Reads, sought: str, *, by: SoughtBy, partner_id: int | None, endpoint_id: int | None, state: State | None,
    limit: int,
) -> list[Row]:  # fmt: skip
    """Those of one event, or of a visit's."""
    return await db.unscoped_rows(
        f"""
        select {SHOWN} from ({EVENTS[by]}) ev
        join deliveries d on d.practice_id = ev.practice_id and d.event_id = ev.id {WITH_ALL}
        where ($2::int is null or e.partner_id = $2) and ($3::int is null or e.id = $3) and {STATES[state]}
        order by d.created_at desc, d.id desc limit $4
        """,
        sought, partner_id, endpoint_id, limit,
    )  # fmt: skip


async def list_own_page(
    db: Reads,
    scope: Scope,
    partner_id: int,
    *,
    location_ids: Sequence[str],
    endpoint_id: int | None,
    state: State | None,
    before_at: datetime,
    before_id: int,
    limit: int,
) -> list[Row]:
    """A partner's latest before that one, about these locations, each with its visit."""
    return await db.rows(
        f"""
        select {SHOWN}, d.gfe_id from (
          select found.* from endpoints e cross join lateral (
            select d.*, v.gfe_id from deliveries d
            join events ev on ev.practice_id = d.practice_id and ev.id = d.event_id
            join visits v on v.practice_id = ev.practice_id and v.id = ev.visit_id and v.location_id = any($3)
            where d.practice_id = any($1) and d.endpoint_id = e.id and (d.created_at, d.id) < ($5, $6)
              and {STATES[state]}
            order by d.created_at desc, d.id desc limit $7
          ) found
          where e.partner_id = $2 and ($4::int is null or e.id = $4)
          order by found.created_at desc, found.id desc limit $7
        ) d {WITH_ALL}
        order by d.created_at desc, d.id desc
        """,
        scope, partner_id, location_ids, endpoint_id, before_at, before_id, limit,
    )  # fmt: skip


async def list_own_sought(
    db: Reads, scope: Scope, partner_id: int, sought: str, *, by: SoughtBy, location_ids: Sequence[str],
    endpoint_id: int | None, state: State | None, limit: int,
) -> list[Row]:  # fmt: skip
    """A partner's of one event, or of a visit's, at these locations."""
    return await db.rows(
        f"""
        select {SHOWN}, ev.gfe_id from ({OWN_EVENTS[by]}) ev
        join deliveries d on d.practice_id = ev.practice_id and d.event_id = ev.id {WITH_ALL}
        where e.partner_id = $2 and ($5::int is null or e.id = $5) and {STATES[state]}
        order by d.created_at desc, d.id desc limit $6
        """,
        scope, partner_id, location_ids, sought, endpoint_id, limit,
    )  # fmt: skip


async def list_own_tries(db: Reads, scope: Scope, delivery_ids: Sequence[int]) -> list[Row]:
    """All tries of these deliveries, which the caller has found to be its own; the first first."""
    return await db.rows(
        """
        select t.delivery_id, t.id, t.at, t.status, t.duration_ms, t.cause from delivery_tries t
        where t.practice_id = any($1) and t.delivery_id = any($2::bigint[]) order by t.id
        """,
        scope,
        delivery_ids,
    )


async def list_targets(db: Reads, partner_id: int | None) -> list[Row]:
    """Endpoints to choose from, of everybody or of one partner, also those that were removed."""
    return await db.unscoped_rows(
        """
        select e.id, e.partner_id, p.name as partner, e.name, e.url, e.deleted_at
        from endpoints e join partners p on p.id = e.partner_id
        where $1::int is null or e.partner_id = $1
        order by lower(p.name), e.deleted_at is not null, e.name <> 'api', e.name, e.id
        """,
        partner_id,
    )


async def count_waiting(db: Reads) -> int:
    """Deliveries that are due now or later; counted up to COUNTED."""
    row = await db.unscoped_row(
        "select count(*) as waiting from (select from deliveries where due_at is not null limit $1) d", COUNTED
    )
    return int(row["waiting"]) if row else 0
