"""Staging's control of one account: its clock, and the way back to how it was set up. Knows no HTTP.

The database's own functions do the work and refuse it in production (migrations/0012_sandbox.sql).
"""

from datetime import datetime, timedelta

from openmedspa.kit.db import Tx
from openmedspa.kit.errors import Invalid
from openmedspa.partners import queries
from openmedspa.partners.keys import Grant
from openmedspa.usage import audit

FURTHEST = timedelta(days=5 * 366)  # far enough for every rule there is, near enough for every calendar


async def advance(tx: Tx, grant: Grant, by: timedelta, *, request_id: str, now: datetime) -> timedelta:
    """Put the account's clock forward; how far it is ahead now."""
    ahead = await queries.update_clock(tx, grant.partner_id, by)
    if ahead > FURTHEST:
        raise Invalid(
            "advance_seconds is too far",
            f"advance_seconds may bring the clock at most {FURTHEST.days} days ahead; a reset sets it back",
            code="field_invalid",
        )
    await _record(tx, grant, "clock.advanced", f"{int(ahead.total_seconds())} s ahead", request_id=request_id, now=now)
    return ahead


async def reset(tx: Tx, grant: Grant, *, request_id: str, now: datetime) -> tuple[int, int]:
    """Back to how the account was set up; how many visits were removed, and how many older ones restored."""
    removed, restored = await queries.delete_since_set_up(tx, grant.partner_id)
    await _record(tx, grant, "account.reset", f"partner:{grant.partner_id}", request_id=request_id, now=now)
    return removed, restored


async def _record(tx: Tx, grant: Grant, action: str, subject: str, *, request_id: str, now: datetime) -> None:
    await audit.record(
        tx, audit.PLATFORM, actor=grant.actor, action=action, subject=subject, request_id=request_id, now=now
    )
