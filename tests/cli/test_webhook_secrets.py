"""`webhooks`: where they go, their secrets shown and changed, and sending again."""

import io
import json
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest
from cast import Cast, bring_to, make_visit
from client import Client

from .conftest import Prompt


def secrets(desk: Prompt, *flags: str) -> dict[str, Any]:
    ran = desk("webhooks", "secrets", "Glow EMR", "--json", *flags)
    assert ran.code == 0, ran.err
    found: dict[str, Any] = json.loads(ran.out)
    return found


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    return lambda text: monkeypatch.setattr("sys.stdin", io.StringIO(text))


@pytest.fixture
async def endpoint(glow_emr: Client) -> Client:
    assert (await glow_emr.post("/emr/webhooks", {"url": "https://emr.example.com/hook"})).status == 200
    assert (await glow_emr.post("/emr/subscriptions", {"location_id": Cast.GLOW})).status == 200
    return glow_emr


async def test_secrets_are_shown_and_the_signatures_rotated(desk: Prompt, endpoint: Client) -> None:
    first = secrets(desk)
    assert first["url"] == "https://emr.example.com/hook"
    assert first["webhook_secret"] is None and first["webhook_signing_secret"].startswith("whsec_")
    assert desk("webhooks", "secrets", "Glow EMR", "--rotate-signing").code == 4
    assert secrets(desk) == first
    second = secrets(desk, "--rotate-signing", "--yes")
    assert second["webhook_signing_secret"] != first["webhook_signing_secret"]
    assert secrets(desk) == second


async def test_the_header_secret_comes_from_stdin_and_goes(
    desk: Prompt, endpoint: Client, typed: Callable[[str], None], owner: asyncpg.Connection
) -> None:
    typed("a-header-secret\n")
    assert secrets(desk, "--set-header-secret")["webhook_secret"] == "a-header-secret"
    sealed = await owner.fetchval("select header_secret_sealed from endpoints")
    assert b"a-header-secret" not in sealed
    assert secrets(desk, "--clear-header-secret")["webhook_secret"] is None


@pytest.mark.parametrize("text", ["", "short", "with space in it", "über-geheim-x"])
async def test_a_header_secret_that_no_header_carries_is_refused(
    desk: Prompt, endpoint: Client, typed: Callable[[str], None], text: str
) -> None:
    typed(text)
    assert desk("webhooks", "secrets", "Glow EMR", "--set-header-secret").code == 2
    assert secrets(desk)["webhook_secret"] is None


async def test_another_secret_key_does_not_open_them(
    desk: Prompt, endpoint: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENMEDSPA_SECRET_KEY", "some other secret key")
    ran = desk("webhooks", "secrets", "Glow EMR")
    assert ran.code == 4 and "does not open with this OPENMEDSPA_SECRET_KEY" in ran.err


async def test_an_event_is_sent_again_under_its_id(desk: Prompt, endpoint: Client, owner: asyncpg.Connection) -> None:
    gfe_id = await make_visit(endpoint)
    await bring_to(endpoint, gfe_id, "Completed")
    await owner.execute("update deliveries set due_at = null, delivered_at = now(), tries = 1")
    (sent,) = json.loads(desk("webhooks", "list", "glow emr", "--deliveries", "--json").out)
    assert sent["delivered_at"] and sent["partner"] == "Glow EMR"
    assert desk("webhooks", "replay", sent["event_id"]).out == f"{sent['event_id']}\thttps://emr.example.com/hook\n"
    assert await owner.fetchrow("select tries, due_at is not null, delivered_at from deliveries") == (0, True, None)
    assert len(desk("webhooks", "replay", "--since", "1h", "--partner", "Glow EMR").lines) == 1
    assert desk("webhooks", "replay", "--since", "1h", "--partner", "Rival EMR").lines == []


async def test_endpoints_are_listed_with_what_waits(desk: Prompt, endpoint: Client) -> None:
    (row,) = json.loads(desk("webhooks", "list", "--json").out)
    assert (row["partner"], row["location_ids"], row["waiting"]) == ("Glow EMR", [Cast.GLOW], 0)
    assert json.loads(desk("webhooks", "list", "Rival EMR", "--json").out) == []


async def test_a_replay_names_the_endpoint_that_is_off(
    desk: Prompt, endpoint: Client, owner: asyncpg.Connection
) -> None:
    await owner.execute("update endpoints set switched_off_at = now()")
    await make_visit(endpoint, status="Completed")
    (missed,) = json.loads(desk("webhooks", "list", "--deliveries", "--json").out)
    assert (missed["cause"], missed["due_at"]) == ("the endpoint is switched off", None)
    for words in (["--since", "1h"], [missed["event_id"]]):
        ran = desk("webhooks", "replay", *words)
        assert (ran.code, ran.lines) == (4, [])
        assert "1 left out: https://emr.example.com/hook of Glow EMR is switched off." in ran.err
        assert "POST /emr/webhooks" in ran.err
    assert await owner.fetchval("select due_at from deliveries") is None


async def test_a_replay_finds_what_came_before_the_endpoint(
    desk: Prompt, glow_emr: Client, owner: asyncpg.Connection
) -> None:
    assert (await glow_emr.post("/emr/subscriptions", {"location_id": Cast.GLOW})).status == 200
    await make_visit(glow_emr, status="Completed")
    assert (await glow_emr.post("/emr/webhooks", {"url": "https://emr.example.com/hook"})).status == 200
    assert len(desk("webhooks", "replay", "--since", "1h").lines) == 1
    assert await owner.fetchval("select count(due_at) from deliveries") == 1
