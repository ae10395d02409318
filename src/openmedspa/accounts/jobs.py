"""Background doors on accounts. No rules of their own."""

from openmedspa.accounts import queries
from openmedspa.kit.house import House


async def forget_ended_sessions(house: House) -> None:
    """A session that is over opens nothing; its row goes."""
    await queries.delete_ended_sessions(house.system)
