"""SQL on an account's clock and its way back; the database refuses most of it in production."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from openmedspa.kit.db import Reads


async def update_clock(db: Reads, partner_id: int, by: timedelta) -> timedelta:
    """Staging only: the database refuses it elsewhere. How far the account's clock is ahead now."""
    row = await db.unscoped_row("select advance_clock($1, $2) as ahead", partner_id, by)
    assert row is not None
    ahead: timedelta = row["ahead"]
    return ahead


async def delete_since_set_up(db: Reads, partner_id: int) -> tuple[int, int]:
    """Staging only, as above: the visits removed, and the older ones restored."""
    row = await db.unscoped_row("select removed, restored from reset_account($1)", partner_id)
    assert row is not None
    return row["removed"], row["restored"]


async def update_known(db: Reads, partner_ids: Sequence[int], now: datetime) -> None:
    """From now on a reset goes back to this moment."""
    await db.unscoped_row("update partners set known_at = $2 where id = any($1)", partner_ids, now)
