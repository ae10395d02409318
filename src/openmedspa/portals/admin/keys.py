"""/admin/keys: partners' keys, read, made, rotated, limited, ended. Takes forms apart and calls; no rules."""

import secrets
from datetime import timedelta
from hashlib import sha256
from typing import Any

from msgspec.structs import replace

from openmedspa.accounts.shapes import Operator
from openmedspa.kit.db import Reads, Row
from openmedspa.kit.errors import Conflict, Invalid
from openmedspa.kit.http import Call
from openmedspa.kit.pages import Raw, Redirect, View
from openmedspa.partners import keys, queries, registry, rotation
from openmedspa.partners.access_shapes import SCOPE_WORDS
from openmedspa.partners.keys import Environment
from openmedspa.partners.status import is_live, with_status
from openmedspa.portals.admin import typed
from openmedspa.portals.layout.frame import frame
from openmedspa.portals.layout.listing import Column, Listing, listing, sheet

ADDRESS = "/admin/keys"
COLUMNS = [
    Column("name", "Name"),
    Column("partner", "Partner"),
    Column("ppasses", "PPass"),
    Column("scopes", "Scopes"),
    Column("last_used_at", "Last Used"),
    Column("status", "Status"),
]
SHEET = [
    Column("id", "Number"),
    *COLUMNS,
    Column("key", "Key"),
    Column("location_ids", "Only at"),
    Column("created_at", "Created"),
    Column("expires_at", "Expires"),
    Column("revoked_at", "Revoked"),
    Column("per_second", "Per second"),
    Column("burst", "At once"),
]
DONE = {"revoked": "Key revoked. It is refused from now on.", "limited": "The new limit counts from now on."}
OVERLAPS = (("24", "24 hours"), ("0", "Not at all: it ends at once"), ("1", "1 hour"), ("168", "7 days"))
UNTYPED = {
    "name": "",
    "where": "all",
    "per_second": str(keys.PER_SECOND),
    "burst": str(keys.BURST),
    "ends": "",
    "day": "",
}


async def latest(db: Reads, *, now: Any, limit: int = 10) -> Listing:
    """The keys that were used or made last, for the dashboard."""
    rows = with_status(await queries.list_latest_keys(db, limit), now)
    return Listing(columns=COLUMNS, rows=rows, address=ADDRESS, total=len(rows))


async def list_(call: Call[Operator]) -> View:
    """Every key of every partner; with `?partner=` the form for a new one of that partner's."""
    return await _list(call, call.house.system, partner_id=call.query.get("partner", ""))


async def export(call: Call[Operator]) -> Raw:
    """The same rows as CSV."""
    rows = with_status(await queries.list_keys(call.house.system), call.now)
    found = listing(rows, SHEET, call.query, address=ADDRESS, per_page=0)
    named = {"content-disposition": 'attachment; filename="keys.csv"', "cache-control": "no-store"}
    return Raw(sheet(SHEET, found.rows), "text/csv; charset=utf-8", headers=named)


async def show(call: Call[Operator]) -> View:
    """One key: what it may do and where, who replaces it."""
    return await _show(call, call.house.system)


async def create(call: Call[Operator]) -> View:
    """Make a key and show it, this once: the answer is the page itself, and the form counts once."""
    form = call.body
    try:
        partner = await registry.get_company(call.tx, typed.whole(form, "partner", "The partner"))
        if before := await _claim(call, partner["id"]):
            return await _sent_already(call, before)
        key, row = await registry.create_key(
            call.tx, str(partner["id"]), environment=_environment(call), name=form.get("name", ""),
            scopes=typed.chosen(form, "scope"), location_ids=_places(form), expires_at=typed.end(form, now=call.now),
            per_second=typed.whole(form, "per_second", "Calls a second"), burst=typed.whole(form, "burst", "At once"),
            actor=call.grant.actor, now=call.now,
        )  # fmt: skip
    except (Invalid, Conflict) as refused:
        return await _list(
            call, call.tx, partner_id=form.get("partner", ""), form=form, errors=typed.mistakes(refused, at="name"),
            status=refused.status,
        )  # fmt: skip
    await queries.update_idempotency_answer(call.tx, partner["id"], _once(form), answer=str(row["id"]).encode())
    return await _made(call, key, row["id"])


async def rotate(call: Call[Operator]) -> View:
    """Make the key that takes over and show it, this once. A second time there is nothing left to replace."""
    key_id = typed.number_of(call.path["key_id"], "key")
    hours = typed.whole(call.body, "overlap", "The overlap")
    try:
        key, row = await rotation.rotate_key(
            call.tx, key_id, overlap=timedelta(hours=hours), environment=_environment(call), actor=call.grant.actor,
            now=call.now,
        )  # fmt: skip
    except (Invalid, Conflict) as refused:
        return await _show(call, call.tx, errors=typed.mistakes(refused, at="rotate"), status=refused.status)
    return await _made(call, key, row["id"])


async def revoke(call: Call[Operator]) -> Redirect:
    """End a key for good."""
    key_id = typed.number_of(call.path["key_id"], "key")
    await registry.revoke_key(call.tx, key_id, actor=call.grant.actor, now=call.now)
    return Redirect(f"{ADDRESS}/{key_id}?done=revoked")


async def limit(call: Call[Operator]) -> View | Redirect:
    """Say how often a key may call."""
    key_id, form = typed.number_of(call.path["key_id"], "key"), call.body
    try:
        await registry.set_limits(
            call.tx, key_id, per_second=typed.whole(form, "per_second", "Calls a second"),
            burst=typed.whole(form, "burst", "At once"), actor=call.grant.actor, now=call.now,
        )  # fmt: skip
    except (Invalid, Conflict) as refused:
        errors = typed.mistakes(refused, at="per_second")
        return await _show(call, call.tx, form=form, errors=errors, status=refused.status)
    return Redirect(f"{ADDRESS}/{key_id}?done=limited")


async def _list(
    call: Call[Operator], db: Reads, *, partner_id: str, form: dict[str, str] | None = None,
    errors: typed.Mistakes | None = None, status: int = 200,
) -> View:  # fmt: skip
    """The table, and the form for a new key once its partner is known: that decides which places there are."""
    partner, places, form = None, [], form or UNTYPED
    if call.grant.is_admin and partner_id:
        partner = await registry.get_company(db, typed.number_of(partner_id, "partner"))
        places = await queries.list_granted(db, partner["id"])
    rows = with_status(await queries.list_keys(db), call.now)
    values = {
        "frame": frame(call.house, call.grant, ADDRESS),
        "listing": replace(listing(rows, SHEET, call.query, address=ADDRESS), columns=COLUMNS),
        "partners": [(row["id"], row["name"]) for row in await queries.list_partners(db) if row["revoked_at"] is None],
        "may": call.grant.is_admin,
        "partner": partner,
        "places": [(row["location_id"], row["location"], f"{row['ppass']} · {row['location_id']}") for row in places],
        "form": {**UNTYPED, **form},
        "scopes": [(scope, scope, words) for scope, words in SCOPE_WORDS.items()],
        "chosen": typed.chosen(form, "scope"),
        "chosen_places": typed.chosen(form, "location"),
        "ends": typed.ENDS,
        "once": secrets.token_urlsafe(16),
        "errors": errors or {},
    }
    return View("admin/keys.html", values, status=status)


async def _show(
    call: Call[Operator], db: Reads, *, form: dict[str, str] | None = None, errors: typed.Mistakes | None = None,
    status: int = 200,
) -> View:  # fmt: skip
    (key,) = with_status([await registry.get_key(db, typed.number_of(call.path["key_id"], "key"))], call.now)
    values = {
        "frame": frame(call.house, call.grant, ADDRESS),
        "key": key,
        "may": call.grant.is_admin,
        "is_live": is_live(key, call.now),
        "overlaps": OVERLAPS,
        "form": {"per_second": key["per_second"], "burst": key["burst"], **(form or {})},
        "errors": errors or {},
        "done": DONE.get(call.query.get("done", ""), ""),
    }
    return View("admin/key.html", values, status=status)


async def _made(call: Call[Operator], raw: str, key_id: int) -> View:
    """The one page that has a key on it; no browser keeps it."""
    (key,) = with_status([await registry.get_key(call.tx, key_id)], call.now)
    old = await registry.get_key(call.tx, key["replaces"]) if key["replaces"] else None
    values = {"frame": frame(call.house, call.grant, ADDRESS), "raw": raw, "key": key, "old": old, "now": call.now}
    return View("admin/key_made.html", values)


async def _sent_already(call: Call[Operator], key_id: int) -> View:
    """A page that was reloaded, or a button that was pressed twice: no second key."""
    key: Row = await registry.get_key(call.tx, key_id)
    values = {"frame": frame(call.house, call.grant, ADDRESS), "key": key}
    return View("admin/key_sent_already.html", values, status=409)


async def _claim(call: Call[Operator], partner_id: int) -> int | None:
    """The form's number is ours from now on; or the key that the same form made before.

    A twin of this very moment is waited for. What is refused afterwards leaves a number behind that no form has any
    more: the form comes back with a new one.
    """
    once = _once(call.body)
    kept = await queries.claim_idempotency_key(call.tx, partner_id, once, request_hash=sha256(once.encode()).digest())
    return int(kept["answer"]) if kept and kept["answer"] else None


def _once(form: dict[str, str]) -> str:
    """Under a name that no partner's own request has."""
    if not (number := form.get("once", "")):
        raise Invalid("This form is not complete. Open the page again.")
    return f"page:{number[:100]}"


def _places(form: dict[str, str]) -> list[str]:
    """None ticked: all the partner's places, also those to come. `only` without a place would be a slip."""
    places = typed.chosen(form, "location")
    if form.get("where") == "only" and not places:
        why = "Choose at least one location, or all its places."
        raise Invalid(why, fields={"location": why})
    return places if form.get("where") == "only" else []


def _environment(call: Call[Operator]) -> Environment:
    return "production" if call.house.is_production else "staging"
