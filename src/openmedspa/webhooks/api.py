"""The exam API's doors on subscriptions and webhooks: parse, call, answer."""

from datetime import UTC, datetime
from typing import Any

from msgspec import UNSET

from openmedspa.kit.db import Row
from openmedspa.kit.errors import Conflict, Invalid, NotFound
from openmedspa.kit.http import Call
from openmedspa.partners import access
from openmedspa.partners.keys import Grant
from openmedspa.usage import audit
from openmedspa.webhooks import chaos, endpoints, queries, replay
from openmedspa.webhooks.shapes import ChaosOut, DeliveryList, DeliveryOut, ReplayOut, State, Subscribed, UrlSet


async def subscribe(call: Call[Grant]) -> Subscribed:
    """Subscribe to a location: its completed visits are sent to the webhook URL from now on."""
    location_id = call.body.location_id
    if not location_id.strip():
        raise Invalid("Bad Request", "location_id cannot be empty", code="field_invalid")
    practice_id = await access.require_location(call.tx, call.grant, location_id)
    is_new = await endpoints.subscribe(
        call.tx, call.grant, location_id, practice_id=practice_id, request_id=call.request_id, now=call.now
    )
    return Subscribed(
        success=True,
        message="Successfully subscribed to location" if is_new else "Already subscribed to this location",
    )


async def set_url(call: Call[Grant]) -> UrlSet:
    """Register the URL that receives `visit.completed`, or move it."""
    key = call.incoming.header(access.HEADER)
    await endpoints.set_url(
        call.tx, call.house, call.grant, call.body.url, api_key=key, request_id=call.request_id, now=call.now
    )
    return UrlSet(success=True, message="Webhook URL updated successfully")


async def list_deliveries(call: Call[Grant]) -> DeliveryList:
    """What was sent to your webhook URLs in the last 30 days, the latest first, and what came of it."""
    grant, query = call.grant, call.query
    bounds: dict[str, Any] = {"location_ids": list(grant.places), "limit": query.limit}
    rows = await (
        queries.list_own_deliveries(call.db, grant.practice_ids, grant.partner_id, **bounds)
        if query.event_id is None
        else queries.list_own_event_deliveries(
            call.db, grant.practice_ids, grant.partner_id, event_id=query.event_id, **bounds
        )
    )
    for practice_id in sorted({row["practice_id"] for row in rows}):
        audit.note_read(call, practice_id, "delivery.listed", f"event={query.event_id or 'any'}")
    return DeliveryList(success=True, deliveries=[_delivery_out(row) for row in rows])


async def send_again(call: Call[Grant]) -> ReplayOut:
    """Send again one event, or all since a moment, of the last 30 days: the same `webhook-id`, a fresh ladder.

    At most 10,000 at once.
    """
    grant, event_id, since = call.grant, call.body.event_id, call.body.since
    if (event_id is UNSET) == (since is UNSET):
        raise Invalid("event_id or since is required", "Say event_id or since, and not both", code="field_invalid")
    wanted = replay.Wanted(partner_id=grant.partner_id, scope=grant.practice_ids, location_ids=list(grant.places))
    by: dict[str, Any] = {"actor": grant.actor, "request_id": call.request_id, "now": call.incoming.now}
    if since is not UNSET:
        found = await replay.replay_since(call.tx, datetime.fromtimestamp(since, UTC), wanted, **by)
    elif event_id is not UNSET:
        again = await replay.replay_event(call.tx, event_id, wanted, **by)
        found = replay.Counted(len(again.sent), len(again.left_out))
    if found.left_out and not found.sent:
        detail = "POST /emr/webhooks switches it on again"
        raise Conflict("The webhook URL is switched off", detail, code="webhook_switched_off")
    if event_id is not UNSET and not found.sent:
        raise NotFound("Event not found", code="event_not_found")
    return ReplayOut(success=True, replayed=found.sent)


async def ask_for_chaos(call: Call[Grant]) -> ChaosOut:
    """Staging: have your next webhooks fail, come late or come twice; this replaces what was asked before."""
    await chaos.ask(call.tx, call.grant, call.body, request_id=call.request_id, now=call.now)
    return ChaosOut(
        success=True,
        fail_next=call.body.fail_next,
        delay_seconds=call.body.delay_seconds,
        duplicate_next=call.body.duplicate_next,
    )


def _delivery_out(row: Row) -> DeliveryOut:
    state: State = "waiting" if row["due_at"] else "delivered" if row["delivered_at"] else "failed"
    return DeliveryOut(
        event_id=row["event_id"],
        gfe_id=row["gfe_id"],
        endpoint=row["endpoint"],
        url=row["url"],
        state=state,
        tries=row["tries"],
        created_at=_iso(row["created_at"]) or "",
        next_try_at=_iso(row["due_at"]),
        delivered_at=_iso(row["delivered_at"]),
        last_status=row["status"],
        last_duration_ms=row["duration_ms"],
        last_cause=row["cause"],
    )


def _iso(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else None
