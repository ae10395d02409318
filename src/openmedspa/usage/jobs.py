"""What the worker does for usage. No rules of its own."""

from datetime import timedelta

from openmedspa.kit.house import House
from openmedspa.usage import queries

MOST_AT_ONCE = 10_000
HOURS_KEPT = timedelta(days=400)  # a year can be compared with the one before


async def forget_old_calls(house: House) -> None:
    """Calls go after the days that the setting says, hours after a year and some; the sums of days stay."""
    now = house.now()
    before = now - timedelta(days=house.call_days)
    gone = MOST_AT_ONCE
    while gone == MOST_AT_ONCE:  # in steps, so that no transaction is long
        gone = await queries.delete_calls(house.system, before, most=MOST_AT_ONCE)
    await queries.delete_call_hours(house.system, now - HOURS_KEPT)
