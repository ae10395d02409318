"""`openmedspa tokens`, and the limits of `openmedspa keys`: typed, printed, audited; no secret is ever shown."""

import json
from typing import Any

import asyncpg
import pytest

from .conftest import Prompt


def listed(desk: Prompt, *words: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(desk(*words, "--json").out)
    return rows


async def audited(owner: asyncpg.Connection) -> list[tuple[str, str]]:
    rows = await owner.fetch("select action, subject from audit where actor like 'cli:%' order by id")
    return [(row["action"], row["subject"]) for row in rows]


async def test_rotating_signs_with_a_new_key_and_keeps_the_old_one_for_a_day(
    desk: Prompt, owner: asyncpg.Connection
) -> None:
    (first,) = listed(desk, "tokens", "list")
    assert first["retired_at"] is None and first["verifies_until"] is None
    ran = desk("tokens", "rotate", "--yes")
    (kid,) = ran.lines
    newest, old = listed(desk, "tokens", "list")
    assert (newest["kid"], old["kid"]) == (kid, first["kid"])
    assert newest["retired_at"] is None and old["verifies_until"] > old["retired_at"]
    assert await audited(owner) == [("token_keys.rotated", f"token_key:{kid}")]


async def test_ending_them_now_leaves_the_new_one_alone(desk: Prompt, owner: asyncpg.Connection) -> None:
    (kid,) = desk("tokens", "rotate", "--end-now", "--yes").lines
    assert [row["kid"] for row in listed(desk, "tokens", "list")] == [kid]
    assert await audited(owner) == [("token_keys.ended", f"token_key:{kid}")]


async def test_a_rotation_asks_first(desk: Prompt, owner: asyncpg.Connection) -> None:
    before = await owner.fetch("select kid from token_keys")
    ran = desk("tokens", "rotate", "--no-input")
    assert ran.code == 4 and "--yes" in ran.err
    assert await owner.fetch("select kid from token_keys") == before


async def test_another_installations_secret_seals_no_key_here(
    desk: Prompt, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENMEDSPA_SECRET_KEY", "quite another secret key, of another installation")
    ran = desk("tokens", "rotate", "--yes")
    assert ran.code != 0 and "OPENMEDSPA_SECRET_KEY" in ran.err
    assert await owner.fetchval("select count(*) from token_keys") == 1


async def test_no_secret_is_shown(desk: Prompt, owner: asyncpg.Connection) -> None:
    printed = desk("tokens", "list", "--json").out + desk("tokens", "list").out
    sealed = await owner.fetchval("select secret_sealed from token_keys")
    assert sealed.hex() not in printed and "secret" not in printed


async def test_a_key_is_made_with_its_limits(desk: Prompt) -> None:
    made = listed(desk, "keys", "create", "Glow EMR", "--per-second", "5", "--burst", "9")
    row = listed(desk, "keys", "list")[-1]
    assert (made["per_second"], made["burst"]) == (row["per_second"], row["burst"]) == (5, 9)  # type: ignore[call-overload]
    desk("keys", "create", "Glow EMR")
    row = listed(desk, "keys", "list")[-1]
    assert (row["per_second"], row["burst"]) == (100, 500)


async def test_limits_are_set_one_by_one_and_audited(desk: Prompt, owner: asyncpg.Connection) -> None:
    assert desk("keys", "limit", "1", "--per-second", "7").out == "key 1: 7 calls a second, 500 at once\n"
    assert desk("keys", "limit", "1", "--burst", "8").out == "key 1: 7 calls a second, 8 at once\n"
    assert desk("keys", "limit", "1", "--per-second", "0").out == "key 1: no limit\n"
    assert await audited(owner) == [
        ("key.limited", "key:1 7/s burst 500"),
        ("key.limited", "key:1 7/s burst 8"),
        ("key.limited", "key:1 0/s burst 8"),
    ]


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (("limit", "1"), 2, "--per-second"),
        (("limit", "999", "--burst", "5"), 3, "no key 999"),
        (("limit", "1", "--burst", "0"), 2, "0 calls at once"),
        (("limit", "1", "--per-second", "-1"), 2, "-1 calls a second"),
        (("limit", "1", "--per-second", "1000001"), 2, "1000001 calls a second"),
        (("create", "Glow EMR", "--burst", "0"), 2, "0 calls at once"),
    ],
)
async def test_a_limit_that_is_none_changes_nothing(
    desk: Prompt, owner: asyncpg.Connection, words: tuple[str, ...], code: int, why: str
) -> None:
    before = await owner.fetch("select id, per_second, burst from api_keys order by id")
    ran = desk("keys", *words)
    assert ran.code == code and why in ran.err
    assert await owner.fetch("select id, per_second, burst from api_keys order by id") == before
