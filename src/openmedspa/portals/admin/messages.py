"""The doors of /admin/messages: where e-mails and texts stand, and sending again. No rules; no address stands whole."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any

from openmedspa.accounts.shapes import Operator
from openmedspa.exams import visits
from openmedspa.kit.errors import Conflict, Invalid, NotFound, Refused
from openmedspa.kit.http import Call
from openmedspa.kit.pages import File, Redirect, View
from openmedspa.notifications import outbox
from openmedspa.notifications.shapes import Channel, Standing
from openmedspa.portals.layout.frame import frame
from openmedspa.portals.layout.listing import PER_PAGE, Column, sheet
from openmedspa.portals.layout.older import older, place
from openmedspa.usage import audit

HERE = "/admin/messages"
MOST_IN_CSV = 100_000
LARGEST_ID = 2**63 - 1
CHANNELS: Mapping[str, Channel] = {"email": "email", "sms": "sms"}
STANDINGS: Mapping[str, Standing] = {
    "waiting": "waiting", "sent": "sent", "withdrawn": "withdrawn", "troubled": "troubled",
}  # fmt: skip
COLUMNS = [
    Column("queued_at", "Time", is_sortable=False),
    Column("address", "To", is_sortable=False),
    Column("channel", "By", is_sortable=False),
    Column("notice", "Notice", is_sortable=False),
    Column("state", "State", is_sortable=False),
    Column("cause", "Cause", is_sortable=False),
    Column("gfe_id", "Visit", is_sortable=False),
]
ACTION = Column("action", "Action", lambda _line: "", is_sortable=False)  # on the page only
DONE = {
    "invited": "A new invitation is on its way. The link of the old one has ended.",
    "queued": "The message is on its way again.",
}


async def list_(call: Call[Operator]) -> View:
    """The messages of all practices, the latest first, with addresses that are masked."""
    return await _page(call, call.query)


async def export(call: Call[Operator]) -> File:
    """The same as CSV, masked as well."""
    audit.note_read(call, audit.PLATFORM, "messages.exported", "all")
    return File(chunks=_chunks(call), name="messages.csv")


async def resend(call: Call[Operator]) -> View | Redirect:
    """An invitation is made anew, with a new link; what was given up goes back into the queue."""
    message_id = _number(call.path["message_id"])
    by: dict[str, Any] = {"actor": call.grant.actor, "request_id": call.request_id, "now": call.now}
    try:
        gfe_id = await outbox.find_invited(call.tx, message_id)
        if gfe_id is None:
            await outbox.send_again(call.tx, message_id, **by)
            return Redirect(f"{HERE}?done=queued")
        await visits.invite_again(call.tx, await visits.lock_across_practices(call.tx, gfe_id), **by)
    except (Conflict, Invalid) as refused:  # before anything was changed
        return await _page(call, {}, refused=refused)
    return Redirect(f"{HERE}?done=invited")


async def _page(call: Call[Operator], query: Mapping[str, str], *, refused: Refused | None = None) -> View:
    asked = _sought(query)
    lines = await outbox.read(call.house.system, asked, place(query, outbox.NEWEST), PER_PAGE + 1)
    audit.note_read(call, audit.PLATFORM, "messages.listed", asked.gfe_id or "all")
    columns = [*COLUMNS, ACTION] if call.grant.is_admin else COLUMNS
    filters = {"channel": asked.channel or "", "state": asked.standing or ""}
    listing = older(
        lines, columns, query, address=HERE, place_of=outbox.place_of, filters=filters, search=asked.gfe_id or ""
    )
    values = {
        "frame": frame(call.house, call.grant, HERE),
        "listing": listing,
        "is_admin": call.grant.is_admin,
        "done": DONE.get(query.get("done", ""), ""),
        "refused": refused,
    }
    return View("admin/messages.html", values, status=refused.status if refused else 200)


async def _chunks(call: Call[Operator]) -> AsyncGenerator[bytes]:
    yield sheet(COLUMNS, [])
    async for lines in outbox.walk(call.house.system, _sought(call.query), most=MOST_IN_CSV):
        yield sheet(COLUMNS, lines, head=False)


def _sought(query: Mapping[str, str]) -> outbox.Sought:
    return outbox.Sought(
        gfe_id=query.get("search", "").strip()[:200] or None,
        channel=CHANNELS.get(query.get("channel", "")),
        standing=STANDINGS.get(query.get("state", "")),
    )


def _number(text: str) -> int:
    if text.isascii() and text.isdecimal() and len(text) < 20 and 0 < int(text) <= LARGEST_ID:
        return int(text)
    raise NotFound("There is no such message.")
