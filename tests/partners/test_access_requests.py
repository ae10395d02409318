"""POST /v1/access-requests and the rules behind it: one answer for everybody, limits, forgetting, the seven words."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from client import Client
from partners.asking_access import ASKED, told

from openmedspa.kit.house import House
from openmedspa.partners import access_requests, jobs, keys
from openmedspa.partners.access_shapes import (
    GLOBAL_SCOPES,
    SCOPE_WORDS,
    is_decidable,
    is_deniable,
    reaches_patients,
    status_of,
)

PATH = "/v1/access-requests"
NOW = datetime(2026, 3, 9, 12, tzinfo=UTC)
SENT = {"data": {"Status": "ConfirmationSent"}}


async def post(client: Client, **changes: Any) -> Any:
    body = {name: value for name, value in {**ASKED, **changes}.items() if value is not None}
    return await client.with_key(None).post(PATH, body)


@pytest.fixture
def patient_house(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """One that lets an address ask as often as it likes."""
    monkeypatch.setattr(access_requests, "ASKS_AT_ONCE", 1_000)
    yield house


async def test_it_asks_for_no_key_and_answers_everybody_alike(glow_emr: Client, house: House) -> None:
    for company, practice in (("Glow EMR", "GlowOffice"), ("Nobody", "NowhereOffice")):
        answer = await post(glow_emr, Company=company, Practice=practice, ContactEmail=f"{practice}@example.com")
        assert (answer.status, answer.json) == (202, SENT)
    assert [notice for notice, _ in await told(house)] == ["access_confirm", "access_confirm"]


async def test_every_wrong_field_is_named(glow_emr: Client, house: House) -> None:
    answer = await post(
        glow_emr, Company="12", Practice="\u202e", ContactName=" ", ContactEmail="a b@example.com",
        Scopes=["Everything"], Purpose="\x07",
    )  # fmt: skip
    status, code, fields = answer.fault
    assert (status, code) == (422, "field_invalid")
    assert {*fields} == {"Company", "Practice", "ContactName", "ContactEmail", "Scopes[0]", "Purpose"}
    answer = await glow_emr.with_key(None).post(PATH, {"Verbose": 1})
    assert {*answer.fault[2]} == {*ASKED, "Verbose"}
    for nothing in ("", "  "):
        empty = {name: nothing for name in ASKED if name != "Scopes"}
        fields = (await post(glow_emr, **empty)).fault[2]
        assert fields == dict.fromkeys(empty, "is required")
    wrong = (await post(glow_emr, Scopes=["KB", "Everything"])).fault[2]
    assert wrong == {"Scopes[1]": f"may not be 'Everything', only {', '.join([*SCOPE_WORDS][:-1])} or Tickets"}
    assert await told(house) == []


@pytest.mark.parametrize(
    "email",
    ["nobody", "a@b", "a@b.c, d@e.f", "a@b.c\nBcc: d@e.f", "=?utf-8?q?x?=@example.com", "x" * 65 + "@example.com"],
)
async def test_no_address_ends_a_header(glow_emr: Client, house: House, email: str) -> None:
    assert {*(await post(glow_emr, ContactEmail=email)).fault[2]} == {"ContactEmail"}
    assert await told(house) == []


async def test_an_address_asks_five_times_at_once_and_then_waits(glow_emr: Client, house: House) -> None:
    answers = [await post(glow_emr, ContactEmail=f"robin{number}@example.com") for number in range(7)]
    assert [answer.status for answer in answers] == [202] * 5 + [429] * 2
    assert answers[5].fault[1] == "too_many" and 1 <= int(answers[5].headers["retry-after"]) <= 60
    page = await glow_emr.http.get("/request-access")
    assert page.status_code == 200
    assert len(await told(house)) == 5
    assert (await post(glow_emr, Company=" ")).status == 422  # what is wrong is said all the same, and costs nothing


async def test_nobodys_mailbox_is_flooded(glow_emr: Client, patient_house: House, owner: asyncpg.Connection) -> None:
    addresses = [
        "robin@example.com",
        "Robin@Example.com",
        "ROBIN@example.com",
        "robin@example.com",
        "robin@EXAMPLE.com",
    ]
    for address in addresses:
        answer = await post(glow_emr, ContactEmail=address)
        assert (answer.status, answer.json) == (202, SENT)
    assert len(await told(patient_house)) == 3
    assert await owner.fetchval("select count(*) from access_requests") == 3
    await owner.execute("update access_requests set created_at = created_at - interval '25 hours'")
    await post(glow_emr, ContactEmail=addresses[0])
    assert len(await told(patient_house)) == 4


async def test_what_nobody_confirms_is_forgotten_with_its_message(
    glow_emr: Client, house: House, owner: asyncpg.Connection
) -> None:
    for name in ("old", "confirmed", "young"):
        await post(glow_emr, ContactEmail=f"{name}@example.com")
    await owner.execute(
        """
        update access_requests set created_at = created_at - interval '7 days'
        where email in ('old@example.com', 'confirmed@example.com')
        """
    )
    await owner.execute("update access_requests set confirmed_at = now() where email = 'confirmed@example.com'")
    await owner.execute(
        """
        insert into message_tries (practice_id, message_id, at, duration_ms, outcome, cause)
        select 0, id, now(), 0, 'sent', 'sent' from messages
        """
    )
    await jobs.forget_unconfirmed_requests(house)
    kept = [row["email"] for row in await owner.fetch("select email from access_requests order by id")]
    assert kept == ["confirmed@example.com", "young@example.com"]
    assert [address for _, address in await told(house)] == kept


def row(**days_ago: float | None) -> dict[str, Any]:
    moments = ("created_at", "confirmed_at", "approved_at", "owner_agreed_at", "denied_at", "key_shown_at")
    given = {"created_at": 1.0, **days_ago}
    made: dict[str, Any] = {
        name: None if (ago := given.get(name)) is None else NOW - timedelta(days=ago) for name in moments
    }
    return {**made, "owner_email": None}


ROWS = [
    (row(), "Unconfirmed"),
    (row(created_at=7), "Lapsed"),
    (row(created_at=30, confirmed_at=29), "New"),
    (row(confirmed_at=1, approved_at=1), "Approved"),
    (row(confirmed_at=1, approved_at=14), "Lapsed"),
    (row(confirmed_at=1, approved_at=1) | {"owner_email": "o@example.com"}, "Waits for the owner"),
    (row(confirmed_at=1, approved_at=14) | {"owner_email": "o@example.com"}, "Lapsed"),
    (row(confirmed_at=1, approved_at=20, owner_agreed_at=10) | {"owner_email": "o@example.com"}, "Approved"),
    (row(confirmed_at=1, approved_at=30, owner_agreed_at=15) | {"owner_email": "o@example.com"}, "Lapsed"),
    (row(confirmed_at=1, approved_at=30, key_shown_at=20), "Key taken"),
    (row(confirmed_at=1, denied_at=1), "Denied"),
    (row(confirmed_at=1, approved_at=2, denied_at=1), "Denied"),
]


@pytest.mark.parametrize(("asked", "word"), ROWS)
def test_each_request_has_one_word(asked: dict[str, Any], word: str) -> None:
    assert status_of(asked, NOW) == word
    assert is_decidable(asked, NOW) is (asked["confirmed_at"] is not None and word in {"New", "Lapsed"})
    assert is_deniable(asked, NOW) is (asked["confirmed_at"] is not None and word not in {"Denied", "Key taken"})


def test_every_scope_has_words_and_all_but_the_global_ones_reach_patients() -> None:
    assert tuple(SCOPE_WORDS) == keys.SCOPES
    assert {scope for scope in keys.SCOPES if not reaches_patients([scope])} == GLOBAL_SCOPES
    assert reaches_patients(["KB", "Tickets"])
