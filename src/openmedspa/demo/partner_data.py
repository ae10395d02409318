"""Loads what partners find in the demo: prospects and tags, products, articles, tickets, providers. All in bulk."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from importlib import resources
from typing import Any

import msgspec

from openmedspa.demo import queries
from openmedspa.demo.people import Person
from openmedspa.demo.products import products
from openmedspa.demo.prospects import Leads, Prospect, Tag, match_keys, prospects
from openmedspa.kit.db import Tx

TAGS = {
    "DemoOffice": [
        Tag("New lead", 30), Tag("Newsletter", 24), Tag("Botox interest", 16), Tag("Laser consult", 10),
        Tag("Membership", 8), Tag("Summer open house", 7), Tag("VIP", 4), Tag("Win back", 5),
    ],
    "RivalOffice": [Tag("Waitlist", 40), Tag("Referral", 30)],
}  # fmt: skip
PROVIDERS = {"DemoOffice": 1, "RivalOffice": 2}  # whom prospects ask for, of those in `schedules`
PEOPLE = {"DemoOffice": 500, "RivalOffice": 20}
AUTHOR = "system"  # who wrote the articles


class Place(msgspec.Struct, frozen=True):
    """A practice, and its partner as the actor of what is loaded."""

    ppass: str
    practice_id: int
    partner_id: int
    actor: str


async def load(
    tx: Tx, places: Sequence[Place], crowd: Sequence[Person], *, seed: int, now: datetime
) -> Sequence[Prospect]:
    """Everything for these practices, and the shared catalogue and articles; `crowd` has PEOPLE, in this order."""
    told = await _load_prospects(tx, places, crowd, seed=seed, now=now)
    await queries.insert_products(tx, _json(products()), partner_id=places[0].partner_id, now=now - timedelta(days=90))
    await queries.insert_articles(tx, _json(list(_articles(now))))
    await queries.insert_tickets(tx, _json(list(_tickets(places, now))))
    return told


async def _load_prospects(
    tx: Tx, places: Sequence[Place], crowd: Sequence[Person], *, seed: int, now: datetime
) -> Sequence[Prospect]:
    """The people's numbers come after those of the visits' patients; the tags count from 1."""
    ids = iter(await queries.list_reserved_patient_ids(tx, len(crowd)))
    people, numbers = iter(crowd), iter(range(1, 1_000))
    told: list[Prospect] = []
    tags: list[Mapping[str, Any]] = []
    for place in places:
        tag_ids = [next(numbers) for _ in TAGS[place.ppass]]
        tags += [
            {"practice_id": place.practice_id, "id": number, "name": tag.name}
            for number, tag in zip(tag_ids, TAGS[place.ppass], strict=True)
        ]
        leads = Leads(place.practice_id, place.actor, TAGS[place.ppass], tag_ids, PROVIDERS[place.ppass])
        part = [next(people) for _ in range(PEOPLE[place.ppass])]
        told += prospects(leads, part, ids=ids, seed=seed, now=now)
    await queries.insert_tags(tx, _json(tags), now=now - timedelta(days=366))
    await queries.insert_prospects(tx, _json(told), _json(match_keys(told)))
    return told


def _articles(now: datetime) -> Iterator[dict[str, Any]]:
    """As they stand in the file, which gives them their numbers; the older ones have the smaller."""
    shipped = _read("articles.json")
    for number, entry in enumerate(shipped, 1):
        written = now - timedelta(days=400 - number * 8)
        ended = None if entry.pop("active") else now - timedelta(days=30)
        yield {**entry, "id": number, "created_at": written, "retired_at": ended, "written_by": AUTHOR}


def _tickets(places: Sequence[Place], now: datetime) -> Iterator[dict[str, Any]]:
    """The older ones have the smaller numbers; each begins as Open."""
    told = [
        (place, entry, now - timedelta(days=entry["days_ago"], hours=25 + index % 7, minutes=index * 11))
        for place in places
        for index, entry in enumerate(_read("tickets.json")[place.ppass])
    ]
    for number, (place, entry, at) in enumerate(sorted(told, key=lambda ticket: ticket[2]), 1):
        steps = [{"status": "Open", "at": at}, *_dated(entry["steps"], at, now)]
        comments = _dated(entry["comments"], at, now)
        yield {
            "practice_id": place.practice_id, "id": number, "actor": place.actor, "subject": entry["subject"],
            "body": entry["body"], "status": entry["status"], "priority": entry["priority"], "steps": steps,
            "comments": comments, "created_at": at, "updated_at": max(event["at"] for event in [*steps, *comments]),
        }  # fmt: skip


def _dated(events: Sequence[dict[str, Any]], since: datetime, now: datetime) -> list[dict[str, Any]]:
    """Hours become moments, none of them to come."""
    return [{**event, "at": min(since + timedelta(hours=event["hours"]), now)} for event in events]


def _read(name: str) -> Any:
    return msgspec.json.decode((resources.files("openmedspa.demo") / name).read_bytes())


def _json(rows: Sequence[object]) -> str:
    return msgspec.json.encode(rows).decode()
