"""The doors of /admin/deliveries: what was sent to partners, every try, sending again. No rules, no health facts."""

from openmedspa.accounts.shapes import Operator
from openmedspa.kit.errors import NotFound
from openmedspa.kit.http import Call
from openmedspa.kit.pages import File, Redirect, View
from openmedspa.partners import registry
from openmedspa.portals import deliveries
from openmedspa.portals.layout.frame import frame
from openmedspa.usage import audit
from openmedspa.webhooks import history, log, queries
from openmedspa.webhooks.replay import Wanted, replay_event

HERE = "/admin/deliveries"


async def list_(call: Call[Operator]) -> View:
    """The deliveries of all partners, the latest first, and how the sending fares."""
    db, partner_id = call.house.system, deliveries.number(call.query.get("partner", ""))
    targets = await queries.list_targets(db, None)
    listing = await deliveries.page(
        log.of_all(db, partner_id), call.query, deliveries.OF_ALL, address=HERE,
        filters={"partner": str(partner_id or "")},
    )  # fmt: skip
    audit.note_read(call, audit.PLATFORM, "delivery.listed", listing.search or "all")
    values = {
        "frame": frame(call.house, call.grant, HERE),
        "listing": listing,
        "partners": {row["partner_id"]: row["partner"] for row in targets},
        "targets": [row for row in targets if partner_id in (None, row["partner_id"])],
        "state_of": deliveries.state_of,
        "host_of": deliveries.host_of,
        "waiting": await queries.count_waiting(db),
        "most_counted": queries.COUNTED,
        "oldest": await queries.find_oldest_due(db, call.house.now()),
        "troubled": await queries.list_troubled_endpoints(db),
    }
    return View("admin/deliveries.html", values)


async def export(call: Call[Operator]) -> File:
    """The same as CSV."""
    audit.note_read(call, audit.PLATFORM, "delivery.exported", "all")
    read = log.of_all(call.house.system, deliveries.number(call.query.get("partner", "")))
    return File(chunks=deliveries.chunks(read, call.query, deliveries.OF_ALL), name="deliveries.csv")


async def show(call: Call[Operator]) -> View:
    """One event: where it went, every try, what comes next; its body stays out of sight."""
    event_id = call.path["event_id"]
    found = await history.tell(
        call.house.system, event_id, user_agent=call.house.webhook_user_agent, now=call.house.now()
    )
    audit.note_read(call, audit.PLATFORM, "delivery.shown", event_id)
    values = {
        "frame": frame(call.house, call.grant, HERE),
        "event": history.without_health_facts(found),
        "is_admin": call.grant.is_admin,
        "counts": deliveries.counts(call.query),
        "here": HERE,
    }
    return View("admin/delivery.html", values)


async def replay(call: Call[Operator]) -> Redirect:
    """Send an event again: to everybody, or with `partner` and `endpoint` to that one."""
    event_id, form = call.path["event_id"], call.body
    if await queries.find_event(call.tx, event_id) is None:
        raise NotFound(f"There is no event {event_id}, or it is older than 30 days.", code="event_not_found")
    wanted = Wanted()
    if form.get("endpoint"):
        partner = await registry.get_partner(call.tx, form.get("partner", ""))
        wanted = Wanted(partner_id=partner["id"], endpoint=form["endpoint"])
    found = await replay_event(
        call.tx, event_id, wanted, actor=call.grant.actor, request_id=call.request_id, now=call.incoming.now
    )
    return Redirect(f"{HERE}/{event_id}?sent={len(found.sent)}&left_out={len(found.left_out)}")
