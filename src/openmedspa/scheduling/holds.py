"""Holds: a time kept for a partner for a few minutes. One that lapsed blocks nothing. Knows no HTTP."""

from datetime import datetime, timedelta

from msgspec import Struct

from openmedspa.kit.db import Tx
from openmedspa.kit.errors import TooMany
from openmedspa.partners.keys import Grant
from openmedspa.partners.wire import not_found
from openmedspa.scheduling import places
from openmedspa.scheduling.diaries import Asked
from openmedspa.scheduling.places import Clock, Place, Wish
from openmedspa.scheduling.queries import holds as queries
from openmedspa.scheduling.shapes import HoldIn
from openmedspa.scheduling.slots import Why
from openmedspa.usage import audit

HELD_FOR = timedelta(minutes=5)
MOST_AT_ONCE = 100  # of a partner in a practice: nobody keeps a whole diary from everybody else


class Held(Struct, frozen=True):
    id: int
    place: Place
    lapses_at: datetime


async def hold(tx: Tx, grant: Grant, wanted: HoldIn, *, request_id: str, clock: Clock) -> Held:
    """Keep a time that is offered. Conflict when it is not, TooMany beyond so many at once."""
    now = clock.real_now
    if await queries.count_live(tx, grant.practice_ids, grant.partner_id, now=now) >= MOST_AT_ONCE:
        raise TooMany(
            "Too many holds", f"You hold {MOST_AT_ONCE} times already: book or release some.",
            retry_after_seconds=int(HELD_FOR.total_seconds()),
        )  # fmt: skip
    asked = Asked(minutes=wanted.duration, visit_type=wanted.type, location_id=wanted.location_id)
    wish = Wish(provider_id=wanted.provider_id, asked=asked, day=wanted.date, time=wanted.time)
    place = await places.find(tx, grant, wish, faults={}, clock=clock)
    lapses_at = now + HELD_FOR
    hold_id = await queries.insert_hold(
        tx, grant.practice_ids, grant.practice_id, provider_id=wanted.provider_id, location_id=place.location_id,
        starts_at=place.starts_at, minutes=place.visit.minutes, before=place.visit.before, after=place.visit.after,
        partner_id=grant.partner_id, actor=grant.actor, now=now, lapses_at=lapses_at,
    )  # fmt: skip
    if hold_id is None:
        raise places.refused(Why.TAKEN)
    await _record(tx, grant, "hold.made", hold_id, request_id=request_id, now=now)
    return Held(hold_id, place, lapses_at)


async def release(tx: Tx, grant: Grant, hold_id: int, *, request_id: str, now: datetime) -> None:
    """Give the time back. NotFound for a hold that is no more, or somebody else's."""
    if await queries.update_released(tx, grant.practice_ids, hold_id, grant.partner_id, now=now) is None:
        raise not_found("hold")
    await _record(tx, grant, "hold.released", hold_id, request_id=request_id, now=now)


async def _record(tx: Tx, grant: Grant, action: str, hold_id: int, *, request_id: str, now: datetime) -> None:
    await audit.record(
        tx, grant.practice_id, actor=grant.actor, action=action, subject=f"hold:{hold_id}", request_id=request_id,
        now=now,
    )  # fmt: skip
