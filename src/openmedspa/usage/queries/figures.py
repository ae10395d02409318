"""SQL on the sums of calls: of a time, by day, by hour, by route. A partner of None is everybody, strangers included."""

from datetime import date, datetime

from openmedspa.kit.db import Reads, Row

SUMS = """coalesce(sum(calls), 0)::bigint as calls, coalesce(sum(errors), 0)::bigint as errors,
          coalesce(sum(duration_us), 0)::bigint as duration_us"""


async def get_sums_of_hours(db: Reads, since: datetime, partner_id: int | None) -> Row:
    return await _one(
        db, f"select {SUMS} from call_hours where hour >= $1", since, partner_id
    )  # fmt: skip


async def get_sums_of_days(db: Reads, since: date, partner_id: int | None) -> Row:
    return await _one(db, f"select {SUMS} from call_days where day >= $1", since, partner_id)


async def list_hours(db: Reads, since: datetime, partner_id: int | None) -> list[Row]:
    """Hours with calls, oldest first."""
    return await _all(
        db, f"select hour as at, {SUMS} from call_hours where hour >= $1", "group by 1 order by 1", since, partner_id
    )


async def list_days(db: Reads, since: date, partner_id: int | None) -> list[Row]:
    """Days with calls, oldest first."""
    return await _all(
        db, f"select day as at, {SUMS} from call_days where day >= $1", "group by 1 order by 1", since, partner_id
    )


async def list_routes_of_hours(db: Reads, since: datetime, partner_id: int | None, limit: int) -> list[Row]:
    """The busiest routes, and their slowest calls."""
    return await _all(
        db, f"select method, route, {SUMS}, max(slowest_us) as slowest_us from call_hours where hour >= $1",
        "group by 1, 2 order by 3 desc, 2, 1 limit $2", since, partner_id, limit,
    )  # fmt: skip


async def list_routes_of_days(db: Reads, since: date, partner_id: int | None, limit: int) -> list[Row]:
    """The busiest routes, and their slowest calls."""
    return await _all(
        db, f"select method, route, {SUMS}, max(slowest_us) as slowest_us from call_routes where day >= $1",
        "group by 1, 2 order by 3 desc, 2, 1 limit $2", since, partner_id, limit,
    )  # fmt: skip


async def count_gaps(db: Reads, since: datetime) -> int:
    """Calls that were answered and not written down."""
    row = await db.unscoped_row("select coalesce(sum(calls), 0)::bigint as calls from call_gaps where at >= $1", since)
    assert row is not None
    return int(row["calls"])


async def find_key_limits(db: Reads, key_id: int) -> Row | None:
    """What a key may do, as its owner is told."""
    return await db.unscoped_row(
        """
        select name, prefix || '…' || last_four as key, per_second, burst, expires_at from api_keys where id = $1
        """,
        key_id,
    )


async def count_keys(db: Reads, partner_id: int, now: datetime) -> int:
    """A partner's keys that open something."""
    row = await db.unscoped_row(
        """
        select count(*) as keys from api_keys
        where partner_id = $1 and revoked_at is null and (expires_at is null or expires_at > $2)
        """,
        partner_id, now,
    )  # fmt: skip
    assert row is not None
    return int(row["keys"])


async def list_partner_names(db: Reads) -> list[Row]:
    return await db.unscoped_rows("select id, name from partners order by lower(name)")


async def _one(db: Reads, sql: str, since: object, partner_id: int | None) -> Row:
    rows = await _all(db, sql, "", since, partner_id)
    return rows[0]


async def _all(
    db: Reads, sql: str, tail: str, since: object, partner_id: int | None, *more: object
) -> list[Row]:  # fmt: skip
    """The partner's number stands last, where it stands at all."""
    if partner_id is None:
        return await db.unscoped_rows(f"{sql} {tail}", since, *more)
    return await db.unscoped_rows(f"{sql} and partner_id = ${2 + len(more)} {tail}", since, *more, partner_id)
