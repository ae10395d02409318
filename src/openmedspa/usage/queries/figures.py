"""SQL on the sums of calls: of a time, by day, by hour, by route. A partner of None is everybody, strangers included.

Times are given one by one: the pool plans without looking at values, and would read a whole table for "since".
"""

from collections.abc import Sequence
from datetime import date, datetime

from openmedspa.kit.db import Reads, Row

SUMS = """coalesce(sum(calls), 0)::bigint as calls, coalesce(sum(errors), 0)::bigint as errors,
          coalesce(sum(duration_us), 0)::bigint as duration_us"""
BUSIEST = "group by method, route order by 3 desc, 2, 1 limit $2"
ERRORS = "coalesce(sum(calls) filter (where status >= 400), 0)::bigint as errors"
EVERYBODY = -1  # among the sums


async def get_sums_of_hours(db: Reads, hours: Sequence[datetime], partner_id: int | None) -> Row:
    return _one(
        await db.unscoped_rows(
            f"select {SUMS} from call_hours where partner_id = $2 and hour = any($1)", hours, _whose(partner_id)
        )
    )


async def get_sums_of_days(db: Reads, days: Sequence[date], partner_id: int | None) -> Row:
    return _one(
        await db.unscoped_rows(
            f"select {SUMS} from call_days where partner_id = $2 and day = any($1)", days, _whose(partner_id)
        )
    )


async def get_sums_ever(db: Reads, partner_id: int | None) -> Row:
    """Everybody's stand ready; a partner's are few enough to be added up."""
    if partner_id is not None:
        return _one(await db.unscoped_rows(f"select {SUMS} from call_days where partner_id = $1", partner_id))
    return _one(
        await db.unscoped_rows(
            f"""
            select coalesce(sum(calls), 0)::bigint as calls, {ERRORS},
                   coalesce(sum(duration_us), 0)::bigint as duration_us
            from call_totals
            """
        )
    )


async def list_hours(db: Reads, hours: Sequence[datetime], partner_id: int | None) -> list[Row]:
    """Those of these hours that have calls."""
    return await db.unscoped_rows(
        f"select hour as at, {SUMS} from call_hours where partner_id = $2 and hour = any($1) group by 1",
        hours, _whose(partner_id),
    )  # fmt: skip


async def list_days(db: Reads, days: Sequence[date], partner_id: int | None) -> list[Row]:
    """Those of these days that have calls."""
    return await db.unscoped_rows(
        f"select day as at, {SUMS} from call_days where partner_id = $2 and day = any($1) group by 1",
        days, _whose(partner_id),
    )  # fmt: skip


async def find_first_day(db: Reads, partner_id: int | None) -> date | None:
    """The first day with a call."""
    row = await db.unscoped_row("select min(day) as day from call_days where partner_id = $1", _whose(partner_id))
    return row["day"] if row else None


async def list_routes_of_hours(db: Reads, hours: Sequence[datetime], limit: int, partner_id: int | None) -> list[Row]:
    """The busiest routes, and their slowest calls."""
    return await db.unscoped_rows(
        f"""
        select method, route, {SUMS}, max(slowest_us) as slowest_us from call_hours
        where partner_id = $3 and hour = any($1) {BUSIEST}
        """,
        hours, limit, _whose(partner_id),
    )  # fmt: skip


async def list_routes_of_days(db: Reads, days: Sequence[date], limit: int, partner_id: int | None) -> list[Row]:
    """The busiest routes, and their slowest calls."""
    return await db.unscoped_rows(
        f"""
        select method, route, {SUMS}, max(slowest_us) as slowest_us from call_days
        where partner_id = $3 and day = any($1) {BUSIEST}
        """,
        days, limit, _whose(partner_id),
    )  # fmt: skip


async def list_routes_ever(db: Reads, limit: int, partner_id: int | None) -> list[Row]:
    """The busiest routes, and their slowest calls."""
    if partner_id is not None:
        return await db.unscoped_rows(
            f"""
            select method, route, {SUMS}, max(slowest_us) as slowest_us from call_days where partner_id = $1
            {BUSIEST}
            """,
            partner_id, limit,
        )  # fmt: skip
    return await db.unscoped_rows(
        f"""
        select method, route, sum(calls)::bigint as calls, {ERRORS}, sum(duration_us)::bigint as duration_us,
               max(slowest_us) as slowest_us
        from call_totals group by method, route order by 3 desc, 2, 1 limit $1
        """,
        limit,
    )


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


def _whose(partner_id: int | None) -> int:
    return EVERYBODY if partner_id is None else partner_id


def _one(rows: list[Row]) -> Row:
    assert rows, "sums are one row"
    return rows[0]
