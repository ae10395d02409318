"""The background door on what was sent long ago. No rules of its own."""

from datetime import timedelta

from openmedspa.kit.house import House
from openmedspa.webhooks import queries

AT_ONCE = 1_000
KEPT = timedelta(days=30)


async def forget_old(house: House) -> int:
    """Delete deliveries that ended, with their tries and events, after 30 days, batch by batch; how many those were.

    What still waits is never deleted, however old: its endpoint may come back.
    """
    forgotten = 0
    while batch := await queries.delete_old_deliveries(house.system, now=house.now(), limit=AT_ONCE):
        forgotten += batch
    while await queries.delete_old_events(house.system, house.now() - KEPT, limit=AT_ONCE):
        pass
    return forgotten
