"""`/v1/me`: a partner sees and changes itself, and nobody else."""

import asyncio
from typing import Any

import asyncpg
import pytest
from cast import Cast
from client import Client

from openmedspa.partners import keys

READ_ONLY = {"PartnerID": 1, "Scopes": [], "PPass": "x", "Keys": []}


async def test_me_shows_the_partner_and_its_keys_by_their_beginning(glow_partner: Client) -> None:
    answer = await glow_partner.get("/v1/me")
    assert answer.status == 200
    me = answer.json["data"]
    assert (me["Company"], me["PPass"], me["ContactName"]) == ("Glow Partner", "GlowOffice", None)
    assert "Prospects" in me["Scopes"]
    assert [(key["Prefix"], key["Status"]) for key in me["Keys"]] == [("oms_test_Glo", "Active")] * 2


async def test_the_five_fields_change_and_the_others_stay(glow_partner: Client) -> None:
    changes = {"Company": "Glow Partners", "ContactName": "Robin", "ContactEmail": "r@example.com", "Phone": "555-0123"}
    changed = await glow_partner.request("PATCH", "/v1/me", json=changes)
    assert changed.status == 200
    assert {field: changed.json["data"][field] for field in changes} == changes
    again = await glow_partner.request(
        "PATCH", "/v1/me", json={"Website": "https://x.example.com", "ContactName": None}
    )
    expected = {**changed.json["data"], "Website": "https://x.example.com", "ContactName": None}
    assert again.json["data"] == expected
    assert (await glow_partner.get("/v1/me")).json["data"] == expected


async def test_what_cannot_be_changed_is_named_all_of_it(glow_partner: Client) -> None:
    answer = await glow_partner.request("PATCH", "/v1/me", json={**READ_ONLY, "Company": "", "Nonsense": 1})
    status, code, fields = answer.fault
    assert (status, code) == (422, "field_invalid")
    assert {name: why for name, why in fields.items() if name in READ_ONLY} == dict.fromkeys(READ_ONLY, "is read-only")
    assert fields.keys() == {*READ_ONLY, "Company", "Nonsense"}


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"Company": "Rival Partner"}, 409, None),
        ({"Company": "123"}, 422, "Company"),
        ({"ContactEmail": "nobody"}, 422, "ContactEmail"),
        ({"Phone": 5}, 422, "Phone"),
    ],
)
async def test_a_wrong_value_changes_nothing(
    glow_partner: Client, body: object, status: int, field: str | None
) -> None:
    before = (await glow_partner.get("/v1/me")).json
    answer = await glow_partner.request("PATCH", "/v1/me", json=body)
    assert answer.fault[0] == status
    assert field is None or answer.fault[2].keys() == {field}
    assert (await glow_partner.get("/v1/me")).json == before


async def test_a_change_is_audited_once_and_one_that_gives_nothing_is_not(
    glow_partner: Client, owner: asyncpg.Connection
) -> None:
    changed = await glow_partner.request("PATCH", "/v1/me", json={"Phone": "555-0123"})
    assert (await glow_partner.request("PATCH", "/v1/me", json={})).status == 200
    rows = await owner.fetch("select actor, action, subject, request_id from audit where action like 'partner.%'")
    key_id = await owner.fetchval("select id from api_keys where key_sha256 = $1", keys.digest(Cast.PARTNER_KEY))
    partner_id = changed.json["data"]["PartnerID"]
    assert [tuple(row) for row in rows] == [
        (f"key:{key_id}", "partner.changed", f"partner:{partner_id}", changed.headers["x-request-id"])
    ]


async def test_the_same_request_twice_is_carried_out_once(glow_partner: Client, owner: asyncpg.Connection) -> None:
    once = {"headers": {"idempotency-key": "me-1"}, "json": {"ContactName": "Robin"}}
    first = await glow_partner.request("PATCH", "/v1/me", **once)
    again = await glow_partner.request("PATCH", "/v1/me", **once)
    assert (first.status, again.json) == (200, first.json)
    assert await owner.fetchval("select count(*) from audit where action = 'partner.changed'") == 1
    other = await glow_partner.request("PATCH", "/v1/me", **{**once, "json": {"ContactName": "Rita"}})
    assert other.fault == (409, "idempotency_mismatch", {})


async def test_a_replay_tells_what_the_callers_own_key_may_do(glow_partner: Client) -> None:
    """Two keys of one partner send the same: the narrow one is not told the rights of the wide one, nor the reverse."""
    once: dict[str, Any] = {"headers": {"idempotency-key": "me-2"}, "json": {"ContactName": "Robin"}}
    narrow = await glow_partner.as_partner(Cast.PROSPECTS_KEY, "GlowOffice")
    wide = (await glow_partner.request("PATCH", "/v1/me", **once)).json["data"]
    again = await narrow.request("PATCH", "/v1/me", **once)
    assert (again.status, again.json["data"]["Scopes"]) == (200, ["Prospects"])
    assert again.json["data"] == {**wide, "Scopes": ["Prospects"]} != wide


async def test_keys_are_shown_with_what_became_of_them_and_their_use(
    glow_emr: Client, glow_partner: Client, owner: asyncpg.Connection
) -> None:
    await owner.execute(
        "update api_keys set revoked_at = now(), last_used_at = '2026-03-09T17:00:00.5Z' where key_sha256 = $1",
        keys.digest(Cast.PROSPECTS_KEY),
    )
    await owner.execute(
        """insert into api_keys (partner_id, name, key_sha256, prefix, last_four, scopes, expires_at)
           select partner_id, 'old', sha256('old'), 'oms_test_Old', '1111', '{KB}', now() - interval '1 day'
           from api_keys where key_sha256 = $1""",
        keys.digest(Cast.PARTNER_KEY),
    )
    shown = (await glow_partner.get("/v1/me")).json["data"]["Keys"]
    assert [(key["Name"], key["Status"]) for key in shown] == [
        ("test", "Active"), ("old", "Expired"), ("test", "Revoked"),
    ]  # fmt: skip
    assert shown[2]["LastUsedAt"] == "2026-03-09T17:00:00Z"
    assert all(key.keys() == {"Name", "Prefix", "LastUsedAt", "Status"} for key in shown)
    assert Cast.PARTNER_KEY not in str(shown)


async def test_a_partner_changes_nobody_but_itself(
    glow_partner: Client, rival_partner: Client, owner: asyncpg.Connection
) -> None:
    before = (await rival_partner.get("/v1/me")).json
    others = "select count(*) from partners where phone is not null"
    assert (await glow_partner.request("PATCH", "/v1/me", json={"Phone": "555-0123"})).status == 200
    assert (await rival_partner.get("/v1/me")).json == before
    assert await owner.fetchval(others) == 1


async def test_of_two_that_take_a_name_at_once_one_is_told(glow_partner: Client, owner: asyncpg.Connection) -> None:
    """The other one has not committed yet: nobody sees the name, and the database keeps the rule."""
    transaction = owner.transaction()
    await transaction.start()
    await owner.execute("update partners set name = 'Same' where name = 'Rival Partner'")
    waiting = asyncio.create_task(glow_partner.request("PATCH", "/v1/me", json={"Company": "same"}))
    waits = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    async with asyncio.timeout(5):
        while not await owner.fetchval(waits):  # noqa: ASYNC110 a poll is plain enough for a test
            await asyncio.sleep(0.01)
    await transaction.commit()
    assert (await waiting).fault == (409, "company_taken", {})


@pytest.mark.parametrize("text", ["<b>x</b>", "'; drop table partners; --", "=1+1", "a\r\nSet-Cookie: x", "{{7*7}}"])
async def test_texts_come_back_as_they_were_sent(glow_partner: Client, text: str) -> None:
    sent = {"ContactName": text, "Phone": text, "Website": text}
    answer = await glow_partner.request("PATCH", "/v1/me", json=sent)
    assert answer.status == 200
    assert {field: (await glow_partner.get("/v1/me")).json["data"][field] for field in sent} == sent
    assert "set-cookie" not in answer.headers
