"""Staging's control of one account: made in one go, its clock, the way back to how it was set up. Knows no HTTP.

The database itself does the latter two, and refuses them in production (migrations/0012_sandbox.sql).
"""

from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any

from msgspec import Struct

from openmedspa.kit.db import Tx
from openmedspa.kit.errors import Invalid
from openmedspa.partners import keys, queries, registry
from openmedspa.partners.keys import Grant
from openmedspa.practices import register
from openmedspa.treatments import catalogue, editions
from openmedspa.usage import audit

STATE, TIME_ZONE = "CA", "America/Los_Angeles"
FURTHEST = timedelta(days=5 * 366)  # far enough for every rule there is, near enough for every calendar


class Account(Struct, frozen=True):
    """All that a first order takes; the key is seen here and never again."""

    partner: str
    ppass: str
    location_id: str
    key: str


async def open_account(tx: Tx, *, actor: str, now: datetime) -> Account:
    """A staging partner with a practice, a location and a key of its own; the catalogue too, where there is none."""
    if not (await catalogue.get(tx)).treatments:
        await editions.take_over(tx, editions.read(editions.seed()), actor=actor, now=now)
    number = token_hex(3)
    ppass, name = f"Sandbox{number}", f"Sandbox {number}"
    by: dict[str, Any] = {"actor": actor, "now": now}
    await register.create_practice(tx, ppass=ppass, name=name, time_zone=TIME_ZONE, **by)
    location = await register.create_location(tx, ppass, location_id=None, name="Main", state=STATE, **by)
    await registry.create_partner(tx, name, **by)
    await registry.add_grants(tx, name, [location["id"]], **by)
    key, _row = await registry.create_key(
        tx, name, environment="staging", name="sandbox", scopes=keys.SCOPES, location_ids=(), expires_at=None, **by
    )
    return Account(name, ppass, location["id"], key)


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
