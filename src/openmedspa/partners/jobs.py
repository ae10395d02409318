"""Background doors on partners' own rows. No rules of their own."""

import asyncio

from openmedspa.kit.db import AWAY
from openmedspa.kit.house import House
from openmedspa.partners import queries
from openmedspa.partners.access_shapes import CONFIRM_WITHIN

NOTE_SECONDS = 5.0


async def forget_old_idempotency_keys(house: House) -> None:
    """An `Idempotency-Key` is kept for 72 hours."""
    await queries.delete_old_idempotency_keys(house.system)


async def forget_old_token_keys(house: House) -> None:
    """A key that was rotated out goes once every token it signed has expired."""
    await queries.delete_old_token_keys(house.system)


async def forget_unconfirmed_requests(house: House) -> None:
    """A request for access that nobody confirmed within seven days, and the message that asked to."""
    await queries.delete_unconfirmed(house.system, house.now() - CONFIRM_WITHIN)


async def keep_noting_uses(house: House) -> None:
    """Write down when each key was last used, every few seconds for as long as the process lives."""
    while True:
        await asyncio.sleep(NOTE_SECONDS)
        await note_uses(house)


async def note_uses(house: House) -> None:
    uses = dict(house.keys_used)
    house.keys_used.clear()
    if not uses:
        return
    try:
        await queries.update_keys_used(house.system, uses)
    except AWAY:
        house.keys_used.update(uses | house.keys_used)
