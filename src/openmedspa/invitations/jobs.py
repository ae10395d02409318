"""What the worker does for patients' pages. No rules of its own."""

from openmedspa.invitations import queries
from openmedspa.kit.house import House


async def forget_ended_sessions(house: House) -> int:
    """How many there were; an ended session opens nothing anyway."""
    return await queries.delete_ended_sessions(house.system, house.now())
