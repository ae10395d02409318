"""Single calls: a page of them, all of them for a file, one of them. Constant in time, however long the log is."""

from collections.abc import AsyncGenerator, Mapping
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from openmedspa.kit.db import Reads, Row
from openmedspa.kit.errors import NotFound
from openmedspa.usage import queries
from openmedspa.usage.shapes import Asked, Cursor

PER_PAGE = 50
AMONG = 10_000  # newest calls, of which the slowest are looked for
AT_ONCE, MOST_IN_FILE = 1_000, 100_000
Sort = Literal["newest", "oldest", "slowest"]
SORTS: dict[Sort, str] = {"newest": "Newest", "oldest": "Oldest", "slowest": "Slowest"}


class Found(Struct, frozen=True):
    """A page of calls. `newer` and `older` are where its neighbours begin; `looked_until`, when the look ended there
    because it had seen enough calls, and not because there were no more."""

    rows: list[Row]
    newer: Cursor | None = None
    older: Cursor | None = None
    looked_until: Cursor | None = None


async def page(db: Reads, asked: Asked, sort: Sort, *, limit: int = PER_PAGE) -> Found:
    """The calls that match, in this order; `asked.before` and `asked.after` turn pages."""
    if sort == "slowest":
        return Found(await queries.list_slowest(db, asked, AMONG, limit))
    order: Literal["newest", "oldest"] = (
        "oldest" if asked.after or (sort == "oldest" and not asked.before) else "newest"
    )
    rows = await queries.list_calls(db, asked, order, limit + 1)
    has_more = len(rows) > limit
    rows = rows[:limit]
    end = None if has_more else await _end_of_look(db, asked, order)
    onwards = cursor(rows[-1]) if has_more else end
    back = cursor(rows[0]) if rows and (asked.before or asked.after) else None
    if (order == "newest") != (sort != "oldest"):
        rows = rows[::-1]
    newer, older = (onwards, back) if order == "oldest" else (back, onwards)
    return Found(rows, newer=newer, older=older, looked_until=end)


async def batches(db: Reads, asked: Asked, sort: Sort) -> AsyncGenerator[list[Row]]:
    """All calls that match, AT_ONCE at a time, MOST_IN_FILE at most; the slowest are no more than a page of them."""
    left = MOST_IN_FILE
    while left:
        found = await page(db, asked, sort, limit=min(AT_ONCE, left))
        if found.rows:
            yield found.rows
            left -= len(found.rows)
        onwards = found.newer if sort == "oldest" else found.older
        if onwards is None:
            return
        asked = replace(asked, **{"after" if sort == "oldest" else "before": onwards})


async def get(db: Reads, request_id: str, partner_id: int | None) -> Row:
    """One request; of this partner, if one is named. NotFound, also for somebody else's."""
    row = await queries.find_call(db, request_id, partner_id)
    if row is None:
        raise NotFound("There is no such call", "Calls are kept for a while, and are listed within a second.")
    return row


async def partners(db: Reads) -> Mapping[int, str]:
    """Everybody who may have called, by number."""
    return {row["id"]: row["name"] for row in await queries.list_partner_names(db)}


async def _end_of_look(db: Reads, asked: Asked, order: Literal["newest", "oldest"]) -> Cursor | None:
    """Where a look ended that might have found more further on."""
    row = await queries.find_end_of_look(db, asked, order)
    return cursor(row) if row else None


def cursor(row: Row) -> Cursor:
    """Where the list can go on behind this call."""
    return Cursor(row["at"], row["id"])
