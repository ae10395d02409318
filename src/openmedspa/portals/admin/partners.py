"""/admin/partners: companies, what is granted to them and their keys. Takes forms apart and calls; no rules."""

from typing import Any

from openmedspa.accounts.shapes import Operator
from openmedspa.kit.db import Reads, Row
from openmedspa.kit.errors import Conflict, Invalid
from openmedspa.kit.http import Call
from openmedspa.kit.pages import Raw, Redirect, View
from openmedspa.partners import profile, queries, registry
from openmedspa.partners.shapes import MeIn
from openmedspa.partners.status import with_status
from openmedspa.portals.admin import typed
from openmedspa.portals.admin.keys import COLUMNS as KEY_COLUMNS
from openmedspa.portals.layout.frame import frame
from openmedspa.portals.layout.listing import Column, Listing, listing, sheet
from openmedspa.practices import queries as practices


def status_of(partner: Row) -> str:
    """In words: whether its keys are let in at all."""
    return "Switched off" if partner["revoked_at"] else "Active"


ADDRESS = "/admin/partners"
COLUMNS = [
    Column("name", "Name"),
    Column("contact_email", "Contact"),
    Column("ppasses", "PPass"),
    Column("keys", "Live keys", is_number=True),
    Column("last_used_at", "Last used"),
    Column("status", "Status", status_of),
]
SHEET = [
    Column("id", "Number"),
    *COLUMNS,
    Column("contact_name", "Contact's name"),
    Column("phone", "Phone"),
    Column("website", "Website"),
    Column("location_ids", "Locations"),
    Column("created_at", "Created"),
]
PLACES = [Column("ppass", "PPass"), Column("location", "Location"), Column("created_at", "Since")]
ACTION = Column("action", "Action", lambda _: "", is_sortable=False)  # for who may withdraw it
OWN_KEYS = [column for column in KEY_COLUMNS if column.name != "partner"]
PROFILE = {
    "name": ("Company", "Name"),
    "contact_name": ("ContactName", "Contact’s name"),
    "contact_email": ("ContactEmail", "E-mail"),
    "phone": ("Phone", "Phone"),
    "website": ("Website", "Website"),
}
LONGEST = 200  # characters of each
DONE = {
    "created": "Partner added. Next: what it may reach, then a key.",
    "changed": "Saved.",
    "granted": "Granted. It counts from now on.",
    "withdrawn": "Withdrawn. It counts from now on.",
    "off": "Switched off. All its keys are refused from now on.",
    "on": "Switched on. Its keys are what they were.",
}


async def latest(db: Reads, *, limit: int = 10) -> Listing:
    """The partners that called last, for the dashboard."""
    rows = await queries.list_latest_partners(db, limit)
    return Listing(columns=COLUMNS, rows=rows, address=ADDRESS, total=len(rows))


async def list_(call: Call[Operator]) -> View:
    """Every partner."""
    return await _list(call, call.house.system)


async def export(call: Call[Operator]) -> Raw:
    """The same rows as CSV."""
    found = listing(await queries.list_partners(call.house.system), SHEET, call.query, address=ADDRESS, per_page=0)
    named = {"content-disposition": 'attachment; filename="partners.csv"', "cache-control": "no-store"}
    return Raw(sheet(SHEET, found.rows), "text/csv; charset=utf-8", headers=named)


async def show(call: Call[Operator]) -> View:
    """One partner: contact, what it reaches, its keys."""
    return await _show(call, call.house.system)


async def create(call: Call[Operator]) -> View | Redirect:
    """Add a partner; it reaches nothing yet."""
    form = call.body
    try:
        row = await registry.create_partner(
            call.tx, form.get("name", ""), contact_email=form.get("contact_email", "").strip() or None,
            actor=call.grant.actor, now=call.now,
        )  # fmt: skip
    except (Invalid, Conflict) as refused:
        errors = typed.mistakes(refused, at="name")
        return await _list(call, call.tx, form=form, errors=errors, status=refused.status)
    return Redirect(f"{ADDRESS}/{row['id']}?done=created")


async def change(call: Call[Operator]) -> View | Redirect:
    """Its name and contact."""
    partner, form = await _partner(call, call.tx), call.body
    if errors := {
        name: f"{label} is too long." for name, (_, label) in PROFILE.items() if len(form.get(name, "")) > LONGEST
    }:
        return await _show(call, call.tx, form=form, errors=errors, status=400)
    wanted = MeIn(
        company=form.get("name", ""), **{name: form.get(name, "").strip() or None for name in PROFILE if name != "name"}
    )
    try:
        await profile.change(
            call.tx, partner["id"], wanted, actor=call.grant.actor, request_id=call.request_id, now=call.now
        )
    except (Invalid, Conflict) as refused:
        return await _show(call, call.tx, form=form, errors=_mistakes(refused), status=refused.status)
    return _back(partner["id"], "changed")


async def grant(call: Call[Operator]) -> View | Redirect:
    """Let it reach a location, or all that a practice has now."""
    partner, asked = await _partner(call, call.tx), call.body.get("place", "").strip()
    places = await _places(call.tx, asked)
    if not places:
        why = f"There is no location and no PPass “{asked}”, or it has no locations." if asked else "Name a place."
        return await _show(call, call.tx, form=call.body, errors={"place": why}, status=400)
    await registry.add_grants(call.tx, str(partner["id"]), places, actor=call.grant.actor, now=call.now)
    return _back(partner["id"], "granted")


async def withdraw(call: Call[Operator]) -> Redirect:
    """Take a location away, or all of a practice's."""
    partner = await _partner(call, call.tx)
    places = await _places(call.tx, call.body.get("place", ""))
    await registry.remove_grants(call.tx, str(partner["id"]), places, actor=call.grant.actor, now=call.now)
    return _back(partner["id"], "withdrawn")


async def switch(call: Call[Operator]) -> Redirect:
    """Off, or on again."""
    partner, is_on = await _partner(call, call.tx), call.body.get("to") == "on"
    await registry.switch_partner(call.tx, str(partner["id"]), is_on=is_on, actor=call.grant.actor, now=call.now)
    return _back(partner["id"], "on" if is_on else "off")


async def _list(
    call: Call[Operator], db: Reads, *, form: dict[str, str] | None = None, errors: typed.Mistakes | None = None,
    status: int = 200,
) -> View:  # fmt: skip
    values = {
        "frame": frame(call.house, call.grant, ADDRESS),
        "listing": listing(await queries.list_partners(db), COLUMNS, call.query, address=ADDRESS),
        "may": call.grant.is_admin,
        "form": {"name": "", "contact_email": "", **(form or {})},
        "errors": errors or {},
    }
    return View("admin/partners.html", values, status=status)


async def _show(
    call: Call[Operator], db: Reads, *, form: dict[str, str] | None = None, errors: typed.Mistakes | None = None,
    status: int = 200,
) -> View:  # fmt: skip
    partner = await _partner(call, db)
    granted = await queries.list_granted(db, partner["id"])
    keys = with_status(await queries.list_own_keys(db, partner["id"]), call.now)
    address = f"{ADDRESS}/{partner['id']}"
    columns = [*PLACES, ACTION] if call.grant.is_admin else PLACES
    values = {
        "frame": frame(call.house, call.grant, ADDRESS),
        "partner": partner,
        "status": status_of(partner),
        "places": listing(granted, columns, call.query, address=address),
        "offers": await _offers(db, {row["location_id"] for row in granted}) if call.grant.is_admin else [],
        "keys": Listing(columns=OWN_KEYS, rows=keys, address=address, total=len(keys)),
        "may": call.grant.is_admin,
        "form": {**{name: partner[name] or "" for name in PROFILE}, "place": "", **(form or {})},
        "errors": errors or {},
        "done": DONE.get(call.query.get("done", ""), ""),
    }
    return View("admin/partner.html", values, status=status)


async def _partner(call: Call[Operator], db: Reads) -> Row:
    return await registry.get_company(db, typed.number_of(call.path["partner_id"], "partner"))


async def _places(db: Reads, asked: str) -> list[str]:
    """Of a location's id or a PPass: the locations. None when there is no such thing."""
    locations = await practices.list_locations(db, None)
    return [row["id"] for row in locations if row["id"] == asked or row["ppass"].lower() == asked.lower()]


async def _offers(db: Reads, granted: set[str]) -> list[tuple[str, str]]:
    """What could be granted, as (what to type, what it is): whole practices, then single locations."""
    locations = [row for row in await practices.list_locations(db, None) if row["id"] not in granted]
    whole = dict.fromkeys(row["ppass"] for row in locations)
    names: list[tuple[str, str]] = [(ppass, "all its locations") for ppass in whole]
    return names + [(row["id"], f"{row['ppass']} · {row['name']}") for row in locations]


def _mistakes(refused: Invalid | Conflict) -> typed.Mistakes:
    """The API's names for fields, as this form has them."""
    fields: dict[str, Any] = {wire: (name, label) for name, (wire, label) in PROFILE.items()}
    told = {fields[wire][0]: f"{fields[wire][1]} {why}." for wire, why in refused.fields.items()}
    return told or {"name": refused.detail or refused.error}


def _back(partner_id: int, done: str) -> Redirect:
    return Redirect(f"{ADDRESS}/{partner_id}?done={done}")
