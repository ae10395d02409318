"""Sends deliveries again: one event, or all since a moment. The worker does the sending."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from openmedspa.kit.db import Row, Scope, Tx
from openmedspa.usage import audit
from openmedspa.webhooks import queries


class Wanted(Struct, frozen=True, kw_only=True):
    """What is to be sent again: one event or all since a moment; to one partner, one of its endpoints, or everybody.

    `scope` and `location_ids` bound what a partner may ask for by the API; the operator has no such bounds.
    """

    event_id: str | None = None
    since: datetime | None = None
    partner_id: int | None = None
    endpoint: str | None = None
    scope: Scope | None = None
    location_ids: Sequence[str] | None = None


class Replayed(Struct, frozen=True):
    """Deliveries that are due anew, and those that stay where they are because their endpoint is switched off."""

    sent: list[Row]
    left_out: list[Row]


async def replay(tx: Tx, wanted: Wanted, *, actor: str, request_id: str | None = None, now: datetime) -> Replayed:
    """Under the same `webhook-id`; also what an endpoint that came later has missed. `now` is the real one."""
    which: dict[str, Any] = {
        "event_id": wanted.event_id, "since": wanted.since, "partner_id": wanted.partner_id,
        "endpoint": wanted.endpoint, "location_ids": wanted.location_ids, "now": now,
    }  # fmt: skip
    await queries.insert_missing_deliveries(tx, wanted.scope, **which)
    asked = await queries.update_replayed(tx, wanted.scope, **which)
    found = Replayed(
        sent=[row for row in asked if row["switched_off_at"] is None],
        left_out=[row for row in asked if row["switched_off_at"] is not None],
    )
    await audit.record(
        tx, audit.PLATFORM, actor=actor, action="webhook.replayed",
        subject=wanted.event_id or f"{len(found.sent)} since {wanted.since}", request_id=request_id, now=now,
    )  # fmt: skip
    return found
