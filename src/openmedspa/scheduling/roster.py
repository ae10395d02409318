"""Whose week is looked at, and all that it holds: for those who run the installation. Knows no HTTP and no terminal."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from msgspec import Struct

from openmedspa.kit.db import Reads, Row, Tx
from openmedspa.kit.errors import Invalid, NotFound
from openmedspa.kit.nearest import did_you_mean
from openmedspa.scheduling import diaries, telehealth
from openmedspa.scheduling.clock import moment_of
from openmedspa.scheduling.diaries import Asked, Page
from openmedspa.scheduling.queries import diaries as free
from openmedspa.scheduling.queries import week as queries
from openmedspa.scheduling.telehealth import Offer
from openmedspa.scheduling.week import Elsewhere, Entry
from openmedspa.usage import audit


class Week(Struct, frozen=True):
    """An open diary, where it lies, what stands in it, and the provider's hours at other locations."""

    page: Page
    location: str
    entries: Sequence[Entry]
    elsewhere: Sequence[Elsewhere]


async def get_provider(db: Reads, word: str, practice_id: int | None) -> Row:
    """An active provider by number, reference or name, whatever its capitals. NotFound, with the nearest names; Invalid
    when a name means several."""
    known = await queries.list_providers_across_practices(db, practice_id)
    found = [one for one in known if word in (str(one["id"]), f"#{one['id']}")]
    found = found or [one for one in known if one["reference"] == word]
    found = found or [one for one in known if one["name"].casefold() == word.strip().casefold()]
    if len(found) == 1:
        return found[0]
    if found:
        which = ", ".join(f"{one['id']} at {one['ppass']}" for one in found[:5])
        raise Invalid(f"There are {len(found)} providers of that reference or name.", f"Say the number: {which}.")
    names = {one["name"]: one for one in known}
    hint = "openmedspa import providers --help" if not known else f"Known are {_some(known)}."
    raise NotFound(f"There is no provider {word[:60]}.", did_you_mean(word, names, hint))


async def open_week(
    tx: Tx, provider: Row, asked: Asked, *, first: date, count: int = 7, actor: str, now: datetime
) -> Week:
    """Days that are past, too. Looking is recorded; Invalid for a type or place that the practice does not have."""
    scope = [provider["practice_id"]]
    around = datetime.combine(first, datetime.min.time(), now.tzinfo)
    since, until = around - timedelta(days=2), around + timedelta(days=count + 3)
    row = await free.find_diary(
        tx, scope, provider["id"], location_id=asked.location_id, visit_type=asked.visit_type, since=since, until=until,
        now=now, minutes=asked.minutes,
    )  # fmt: skip
    if row is None:
        raise NotFound(f"There is no provider {provider['id']}.")
    page = diaries.to_page(row, asked)
    require_known(page)
    assert page.location_id is not None
    await audit.record(
        tx, provider["practice_id"], actor=actor, action="schedule.read",
        subject=f"provider:{provider['id']}, {first} to {first + timedelta(days=count - 1)}", request_id=None, now=now,
    )  # fmt: skip
    rows = await queries.list_entries(
        tx, scope, provider["id"], since=_midnight(page, first), until=_midnight(page, first + timedelta(days=count)),
        now=now,
    )  # fmt: skip
    places = await queries.list_places(tx, scope, provider["id"])
    return Week(
        page,
        await queries.find_location_name(tx, scope, page.location_id) or page.location_id,
        [_to_entry(row) for row in rows],
        [
            Elsewhere(place["name"], place["weekday"], (place["from_minute"], place["until_minute"]))
            for place in places
            if place["location_id"] != page.location_id
        ],
    )


def require_known(page: Page) -> None:
    """Invalid for what was asked of the diary and is not there."""
    asked = page.asked
    if page.location_id is None and asked.location_id is None:
        raise Invalid("Nobody said where this provider works.", "Say it: --location, or openmedspa import hours --help")
    if page.location_id is None:
        raise Invalid(f"The practice has no location {asked.location_id}.", "openmedspa locations list")
    if not page.knows_type:
        raise Invalid(f"The practice has no visit type {asked.visit_type}.", "openmedspa visit-types list")


async def next_exams(
    db: Reads, practice_ids: Sequence[int], state: str, *, minutes: int, days: int, now: datetime
) -> list[Offer]:
    """Of every group that has an agreement with any of these practices, each provider once."""
    found: dict[int, Offer] = {}
    for practice_id in practice_ids:
        offers = await telehealth.next_exams(db, practice_id, state, minutes=minutes, days=days, now=now)
        found |= {offer.provider_id: offer for offer in offers}
    return sorted(found.values(), key=_by_time)


def _by_time(offer: Offer) -> tuple[datetime, int]:
    return offer.starts_at, offer.provider_id


def _some(known: Sequence[Row]) -> str:
    return ", ".join(f"{one['id']} {one['name']}" for one in known[:6]) + (", …" if len(known) > 6 else "")


def _midnight(page: Page, day: date) -> datetime:
    return datetime.fromtimestamp(moment_of(page.zone, day, 0), page.zone)


def _to_entry(row: Row) -> Entry:
    start = int(row["starts_at"].timestamp())
    is_booking = row["booking_id"] is not None
    return Entry(
        kind="booking" if is_booking else "hold", id=row["booking_id"] if is_booking else row["hold_id"],
        span=(start, start + row["minutes"] * 60),
        taken=(int(row["from_at"].timestamp()), int(row["until_at"].timestamp())), minutes=row["minutes"],
        type=row["type"] or "", status=row["status"] or "", location_id=row["location_id"], lapses_at=row["lapses_at"],
    )  # fmt: skip
