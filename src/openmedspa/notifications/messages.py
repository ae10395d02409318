"""Messages to patients, as rows that wait to be sent. Bodies are rendered at sending; no health fact stands here.

An order's invitations are queued by the order's own statement (exams/queries.py).
"""

from datetime import datetime
from typing import Literal

from openmedspa.kit.db import Scope, Tx
from openmedspa.notifications import queries

Notice = Literal["invited", "cancelled", "completed"]


async def withdraw_and_queue(
    tx: Tx, scope: Scope, practice_id: int, visit_id: int, notice: Notice, *, now: datetime
) -> None:
    """Take back what was not sent yet, and tell the patient what happened, on every channel the order named."""
    await queries.replace_messages(tx, scope, practice_id, visit_id, notice=notice, now=now)
