"""A person is found by name, e-mail or phone however it was typed: exact first, then beginnings, then mistakes."""

from typing import Any

import asyncpg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from patients.finding import LONG_AGO, add, ask, found, practice_of

from openmedspa.kit.db import Database

ZOE: dict[str, Any] = {
    "middle": "Q", "nick": "Zuzu", "email": "Zoe.Smithjones@Example.com", "phone": "555-0123",
    "cell": "(202) 555-0147", "sms": "+44 20 7946 0958",
}  # fmt: skip


TEXTS = [
    "Zoë", "zoe", "ZOE", "smith", "jones", "smith-jones", "smithjones", "Smith Jones", "zo", "zoe s", "zoe smi",
    "jones zoe", "Smith-Jones, Zoë", "smith, zo", "zo smi", "zoe q smith", "zoe x smith", "Dr Zoe Smith", "zuzu",
    "zuzu jones", "zeo", "zoe smiht", "zoe smth", "zoe smithh", "zoe smyth", "zeo smiht", "zoe joens", "zoee smith",
    "zoe smith jones", "zoe smtih jonse", "  zoe \t smith ", "zo'e smith",
    "zoe.smithjones@example.com", "ZOE.SMITHJONES@EXAMPLE.COM", "zoe.smithjones@", "zoe.smithj", "smithjones@ex",
    "zoe.smithjones@exmaple.com", "zoe.smithjones@gmail.com", "zoe.smihtjones@example.com",
    "mailto:zoe.smithjones@example.com",
    "Zoe <zoe.smithjones@example.com>", "555-0123", "5550123", "(202) 555-0123", "0123", "202-555-0147", "2025550147",
    "+1 202.555.0147", "5550147", "(202) 555-01", "202 555 0174", "202 555 0148", "+44 20 7946 0958", "020 7946 0958",
    "0044 20 7946 0958", "2079460958", "+44 20 79",
]  # fmt: skip
NOTHING = ["", " ", ",", "-", "'", "@", "@@", "%", "_", "\\", "()", "\u00a0", "\u200b", "+", "#", "*", "' -- "]
NAMES = [
    ("John", "Smith", "Jon Smith"), ("Jon", "Smith", "john smith"), ("Ana", "O'Donnell", "odonnell"),
    ("Ana", "O’Donnell", "o'donnell"), ("Ana", "ODonnell", "o donnell"), ("John", "ODonnell", "john o donnell"),
    ("Mary Ann", "Lee", "maryann lee"), ("Maryann", "Lee", "mary ann"), ("Ana", "van der Meer", "vandermeer"),
    ("Ana", "Vandermeer", "van der meer"), ("Søren", "Kierkegård", "soren kierkegard"),
    ("Jürgen", "Groß", "jurgen gross"),
    ("Łukasz", "Żak", "lukasz zak"), ("Анна", "Йорк", "анна иорк"), ("王", "小明", "小明 王"), ("Cher", "", "cher"),
    ("Jose\u0301", "Peña", "jose pena"), ("Katherine", "Lee", "catherine lee"),
    ("Ana", "Lopez", "ana lopez ana"), ("Max 2", "Mustermann", "max 2"), ("Bob", "Lee", "boob"),
]  # fmt: skip
TOO_MUCH = [
    "a", "a e", "a b c d e f g h i j", "x" * 255, "x" * 5000, "ab " * 2000, "é" * 300, "1" * 255, "@" * 255, "a@" * 200,
]  # fmt: skip


async def test_somebody_is_found_by_every_spelling_of_what_they_are_known_by(
    db: Database, owner: asyncpg.Connection
) -> None:
    zoe = await add(owner, "Zoë", "Smith-Jones", **ZOE)
    await add(owner, "Bartholomew", "Quigley", email="bq@other.example", phone="(919) 234-9876")
    assert {text: ids for text in TEXTS if (ids := await found(db, owner, text)) != [zoe]} == {}
    assert {text: ids for text in NOTHING if (ids := await found(db, owner, text))} == {}
    for text in TOO_MUCH:
        await found(db, owner, text)


async def test_whose_name_it_is_comes_before_those_it_only_begins(db: Database, owner: asyncpg.Connection) -> None:
    liam = await add(owner, "Liam", "Achterberg", email="li.am@example.com")
    lina = await add(owner, "Lina", "Li-Smith", email="lina@example.com")
    wu = await add(owner, "Li", "Wu", email="wu@example.com")
    assert sorted((await found(db, owner, "li"))[:2]) == sorted([lina, wu])
    assert (await found(db, owner, "li"))[2:] == [liam]
    iv = await add(owner, "Yvette", "Larsen", nick="Iv")
    await add(owner, "Ivan", "Boateng", email="ivan@example.com")
    assert (await found(db, owner, "iv"))[0] == iv


async def test_names_as_they_are_meant(db: Database, owner: asyncpg.Connection) -> None:
    for first, last, text in NAMES:
        person = await add(owner, first, last)
        assert await found(db, owner, text) == [person], text
        await owner.execute("delete from patients")


async def test_two_mistakes_in_a_word_or_one_in_the_letters_of_a_short_one_are_somebody_else(
    db: Database, owner: asyncpg.Connection
) -> None:
    await add(owner, "Bob", "Lee")
    for text in ("rob", "li", "le e x", "bbo lll"):
        assert await found(db, owner, text) == [], text


async def test_exact_comes_before_beginnings_and_those_before_mistakes(db: Database, owner: asyncpg.Connection) -> None:
    typo = await add(owner, "Jon", "Smith")
    longer = await add(owner, "John", "Smithson")
    middle = await add(owner, "John", "Smith", middle="Q")
    turned = await add(owner, "Smith", "John")
    whole = await add(owner, "John", "Smith")
    for text in ("john smith", "Smith, John"):
        assert await found(db, owner, text) == [turned, whole, middle, longer, typo]
    assert await found(db, owner, "john") == [middle, turned, whole, longer, typo]
    assert await found(db, owner, "smith") == [middle, turned, whole, typo, longer]


async def test_of_an_email_or_a_phone_that_somebody_has_nothing_else_is_shown(
    db: Database, owner: asyncpg.Connection
) -> None:
    ana = await add(owner, "Ana", "Lopez", email="ana.lopez@example.com", phone="+1 202 555 0123")
    other = await add(owner, "Ana", "Lopez", email="ana.lopez@example.org", phone="202-555-0124")
    assert await found(db, owner, "ana.lopez@example.com") == [ana]
    assert await found(db, owner, "2025550123") == [ana]
    assert await found(db, owner, "ana.lopez@exmaple.com") == [ana, other]
    assert await found(db, owner, "2025550125") == [ana, other]


async def test_a_change_is_found_at_once_and_what_was_before_no_more(db: Database, owner: asyncpg.Connection) -> None:
    ana = await add(owner, "Ana", "Lopez", email="ana@example.com", phone="2025550123")
    await owner.execute(
        "update patients set first_name = 'Eva', email = 'eva@example.com', phone = null, sms_phone = '3035550199'"
        " where id = $1", ana,
    )  # fmt: skip
    for text in ("eva", "lopez", "eva@example.com", "3035550199"):
        assert await found(db, owner, text) == [ana], text
    for text in ("ana lopez", "ana@example.com", "2025550123"):
        assert await found(db, owner, text) == [], text
    await owner.execute("delete from patients where id = $1", ana)
    assert await owner.fetchval("select count(*) from patient_terms") == 0


async def test_filters_and_their_counts(db: Database, owner: asyncpg.Connection) -> None:
    practice = await practice_of(owner)
    people = [await add(owner, "Ana", f"Lopez{chr(97 + n)}", is_prospect=n < 4) for n in range(6)]
    tag = await owner.fetchval("insert into tags (practice_id, name) values ($1, 'vip') returning id", practice)
    await owner.execute(
        "insert into patient_tags (practice_id, patient_id, tag_id) select $1, unnest($2::bigint[]), $3",
        practice, [people[1], people[3], people[5]], tag,
    )  # fmt: skip
    await owner.execute("update patients set updated_at = $1 where id = any($2)", LONG_AGO, people[:3])
    for changes, which in (
        ({}, [0, 1, 2, 3, 4, 5]),
        ({"only_prospects": True}, [0, 1, 2, 3]),
        ({"only_prospects": False}, [4, 5]),
        ({"tag_id": tag}, [1, 3, 5]),
        ({"tag_id": tag, "only_prospects": True}, [1, 3]),
        ({"updated_since": LONG_AGO}, [0, 1, 2, 3, 4, 5]),
        ({"updated_since": LONG_AGO.replace(year=2002)}, [3, 4, 5]),
        ({"updated_since": LONG_AGO.replace(year=2002), "tag_id": tag}, [3, 5]),
    ):
        answer = await ask(db, practice, "ana", **changes)
        assert (answer.ids, answer.counted) == ([people[n] for n in which], len(which)), changes
    await owner.execute("update patients set prospect_since = null where id = $1", people[0])
    assert await found(db, owner, "ana", only_prospects=True) == people[1:4]


async def test_pages_follow_one_another_and_the_count_ends_after_ten_thousand(
    db: Database, owner: asyncpg.Connection
) -> None:
    practice = await practice_of(owner)
    await owner.execute(
        "insert into patients (practice_id, first_name, last_name)"
        " select $1, 'Ana', 'Lopez' from generate_series(1, 10500)",
        practice,
    )
    seen: list[int] = []
    for offset in (0, 50, 100):
        answer = await ask(db, practice, "ana lopez", limit=50, offset=offset)
        assert answer.counted == 10_001
        seen += answer.ids
    assert len(set(seen)) == 150 and seen == sorted(seen)
    last = await ask(db, practice, "ana", limit=50, offset=10_000)
    assert (len(last.ids), last.counted) == (1, 10_001)
    assert (await ask(db, practice, "ana", limit=50, offset=20_000)).ids == []


WORD = st.text(st.characters(codec="utf-8", categories=("Lu", "Ll", "Lo", "Nd")), min_size=1, max_size=20)
LOCAL = st.text("abcdefghijklmnopqrstuvwxyz0123456789._+-", min_size=1, max_size=30)
NUMBER = st.from_regex(r"\+?[2-9][0-9]{6,14}", fullmatch=True)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=WORD, last=WORD, nick=WORD, local=LOCAL, numbers=st.tuples(NUMBER, NUMBER, NUMBER))
async def test_whoever_is_there_is_found_by_each_of_their_facts(
    db: Database, owner: asyncpg.Connection, first: str, last: str, nick: str, local: str, numbers: tuple[str, str, str]
) -> None:
    email = f"{local}@Example.org"
    person = await add(owner, first, last, nick=nick, email=email, phone=numbers[0], cell=numbers[1], sms=numbers[2])
    for text in (
        first,
        last,
        nick,
        f"{first} {last}",
        f"{last}, {first}",
        f"{nick} {last}",
        email,
        email.upper(),
        *numbers,
    ):
        assert person in await found(db, owner, text), text
