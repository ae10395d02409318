"""Calls as tables, files and one by one, for whoever's desk it is. A partner's desk sees that partner's, whatever is
asked. No rules of the log itself."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from msgspec import Struct
from msgspec.structs import replace

from openmedspa.kit.db import AWAY, Row
from openmedspa.kit.errors import Refused, Unavailable
from openmedspa.kit.http import GONE, Call
from openmedspa.kit.pages import Entry, File, Live, Piece, View
from openmedspa.kit.places import Places
from openmedspa.portals.calls import asking
from openmedspa.portals.calls.asking import UNKNOWN_PATH, Typed
from openmedspa.portals.layout.frame import frame
from openmedspa.portals.layout.listing import Column, Listing, sheet
from openmedspa.usage import activity, live
from openmedspa.usage.live import Mark
from openmedspa.usage.queries import LOOKED_AT
from openmedspa.usage.shapes import Asked, milliseconds

TICK_SECONDS = 1
LATEST = 10
EVERYTHING = Asked()
MOST_LIVE_ROWS = 2_000  # then the page is long enough, and is loaded anew by whoever wants more


def endpoint(row: Row) -> str:
    return row["route"] or UNKNOWN_PATH


def caller(row: Row) -> str:
    return row["partner"] or ""


def status_word(status: int) -> str:
    """`404 Not Found`."""
    if status == GONE:
        return f"{status} Caller gone"
    return f"{status} {HTTPStatus(status).phrase}" if status in set(HTTPStatus) else str(status)


def tone(status: int) -> str:
    return "good" if status < 400 else "warn" if status < 500 else "bad"


SIGNED_OUT = "You are signed out. Load the page anew."
LEFT_OUT = "More calls came at once than can be shown: some are left out here."
LONG = "This page is long now. Load it anew to follow on."
TIME, METHOD = Column("at", "Time"), Column("method", "Method")
COMMON = (
    TIME, METHOD, Column("route", "Endpoint", endpoint), Column("status", "Status"),
    Column("duration_us", "Duration", lambda row: milliseconds(row["duration_us"]), is_number=True),
)  # fmt: skip
PARTNER, KEY, ADDRESS = Column("partner", "Partner", caller), Column("key", "Key"), Column("address", "IP")
IN_FILE = (
    TIME, METHOD, Column("route", "Endpoint", endpoint), Column("status", "Status"), Column("code", "Error code"),
    Column("duration_us", "Duration (ms)", lambda row: row["duration_us"] / 1000), PARTNER, Column("key_name", "Key"),
    Column("key", "Key begins and ends"), Column("ppass", "PPass"), ADDRESS, Column("request_id", "Request id"),
)  # fmt: skip


class Desk(Struct, frozen=True):
    """Whose pages: an address, and the one partner whose calls are seen there; None: everybody's."""

    home: str
    live_entry: Entry
    partner_id: int | None = None

    @property
    def address(self) -> str:
        return f"{self.home}/activity"

    @property
    def columns(self) -> tuple[Column, ...]:
        return (*COMMON, PARTNER if self.partner_id is None else KEY, ADDRESS)

    def bind(self, asked: Asked) -> Asked:
        """What is asked, of those calls only that are seen here."""
        return asked if self.partner_id is None else replace(asked, partner_id=self.partner_id)


async def list_(call: Call[Any], desk: Desk) -> View:
    """A page of calls with its filters; 400, with what was typed, when a filter cannot be read."""
    typed = asking.read(call.query)
    db = call.house.system
    found = activity.Found([]) if typed.wrong else await activity.page(db, desk.bind(typed.asked), typed.sort)
    is_live = (
        not typed.wrong and typed.is_first_page and typed.sort == "newest" and not typed.asked.until
        and call.query.get("live") != "off"
    )  # fmt: skip
    values = {
        "frame": frame(call.house, call.grant, desk.address),
        "table": _listing(desk, typed, found.rows),
        "typed": typed,
        "found": found,
        "sorts": activity.SORTS,
        "partners": await activity.partners(db) if desk.partner_id is None else {},
        "live": await live_address(call, desk, found.rows, typed) if is_live else "",
        "is_paused": call.query.get("live") == "off",
        "looked_at": LOOKED_AT,
        "among": activity.AMONG,
        **words(desk),
    }
    return View("calls/list.html", values, status=400 if typed.wrong else 200)


async def latest(call: Call[Any], desk: Desk, asked: Asked = EVERYTHING) -> dict[str, object]:
    """The latest calls for an overview, and where to follow on from them if all calls are asked for."""
    found = await activity.page(call.house.system, desk.bind(asked), "newest", limit=LATEST)
    rows, typed = found.rows, asking.read({})
    return {
        "table": _listing(desk, typed, rows),
        "live": await live_address(call, desk, rows, typed) if asked == EVERYTHING else "",
        **words(desk),
    }


async def show(call: Call[Any], desk: Desk) -> View:
    """Everything about one request. NotFound, also for somebody else's."""
    row = await activity.get(call.house.system, call.path["request_id"], desk.partner_id)
    return View("calls/call.html", {"frame": frame(call.house, call.grant, desk.address), "row": row, **words(desk)})


async def export(call: Call[Any], desk: Desk) -> File:
    """What the table shows, as CSV, all pages of it."""
    typed = asking.read(call.query)
    if typed.wrong:
        raise Refused("The filters cannot be read", " ".join(typed.wrong.values()), code="field_invalid")
    columns = [column for column in IN_FILE if desk.partner_id is None or column is not PARTNER]
    return File(_chunks(call, desk.bind(typed.asked), typed, columns), "activity.csv")


async def _chunks(call: Call[Any], asked: Asked, typed: Typed, columns: list[Column]) -> AsyncGenerator[bytes]:
    count = 0
    yield sheet(columns, [])
    async for rows in activity.batches(call.house.system, asked, typed.sort):
        count += len(rows)
        yield sheet(columns, rows, head=False)
    if count == activity.MOST_IN_FILE:
        yield f"Cut after {count} calls: ask for a shorter time.\r\n".encode()


async def follow(call: Call[Any], desk: Desk) -> Live:
    """New calls as rows of the table, for as long as the session lasts. Unavailable when too many look on."""
    if not _places(call, desk).has_room(desk.partner_id):
        raise Unavailable("Too many pages are being followed. Load this one anew instead.", retry_after_seconds=60)
    typed = asking.read(call.query)
    mark = Mark.of(call.incoming.header(b"last-event-id") or call.query.get("mark", ""))
    if typed.wrong or mark is None:
        raise Refused("The filters cannot be read", " ".join(typed.wrong.values()) or None, code="field_invalid")
    return Live(_pieces(call, desk, desk.bind(typed.asked), mark))


async def _pieces(call: Call[Any], desk: Desk, asked: Asked, mark: Mark) -> AsyncGenerator[Piece]:
    """A look a second. While the database is away it simply ends, and the browser comes back with its last mark."""
    left = MOST_LIVE_ROWS
    with _places(call, desk).taken(desk.partner_id), suppress(*AWAY, Unavailable):
        while left > 0:
            await asyncio.sleep(TICK_SECONDS)
            if not await _is_signed_in(call, desk):
                yield Piece(_rows(desk, [], SIGNED_OUT))
                break
            later = await live.look(call.house.system, asked, mark)
            mark = later.mark
            left -= len(later.rows)
            if later.rows:
                yield Piece(_rows(desk, later.rows, LEFT_OUT if later.is_cut else ""), mark.text)
        else:
            yield Piece(_rows(desk, [], LONG))
        yield Piece(word="ended")


def _places(call: Call[Any], desk: Desk) -> Places:
    """One partner's pages leave those of others, and of operators, alone."""
    return call.house.operators_live if desk.partner_id is None else call.house.partners_live


async def _is_signed_in(call: Call[Any], desk: Desk) -> bool:
    """Asked of the session as it is now: what it was when the page was opened says nothing of this moment."""
    call.incoming.now = call.house.now()
    try:
        call.grant = await desk.live_entry.admit(call.incoming, call.path)
    except Unavailable:
        raise
    except Refused:
        return False
    return True


def _rows(desk: Desk, rows: list[Row], remark: str = "") -> View:
    return View("calls/live.html", {"rows": rows, "remark": remark, "columns": desk.columns, **words(desk)})


async def live_address(call: Call[Any], desk: Desk, rows: list[Row], typed: Typed) -> str:
    """Where to follow on from this table; calls that are older than its last one do not belong on it."""
    mark = await live.begin(call.house.system, rows)
    after = activity.cursor(rows[-1]).text if rows else ""
    query = {**typed.fields, "search": typed.search, "mark": mark.text, "after": after}
    return f"{desk.address}/live?{urlencode({name: text for name, text in query.items() if text})}"


def words(desk: Desk) -> Mapping[str, object]:
    """What the templates of calls need besides their rows."""
    return {
        "desk": desk, "is_partner": desk.partner_id is not None, "milliseconds": milliseconds, "endpoint": endpoint,
        "status_word": status_word, "tone": tone,
    }  # fmt: skip


def _listing(desk: Desk, typed: Typed, rows: list[Row]) -> Listing:
    sort = "" if typed.sort == "newest" else typed.sort
    return Listing(
        columns=desk.columns, rows=rows, address=desk.address, total=len(rows), search=typed.search, sort=sort,
        filters=typed.fields,
    )  # fmt: skip
