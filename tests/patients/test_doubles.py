"""Who may be the same person: the same e-mail or phone, or the same name with nothing that speaks against it."""

from datetime import date
from typing import Any

import asyncpg
from patients.finding import BORN, add, practice_of

from openmedspa.kit.db import Database
from openmedspa.patients import search

ANA: dict[str, Any] = {"email": "ana.lopez@example.com", "phone": "+1 202 555 0123", "dob": BORN}
OTHER_DAY = date(1980, 1, 1)

# First name, last name, facts of somebody who may be Ana Lopez with the facts above.
DOUBLES: list[tuple[str, str, dict[str, Any]]] = [
    ("Eva", "Lee", {"email": " ANA.LOPEZ@Example.com "}),
    ("Eva", "Lee", {"cell": "202-555-0123"}),
    ("Eva", "Lee", {"sms": "(202) 555.0123 x9", "dob": OTHER_DAY}),
    ("ANA", "LÓPEZ", {"dob": BORN, "email": "other@example.com", "phone": "3035550100"}),
    ("Ana", "Lopez", {}),
    ("Ana", "Lopez", {"dob": BORN}),
    ("Ana", "Lopez", {"email": "ana.lopez@example.com"}),
]
OTHERS: list[tuple[str, str, dict[str, Any]]] = [
    ("Ana", "Lopez", {"dob": OTHER_DAY}),
    ("Ana", "Lopez", {"email": "other@example.com"}),
    ("Ana", "Lopez", {"phone": "3035550100"}),
    ("Anna", "Lopez", {}),
    ("Ana", "Lopes", {"dob": BORN}),
    ("Eva", "Lee", {"email": "ana.lopez@example.com.mx", "phone": "2025550124", "dob": BORN}),
    ("Eva", "Lee", {"email": "", "phone": ""}),
]


async def doubles(db: Database, owner: asyncpg.Connection, person: int, *, only_prospects: bool = False) -> list[int]:
    practice = await practice_of(owner)
    return await search.find_doubles(db, [practice], practice, person, only_prospects=only_prospects)


async def test_who_may_be_the_same_and_who_may_not(db: Database, owner: asyncpg.Connection) -> None:
    for first, last, facts in DOUBLES:
        ana, other = await add(owner, "Ana", "Lopez", **ANA), await add(owner, first, last, **facts)
        assert await doubles(db, owner, ana) == [other], (first, last, facts)
        assert await doubles(db, owner, other) == [ana], (first, last, facts)
        await owner.execute("delete from patients")
    for first, last, facts in OTHERS:
        ana, other = await add(owner, "Ana", "Lopez", **ANA), await add(owner, first, last, **facts)
        assert await doubles(db, owner, ana) == [], (first, last, facts)
        assert await doubles(db, owner, other) == [], (first, last, facts)
        await owner.execute("delete from patients")


async def test_a_foreign_number_is_the_same_with_and_without_its_country(
    db: Database, owner: asyncpg.Connection
) -> None:
    first = await add(owner, "Ana", "Lopez", phone="+44 20 7946 0958")
    second = await add(owner, "Eva", "Lee", phone="020 7946 0958")
    assert await doubles(db, owner, first) == [second]
    assert await doubles(db, owner, second) == [first]


async def test_only_those_who_may_be_seen_and_no_more_than_ten(db: Database, owner: asyncpg.Connection) -> None:
    ana = await add(owner, "Ana", "Lopez", **ANA)
    hidden = await add(owner, "Ana", "Lopez", is_prospect=False, email=ANA["email"])
    assert await doubles(db, owner, ana) == [hidden]
    assert await doubles(db, owner, ana, only_prospects=True) == []
    many = [await add(owner, "Ana", "Lopez", email=ANA["email"]) for _ in range(12)]
    assert await doubles(db, owner, ana, only_prospects=True) == many[:10]


async def test_nobody_is_their_own_double_and_nobody_at_all_has_none(db: Database, owner: asyncpg.Connection) -> None:
    ana = await add(owner, "Ana", "Lopez", **ANA, cell="2025550123")
    assert await doubles(db, owner, ana) == []
    assert await doubles(db, owner, ana + 999) == []
    nameless = await add(owner, "", "-")
    assert await doubles(db, owner, nameless) == []
