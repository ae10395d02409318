"""`openmedspa operators`, and `openmedspa keys rotate`: typed, printed once, audited."""

import json
import sys
from io import StringIO
from typing import Any

import asyncpg
import pyotp
import pytest

from .conftest import Prompt

EMAIL = "olga@example.com"
PASSWORD = "four words in a row"


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> StringIO:
    """What comes through stdin, which is no terminal."""
    stdin = StringIO()
    monkeypatch.setattr(sys, "stdin", stdin)
    return stdin


def fill(stdin: StringIO, text: str) -> None:
    stdin.seek(0)
    stdin.truncate()
    stdin.write(text)
    stdin.seek(0)


def listed(desk: Prompt) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(desk("operators", "list", "--json").out)
    return rows


async def audited(owner: asyncpg.Connection) -> list[str]:
    return [row["action"] for row in await owner.fetch("select action from audit where actor like 'cli:%' order by id")]


async def test_an_account_is_made_with_a_line_of_stdin(
    desk: Prompt, typed: StringIO, owner: asyncpg.Connection
) -> None:
    fill(typed, f"{PASSWORD}\n")
    ran = desk("operators", "create", EMAIL, "--name", "Olga", "--role", "viewer", "--json")
    made = json.loads(ran.out)
    assert made.keys() == {"email", "totp_secret", "totp_url"}
    assert pyotp.parse_uri(made["totp_url"]).secret == made["totp_secret"]
    assert PASSWORD not in ran.out + ran.err
    (row,) = listed(desk)
    assert (row["email"], row["name"], row["role"], row["sessions"]) == (EMAIL, "Olga", "viewer", 0)
    kept = await owner.fetchrow("select password_argon2, totp_sealed from operators")
    assert kept is not None and kept["password_argon2"].startswith("$argon2id$")
    assert made["totp_secret"].encode() not in kept["totp_sealed"]
    assert await audited(owner) == ["operator.created"]


async def test_without_a_password_one_is_made_and_printed_once(desk: Prompt, typed: StringIO) -> None:
    ran = desk("operators", "create", EMAIL)
    fields = dict(line.split("\t") for line in ran.lines)
    assert fields.keys() == {"email", "totp_secret", "totp_url", "password"} and len(fields["password"]) >= 20
    assert fields["password"] not in desk("operators", "list").out
    assert listed(desk)[0]["role"] == "viewer"


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (("olga",), 2, "no e-mail address"),
        ((EMAIL, "--role", "boss"), 2, "boss"),
    ],
)
async def test_an_account_that_cannot_be_made(
    desk: Prompt, typed: StringIO, owner: asyncpg.Connection, words: tuple[str, ...], code: int, why: str
) -> None:
    ran = desk("operators", "create", *words)
    assert (ran.code, ran.out) == (code, "") and why in ran.err
    assert await owner.fetchval("select count(*) from operators") == 0


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaaaaaa", "x" * 201])
async def test_a_weak_password_makes_no_account(
    desk: Prompt, typed: StringIO, owner: asyncpg.Connection, password: str
) -> None:
    fill(typed, f"{password}\n")
    ran = desk("operators", "create", EMAIL)
    assert ran.code == 2 and "password" in ran.err and password not in ran.err
    assert await owner.fetchval("select count(*) from operators") == 0


async def test_an_address_has_one_account_however_it_is_written(desk: Prompt, typed: StringIO) -> None:
    assert desk("operators", "create", EMAIL).code == 0
    ran = desk("operators", "create", EMAIL.upper())
    assert ran.code == 4 and "already" in ran.err


async def test_an_account_is_changed_reset_disabled_and_enabled(
    desk: Prompt, typed: StringIO, owner: asyncpg.Connection
) -> None:
    first = json.loads(desk("operators", "create", EMAIL, "--json").out)
    assert desk("operators", "role", EMAIL, "admin").code == 0
    again = json.loads(desk("operators", "reset", EMAIL, "--yes", "--json").out)
    assert again["totp_secret"] != first["totp_secret"] and again["password"] != first["password"]
    assert desk("operators", "disable", EMAIL, "--yes").code == 0
    assert listed(desk)[0]["disabled_at"] and listed(desk)[0]["role"] == "admin"
    assert desk("operators", "enable", EMAIL).code == 0
    assert listed(desk)[0]["disabled_at"] is None
    assert desk("operators", "sign-out", EMAIL).out == f"{EMAIL}\t0\n"
    assert await audited(owner) == [
        "operator.created", "operator.role_admin", "operator.reset", "operator.disabled", "operator.enabled",
        "operator.signed_out",
    ]  # fmt: skip


@pytest.mark.parametrize("action", ["reset", "disable"])
async def test_what_signs_somebody_out_asks_first(desk: Prompt, typed: StringIO, action: str) -> None:
    desk("operators", "create", EMAIL)
    ran = desk("operators", action, EMAIL, "--no-input")
    assert ran.code == 4 and "--yes" in ran.err
    assert listed(desk)[0]["disabled_at"] is None


@pytest.mark.parametrize("action", ["reset", "disable", "enable", "sign-out"])
async def test_an_account_that_there_is_not(desk: Prompt, typed: StringIO, action: str) -> None:
    desk("operators", "create", EMAIL)
    ran = desk("operators", action, "olha@example.com")
    assert ran.code == 3 and EMAIL in ran.err


async def test_the_secret_goes_off_once_an_admin_can_sign_in(
    desk: Prompt, typed: StringIO, owner: asyncpg.Connection
) -> None:
    ran = desk("operators", "secret", "off")
    assert ran.code == 2 and "Nobody could open" in ran.err
    desk("operators", "create", EMAIL)
    assert desk("operators", "secret", "off").code == 2  # a viewer is not enough
    desk("operators", "role", EMAIL, "admin")
    assert desk("operators", "secret", "off").out == "admin secret\toff\n"
    assert await owner.fetchval("select admin_secret_off_at is not null from installation")
    assert desk("operators", "secret", "on").code == 0
    assert not await owner.fetchval("select admin_secret_off_at is not null from installation")


async def test_a_key_is_rotated(desk: Prompt, owner: asyncpg.Connection) -> None:
    made = json.loads(desk("keys", "rotate", "1", "--overlap", "1h", "--json").out)
    assert made["replaces"] == 1 and made["key"].startswith("oms_test_") and made["old_expires_at"]
    status = {row["id"]: row["status"] for row in json.loads(desk("keys", "list", "--json").out)}
    assert (status[1], status[made["id"]]) == ("Replaced", "Active")
    ran = desk("keys", "rotate", "1")
    assert ran.code == 4 and f"replaced by key {made['id']}" in ran.err
    ended = desk("keys", "rotate", str(made["id"]), "--overlap", "0")
    assert len(ended.lines) == 1 and "has ended" in ended.err
    assert await audited(owner) == ["key.rotated", "key.rotated"]


@pytest.mark.parametrize(("overlap", "code"), [("soon", 2), ("-1h", 2), ("91d", 2)])
async def test_an_overlap_that_is_none_changes_nothing(
    desk: Prompt, owner: asyncpg.Connection, overlap: str, code: int
) -> None:
    count = await owner.fetchval("select count(*) from api_keys")
    assert desk("keys", "rotate", "1", f"--overlap={overlap}").code == code
    assert await owner.fetchval("select count(*) from api_keys") == count
