"""The doors of /partner/deliveries: a partner's own webhooks, within what its key may see by the API. No rules."""

from openmedspa.accounts.shapes import Member
from openmedspa.kit.errors import Forbidden, NotFound
from openmedspa.kit.http import Call
from openmedspa.kit.pages import File, Redirect, View
from openmedspa.portals import deliveries
from openmedspa.portals.layout.frame import frame
from openmedspa.usage import audit
from openmedspa.webhooks import history, log, queries
from openmedspa.webhooks.replay import Wanted, replay_event

HERE = "/partner/deliveries"
MOST_OF_ONE = 1_000  # endpoints of one partner


async def list_(call: Call[Member]) -> View:
    """Its deliveries at its key's locations, the latest first."""
    values: dict[str, object] = {"frame": frame(call.house, call.grant, HERE), "may_see": _may_see(call.grant)}
    if not _may_see(call.grant):
        return View("partner/deliveries.html", values, status=Forbidden.status)
    listing = await deliveries.page(_read(call), call.query, deliveries.OWN, address=HERE, filters={})
    _note(call, "delivery.listed", listing.search or "any")
    values |= {
        "listing": listing,
        "targets": await queries.list_targets(call.house.system, call.grant.partner_id),
        "state_of": deliveries.state_of,
        "host_of": deliveries.host_of,
    }
    return View("partner/deliveries.html", values)


async def export(call: Call[Member]) -> File:
    """The same as CSV."""
    _require(call.grant)
    _note(call, "delivery.exported", "any")
    return File(chunks=deliveries.chunks(_read(call), call.query, deliveries.OWN), name="deliveries.csv")


async def show(call: Call[Member]) -> View:
    """One event of its own: where it went, when, and what came of each try. NotFound for anybody else's."""
    _require(call.grant)
    event_id = call.path["event_id"]
    rows = await _read(call)(log.Sought(words=_event(event_id)), log.NEWEST, MOST_OF_ONE)
    if not rows:
        raise _missing()
    tries = await queries.list_own_tries(call.house.db, call.grant.practice_ids, [row["id"] for row in rows])
    _note(call, "delivery.shown", event_id)
    told = [
        {
            "row": row,
            "coming": history.what_comes(row, event_id, call.house.now()),
            "tries": [one for one in tries if one["delivery_id"] == row["id"]],
        }
        for row in rows
    ]
    values = {
        "frame": frame(call.house, call.grant, HERE),
        "event_id": event_id,
        "gfe_id": rows[0]["gfe_id"],
        "deliveries": told,
        "counts": deliveries.counts(call.query),
        "here": HERE,
    }
    return View("partner/delivery.html", values)


async def replay(call: Call[Member]) -> Redirect:
    """Send an event of its own again: to all its endpoints, or to the one named `endpoint`."""
    _require(call.grant)
    grant, event_id = call.grant, _event(call.path["event_id"])
    wanted = Wanted(
        partner_id=grant.partner_id, endpoint=call.body.get("endpoint") or None, scope=grant.practice_ids,
        location_ids=list(grant.places),
    )  # fmt: skip
    found = await replay_event(
        call.tx, event_id, wanted, actor=grant.actor, request_id=call.request_id, now=call.incoming.now
    )
    if not (found.sent or found.left_out):
        raise _missing()
    return Redirect(f"{HERE}/{event_id}?sent={len(found.sent)}&left_out={len(found.left_out)}")


def _read(call: Call[Member]) -> log.Read:
    return log.of_partner(call.house.db, call.grant.practice_ids, call.grant.partner_id, list(call.grant.places))


def _event(event_id: str) -> str:
    """What is no event's id is nobody's: another's visit must not be found by this address."""
    if not event_id.startswith("evt_"):
        raise _missing()
    return event_id


def _may_see(grant: Member) -> bool:
    return "Exams" in grant.scopes


def _require(grant: Member) -> None:
    if not _may_see(grant):
        raise Forbidden("Your key has no access to webhooks", "They need the scope Exams.", code="scope_missing")


def _missing() -> NotFound:
    return NotFound("No such event", "There is none of yours, or it is older than 30 days.", code="event_not_found")


def _note(call: Call[Member], action: str, subject: str) -> None:
    for practice_id in call.grant.practice_ids:
        audit.note_read(call, practice_id, action, f"event={subject}")
