"""Sessions and guesses belong to a practice: another sees 0 rows and changes none, even with the filter forgotten."""

from datetime import UTC, date, datetime

import asyncpg
import pytest
from cast import Cast, make_visit
from client import Client
from portals.visiting import ANAS, WRONG, visiting

from openmedspa.invitations import queries
from openmedspa.kit.db import APP_ROLE, Tx

NOW = datetime(2025, 1, 1, tzinfo=UTC)
TABLES = ["identity_guesses", "visit_sessions"]


@pytest.fixture
async def rivals_visit(rival_emr: Client, owner: asyncpg.Connection) -> asyncpg.Record:
    gfe_id = await make_visit(rival_emr, location_id=Cast.RIVAL)
    async with visiting(rival_emr, gfe_id) as patient:
        await patient.confirm(ANAS)
        await patient.confirm(WRONG)
    return await owner.fetchrow("select practice_id, id, gfe_id from visits")


async def test_another_practice_sees_no_row(rivals_visit: asyncpg.Record, owner: asyncpg.Connection) -> None:
    await owner.execute(f"set role {APP_ROLE}")
    for scope, count in ((rivals_visit["practice_id"], 1), (rivals_visit["practice_id"] + 1, 0), ("", 0)):
        await owner.execute(f"select set_config('app.scope', '{{{scope}}}', false)")
        for table in TABLES:
            assert await owner.fetchval(f"select count(*) from {table}") == count
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await owner.execute("delete from visit_sessions")


async def rows(owner: asyncpg.Connection) -> list[list[str]]:
    tables = [*TABLES, "visits", "patients", "match_keys"]
    return [
        [row["t"] for row in await owner.fetch(f"select t::text as t from {table} t order by 1")] for table in tables
    ]


async def test_no_statement_reaches_another_practices_visit(
    glow_emr: Client, rivals_visit: asyncpg.Record, owner: asyncpg.Connection
) -> None:
    practice, visit = rivals_visit["practice_id"], rivals_visit["id"]
    glow = [await owner.fetchval("select practice_id from locations where id = $1", Cast.GLOW)]
    before = await rows(owner)

    async def work(tx: Tx) -> None:
        await queries.update_dob(tx, glow, practice, visit, date(1990, 1, 1), match_key=b"x" * 32, now=NOW)
        await queries.update_answers(tx, glow, practice, visit, "[]", answered_at=NOW)
        await queries.update_guesses_after_right_one(tx, glow, practice, visit, 1)
        await queries.insert_session(tx, glow, practice, visit, 1, id_sha256=b"y" * 32, created_at=NOW, expires_at=NOW)
        with pytest.raises(AssertionError):
            await queries.count_wrong_guess(tx, glow, practice, visit, 1, pause_until=NOW)
        assert (await queries.find_guesses(tx, glow, practice, visit, 1)).wrong_in_all == 0

    await glow_emr.house.db.write(glow, work)
    assert await queries.find_invitation(
        glow_emr.house.db, glow, rivals_visit["gfe_id"], session_sha256=b"y" * 32, now=NOW
    ) is None  # fmt: skip
    assert await rows(owner) == before
