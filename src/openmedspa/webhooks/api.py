"""The exam API's doors on subscriptions and webhooks: parse, call, answer."""

from openmedspa.kit.errors import Invalid
from openmedspa.kit.http import Call
from openmedspa.partners import access
from openmedspa.partners.keys import Grant
from openmedspa.webhooks import endpoints
from openmedspa.webhooks.shapes import Subscribed, UrlSet


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
