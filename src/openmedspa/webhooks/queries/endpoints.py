"""SQL on endpoints: where a partner's webhooks go, whether they do, and staging's chaos."""

from datetime import datetime

from openmedspa.kit.db import Reads, Row, Tx


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
    """The endpoint that the API sets, `api`: a new URL keeps the secrets of the old, and is switched on again."""
    await tx.unscoped_row(
        """
        insert into endpoints (partner_id, name, url, signing_secret_sealed, api_key_id, api_key_sealed, created_at,
                               updated_at)
        values ($1, 'api', $2, $3, $4, $5, $6, $6)
        on conflict (partner_id, name) where deleted_at is null do update
          set url = excluded.url, api_key_id = excluded.api_key_id, api_key_sealed = excluded.api_key_sealed,
              updated_at = excluded.updated_at, switched_off_at = null, switched_off_because = null,
              failing_since = null
        """,
        partner_id, url, signing_secret_sealed, api_key_id, api_key_sealed, now,
    )  # fmt: skip


async def insert_endpoint(
    db: Reads, partner_id: int, *, name: str, url: str, signing_secret_sealed: bytes, now: datetime
) -> None:
    """One more endpoint. Nobody's API key registered it, so it gets no X-Signature."""
    await db.unscoped_row(
        """
        insert into endpoints (partner_id, name, url, signing_secret_sealed, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $5)
        """,
        partner_id,
        name,
        url,
        signing_secret_sealed,
        now,
    )


async def list_endpoints(db: Reads) -> list[Row]:
    """All partners', without those that were removed."""
    return await db.unscoped_rows(
        """
        select e.id, p.name as partner, e.name, e.url, e.updated_at, e.switched_off_at, e.switched_off_because,
               (select coalesce(array_agg(s.location_id order by s.location_id), '{}')
                  from subscriptions s where s.partner_id = e.partner_id) as location_ids,
               (select count(*) from deliveries d where d.endpoint_id = e.id and d.due_at is not null) as waiting,
               (select count(*) from deliveries d where d.endpoint_id = e.id and d.failed_at is not null) as failed
        from endpoints e join partners p on p.id = e.partner_id
        where e.deleted_at is null order by e.id
        """
    )


async def list_partner_endpoints(db: Reads, partner_id: int) -> list[Row]:
    """A partner's, the API's own first."""
    return await db.unscoped_rows(
        """
        select id, name, url, header_secret_sealed, signing_secret_sealed, switched_off_at
        from endpoints where partner_id = $1 and deleted_at is null order by name <> 'api', id
        """,
        partner_id,
    )


async def find_endpoint(db: Reads, partner_id: int, name: str = "api") -> Row | None:
    return await db.unscoped_row(
        """
        select id, name, url, header_secret_sealed, signing_secret_sealed, switched_off_at
        from endpoints where partner_id = $1 and name = $2 and deleted_at is null
        """,
        partner_id,
        name,
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


async def update_switched_off(db: Reads, endpoint_id: int, at: datetime, *, because: str) -> bool:
    """True if it was on until now."""
    row = await db.unscoped_row(
        """
        update endpoints set switched_off_at = $2, switched_off_because = $3
        where id = $1 and switched_off_at is null and deleted_at is null returning id
        """,
        endpoint_id,
        at,
        because,
    )
    return row is not None


async def update_switched_on(db: Reads, endpoint_id: int) -> Row | None:
    """None if it is on; else since when it was off, what was given up since then, and what waited and goes on now."""
    return await db.unscoped_row(
        """
        with was as (
          select id, switched_off_at from endpoints where id = $1 and switched_off_at is not null for update
        ), is_on as (
          update endpoints e set switched_off_at = null, switched_off_because = null, failing_since = null
          from was where e.id = was.id
        )
        select was.switched_off_at, pg_notify('openmedspa_work', 'deliveries'),
               (select count(*) from deliveries d
                where d.endpoint_id = was.id and d.failed_at >= was.switched_off_at) as missed,
               (select count(*) from deliveries d where d.endpoint_id = was.id and d.due_at is not null) as waiting
        from was
        """,
        endpoint_id,
    )


async def update_deleted(db: Reads, endpoint_id: int, now: datetime) -> int:
    """Removed, with the secrets that nothing needs any more; how many waiting deliveries are given up by it.

    Their leases end too: what is in flight may still arrive, and its late word is refused.
    """
    row = await db.unscoped_row(
        """
        with gone as (
          update endpoints set deleted_at = $2, header_secret_sealed = null, api_key_sealed = null where id = $1
        ), given_up as (
          update deliveries set due_at = null, failed_at = $2, lease = null, leased_until = null
          where endpoint_id = $1 and due_at is not null returning id
        )
        select count(*) as given_up from given_up
        """,
        endpoint_id,
        now,
    )
    assert row is not None
    given_up: int = row["given_up"]
    return given_up


async def update_chaos(db: Reads, partner_id: int, *, fail_next: int, delay_seconds: int, duplicate_next: int) -> int:
    """For each endpoint of the partner, in place of what was set; how many those are."""
    rows = await db.unscoped_rows(
        """
        update endpoints set fail_next = $2, delay_seconds = $3, duplicate_next = $4
        where partner_id = $1 and deleted_at is null returning id
        """,
        partner_id,
        fail_next,
        delay_seconds,
        duplicate_next,
    )
    return len(rows)


async def update_failure_used(db: Reads, endpoint_id: int) -> bool:
    """Take one of the failures that were asked for; False when other tries have used them up."""
    row = await db.unscoped_row(
        "update endpoints set fail_next = fail_next - 1 where id = $1 and fail_next > 0 returning id", endpoint_id
    )
    return row is not None


async def update_duplicate_used(db: Reads, endpoint_id: int) -> bool:
    """Take one of the duplicates that were asked for; False when others have used them up."""
    row = await db.unscoped_row(
        "update endpoints set duplicate_next = duplicate_next - 1 where id = $1 and duplicate_next > 0 returning id",
        endpoint_id,
    )
    return row is not None
