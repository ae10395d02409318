"""Who did what to whose data. A change's row stands in its transaction; rows of reads are copied within a second."""

import asyncio
import contextlib
from datetime import datetime
from typing import Any

from openmedspa.kit.db import AWAY, Tx
from openmedspa.kit.house import House
from openmedspa.kit.http import Call
from openmedspa.usage import queries

FLUSH_SECONDS = 0.5
MOST_AT_ONCE = 5_000
PLATFORM = 0  # the practice of what belongs to none: a partner's own settings


async def record(
    tx: Tx, practice_id: int, *, actor: str, action: str, subject: str, request_id: str | None, now: datetime
) -> None:
    """A change's row, in the change's transaction."""
    await queries.insert_audit(
        tx, practice_id, at=now, actor=actor, action=action, subject=subject, request_id=request_id
    )


def note_read(call: Call[Any], practice_id: int, action: str, subject: str) -> None:
    """A read's row, buffered: a kill loses at most what came in the last half second, and says nothing of it.

    The caller's grant has an `actor`, whoever they are.
    """
    incoming = call.incoming
    row = (practice_id, call.now, call.grant.actor, action, subject, incoming.id, incoming.address or None)
    call.house.reads.append(row)


async def keep_flushing(house: House) -> None:
    """Copy buffered rows for as long as the process lives."""
    while True:
        await asyncio.sleep(FLUSH_SECONDS)
        await flush(house)


async def flush(house: House) -> None:
    """Everything buffered, in batches; what the database did not take waits for the next time."""
    while house.reads:
        batch = [house.reads.popleft() for _ in range(min(MOST_AT_ONCE, len(house.reads)))]
        try:
            await queries.insert_reads(house.system, batch)
        except AWAY:
            house.reads.extendleft(reversed(batch))
            return
        except asyncio.CancelledError:  # at exit: better twice than not at all
            house.reads.extendleft(reversed(batch))
            raise


async def flush_at_exit(house: House) -> None:
    with contextlib.suppress(Exception):
        await flush(house)
