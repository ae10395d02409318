"""A free place in a provider's diary: judged by what is offered, for bookings and holds alike. Knows no HTTP."""

from datetime import date, datetime
from typing import NamedTuple

from msgspec import Struct

from openmedspa.kit.db import Tx
from openmedspa.kit.errors import Conflict, Invalid
from openmedspa.partners.keys import Grant
from openmedspa.scheduling import diaries, slots
from openmedspa.scheduling.diaries import Asked, Page
from openmedspa.scheduling.queries import bookings as queries
from openmedspa.scheduling.slots import Visit, Why

Faults = dict[str, str]
MOST_MINUTES = 480


class Place(Struct, frozen=True):
    """Where, when and for how long."""

    location_id: str
    starts_at: datetime
    visit: Visit


class Clock(Struct, frozen=True):
    """What an account's clock shows, which staging can put forward, and the server's own, by which holds lapse."""

    now: datetime
    real_now: datetime


class Wish(Struct, frozen=True, kw_only=True):
    """Whom somebody wants to see, when and for what.

    `granted_at` is a moment that they have already, for so many minutes or for any: nobody asks whether it would be
    offered now.
    """

    provider_id: int
    asked: Asked
    day: date
    time: str
    granted_at: datetime | None = None
    granted_minutes: int = MOST_MINUTES


async def find(tx: Tx, grant: Grant, wish: Wish, *, faults: Faults, clock: Clock) -> Place:
    """A place that is offered at this moment, with what lapsed holds had of it cleared away. Conflict, with the reason,
    when it is not; Invalid for what the practice does not have, `faults` among it."""
    page = await diaries.find(
        tx, grant.practice_id, wish.provider_id, wish.asked, first=wish.day, last=wish.day, now=clock.now,
        real_now=clock.real_now,
    )  # fmt: skip
    if page is None:
        raise invalid({"ProviderID": "is no active provider of this practice", **faults})
    faults = faults | faults_of(page, grant, BODY)
    if faults:
        raise invalid(faults)
    granted_at = wish.granted_at if page.visit.minutes <= wish.granted_minutes else None
    starts_at = granted_at or slots.judge(page.diary, page.visit, wish.day, wish.time, now=clock.now)
    if isinstance(starts_at, Why):
        raise refused(starts_at)
    assert page.location_id is not None
    since, until = page.visit.around(starts_at)
    await queries.delete_lapsed(tx, grant.practice_ids, wish.provider_id, since=since, until=until, now=clock.real_now)
    return Place(page.location_id, starts_at, page.visit)


class Words(NamedTuple):
    """What the one who asks calls it."""

    type: str
    location: str
    duration: str


BODY = Words("Type", "LocationID", "Duration")
QUERY = Words("visitType", "locationId", "duration")
MOST_NAMED = 20


def faults_of(page: Page, grant: Grant, words: Words) -> Faults:
    """What was asked for and is not there, or not for this key."""
    faults = {}
    if not page.knows_type:
        known = ", ".join(page.provider["type_codes"][:MOST_NAMED]) or "it has none"
        faults[words.type] = f"is no visit type of this practice ({known})"
    elif not page.visit.minutes:
        faults[words.duration] = f"is required, unless {words.type} is given"
    if page.location_id is None and page.asked.location_id is None:
        faults[words.location] = "is required: nobody said where they work"
    elif page.location_id is None:
        faults[words.location] = "is no location of this practice"
    elif page.location_id not in grant.places:
        faults[words.location] = "must be a location that your key may use"
    return faults


def invalid(faults: Faults) -> Invalid:
    field, why = next(iter(faults.items()))
    return Invalid(f"{field} is invalid", f"{field} {why}", code="field_invalid", fields=faults)


def refused(why: Why) -> Conflict:
    """A time that is not offered, with the reason."""
    if why is Why.TAKEN:
        return Conflict("Conflict", why.value, code="slot_taken")
    return Conflict("Conflict", why.value, code="slot_not_offered")
