"""`openmedspa doctor`: each thing that can be ill is found, with what to do, and the healthy are left alone."""

import asyncio
import json
from typing import Any

import asyncpg
import pytest
from cast import make_visit
from client import Client
from notifications.carriers import post_office

from .conftest import Prompt


def findings(desk: Prompt) -> dict[str, dict[str, Any]]:
    """The last finding of each check, by its name."""
    ran = desk("doctor", "--json")
    found: list[dict[str, Any]] = json.loads(ran.out)
    assert ran.code == (6 if any(finding["state"] == "ill" for finding in found) else 0)
    assert all(finding["fix"] for finding in found if finding["state"] == "ill")
    return {finding["check"]: finding for finding in found}


def state(desk: Prompt, check: str) -> tuple[str, str]:
    finding = findings(desk)[check]
    return finding["state"], f"{finding['what']} {finding['fix']}"


def test_a_healthy_staging_has_nothing_that_is_ill(desk: Prompt) -> None:
    found = findings(desk)
    assert set(found) == {
        "database", "migrations", "clock", "disk", "public URL", "mail", "texts", "secret key", "background work",
        "messages", "endpoints", "dashboard", "log of calls",
    }  # fmt: skip
    assert {name for name, finding in found.items() if finding["state"] != "well"} <= {"disk", "public URL"}


def test_it_reads_well_at_a_prompt(desk: Prompt) -> None:
    ran = desk("doctor")
    assert "✓ database" in ran.out
    assert "! public URL" in ran.out and "serve" in ran.out


async def test_migrations_that_wait(desk: Prompt, owner: asyncpg.Connection) -> None:
    await owner.execute("delete from migrations where name like '0012%'")
    found = findings(desk)
    assert found["migrations"]["state"] == "ill" and "db upgrade" in found["migrations"]["fix"]
    assert "messages" not in found  # tables of another version are not looked into


def test_a_database_that_is_away(prompt: Prompt, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://x@127.0.0.1:1/x")
    ran = prompt("doctor")
    assert ran.code == 6
    assert "✗ database" in ran.out and "DATABASE_URL" in ran.out


def test_another_secret_key(desk: Prompt, monkeypatch: pytest.MonkeyPatch, glow_emr: Client) -> None:
    assert state(desk, "secret key")[0] == "well"
    monkeypatch.setenv("OPENMEDSPA_SECRET_KEY", "another one than this database was sealed with")
    assert state(desk, "secret key")[0] == "ill"


async def test_production_without_carriers_and_without_an_address_of_its_own(
    desk: Prompt, owner: asyncpg.Connection
) -> None:
    await owner.execute("update installation set environment = 'production'")
    found = findings(desk)
    assert {name for name, finding in found.items() if finding["state"] == "ill"} == {"public URL", "mail"}
    assert found["texts"]["state"] == "look"  # mail alone will do
    assert "OPENMEDSPA_PUBLIC_URL" in found["public URL"]["fix"]
    assert "OPENMEDSPA_SMTP_URL" in found["mail"]["fix"]


async def test_a_mail_server_that_lets_us_in_or_not(desk: Prompt, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENMEDSPA_MAIL_FROM", "exams@example.com")
    monkeypatch.setenv("OPENMEDSPA_SMTP_URL", "smtp://127.0.0.1:1")
    assert state(desk, "mail")[0] == "ill"
    async with post_office() as office:
        monkeypatch.setenv("OPENMEDSPA_SMTP_URL", office.url)
        found = await asyncio.to_thread(state, desk, "mail")
        assert found[0] == "well", found
        assert office.mails == []


async def test_work_that_nobody_does(desk: Prompt, glow_emr: Client, owner: asyncpg.Connection) -> None:
    await make_visit(glow_emr)
    assert state(desk, "background work")[0] == "well"
    await owner.execute("update messages set due_at = now() - interval '7 minutes'")
    assert state(desk, "background work") == (
        "ill",
        "something has been due for 7 minutes: nobody works Run openmedspa worker, or serve without --no-worker.",
    )


async def test_messages_that_failed(desk: Prompt, glow_emr: Client, owner: asyncpg.Connection) -> None:
    await make_visit(glow_emr)
    await owner.execute("update messages set failed_at = now(), due_at = null, cause = 'refused'")
    looked, words = state(desk, "messages")
    assert looked == "look"
    assert words.startswith("2 of the last day") and "openmedspa outbox" in words


async def test_endpoints_that_fail_or_are_off(desk: Prompt, glow_emr: Client, owner: asyncpg.Connection) -> None:
    await glow_emr.post("/emr/webhooks", {"url": "https://emr.example.com/hook"})
    assert state(desk, "endpoints")[0] == "well"
    await owner.execute("update endpoints set failing_since = now() - interval '2 hours'")
    looked, words = state(desk, "endpoints")
    assert looked == "look" and "emr.example.com/hook of Glow EMR has failed since" in words
    await owner.execute("update endpoints set switched_off_at = now(), switched_off_because = 'five days of failure'")
    looked, words = state(desk, "endpoints")
    assert looked == "ill"
    assert "five days of failure" in words and 'webhooks on "Glow EMR" api' in words and "Nobody was told" in words


async def test_an_admin_secret_that_is_left_on_in_production(
    desk: Prompt, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert state(desk, "dashboard") == ("well", "0 with an account may change things there ")
    monkeypatch.setenv("OPENMEDSPA_ADMIN_SECRET", "an admin secret of tests, long enough")
    await owner.execute("update installation set environment = 'production'")
    assert state(desk, "dashboard")[0] == "well"  # the only way in
    await owner.execute(
        "insert into operators (email, name, role, password_argon2, totp_sealed) "
        "values ('robin@example.com', 'Robin', 'admin', 'x', ''), ('kim@example.com', 'Kim', 'viewer', 'x', '')"
    )
    assert state(desk, "dashboard") == (
        "look",
        "the admin secret still opens it, although there are admins with accounts openmedspa operators secret off",
    )
    await owner.execute("update operators set disabled_at = now()")
    assert state(desk, "dashboard")[0] == "well"
    await owner.execute("update operators set disabled_at = null")
    await owner.execute("update installation set admin_secret_off_at = now()")
    assert state(desk, "dashboard") == ("well", "1 with an account may change things there ")


async def test_calls_that_were_not_written_down(desk: Prompt, owner: asyncpg.Connection) -> None:
    await owner.execute("insert into call_gaps values (now() - interval '25 hours', 5)")
    assert state(desk, "log of calls")[0] == "well"
    await owner.execute("insert into call_gaps values (now() - interval '2 hours', 5), (now(), 2)")
    looked, words = state(desk, "log of calls")
    assert looked == "look" and words.startswith("7 calls of the last day")
