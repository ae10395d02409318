"""/partner/keys: a partner's own keys, and nobody else's; no secret of any. Reads only."""

from msgspec.structs import replace

from openmedspa.accounts.shapes import Member
from openmedspa.kit.http import Call
from openmedspa.kit.pages import Raw, View
from openmedspa.partners import queries
from openmedspa.partners.status import with_status
from openmedspa.portals.layout.frame import frame
from openmedspa.portals.layout.listing import Column, listing, sheet

ADDRESS = "/partner/keys"
COLUMNS = [
    Column("name", "Name"),
    Column("ppasses", "PPass"),
    Column("scopes", "Scopes"),
    Column("per_second", "Limit", is_number=True),
    Column("expires_at", "Expires"),
    Column("last_used_at", "Last used"),
    Column("status", "Status"),
]
SHEET = [
    *COLUMNS[:3],
    Column("per_second", "Per second"),
    Column("burst", "At once"),
    *COLUMNS[4:],
    Column("key", "Key"),
    Column("location_ids", "Only at"),
    Column("created_at", "Created"),
    Column("revoked_at", "Revoked"),
]


async def list_(call: Call[Member]) -> View:
    """Each with its status, what it may do, how often, and until when."""
    rows = with_status(await queries.list_own_keys(call.house.system, call.grant.partner_id), call.now)
    values = {
        "frame": frame(call.house, call.grant, ADDRESS),
        "listing": replace(listing(rows, SHEET, call.query, address=ADDRESS), columns=COLUMNS),
        "here": call.grant.key_id,
    }
    return View("partner/keys.html", values)


async def export(call: Call[Member]) -> Raw:
    """The same rows as CSV."""
    rows = with_status(await queries.list_own_keys(call.house.system, call.grant.partner_id), call.now)
    found = listing(rows, SHEET, call.query, address=ADDRESS, per_page=0)
    named = {"content-disposition": 'attachment; filename="keys.csv"', "cache-control": "no-store"}
    return Raw(sheet(SHEET, found.rows), "text/csv; charset=utf-8", headers=named)
