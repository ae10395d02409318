"""Messages to patients, as rows that wait to be sent. Bodies are rendered at sending; no health fact stands here.

An order's invitations are queued by the order's own statement (exams/queries.py).
"""

import logging
from datetime import datetime
from typing import Literal

from openmedspa.kit.db import Scope, Tx
from openmedspa.notifications import queries

Notice = Literal["invited", "cancelled", "completed"]
AccessNotice = Literal[
    "access_confirm", "access_asked", "access_owner", "access_answered", "access_approved", "access_denied",
    "access_opened",
]  # fmt: skip
log = logging.getLogger("openmedspa")


async def withdraw_and_queue(
    tx: Tx, scope: Scope, practice_id: int, visit_id: int, notice: Notice, *, now: datetime
) -> None:
    """Take back what was not sent yet, and tell the patient what happened, on every channel the order named."""
    await queries.replace_messages(tx, scope, practice_id, visit_id, notice=notice, now=now)


async def tell_owner_switched_off(tx: Tx, endpoint_id: int, *, operator_email: str, now: datetime) -> None:
    """Tell the owner of an endpoint that it gets nothing any more: the partner's contact, or else the operator."""
    is_told = await queries.insert_owner_message(
        tx, endpoint_id, notice="endpoint_switched_off", operator_email=operator_email or None, now=now
    )
    if not is_told:
        log.warning("endpoint %s was switched off, and nobody is there to be told", endpoint_id)


async def tell_about_access(
    tx: Tx, request_id: int, notice: AccessNotice, *, address: str | None, now: datetime
) -> None:
    """Tell asker, operator or owner how a request for access stands; without an address, nobody."""
    if address:
        await queries.insert_access_message(tx, request_id, notice=notice, address=address, now=now)
