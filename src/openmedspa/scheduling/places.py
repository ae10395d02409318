"""A free place in a provider's diary: judged by what is offered, for bookings and holds alike. Knows no HTTP."""

from datetime import date, datetime

from msgspec import Struct

from openmedspa.kit.db import Tx
from openmedspa.kit.errors import Conflict, Invalid
from openmedspa.partners.keys import Grant
from openmedspa.scheduling import diaries, slots
from openmedspa.scheduling.diaries import Asked, Page
from openmedspa.scheduling.queries import bookings as queries
from openmedspa.scheduling.slots import Visit, Why

Faults = dict[str, str]


class Place(Struct, frozen=True):
    """Where, when and for how long."""

    location_id: str
    starts_at: datetime
    visit: Visit


async def find(
    tx: Tx, grant: Grant, provider_id: int, asked: Asked, *, day: date, time: str, faults: Faults, now: datetime,
    begun_at: datetime | None = None,
) -> Place:  # fmt: skip
    """A place that is offered at this moment, with what lapsed holds had of it cleared away. Conflict, with the reason,
    when it is not; Invalid for what the practice does not have, `faults` among it.

    A visit that has `begun_at` stands where it stands: nobody asks whether that would be offered now.
    """
    page = await diaries.find(tx, grant.practice_id, provider_id, asked, first=day, last=day, now=now)
    if page is None:
        raise invalid(faults | {"ProviderID": "is no active provider of this practice"})
    if faults := faults | faults_of(page, type_field="Type", location_field="LocationID", duration_field="Duration"):
        raise invalid(faults)
    starts_at = begun_at or slots.judge(page.diary, page.visit, day, time, now=now)
    if isinstance(starts_at, Why):
        raise refused(starts_at)
    assert page.location_id is not None
    since, until = page.visit.around(starts_at)
    await queries.delete_lapsed(tx, grant.practice_ids, provider_id, since=since, until=until, now=now)
    return Place(page.location_id, starts_at, page.visit)


def faults_of(page: Page, *, type_field: str, location_field: str, duration_field: str) -> Faults:
    """What was asked for and the practice does not have, in the words of whoever asked."""
    faults = {}
    if not page.knows_type:
        faults[type_field] = "is no visit type of this practice"
    elif not page.visit.minutes:
        faults[duration_field] = f"is required, unless {type_field} is given"
    if page.location_id is None:
        is_named = page.asked.location_id is not None
        faults[location_field] = (
            "is no location of this practice" if is_named else "is required: nobody said where they work"
        )
    return faults


def invalid(faults: Faults) -> Invalid:
    field, why = next(iter(faults.items()))
    return Invalid(f"{field} is invalid", f"{field} {why}", code="field_invalid", fields=faults)


def refused(why: Why) -> Conflict:
    """A time that is not offered, with the reason."""
    if why is Why.TAKEN:
        return Conflict("Conflict", why.value, code="slot_taken")
    return Conflict("Conflict", why.value, code="slot_not_offered")
