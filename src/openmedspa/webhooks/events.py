"""What happened that a partner wants to know. Written with its cause, in one transaction; sent by delivery.py."""

from datetime import datetime

from openmedspa.kit import ids
from openmedspa.kit.db import Scope, Tx
from openmedspa.webhooks import queries


async def publish_completed(
    tx: Tx, scope: Scope, practice_id: int, visit_id: int, *, location_id: str, record_version: int, now: datetime
) -> None:
    """A `visit.completed` for every endpoint whose partner subscribed to the location and may access it."""
    await queries.insert_event(
        tx,
        scope,
        practice_id,
        visit_id,
        event_id=ids.new("evt_"),
        location_id=location_id,
        record_version=record_version,
        now=now,
    )
