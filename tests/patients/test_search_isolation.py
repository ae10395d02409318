"""The search runs with its owner's rights, which know no row-level security: it looks at the scope itself.

The control takes that look out of the function; then it shows people of another practice.
"""

from typing import Any

import asyncpg
import pytest
from cast import Cast
from patients.finding import add, ask, practice_of

from openmedspa.kit.db import APP_ROLE, Database
from openmedspa.patients import search

TEXTS = ["ana lopez", "an", "aan lopze", "ana.lopez@example.com", "ana.lopez@gmail.com", "2025550123", "2025550132"]
FACTS: dict[str, Any] = {"email": "ana.lopez@example.com", "phone": "+12025550123"}
CHECK = """coalesce(practice = any (scope)
                  and practice = any (nullif(current_setting('app.scope', true), '')::int[]), false)"""


@pytest.fixture
async def two(owner: asyncpg.Connection) -> tuple[int, int]:
    """Ana of rival's, and her like at the same practice."""
    first = await add(owner, "Ana", "Lopez", location=Cast.RIVAL, **FACTS)
    return first, await add(owner, "Ana", "Lopez", location=Cast.RIVAL, **FACTS)


async def reached(db: Database, owner: asyncpg.Connection, person: int) -> list[object]:
    """All that glow gets to see of rival's people, in every way that the search can be asked."""
    glow, rival = await practice_of(owner), await practice_of(owner, Cast.RIVAL)
    seen: list[object] = []
    for text in TEXTS:
        seen += (await ask(db, glow, text)).ids
        answer = await search.find(
            db, [glow], rival, text=text, only_prospects=None, tag_id=None, updated_since=None, limit=9, offset=0
        )
        seen += [*answer.ids, *([answer.counted] if answer.counted else [])]
    seen += await search.find_doubles(db, [glow], glow, person, only_prospects=False)
    seen += await search.find_doubles(db, [glow], rival, person, only_prospects=False)
    return seen


async def test_nobody_of_another_practice_is_found(
    db: Database, owner: asyncpg.Connection, two: tuple[int, int]
) -> None:
    rival = await practice_of(owner, Cast.RIVAL)
    for text in TEXTS:
        assert (await ask(db, rival, text)).ids == list(two), text
    assert await search.find_doubles(db, [rival], rival, two[0], only_prospects=False) == [two[1]]
    assert await reached(db, owner, two[0]) == []


async def test_control_without_the_functions_own_look_they_are(
    db: Database, owner: asyncpg.Connection, two: tuple[int, int]
) -> None:
    for name in ("find_patients", "find_doubles"):
        definition = await owner.fetchval("select pg_get_functiondef(oid) from pg_proc where proname = $1", name)
        assert CHECK in definition
        await owner.execute(definition.replace(CHECK, "true"))
    seen = await reached(db, owner, two[0])
    assert set(two) <= set(seen)


@pytest.mark.parametrize("current", ["", "{}", "{%(glow)s}"])
async def test_a_scope_given_is_not_believed_without_the_transactions(
    owner: asyncpg.Connection, two: tuple[int, int], current: str
) -> None:
    glow, rival = await practice_of(owner), await practice_of(owner, Cast.RIVAL)
    await owner.execute(f"set role {APP_ROLE}")
    sql = "select (find_patients($1, $2, 'ana', 'ana', null, null, null, null, null, null, 9, 0)).ids"
    doubles = "select id from find_doubles($1, $2, $3, false, 9)"
    for setting, ids in ((current % {"glow": glow}, []), (f"{{{glow},{rival}}}", list(two))):
        await owner.execute("select set_config('app.scope', $1, false)", setting)
        assert await owner.fetchval(sql, [rival], rival) == ids
        assert [row["id"] for row in await owner.fetch(doubles, [rival], rival, two[0])] == ids[1:]
        assert await owner.fetchval(sql, [glow], rival) == []
        assert await owner.fetch(doubles, [glow], rival, two[0]) == []


async def test_what_the_search_is_made_of_is_shown_to_nobody(owner: asyncpg.Connection, two: tuple[int, int]) -> None:
    await owner.execute(f"set role {APP_ROLE}")
    await owner.execute("select set_config('app.scope', '{1,2}', false)")
    for sql in (
        "select from patient_terms", "select from name_spellings", "delete from patient_terms",
        "select rebuild_search()",
        "select near_words(2, 'ana', 9)", "select patients_in(2, '{}', 1, null, null, null, 1, 0, 1)",
    ):  # fmt: skip
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await owner.execute(sql)


async def test_the_functions_cannot_be_led_to_other_tables(owner: asyncpg.Connection) -> None:
    rows = await owner.fetch(
        "select proname, proconfig from pg_proc where prosecdef and pronamespace = 'public'::regnamespace"
        " and proname in ('find_patients', 'find_doubles', 'keep_terms')"
    )
    assert ["search_path=public, pg_temp" in row["proconfig"] for row in rows] == [True] * 3
