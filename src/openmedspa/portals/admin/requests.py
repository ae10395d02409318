"""The doors of /admin/requests: who asks for access, and what an operator makes of it. Take apart, call, answer."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from openmedspa.accounts.shapes import Operator
from openmedspa.kit.db import Reads, Row
from openmedspa.kit.errors import Conflict, Invalid, NotFound
from openmedspa.kit.http import Call
from openmedspa.kit.pages import Raw, Redirect, View
from openmedspa.partners import access_decisions, queries
from openmedspa.partners.access_shapes import (
    GLOBAL_SCOPES,
    SCOPE_WORDS,
    Approval,
    history,
    is_decidable,
    is_deniable,
    lapses_at,
    line_of,
    status_of,
)
from openmedspa.portals.layout.frame import frame
from openmedspa.portals.layout.listing import Column, Listing, listing, sheet

HOME = "/admin/requests"
COLUMNS = [
    Column("at", "Time"),
    Column("company", "Company"),
    Column("practice", "Practice"),
    Column("contact", "Contact"),
    Column("scopes", "Requested Scopes"),
    Column("status", "Status"),
    Column("action", "Action", is_sortable=False),
]
DONE = {
    "approved": "Approved. The next step is on its way by e-mail.",
    "denied": "Denied. They are told why by e-mail.",
}
LASTS = [("365", "In a year"), ("90", "In 90 days"), ("", "Never")]


async def list_(call: Call[Operator]) -> View:
    """All requests, the newest first."""
    table = listing(await _lines(call), COLUMNS, call.query, address=HOME)
    values = {
        "frame": frame(call.house, call.grant, HOME),
        "table": table,
        "done": DONE.get(call.query.get("done", "")),
    }
    return View("admin/requests.html", values)


async def export(call: Call[Operator]) -> Raw:
    """The same as CSV: what the search finds, in its order."""
    table = listing(await _lines(call), COLUMNS, call.query, address=HOME, per_page=0)
    headers = {"content-disposition": 'attachment; filename="access-requests.csv"'}
    return Raw(sheet(COLUMNS, table.rows), "text/csv; charset=utf-8", headers=headers)


async def latest(db: Reads, *, now: datetime, limit: int = 10) -> Listing:
    """The newest requests, for the dashboard."""
    rows = [line_of(row, now) for row in await queries.list_latest_requests(db, limit)]
    return Listing(columns=COLUMNS, rows=rows, address=HOME, total=len(rows))


async def show(call: Call[Operator]) -> View:
    """One request: what was asked, what happened, and the forms that decide. `?practice=` names whose it is."""
    return await _shown(call, await _found(call.house.system, call), typed=call.query)


async def approve(call: Call[Operator]) -> View | Redirect:
    """Let it have some of what it asks for."""
    form = call.body
    row = await _found(call.tx, call)
    try:
        await access_decisions.approve(
            call.tx, row["id"], _approval(form), actor=call.grant.actor, trace=call.request_id, now=call.now
        )
    except (Invalid, Conflict) as refused:
        return await _shown(call, await _found(call.tx, call), typed=form, refused=refused)
    return Redirect(f"{HOME}/{row['id']}?done=approved")


async def deny(call: Call[Operator]) -> View | Redirect:
    """It gets nothing, and is told why."""
    form = call.body
    row = await _found(call.tx, call)
    try:
        await access_decisions.deny(
            call.tx, row["id"], seen=form.get("seen", "New"), reason=form.get("reason", ""), actor=call.grant.actor,
            trace=call.request_id, now=call.now,
        )  # fmt: skip
    except (Invalid, Conflict) as refused:
        return await _shown(call, await _found(call.tx, call), typed=form, refused=refused)
    return Redirect(f"{HOME}/{row['id']}?done=denied")


async def _lines(call: Call[Operator]) -> list[dict[str, Any]]:
    return [line_of(row, call.now) for row in await queries.list_requests(call.house.system)]


async def _found(db: Reads, call: Call[Operator]) -> Row:
    number = call.path["request_id"]
    is_number = number.isascii() and number.isdecimal() and len(number) <= 18
    row = await queries.find_request(db, int(number)) if is_number else None
    if row is None:
        raise NotFound("There is no such request", "It may have been forgotten: see the list.")
    return row


def _approval(form: Mapping[str, str]) -> Approval:
    partner, days = form.get("partner", "new"), form.get("expires", "365")
    if days not in dict(LASTS):
        raise Invalid("This needs a change", fields={"expires": "Choose when the key ends."})
    if partner != "new" and not (partner.isascii() and partner.isdecimal() and len(partner) < 10):
        raise Invalid("This needs a change", fields={"partner": "Choose a partner."})
    return Approval(
        practice=form.get("practice", ""),
        location_ids=_chosen(form, "location"),
        scopes=_chosen(form, "scope"),
        key_days=int(days) if days else None,
        partner_id=None if partner == "new" else int(partner),
        partner_name=form.get("partner_name", ""),
        owner_name=form.get("owner_name", "").strip(),
        owner_email=form.get("owner_email", "").strip(),
        seen=form.get("seen", "New"),
    )


def _chosen(form: Mapping[str, str], prefix: str) -> list[str]:
    return [name.removeprefix(f"{prefix}.") for name in form if name.startswith(f"{prefix}.")]


async def _shown(
    call: Call[Operator], row: Row, *, typed: Mapping[str, str], refused: Invalid | Conflict | None = None
) -> View:
    """Also after a form that was refused: with what was typed, and why."""
    system, is_admin = call.house.system, call.grant.is_admin
    values = {
        "frame": frame(call.house, call.grant, HOME),
        "asked": row,
        "state": status_of(row, call.now),
        "ends_at": lapses_at(row) if row["approved_at"] else None,
        "history": history(row),
        "words": SCOPE_WORDS,
        "is_decidable": is_admin and is_decidable(row, call.now),
        "is_deniable": is_admin and is_deniable(row, call.now),
        "done": DONE.get(call.query.get("done", "")),
        "typed": typed,
        "conflict": refused if isinstance(refused, Conflict) else None,
        "mistakes": refused.fields if isinstance(refused, Invalid) else {},
        **(await _choices(system, row, typed, is_refused=refused is not None)),
    }
    return View("admin/request.html", values, status=refused.status if refused else 200)


async def _choices(db: Reads, row: Row, typed: Mapping[str, str], *, is_refused: bool) -> dict[str, object]:
    """What the form offers: the places of the practice that was chosen or meant by its name, else all practices."""
    places = await queries.list_places(db)
    meant = next((one["ppass"] for one in places if row["practice"].lower() in _names(one)), "")
    place = await queries.find_place(db, typed.get("practice", row["ppass"] or meant))
    partners = [one for one in await queries.list_partners(db) if not one["revoked_at"]]
    namesake = next((one for one in partners if one["name"].lower() == row["company"].lower()), None)
    chosen = {
        "location": _chosen(typed, "location") if is_refused else place["location_ids"] if place else [],
        "scope": _chosen(typed, "scope") if is_refused else row["scopes"],
    }
    return {
        "practices": [("", "Choose a practice"), *((one["ppass"], _named(one)) for one in places)],
        "place": place,
        "is_meant": bool(meant) and place is not None and place["ppass"] == meant,
        "locations": [
            (one, name, one) for one, name in zip(place["location_ids"], place["locations"], strict=True)
        ] if place else [],
        "scopes": [(one, one, _hint(one)) for one in row["scopes"]],
        "partners": [("new", "A new partner"), *((one["id"], one["name"]) for one in partners)],
        "namesake": namesake,
        "lasts": LASTS,
        "chosen": chosen,
    }  # fmt: skip


def _names(place: Row) -> set[str]:
    return {place["ppass"].lower(), place["name"].lower()}


def _named(place: Row) -> str:
    return f"{place['name']} ({place['ppass']})"


def _hint(scope: str) -> str:
    return f"{SCOPE_WORDS[scope]}{'' if scope in GLOBAL_SCOPES else '; the owner has to agree'}"
