"""Staging's chaos: webhooks that fail, come late or come twice because a developer asked for it. Never in production:
the door is not there, and so the figures stay 0. tries.py and the event's statement do what they say."""

from datetime import datetime

from openmedspa.kit.db import Tx
from openmedspa.kit.errors import Conflict
from openmedspa.partners.keys import Grant
from openmedspa.usage import audit
from openmedspa.webhooks import queries
from openmedspa.webhooks.shapes import ChaosIn


async def ask(tx: Tx, grant: Grant, chaos: ChaosIn, *, request_id: str, now: datetime) -> None:
    """For each endpoint of the caller, in place of what was asked before. Conflict when there is none."""
    fail_next, delay_seconds, duplicate_next = chaos.fail_next, chaos.delay_seconds, chaos.duplicate_next
    if not await queries.update_chaos(
        tx, grant.partner_id, fail_next=fail_next, delay_seconds=delay_seconds, duplicate_next=duplicate_next
    ):
        raise Conflict("There is no webhook URL yet", "POST /emr/webhooks sets one", code="webhook_url_missing")
    await audit.record(
        tx, audit.PLATFORM, actor=grant.actor, action="webhook.chaos_asked", subject=f"partner:{grant.partner_id}",
        request_id=request_id, now=now,
    )  # fmt: skip
