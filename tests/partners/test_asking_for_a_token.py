"""Asking for a token: what it says, and the one no for everything that is wrong with practice or key."""

from typing import Any

import asyncpg
import pytest
from cast import PARTNER_SCOPES, Cast
from client import Answer, Client
from partners.watching import claims_of, from_address, statements, until_kept

from openmedspa.partners import keys, limits

NO = {"error": {"code": "credentials_invalid", "message": "There is no such practice for this API key."}}
WRONG: dict[str, tuple[str, str]] = {
    "unknown practice": ("NowhereOffice", Cast.PARTNER_KEY),
    "no practice's name": ("x", Cast.PARTNER_KEY),
    "a pattern": ("GlowOffic%25", Cast.PARTNER_KEY),
    "SQL": ("GlowOffice'%20or%20''='", Cast.PARTNER_KEY),
    "a long name": ("G" * 3_000, Cast.PARTNER_KEY),
    "a word of the API": ("products", Cast.PARTNER_KEY),
    "unknown key": ("GlowOffice", Cast.UNKNOWN_KEY),
    "no key's form": ("GlowOffice", "hunter2"),
    "mistyped": ("GlowOffice", Cast.PARTNER_KEY[:-1] + "x"),
    "empty": ("GlowOffice", ""),
    "in capitals": ("GlowOffice", Cast.PARTNER_KEY.upper()),
    "with a blank": ("GlowOffice", Cast.PARTNER_KEY + " "),
    "the longest there may be": ("GlowOffice", "x" * 1_000),
    "revoked": ("GlowOffice", Cast.REVOKED_KEY),
    "expired": ("GlowOffice", Cast.EXPIRED_KEY),
    "other environment": ("GlowOffice", Cast.LIVE_KEY),
    "key of another practice": ("GlowOffice", Cast.RIVAL_PARTNER_KEY),
    "practice of another key": ("RivalOffice", Cast.PARTNER_KEY),
    "unknown both": ("NowhereOffice", Cast.UNKNOWN_KEY),
    "revoked partner": ("GlowOffice", Cast.PROSPECTS_KEY),
}


async def ask(client: Client, ppass: str, key: Any) -> Answer:
    return await client.with_key(None).post(f"/v1/{ppass}/auth/token", {"apiKey": key})


async def test_a_token_says_what_the_contract_lists(glow_emr: Client, owner: asyncpg.Connection) -> None:
    answer = await ask(glow_emr, "GlowOffice", Cast.PARTNER_KEY)
    assert (answer.status, list(answer.json)) == (200, ["accessToken", "tokenType", "expiresIn"])
    assert (answer.json["tokenType"], answer.json["expiresIn"]) == ("Bearer", "24h")
    claims = claims_of(answer.json["accessToken"])
    assert list(claims) == ["iss", "aud", "sub", "ppass", "scopes", "iat", "exp", "jti"]
    key_id = await owner.fetchval("select id from api_keys where key_sha256 = $1", keys.digest(Cast.PARTNER_KEY))
    assert (claims["sub"], claims["ppass"], claims["scopes"]) == (str(key_id), "GlowOffice", PARTNER_SCOPES)
    assert claims["exp"] - claims["iat"] == 24 * 3600
    assert answer.headers["cache-control"] == "no-store"


async def test_no_two_tokens_are_alike(glow_emr: Client) -> None:
    made = [(await ask(glow_emr, "GlowOffice", Cast.PARTNER_KEY)).json["accessToken"] for _ in range(20)]
    assert len({claims_of(token)["jti"] for token in made}) == len({*made}) == 20


@pytest.mark.parametrize("ppass", ["glowoffice", "GLOWOFFICE", "gLowOfficE"])
async def test_the_practices_name_counts_without_its_case(glow_emr: Client, ppass: str) -> None:
    caller = await glow_emr.as_partner(Cast.PARTNER_KEY, ppass)
    assert claims_of(caller.token or "")["ppass"] == "GlowOffice"
    assert (await caller.get("/v1/me")).json["data"]["PPass"] == "GlowOffice"


async def prepare(owner: asyncpg.Connection) -> None:
    """A live key that the database knows, and a partner whose end does not stand in its key's row."""
    await owner.execute(
        """insert into api_keys (partner_id, name, key_sha256, prefix, last_four, scopes)
           select partner_id, 'live', $1, 'oms_live_', '1111', scopes from api_keys where key_sha256 = $2""",
        keys.digest(Cast.LIVE_KEY), keys.digest(Cast.PARTNER_KEY),
    )  # fmt: skip
    await owner.execute(
        """with gone as (insert into partners (name, revoked_at) values ('Gone', now()) returning id),
                granted as (insert into grants select id, 1, 'loc_glow' from gone)
           update api_keys set partner_id = gone.id from gone where key_sha256 = $1""",
        keys.digest(Cast.PROSPECTS_KEY),
    )


async def test_every_wrong_combination_is_answered_alike_and_asks_the_same_of_the_database(
    glow_partner: Client, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    await prepare(owner)
    await until_kept(glow_partner)
    asked: dict[str, list[str]] = {}
    for name, (ppass, key) in WRONG.items():
        with statements(monkeypatch) as seen:
            answer = await ask(glow_partner, ppass, key)
        assert (answer.status, answer.json) == (401, NO), name
        asked[name] = seen
    with statements(monkeypatch) as of_a_good_one:
        assert (await ask(glow_partner, "GlowOffice", Cast.PARTNER_KEY)).status == 200
    assert len(of_a_good_one) == 1
    assert asked == dict.fromkeys(WRONG, of_a_good_one)


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 422, "apiKey"),
        ({"apiKey": None}, 422, "apiKey"),
        ({"apiKey": 5}, 422, "apiKey"),
        ({"apiKey": [Cast.PARTNER_KEY]}, 422, "apiKey"),
        ({"apiKey": "x" * 1_001}, 422, "apiKey"),
        ({"apiKey": "x\0"}, 422, "apiKey"),
        ({"apiKey": Cast.PARTNER_KEY, "scope": "Exams"}, 422, "scope"),
        ([], 422, "The body"),
    ],
)
async def test_a_wrong_body_names_its_field(glow_emr: Client, body: object, status: int, field: str) -> None:
    answer = await glow_emr.with_key(None).post("/v1/GlowOffice/auth/token", body)
    found, code, fields = answer.fault
    assert (found, code, [*fields]) == (status, "field_invalid", [field])


async def test_what_is_no_json_is_400_and_what_says_so_415(glow_emr: Client) -> None:
    send = glow_emr.with_key(None).post
    broken = await send("/v1/GlowOffice/auth/token", content=b"{", headers={"content-type": "application/json"})
    assert broken.fault == (400, "json_invalid", {})
    form = await send("/v1/GlowOffice/auth/token", content=b"apiKey=x", headers={"content-type": "text/plain"})
    assert form.fault == (415, "unsupported_media_type", {})


async def test_an_address_that_asks_too_often_waits_and_no_other_does(
    glow_emr: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "ADDRESS_BURST", 3)
    monkeypatch.setattr(limits, "ADDRESS_PER_SECOND", 0.01)
    for _ in range(3):
        assert (await ask(glow_emr, "GlowOffice", Cast.PARTNER_KEY)).status == 200
    with statements(monkeypatch) as seen:
        answer = await ask(glow_emr, "GlowOffice", Cast.PARTNER_KEY)
    assert answer.fault == (429, "too_many", {})
    assert 0 < int(answer.headers["retry-after"]) <= 100
    assert seen == []
    with from_address(glow_emr, "192.0.2.7") as elsewhere:
        assert (await ask(elsewhere, "GlowOffice", Cast.PARTNER_KEY)).status == 200


async def test_the_use_of_a_key_is_noted(glow_emr: Client, owner: asyncpg.Connection) -> None:
    assert (await ask(glow_emr, "GlowOffice", Cast.PARTNER_KEY)).status == 200
    key_id = await owner.fetchval("select id from api_keys where key_sha256 = $1", keys.digest(Cast.PARTNER_KEY))
    assert key_id in glow_emr.house.keys_used


async def test_neither_key_nor_token_stands_in_the_log(glow_emr: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    token = (await ask(glow_emr, "GlowOffice", Cast.PARTNER_KEY)).json["accessToken"]
    await glow_emr.with_token(token).get("/v1/me")
    assert Cast.PARTNER_KEY not in caplog.text and token not in caplog.text
