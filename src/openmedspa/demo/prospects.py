"""The demo's prospects: invented people as a marketing partner leaves them, with gaps and doubles. Pure."""
# ruff: noqa: S311 - a seeded generator is the point

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from openmedspa.demo.people import USUALLY_MEN, USUALLY_WOMEN, Person
from openmedspa.patients import matching

TOWNS = [  # name, state, zip
    ("Pasadena", "CA", "91101"), ("Pasadena", "CA", "91107"), ("South Pasadena", "CA", "91030"),
    ("Altadena", "CA", "91001"), ("Glendale", "CA", "91203"), ("Burbank", "CA", "91502"), ("Arcadia", "CA", "91007"),
    ("Monrovia", "CA", "91016"), ("Alhambra", "CA", "91801"), ("Long Beach", "CA", "90802"),
    ("Long Beach", "CA", "90808"), ("Signal Hill", "CA", "90755"), ("Lakewood", "CA", "90712"),
    ("Torrance", "CA", "90501"), ("Henderson", "NV", "89012"), ("Scottsdale", "AZ", "85251"),
]  # fmt: skip
STREETS = [
    "Larkspur Lane", "Marrow Street", "Quillhaven Road", "Old Orchard Drive", "Tidewell Avenue", "Bellweather Court",
    "Sparrow Hill", "Cinder Path", "Juniper Walk", "Elmsworth Terrace", "Foxglove Way", "Harbor Lantern Street",
]  # fmt: skip
NOTES = [
    "Asked about lip filler at the open house.",
    "Prefers late afternoons, works nearby.",
    "Wants to know whether a first visit can be done by video.",
    "Came by recommendation; ask whom to thank.",
    "Getting married in the fall and planning ahead.",
    "Please call rather than text.",
    "Had laser treatments elsewhere two years ago.",
    "Interested in a membership, wants the price in writing.",
    "Nervous about needles: offer the quiet room.",
    "Speaks English and Spanish.",
]
LANGUAGES = ("English", "Spanish", "Mandarin", "Vietnamese", "Armenian", "Korean", "Tagalog")
PRONOUNS = {"f": "she/her", "m": "he/him", "o": "they/them"}
STAGES = [(25, "EarlyAdult"), (65, "Adult"), (200, "Senior")]  # below this age
YEAR = 365
DOUBLES = 6  # the last ones are somebody who is there already, typed in once more


class Tag(Struct, frozen=True):
    """A tag and how many of a hundred have it."""

    name: str
    percent: int


class Leads(Struct, frozen=True):
    """Whose prospects these are, and with what they may be marked."""

    practice_id: int
    actor: str
    tags: Sequence[Tag]
    tag_ids: Sequence[int]
    provider_id: int


class Prospect(Struct, frozen=True, kw_only=True):
    """A row of `patients`; the fields are columns, but for the match keys and the tags."""

    practice_id: int
    id: int
    first_name: str
    last_name: str
    created_at: datetime
    updated_at: datetime
    added_by: str
    email: str | None = None
    phone: str | None = None
    cell_phone: str | None = None
    sms_phone: str | None = None
    dob: date | None = None
    middle_initial: str | None = None
    nick_name: str | None = None
    gender: str | None = None
    life_stage: str | None = None
    pronouns: str | None = None
    primary_language: str | None = None
    kind: str | None = None
    address: str | None = None
    unit: str | None = None
    city: str | None = None
    state: str | None = None
    zip: str | None = None
    country: str | None = None
    provider_id: int | None = None
    notes: str | None = None
    tag_ids: list[int] = []


def prospects(leads: Leads, crowd: Sequence[Person], *, ids: Iterator[int], seed: int, now: datetime) -> list[Prospect]:
    """One for each of the crowd, the oldest first; the last few are doubles of earlier ones."""
    random = Random(seed)
    ages = sorted((random.uniform(0.01, YEAR) for _ in crowd), reverse=True)
    told = [
        _prospect(random, leads, person, prospect_id=next(ids), at=now - timedelta(days=age), now=now)
        for person, age in zip(crowd, ages, strict=True)
    ]
    known = [prospect for prospect in told[: -DOUBLES * 2] if prospect.phone and prospect.email]
    for index in range(1, DOUBLES + 1 if len(told) > DOUBLES * 10 else 1):
        told[-index] = _again(random.choice(known), told[-index])
    return told


def match_keys(told: Sequence[Prospect]) -> list[dict[str, Any]]:
    """As the partner API leaves them: the first with the same facts has the key, which counts the others."""
    held: dict[tuple[int, bytes], dict[str, Any]] = {}
    for prospect in told:
        keys = []
        if prospect.email:
            keys.append(matching.home_key(prospect.first_name, prospect.last_name, prospect.email))
        if prospect.dob:
            keys.append(matching.person_key(prospect.first_name, prospect.last_name, prospect.dob))
        for key in keys:
            row = {"practice_id": prospect.practice_id, "key": "\\x" + key.hex(), "patient_id": prospect.id}
            kept = held.setdefault((prospect.practice_id, key), {**row, "doubles": -1})
            kept["doubles"] += 1
    return list(held.values())


def _prospect(
    random: Random, leads: Leads, person: Person, *, prospect_id: int, at: datetime, now: datetime
) -> Prospect:
    """What everybody leaves: a name and a way to reach them."""
    reach = random.random()
    changed = at + (now - at) * random.random() if random.random() < 0.3 else at
    told = Prospect(
        practice_id=leads.practice_id, id=prospect_id, first_name=person.first_name, last_name=person.last_name,
        created_at=at, updated_at=changed, added_by=leads.actor,
        email=None if reach < 0.08 else person.email,
        phone=None if reach > 0.88 else _as_typed(random, person.phone),
        tag_ids=[
            number for number, tag in zip(leads.tag_ids, leads.tags, strict=True)
            if random.random() * 100 < tag.percent
        ],
    )  # fmt: skip
    told = _with_person(random, told, person, at.date()) if random.random() < 0.7 else told
    told = _with_address(random, told) if random.random() < 0.45 else told
    return _with_remarks(random, told, leads)


def _with_person(random: Random, told: Prospect, person: Person, today: date) -> Prospect:
    gender = "f" if person.first_name in USUALLY_WOMEN else "m" if person.first_name in USUALLY_MEN else "u"
    if random.random() < 0.03:
        gender = "o"
    age = (today - person.dob).days // YEAR
    return replace(
        told,
        dob=person.dob if random.random() < 0.7 else None,
        gender=gender,
        life_stage=next(stage for below, stage in STAGES if age < below),
        pronouns=PRONOUNS.get(gender) if random.random() < 0.4 else None,
        primary_language=random.choices(LANGUAGES, (70, 16, 4, 3, 3, 2, 2))[0] if random.random() < 0.5 else None,
        middle_initial=random.choice("ABCDEFGHJKLMNPRSTW") if random.random() < 0.2 else None,
        nick_name=person.first_name[:3] if random.random() < 0.06 and person.first_name.isascii() else None,
        kind="Cash" if random.random() < 0.3 else "Patient",
    )


def _with_address(random: Random, told: Prospect) -> Prospect:
    city, state, zip_code = random.choice(TOWNS)
    return replace(
        told,
        address=f"{random.randrange(12, 2400)} {random.choice(STREETS)}",
        unit=f"Apt {random.randrange(1, 40)}" if random.random() < 0.25 else None,
        city=city,
        state=state,
        zip=zip_code,
        country="US",
    )


def _with_remarks(random: Random, told: Prospect, leads: Leads) -> Prospect:
    has_cell = told.phone is not None and random.random() < 0.35
    return replace(
        told,
        cell_phone=told.phone if has_cell else None,
        sms_phone=told.phone if has_cell and random.random() < 0.6 else None,
        provider_id=leads.provider_id if random.random() < 0.25 else None,
        notes=random.choice(NOTES) if random.random() < 0.3 else None,
    )


def _again(known: Prospect, told: Prospect) -> Prospect:
    """The same person once more, from another form: some facts are the same, others as somebody else typed them."""
    return replace(
        told,
        first_name=known.first_name,
        last_name=known.last_name.upper() if told.id % 2 else known.last_name,
        email=known.email if told.id % 3 else f"{known.last_name[:1].lower()}{told.id}@example.com",
        phone=known.phone,
        dob=known.dob,
        gender=known.gender,
        life_stage=known.life_stage,
        pronouns=None,
    )


def _as_typed(random: Random, phone: str) -> str:
    """A number as people type it."""
    area, office, line = phone[2:5], phone[5:8], phone[8:]
    shapes = (
        f"({area}) {office}-{line}",
        f"{area}-{office}-{line}",
        f"{area}.{office}.{line}",
        phone,
        area + office + line,
    )
    return random.choices(shapes, (40, 30, 8, 12, 10))[0]
