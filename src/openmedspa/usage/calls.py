"""Every call on both APIs, written down behind the answer: buffered, and copied in batches every half second.

A kill loses what came since the last batch. While the database is away calls wait, up to a limit; what comes beyond it
is counted, and the count written down as soon as there is somewhere to write.
"""

import asyncio
import contextlib
from collections.abc import Coroutine

from openmedspa.kit.backlog import Row
from openmedspa.kit.db import AWAY
from openmedspa.kit.errors import Unavailable
from openmedspa.kit.house import House
from openmedspa.usage import queries

FLUSH_SECONDS = 0.5
MOST_AT_ONCE = 2_000
SOON_SECONDS = 0.05  # between batches while more are waiting


async def keep_writing(house: House) -> None:
    """Write what waits for as long as the process lives."""
    while True:
        await asyncio.sleep(FLUSH_SECONDS)
        await write(house)


async def write(house: House) -> None:
    """Everything that waits, in batches; what the database did not take waits for the next time.

    A batch and its sums are one statement: the figures are those of the rows, whatever happens between two batches.
    """
    while rows := house.calls.take(MOST_AT_ONCE):
        if not await _to_its_end(_write_batch(house, rows)):
            return
        await asyncio.sleep(SOON_SECONDS if len(house.calls) else 0)
    await _admit_gap(house)


async def _write_batch(house: House, rows: list[Row]) -> bool:
    """Whether it is written; if not, its rows wait again."""
    try:
        await house.system.write([], lambda tx: queries.insert_calls(tx, rows))
    except (*AWAY, Unavailable):
        house.calls.put_back(rows)
        return False
    except Exception:
        house.calls.lost += len(rows)  # tried again, they would fail again, and hold up all that come after
        raise
    return True


async def _to_its_end(work: Coroutine[None, None, bool]) -> bool:
    """A batch that is cut off may have been written or not, and would be lost or counted twice: none is."""
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise


async def write_at_exit(house: House) -> None:
    with contextlib.suppress(Exception):
        await write(house)


async def _admit_gap(house: House) -> None:
    if not (lost := house.calls.lost):
        return
    with contextlib.suppress(*AWAY, Unavailable):
        await queries.insert_gap(house.system, house.now(), lost)
        house.calls.lost -= lost
