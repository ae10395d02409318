"""Background door on partners' own rows."""

from openmedspa.kit.house import House
from openmedspa.partners import queries


async def forget_old_idempotency_keys(house: House) -> None:
    """An `Idempotency-Key` is kept for 72 hours."""
    await queries.delete_old_idempotency_keys(house.system)
