"""SQL: what was sent by webhook before the demo began, with its endpoint, which was removed."""

from collections.abc import Sequence
from datetime import datetime

from openmedspa.kit.db import Reads, Row


async def list_signed(
    db: Reads, practice_id: int, location_ids: Sequence[str], *, since: datetime, until: datetime, limit: int
) -> list[Row]:
    """The latest records that were signed there and then, the latest first."""
    return await db.unscoped_rows(
        """
        select v.practice_id, v.id, r.version, r.signed_at
        from visits v join records r on r.practice_id = v.practice_id and r.visit_id = v.id
        where v.practice_id = $1 and v.location_id = any($2) and r.signed_at between $3 and $4
        order by r.signed_at desc, v.id limit $5
        """,
        practice_id, location_ids, since, until, limit,
    )  # fmt: skip


async def insert_removed_endpoint(
    db: Reads,
    partner: str,
    deliveries_json: str,
    *,
    name: str,
    url: str,
    signing_secret_sealed: bytes,
    since: datetime,
    until: datetime,
) -> None:
    """The endpoint of the partner of that name, removed at `until`, and its deliveries, with events and tries.

    None is due, and it has no subscription: nothing is ever sent there.
    """
    await db.unscoped_row(
        """
        with told as materialized (
          select * from json_to_recordset($2::json) as t (
            practice_id int, visit_id bigint, record_version int, event_id text, occurred_at timestamptz,
            delivered_at timestamptz, failed_at timestamptz, tries json)
        ), removed as (
          insert into endpoints (partner_id, name, url, signing_secret_sealed, created_at, updated_at, deleted_at)
          select id, $3, $4, $5, $6, $7, $7 from partners where name = $1 returning id
        ), happened as (
          insert into events (practice_id, id, kind, visit_id, record_version, occurred_at, dob)
          select t.practice_id, t.event_id, 'visit.completed', t.visit_id, t.record_version, t.occurred_at, v.dob
          from told t join visits v on v.practice_id = t.practice_id and v.id = t.visit_id
        ), sent as (
          insert into deliveries (practice_id, event_id, endpoint_id, tries, delivered_at, failed_at, created_at)
          select practice_id, event_id, removed.id, json_array_length(told.tries), delivered_at, failed_at, occurred_at
          from told, removed returning practice_id, id, event_id
        )
        insert into delivery_tries (practice_id, delivery_id, at, duration_ms, status, cause, url, answer)
        select sent.practice_id, sent.id, tried.at, tried.duration_ms, tried.status, tried.cause, $4, tried.answer
        from sent join told using (practice_id, event_id)
        cross join json_to_recordset(told.tries) as tried (
          at timestamptz, duration_ms int, status int, cause text, answer text)
        order by tried.at
        """,
        partner, deliveries_json, name, url, signing_secret_sealed, since, until,
    )  # fmt: skip
