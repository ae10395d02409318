"""Sends deliveries again: one event, or all since a moment. The worker does the sending."""

from datetime import datetime

from msgspec import Struct

from openmedspa.kit.db import Row, Tx
from openmedspa.kit.errors import NotFound
from openmedspa.usage import audit
from openmedspa.webhooks import queries


class Replayed(Struct, frozen=True):
    """Deliveries that are due anew, and those that stay where they are because their endpoint is switched off."""

    sent: list[Row]
    left_out: list[Row]


async def replay(
    tx: Tx, *, event_id: str | None, since: datetime | None, partner_id: int | None, actor: str, now: datetime
) -> Replayed:
    """Under the same `webhook-id`; also what an endpoint that came later has missed. NotFound for an event without."""
    await queries.insert_missing_deliveries(tx, event_id=event_id, since=since, partner_id=partner_id, now=now)
    asked = await queries.update_replayed(tx, event_id=event_id, since=since, partner_id=partner_id, now=now)
    if event_id is not None and not asked:
        raise NotFound(f"No delivery of {event_id} in the last 30 days.", "openmedspa webhooks list --deliveries")
    found = Replayed(
        sent=[row for row in asked if row["switched_off_at"] is None],
        left_out=[row for row in asked if row["switched_off_at"] is not None],
    )
    await audit.record(
        tx, audit.PLATFORM, actor=actor, action="webhook.replayed",
        subject=event_id or f"{len(found.sent)} since {since}", request_id=None, now=now,
    )  # fmt: skip
    return found
