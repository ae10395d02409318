"""Sends deliveries again: one event, or all since a moment. The worker does the sending."""

from datetime import datetime

from openmedspa.kit.db import Row, Tx
from openmedspa.kit.errors import NotFound
from openmedspa.usage import audit
from openmedspa.webhooks import queries


async def replay(
    tx: Tx, *, event_id: str | None, since: datetime | None, partner_id: int | None, actor: str, now: datetime
) -> list[Row]:
    """The deliveries that are due anew, under the same `webhook-id`. NotFound for an event without one in 30 days."""
    replayed = await queries.update_replayed(tx, event_id=event_id, since=since, partner_id=partner_id, now=now)
    if event_id is not None and not replayed:
        raise NotFound(f"No delivery of {event_id} in the last 30 days.", "openmedspa webhooks list --deliveries")
    await audit.record(
        tx, audit.PLATFORM, actor=actor, action="webhook.replayed",
        subject=event_id or f"{len(replayed)} since {since}", request_id=None, now=now,
    )  # fmt: skip
    return replayed
