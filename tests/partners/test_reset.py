"""Staging's way back: what an account did since it was set up is undone, and nothing else."""

from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from cast import Cast, at_home, bring_to, make_visit
from client import Client

# What a reset must leave as it is: the set-up, other accounts, and the trail of who did what.
KEPT = ("practices", "locations", "partners", "api_keys", "grants", "subscriptions", "endpoints", "treatments")
UNDONE = (
    "visits", "visit_directory", "visit_steps", "records", "messages", "events", "deliveries", "patients", "match_keys",
    "idempotency_keys",
)  # fmt: skip


async def contents(owner: asyncpg.Connection, *tables: str) -> dict[str, list[Any]]:
    """Every row of these tables, as text, in an order of its own."""
    return {
        table: sorted(str(tuple(row)) for row in await owner.fetch(f"select t::text from {table} t"))
        for table in tables
    }


async def set_up_now(owner: asyncpg.Connection) -> None:
    """As if the account's set-up had ended at this moment."""
    await owner.execute("update partners set known_at = clock_timestamp()")


async def reset(emr: Client) -> tuple[int, int]:
    answer = await emr.post("/emr/staging/reset")
    assert answer.status == 200, answer.json
    assert answer.json["ahead_seconds"] == 0
    return answer.json["visits_removed"], answer.json["visits_restored"]


@pytest.fixture
async def known(glow_emr: Client, owner: asyncpg.Connection) -> dict[str, str]:
    """Visits by status, ordered before the account's set-up ended."""
    visits = {status: await make_visit(glow_emr, status=status) for status in ("Processing", "Scheduled", "Completed")}
    await glow_emr.post("/emr/subscriptions", {"location_id": Cast.GLOW})
    await set_up_now(owner)
    return visits


async def test_everything_stands_as_it_did(glow_emr: Client, owner: asyncpg.Connection, known: dict[str, str]) -> None:
    before = await contents(owner, *UNDONE)
    await make_visit(glow_emr, status="Completed", patient={"first_name": "Mia", "email": "mia@example.com"})
    await glow_emr.post("/emr/appointments", at_home(), headers={"Idempotency-Key": "once"})
    await bring_to(glow_emr, known["Processing"], "Completed")
    await bring_to(glow_emr, known["Scheduled"], "Cancelled by client")
    assert await contents(owner, *UNDONE) != before
    assert await reset(glow_emr) == (2, 2)
    after = await contents(owner, *UNDONE)
    for table in UNDONE:
        if table not in ("visits", "messages"):  # a visit's `updated_at` goes back to its last step
            assert after[table] == before[table], table
    words = [(await glow_emr.get(f"/emr/visits/{gfe_id}")).json["data"]["status"] for gfe_id in known.values()]
    assert words == list(known)


async def test_a_message_that_was_taken_back_waits_again(
    glow_emr: Client, owner: asyncpg.Connection, known: dict[str, str]
) -> None:
    before = await contents(owner, "messages")
    await bring_to(glow_emr, known["Processing"], "Cancelled by client")
    await reset(glow_emr)
    assert await contents(owner, "messages") == before


async def test_set_up_other_accounts_and_the_trail_stay(
    glow_emr: Client, rival_emr: Client, owner: asyncpg.Connection, known: dict[str, str]
) -> None:
    await owner.execute("update partners set known_at = now() - interval '1 day' where name like 'Rival%'")
    theirs = await make_visit(rival_emr, location_id=Cast.RIVAL)
    await make_visit(glow_emr)
    kept, trail = await contents(owner, *KEPT), await contents(owner, "audit")
    await reset(glow_emr)
    assert await contents(owner, *KEPT) == kept
    assert set(trail["audit"]) < set((await contents(owner, "audit"))["audit"])
    assert (await rival_emr.get(f"/emr/visits/{theirs}")).status == 200


async def test_a_patient_somebody_else_ordered_for_as_well_stays(
    glow_emr: Client, owner: asyncpg.Connection, known: dict[str, str]
) -> None:
    patient = {"first_name": "Mia", "email": "mia@example.com"}
    gfe_id = await make_visit(glow_emr, patient=patient)
    await owner.execute(
        "update visits set partner_id = null where gfe_id = $1", await make_visit(glow_emr, patient=patient)
    )
    assert await reset(glow_emr) == (1, 0)
    assert await owner.fetchval("select count(*) from patients where first_name = 'Mia'") == 1
    assert (await glow_emr.get(f"/emr/visits/{gfe_id}")).status == 404


async def test_the_clock_and_the_chaos_end(glow_emr: Client, owner: asyncpg.Connection) -> None:
    await glow_emr.post("/emr/webhooks", {"url": "https://emr.example.com/hook"})
    await glow_emr.post("/emr/staging/webhooks/chaos", {"fail_next": 3, "delay_seconds": 9, "duplicate_next": 2})
    await glow_emr.post("/emr/staging/clock", {"advance_seconds": 86_400})
    await make_visit(glow_emr)
    assert await reset(glow_emr) == (1, 0)
    assert (await glow_emr.get("/emr/staging/clock")).json["ahead_seconds"] == 0
    row = await owner.fetchrow("select fail_next, delay_seconds, duplicate_next from endpoints")
    assert row is not None and tuple(row) == (0, 0, 0)
    assert await owner.fetchval("select clock_offset from partners where name = 'Glow EMR'") == timedelta(0)


async def test_a_second_reset_finds_nothing(glow_emr: Client, known: dict[str, str]) -> None:
    await make_visit(glow_emr)
    assert await reset(glow_emr) == (1, 0)
    assert await reset(glow_emr) == (0, 0)


async def test_an_endpoint_that_an_advanced_clock_switched_off_is_on_again(
    glow_emr: Client, owner: asyncpg.Connection, known: dict[str, str]
) -> None:
    await glow_emr.post("/emr/webhooks", {"url": "https://emr.example.com/hook"})
    await owner.execute(
        "update endpoints set failing_since = now(), switched_off_at = now() + interval '6 days', "
        "switched_off_because = 'failed for five days'"
    )
    await reset(glow_emr)
    row = await owner.fetchrow("select failing_since, switched_off_at, switched_off_because from endpoints")
    assert row is not None and tuple(row) == (None, None, None)
    await bring_to(glow_emr, known["Processing"], "Completed")
    assert await owner.fetchval("select count(*) from deliveries where due_at <= now()") == 1


async def test_what_the_patient_told_is_forgotten(
    glow_emr: Client, owner: asyncpg.Connection, known: dict[str, str]
) -> None:
    await owner.execute(
        "update visits set dob = '1990-10-27', dob_given_at = now(), intake_answered = '[]', "
        "intake_answered_at = now(), updated_at = now()"
    )
    assert (await reset(glow_emr))[1] == len(known)
    rows = await owner.fetch("select dob, dob_given_at, intake_answered, intake_answered_at from visits")
    assert {tuple(row) for row in rows} == {(None, None, None, None)}


async def test_a_reset_with_a_key_happens_once(glow_emr: Client, known: dict[str, str]) -> None:
    await make_visit(glow_emr)
    answers = []
    for _ in range(2):
        answers.append(await glow_emr.post("/emr/staging/reset", headers={"Idempotency-Key": "again"}))
        kept = await make_visit(glow_emr)
    assert answers[0].json == answers[1].json
    assert (await glow_emr.get(f"/emr/visits/{kept}")).status == 200
    assert await reset(glow_emr) == (2, 0)
