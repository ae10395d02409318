"""SQL on single calls. Each statement is led by one condition that an index answers, and looks at so many calls at most.

The pool plans without looking at values, so a condition that is not asked for stands in no statement.
"""

from collections.abc import Sequence
from typing import Literal

from openmedspa.kit.db import Reads, Row
from openmedspa.usage.shapes import Asked

LOOKED_AT = 20_000  # calls of the leading condition that a statement looks at
COLUMNS = """c.id, c.at, c.request_id, c.method, c.route, c.status, c.code, c.duration_us, c.practice_id, c.partner_id,
             c.key_id, c.address"""
NAMED = f"""select {COLUMNS}, p.name as partner, k.name as key_name, k.prefix || '…' || k.last_four as key, pr.ppass
            from found c left join partners p on p.id = c.partner_id left join api_keys k on k.id = c.key_id
            left join practices pr on pr.id = c.practice_id"""
# By the name of what is asked; # is its parameter. The first one that is asked for leads, and has an index.
CONDITIONS = {
    "request_id": "request_id = #",
    "key_id": "partner_id = (select k.partner_id from api_keys k where k.id = #) and key_id = #",
    "partner_id": "partner_id = #",
    "code": "code = # and code <> ''",
    "route": "route = #",
    "failed_status": "status = # and status >= 400",
    "broken": "status >= 500 and status <= #",
    "failed": "status >= 400 and status <= #",
    "address": "address = #",
    "practice": "practice_id = (select id from practices where lower(ppass) = lower(#))",
    "status_from": "status >= #",
    "status_to": "status <= #",
    "method": "method = #",
}
NAMES = list(CONDITIONS)
LEADING = NAMES[:8]
Order = Literal["newest", "oldest"]
ORDERS: dict[Order, str] = {"newest": "at desc, id desc", "oldest": "at, id"}


async def list_calls(db: Reads, asked: Asked, order: Order, limit: int) -> list[Row]:
    """The newest or the oldest that match, among the LOOKED_AT first of the leading condition."""
    looked, rest, args = _parts(asked)
    by = ORDERS[order]
    return await db.unscoped_rows(
        f"""
        with found as (
          select * from (select * from calls c where {looked} order by {by} limit {LOOKED_AT}) c
          where {rest} order by {by} limit ${len(args) + 1}
        )
        {NAMED} order by {by}
        """,
        *args, limit,
    )  # fmt: skip


async def list_slowest(db: Reads, asked: Asked, among: int, limit: int) -> list[Row]:
    """The slowest of the newest that match."""
    looked, rest, args = _parts(asked)
    return await db.unscoped_rows(
        f"""
        with matching as (
          select * from (select * from calls c where {looked} order by at desc, id desc limit {LOOKED_AT}) c
          where {rest} order by at desc, id desc limit ${len(args) + 1}
        ), found as (select * from matching order by duration_us desc, id desc limit ${len(args) + 2})
        {NAMED} order by duration_us desc, id desc
        """,
        *args, among, limit,
    )  # fmt: skip


async def find_end_of_look(db: Reads, asked: Asked, order: Order) -> Row | None:
    """The last call that `list_calls` looks at; None when it looks at all of them."""
    looked, _, args = _parts(asked, with_rest=False)
    return await db.unscoped_row(
        f"select at, id from calls c where {looked} order by {ORDERS[order]} offset {LOOKED_AT - 1} limit 1", *args
    )


async def list_later(db: Reads, asked: Asked, floor: int, shown: Sequence[int], limit: int) -> list[Row]:
    """Calls written down behind `floor` and not shown yet, newest first; `top` is the last one of all.

    Without any there is one row, with nothing but `top`.
    """
    looked, rest, args = _parts(asked)
    at = len(args)
    return await db.unscoped_rows(
        f"""
        with found as (
          select * from (select * from calls where id > ${at + 1} order by id desc limit {LOOKED_AT}) c
          where {looked} and {rest} and not id = any(${at + 2}::bigint[]) order by at desc, id desc limit ${at + 3}
        ), named as ({NAMED})
        select t.top, n.* from (select coalesce(max(id), 0) as top from calls) t left join named n on true
        order by n.at desc, n.id desc
        """,
        *args, floor, shown, limit,
    )  # fmt: skip


async def find_call(db: Reads, request_id: str, partner_id: int | None) -> Row | None:
    """One request; of this partner, if one is named."""
    found = await list_calls(db, Asked(request_id=request_id, partner_id=partner_id), "newest", 1)
    return found[0] if found else None


async def find_top(db: Reads) -> int:
    """The number of the call that was written down last."""
    row = await db.unscoped_row("select coalesce(max(id), 0) as top from calls")
    assert row is not None
    return int(row["top"])


def _parts(asked: Asked, *, with_rest: bool = True) -> tuple[str, str, list[object]]:
    """The leading condition with the times, the other conditions, and what their parameters stand for."""
    wanted = [(name, CONDITIONS[name], value) for name, value in asked.conditions().items()]
    wanted.sort(key=lambda one: NAMES.index(one[0]))
    lead = [one for one in wanted[:1] if one[0] in LEADING]
    args: list[object] = []

    def placed(sql: str, *values: object) -> str:
        for value in values:
            args.append(value)
            sql = sql.replace("#", f"${len(args)}", 1 if len(values) > 1 else -1)
        return sql

    looked = [placed(sql, value) for _, sql, value in lead]
    looked += [placed(sql, *values) for sql, values in _times(asked)]
    rest = [placed(sql, value) for _, sql, value in wanted[len(lead) :]] if with_rest else []
    return " and ".join(looked) or "true", " and ".join(rest) or "true", args


def _times(asked: Asked) -> list[tuple[str, list[object]]]:
    times: list[tuple[str, list[object]]] = [
        (sql, [moment]) for sql, moment in (("at >= #", asked.since), ("at < #", asked.until)) if moment is not None
    ]
    for sql, cursor in (("(at, id) < (#, #)", asked.before), ("(at, id) > (#, #)", asked.after)):
        times += [(sql, [cursor.at, cursor.id])] if cursor is not None else []
    return times
