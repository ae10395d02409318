"""The exam API's staging doors on an account: its clock, its reset. Parse, call, answer."""

from datetime import datetime, timedelta
from typing import TypeVar

from openmedspa.kit.http import Call
from openmedspa.partners import sandbox
from openmedspa.partners.keys import Grant
from openmedspa.partners.shapes import ClockOut, ResetOut

Answer = TypeVar("Answer", ClockOut, ResetOut)


async def show_clock(call: Call[Grant]) -> ClockOut:
    """Staging: what this account's clock shows."""
    return _clock(call.now, call.grant.clock_offset)


async def advance_clock(call: Call[Grant]) -> ClockOut:
    """Staging: put this account's clock forward; what falls due by then happens now."""
    by = timedelta(seconds=call.body.advance_seconds)
    ahead = await sandbox.advance(call.tx, call.grant, by, request_id=call.request_id, now=call.incoming.now)
    return _clock(call.incoming.now + ahead, ahead)


async def reset_account(call: Call[Grant]) -> ResetOut:
    """Staging: take this account's visits back to how they were when it was set up; clock and chaos too."""
    removed, restored = await sandbox.reset(call.tx, call.grant, request_id=call.request_id, now=call.incoming.now)
    return ResetOut(success=True, visits_removed=removed, visits_restored=restored, ahead_seconds=0)


async def look_anew(call: Call[Grant], answer: Answer) -> Answer:
    """The grant carries the clock: the next request of this process must not meet the old one."""
    call.db.fresh.forget("api_keys")
    return answer


def _clock(now: datetime, ahead: timedelta) -> ClockOut:
    return ClockOut(success=True, now=int(now.timestamp()), ahead_seconds=int(ahead.total_seconds()))
