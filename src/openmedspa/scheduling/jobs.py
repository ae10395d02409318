"""What the worker does for scheduling. No rules of its own."""

from datetime import timedelta

from openmedspa.kit.house import House
from openmedspa.scheduling.queries import holds as queries

REMEMBERED = timedelta(days=30)


async def sweep_holds(house: House) -> int:
    """How many lapsed holds still had time in the table; they blocked nobody."""
    now = house.now()
    return await queries.delete_lapsed_across_practices(house.system, now=now, forget_before=now - REMEMBERED)
