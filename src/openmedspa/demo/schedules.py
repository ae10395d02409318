"""Loads the demo's schedules: providers with their hours, visit types, six weeks of bookings around today. In bulk.

What is booked is found by the engine itself, at times that it offers, so the demo holds what the doors would have
taken. The documents' own booking stands by itself in its provider's week.
"""
# ruff: noqa: S311 - a seeded generator is the point

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from openmedspa.demo import constants, queries, staff
from openmedspa.demo.prospects import Prospect
from openmedspa.demo.staff import OFFERINGS, SPECIALS, STAFF, ZONE, Hired, Offering
from openmedspa.demo.visits import Catalogue
from openmedspa.kit.db import Tx
from openmedspa.scheduling.clock import moment_of
from openmedspa.scheduling.slots import Diary, Spans, Visit, offered

DOCUMENTED = 101  # the documents' booking, and the only one of its provider in that week
DOCUMENTED_DAY, DOCUMENTED_TIME = date(2026, 3, 9), 9 * 60
DAYS = 21  # before today and after
NOTES = [
    "Asked for the quiet room.", "Comes straight from work, may be five minutes late.", "Brings a friend along.",
    "Would like to see the price list first.", "Prefers to be called by the nickname.", "Asked for a parking space.",
]  # fmt: skip


class Setting(Struct, frozen=True):
    """What the schedules refer to: the tenants by PPass, whose bookings are brought by whom, and the catalogue."""

    practice_ids: Mapping[str, int]
    actors: Mapping[str, str]
    catalogue: Catalogue

    def treatments_of(self, offering: Offering) -> list[str]:
        return [self.catalogue[name].id for name in offering.treatments]


class Booking(Struct, frozen=True, kw_only=True):
    """A row of `bookings`, with the time kept free around it and who brought it."""

    practice_id: int
    id: int
    provider_id: int
    location_id: str
    patient_id: int
    type: str
    starts_at: datetime
    minutes: int
    before_minutes: int
    after_minutes: int
    status: str
    treatment_ids: list[str]
    notes: str
    actor: str
    created_at: datetime
    updated_at: datetime


class Taken(NamedTuple):
    """A visit of this type, and when it begins."""

    offering: Offering
    start: datetime


class Guests:
    """A practice's prospects as those who come: nobody before they were known, and nobody twice a day."""

    def __init__(self, random: Random, known: Sequence[Prospect]) -> None:
        self._random = random
        self._ids = [prospect.id for prospect in sorted(known, key=_known_since)]
        self._since = sorted(prospect.created_at for prospect in known)
        self._came: set[tuple[int, date]] = set()

    def pick(self, day: date, *, known_at: datetime) -> int:
        choice = max(1, bisect_left(self._since, known_at))
        for _ in range(20):
            patient_id = self._ids[self._random.randrange(choice)]
            if (patient_id, day) not in self._came:
                break
        self._came.add((patient_id, day))
        return patient_id


def _known_since(prospect: Prospect) -> datetime:
    return prospect.created_at


async def load_staff(tx: Tx, setting: Setting, *, now: datetime) -> None:
    """Everybody who can be booked, where and when, and what for."""
    monday = _monday(now)
    await queries.insert_staff(
        tx, _json([_provider(setting, hired, monday) for hired in STAFF]), now=now - timedelta(days=400)
    )
    group = setting.practice_ids[constants.EXAM_GROUP]
    await queries.insert_offerings(
        tx,
        visit_types_json=_json(list(_visit_types(setting))),
        dates_json=_json(list(_dates(setting, monday))),
        agreements_json=_json(
            [
                {"practice_id": practice_id, "exam_group_id": group}
                for practice_id in setting.practice_ids.values()
                if practice_id != group
            ]
        ),
        now=now - timedelta(days=200),
    )


async def load_bookings(tx: Tx, setting: Setting, prospects: Sequence[Prospect], *, seed: int, now: datetime) -> None:
    """The documents' booking, and six weeks of others under numbers beyond its own."""
    random = Random(seed)
    known = {
        ppass: [prospect for prospect in prospects if prospect.practice_id == practice_id]
        for ppass, practice_id in setting.practice_ids.items()
    }
    guests = {ppass: Guests(random, of_practice) for ppass, of_practice in known.items() if of_practice}
    told = [
        booking
        for hired in STAFF
        if hired.ppass in guests
        for booking in _six_weeks(random, setting, hired, guests[hired.ppass], now=now)
    ]
    told.sort(key=lambda booking: booking.created_at)
    ids = [id_ for id_ in await queries.list_reserved_booking_ids(tx, DOCUMENTED + len(told)) if id_ > DOCUMENTED]
    numbered = [replace(booking, id=id_) for id_, booking in zip(ids, told, strict=False)]
    first = _documented(setting, known["DemoOffice"][0], now=now)
    await queries.insert_bookings(tx, _json([first, *numbered]))


def _six_weeks(random: Random, setting: Setting, hired: Hired, guests: Guests, *, now: datetime) -> Iterator[Booking]:
    """What was booked with one provider, at each of their locations."""
    today, monday = now.astimezone(ZONE).date(), _monday(now)
    for location_id in dict.fromkeys(shift.location_id for shift in hired.shifts):
        diary = _diary(hired, location_id, monday)
        for ahead in range(-DAYS, DAYS + 1):
            day = today + timedelta(days=ahead)
            if hired.number == constants.PROVIDER and 0 <= (day - DOCUMENTED_DAY).days < 7:
                continue
            fullness = hired.fullness * (1 if ahead < 0 else 1 - 0.75 * ahead / DAYS)
            for taken in _fill(random, hired, diary, day, fullness):
                drawn = replace(_booking(random, setting, hired, taken, now=now), location_id=location_id)
                yield replace(drawn, patient_id=guests.pick(day, known_at=drawn.created_at))


def _fill(random: Random, hired: Hired, diary: Diary, day: date, fullness: float) -> Iterator[Taken]:
    """Visits one after the other, at times that are offered, with gaps between them."""
    offerings, diary = OFFERINGS[hired.ppass], replace(diary, taken=Spans())
    earliest = moment_of(ZONE, day, 0)
    while True:
        (offering,) = random.choices(offerings, [offering.percent for offering in offerings])
        visit = Visit(offering.minutes, offering.before, offering.after)
        start = next((at for _, at in offered(diary, visit, day, now=datetime.fromtimestamp(earliest, UTC))), None)
        if start is None:
            return
        earliest = start + offering.minutes * 60
        if random.random() < fullness:
            diary = replace(diary, taken=Spans([start - offering.before * 60], [earliest + offering.after * 60]))
            yield Taken(offering, datetime.fromtimestamp(start, UTC))


def _booking(random: Random, setting: Setting, hired: Hired, taken: Taken, *, now: datetime) -> Booking:
    """Without a number, a place and whoever comes. What is over took place, for the most part."""
    offering, start = taken
    end = start + timedelta(minutes=offering.minutes)
    created = min(start, now) - timedelta(hours=2 + random.expovariate(1 / 150))
    status, updated = "Booked", created
    if end + timedelta(minutes=10) <= now:
        (status,) = random.choices(("Completed", "NoShow", "Cancelled"), (86, 6, 8))
        updated = end + timedelta(minutes=random.randrange(10))
        if status == "Cancelled":
            updated = created + (start - created) * random.random()
    names = setting.treatments_of(offering)
    return Booking(
        practice_id=setting.practice_ids[hired.ppass], id=0, provider_id=hired.number, location_id="",
        patient_id=0, type=offering.code, starts_at=start, minutes=offering.minutes, before_minutes=offering.before,
        after_minutes=offering.after, status=status,
        treatment_ids=random.sample(names, random.choice((1, 1, 1, 2))) if names else [],
        notes=random.choice(NOTES) if random.random() < 0.12 else "", actor=setting.actors[hired.ppass],
        created_at=created, updated_at=updated,
    )  # fmt: skip


def _documented(setting: Setting, somebody: Prospect, *, now: datetime) -> Booking:
    """As the documents have it: booked, whatever day it is."""
    start = datetime.fromtimestamp(moment_of(ZONE, DOCUMENTED_DAY, DOCUMENTED_TIME), UTC)
    created = min(start, now) - timedelta(days=3)
    return Booking(
        practice_id=setting.practice_ids["DemoOffice"], id=DOCUMENTED, provider_id=constants.PROVIDER,
        location_id=constants.LOCATION, patient_id=somebody.id, type="FOLLOWUP", starts_at=start, minutes=30,
        before_minutes=0, after_minutes=0, status="Booked", treatment_ids=[], notes="",
        actor=setting.actors["DemoOffice"], created_at=created, updated_at=created,
    )  # fmt: skip


def _diary(hired: Hired, location_id: str, monday: date) -> Diary:
    shifts = [shift for shift in hired.shifts if shift.location_id == location_id]
    dates = {
        staff.day_of(monday, special.on): special.opens
        for special in SPECIALS
        if special.location_id == location_id and special.provider_id in (None, hired.number)
    }
    return Diary(
        zone=ZONE,
        weekly={weekday: shift.opens for shift in shifts for weekday in shift.weekdays},
        breaks={weekday: shift.breaks for shift in shifts for weekday in shift.weekdays},
        dates=dates,
        off=_spans(staff.off_of(hired, monday)),
        step_minutes=hired.step_minutes,
    )


def _provider(setting: Setting, hired: Hired, monday: date) -> dict[str, Any]:
    licences = [
        {
            "state": state, "number": f"DEMO-{state}-{1000 + hired.number}",
            "expires_on": monday + timedelta(days=150 + 61 * place + 7 * hired.number),
        }
        for place, state in enumerate(hired.states)
    ]  # fmt: skip
    time_off = [
        {"from_at": datetime.fromtimestamp(since, UTC), "until_at": datetime.fromtimestamp(until, UTC)}
        for since, until in staff.off_of(hired, monday)
    ]
    return {
        "practice_id": setting.practice_ids[hired.ppass], "id": hired.number, "name": hired.name,
        "title": hired.title, "specialty": hired.specialty, "npi": staff.npi_of(hired.number),
        "home_location_id": hired.shifts[0].location_id, "step_minutes": hired.step_minutes,
        "notice_minutes": hired.notice_minutes, "window_days": hired.window_days, "licences": licences,
        "hours": list(staff.hours_of(hired)), "time_off": time_off,
    }  # fmt: skip


def _visit_types(setting: Setting) -> Iterator[dict[str, Any]]:
    for ppass, offerings in OFFERINGS.items():
        for one in offerings:
            yield {
                "practice_id": setting.practice_ids[ppass], "code": one.code, "name": one.name, "minutes": one.minutes,
                "before_minutes": one.before, "after_minutes": one.after, "treatment_ids": setting.treatments_of(one),
            }  # fmt: skip


def _dates(setting: Setting, monday: date) -> Iterator[dict[str, Any]]:
    for special in SPECIALS:
        for since, until in special.opens or ((None, None),):
            yield {
                "practice_id": setting.practice_ids[special.ppass], "location_id": special.location_id,
                "provider_id": special.provider_id, "on_date": staff.day_of(monday, special.on), "from_minute": since,
                "until_minute": until,
            }  # fmt: skip


def _spans(spans: Sequence[tuple[int, int]]) -> Spans:
    """In order, joined where they touch."""
    joined: list[tuple[int, int]] = []
    for since, until in sorted(spans):
        if joined and since <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(until, joined[-1][1]))
        else:
            joined.append((since, until))
    return Spans([since for since, _ in joined], [until for _, until in joined])


def _monday(now: datetime) -> date:
    today = now.astimezone(ZONE).date()
    return today - timedelta(days=today.weekday())


def _json(rows: Sequence[object]) -> str:
    return msgspec.json.encode(rows).decode()
