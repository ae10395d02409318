"""/admin: the dashboard: figures, partners, keys, requests and the latest calls. Asks the slices; adds nothing up."""

from openmedspa.accounts.shapes import Operator
from openmedspa.kit.http import Call
from openmedspa.kit.pages import View
from openmedspa.portals.admin import keys, partners, requests
from openmedspa.portals.admin.activity import DESK
from openmedspa.portals.calls import pages, usage
from openmedspa.portals.layout.frame import frame
from openmedspa.usage import figures


async def show(call: Call[Operator]) -> View:
    """The whole page, of the period that is asked for."""
    db, now = call.house.system, call.now
    shown = await usage.shown(db, call.query, None, now=now)
    values = {
        "frame": frame(call.house, call.grant, "/admin"),
        "shown": shown,
        "missing": await figures.missing(db, shown.period, now=now),
        "partners": await partners.latest(db),
        "keys": await keys.latest(db, now=now),
        "requests": await requests.latest(db, now=now),
        **await pages.latest(call, DESK),
    }
    return View("admin/overview.html", values)
