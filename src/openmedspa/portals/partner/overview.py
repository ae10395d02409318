"""/partner: a partner's own figures, latest errors and limits, and nobody else's. Adds nothing up."""

from openmedspa.accounts.shapes import Member
from openmedspa.kit.http import Call
from openmedspa.kit.pages import View
from openmedspa.portals.calls import pages, usage
from openmedspa.portals.layout.frame import frame
from openmedspa.portals.partner.activity import desk
from openmedspa.usage import figures
from openmedspa.usage.shapes import Asked

ERRORS = Asked(status_from=400, status_to=599)


async def show(call: Call[Member]) -> View:
    """The whole page, of the period that is asked for."""
    db, now, partner_id = call.house.system, call.now, call.grant.partner_id
    values = {
        "frame": frame(call.house, call.grant, "/partner"),
        "shown": await usage.shown(db, call.query, partner_id, now=now),
        "key": await figures.key_limits(db, call.grant.key_id),
        "key_count": await figures.count_keys(db, partner_id, now=now),
        "scopes": sorted(call.grant.scopes),
        **await pages.latest(call, desk(call.grant), ERRORS),
    }
    return View("partner/overview.html", values)
