"""Looking changes nothing, and everything that is read or changed leaves its row in the audit trail."""

import asyncpg
import pytest
from cast import make_visit
from client import Client
from portals.visiting import ANSWERS, WRONG, at_ease, visiting

from openmedspa.usage import audit

# Calls of the APIs are written down a moment later, and opening a page is none.
TABLES = "select tablename as name from pg_tables where schemaname = 'public' and tablename not like 'call%' order by 1"
AUDIT = "select action, actor, subject, practice_id, address, request_id from audit order by id"


async def everything(owner: asyncpg.Connection) -> dict[str, list[str]]:
    """Each row of each table, as text."""
    names = [row["name"] for row in await owner.fetch(TABLES)]
    assert {"visits", "visit_sessions", "identity_guesses", "audit"} <= set(names)
    return {
        name: [row["t"] for row in await owner.fetch(f"select t::text as t from {name} t order by 1")] for name in names
    }


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_mail_scanner_that_opens_every_link_changes_nothing(
    glow_emr: Client, owner: asyncpg.Connection, method: str
) -> None:
    async with visiting(glow_emr, await make_visit(glow_emr)) as scanner:
        before = await everything(owner)
        for more in ("", "/schedule", "/confirm", "/answers", "?saved=1", "x"):
            await scanner.open(more, method=method)
        await audit.flush(glow_emr.house)
        assert await everything(owner) == before
        assert (await scanner.confirm()).status_code == 200, "and the patient still opens it first"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_looking_at_a_visit_adds_a_row_of_audit_and_nothing_else(
    glow_emr: Client, owner: asyncpg.Connection, method: str
) -> None:
    async with at_ease(glow_emr) as (ana, _):
        await ana.answer()
        await audit.flush(glow_emr.house)
        before = await everything(owner)
        for more in ("", "/schedule", "?saved=1"):
            await ana.open(more, method=method)
        await audit.flush(glow_emr.house)
        after = await everything(owner)
    assert len(after["audit"]) == len(before["audit"]) + 3
    assert {**after, "audit": []} == {**before, "audit": []}


async def test_every_read_and_change_says_who_what_and_from_where(glow_emr: Client, owner: asyncpg.Connection) -> None:
    gfe_id = await make_visit(glow_emr)
    async with visiting(glow_emr, gfe_id) as ana:
        await ana.confirm()
        await ana.confirm(WRONG)
        await ana.answer()
    await audit.flush(glow_emr.house)
    rows = [dict(row) for row in await owner.fetch(AUDIT)][1:]
    practice = await owner.fetchval("select practice_id from visits")
    assert sorted(row["action"] for row in rows) == [
        "identity.confirmed", "identity.refused", "intake.answered", *["visit.opened"] * (len(rows) - 3),
    ]  # fmt: skip
    for row in rows:
        assert (row["actor"], row["subject"], row["practice_id"]) == ("patient", gfe_id, practice)
        assert row["address"] == "127.0.0.1" and row["request_id"].startswith("req_")


async def test_answers_and_their_row_are_kept_together_or_not_at_all(
    glow_emr: Client, owner: asyncpg.Connection
) -> None:
    async with at_ease(glow_emr) as (ana, _):
        await audit.flush(glow_emr.house)
        await owner.execute(
            """
            create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
            create trigger refuse before insert on audit for each row execute function refuse();
            """
        )
        csrf, before = ana.csrf(ana.page.text), await everything(owner)
        for form, fields in (("answers", ANSWERS), ("confirm", WRONG)):
            assert (await ana.send(form, fields, csrf=csrf)).status_code == 500
            assert "Internal server error" in ana.text and "no" not in ana.text.split()
        glow_emr.house.reads.clear()
        assert await everything(owner) == before
