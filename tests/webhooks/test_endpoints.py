"""POST /emr/webhooks: one URL per EMR, what it may be, and which secrets stay."""

from typing import Any

import asyncpg
import msgspec
import pytest
from cast import Cast, turn_to_production
from client import Client, open_client

from openmedspa.settings import Settings

UPDATED = {"success": True, "message": "Webhook URL updated successfully"}
INVALID = {"success": False, "error": "Bad Request", "message": "Invalid URL format"}
BAD = [
    "", " ", "emr.example.com/hook", "ftp://emr.example.com/", "//emr.example.com/", "https://", "https:///hook",
    "https://user:pass@emr.example.com/", "https://user@emr.example.com/", "https://emr.example.com/#part",
    "https://emr.example.com/#", "https://emr.example.com:0/", "https://emr.example.com:99999/",
    "https://emr.example.com:x/", "https://emr example.com/", "https://emr.example.com/\nX: y", "https://[::1",
    "javascript:alert(1)", "https://emr.example.com/" + "a" * 2048, "https://2130706433/",
]  # fmt: skip


async def test_a_url_is_registered_and_a_second_moves_it(glow_emr: Client, owner: asyncpg.Connection) -> None:
    secrets = []
    for url in ("https://emr.example.com/hook", "http://emr.example.com:8080/other?tenant=1"):
        answer = await glow_emr.post("/emr/webhooks", {"url": url})
        assert (answer.status, answer.json) == (200, UPDATED)
        rows = await owner.fetch("select url, signing_secret_sealed from endpoints")
        assert [row["url"] for row in rows] == [url]
        secrets.append(rows[0]["signing_secret_sealed"])
    assert secrets[0] == secrets[1]


async def test_each_partner_has_a_url_of_its_own(
    glow_emr: Client, rival_emr: Client, owner: asyncpg.Connection
) -> None:
    for emr in (glow_emr, rival_emr):
        assert (await emr.post("/emr/webhooks", {"url": "https://emr.example.com/hook"})).status == 200
    assert await owner.fetchval("select count(distinct signing_secret_sealed) from endpoints") == 2


async def test_a_new_url_switches_a_gone_endpoint_on_again(glow_emr: Client, owner: asyncpg.Connection) -> None:
    await glow_emr.post("/emr/webhooks", {"url": "https://emr.example.com/hook"})
    await owner.execute("update endpoints set switched_off_at = now()")
    await glow_emr.post("/emr/webhooks", {"url": "https://emr.example.com/hook"})
    assert await owner.fetchval("select switched_off_at from endpoints") is None


async def test_no_secret_stands_readable_in_the_database(glow_emr: Client, owner: asyncpg.Connection) -> None:
    await glow_emr.post("/emr/webhooks", {"url": "https://emr.example.com/hook"})
    row = await owner.fetchrow("select signing_secret_sealed, api_key_sealed from endpoints")
    vault = glow_emr.house.vault
    assert vault.open(row["signing_secret_sealed"]).startswith("whsec_")
    assert vault.open(row["api_key_sealed"]) == Cast.GLOW_KEY
    assert Cast.GLOW_KEY.encode() not in row["api_key_sealed"]
    assert b"whsec_" not in row["signing_secret_sealed"]


async def test_x_signature_follows_the_key_that_registered_the_url_last(
    glow_emr: Client, owner: asyncpg.Connection
) -> None:
    for key in (Cast.GLOW_KEY, Cast.NARROW_KEY):
        await glow_emr.with_key(key).post("/emr/webhooks", {"url": "https://emr.example.com/hook"})
        assert glow_emr.house.vault.open(await owner.fetchval("select api_key_sealed from endpoints")) == key


async def test_a_bad_url_is_refused(glow_emr: Client, owner: asyncpg.Connection) -> None:
    for url in BAD:
        answer = await glow_emr.post("/emr/webhooks", {"url": url})
        assert (answer.status, answer.json) == (400, INVALID), url
    assert await owner.fetchval("select count(*) from endpoints") == 0


async def test_a_url_of_2048_characters_is_fine(glow_emr: Client) -> None:
    url = "https://emr.example.com/".ljust(2048, "a")
    assert (await glow_emr.post("/emr/webhooks", {"url": url})).json == UPDATED


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "URL field is required in request body"),
        ({"url": None}, "url must be text, not null"),
        ({"url": 5}, "url must be text, not a whole number"),
    ],
)
async def test_a_url_is_needed(glow_emr: Client, body: dict[str, Any], message: str) -> None:
    answer = await glow_emr.post("/emr/webhooks", body)
    assert (answer.status, answer.json) == (400, {"success": False, "error": "Bad Request", "message": message})


async def test_in_production_a_url_is_https_and_public(settings: Settings, owner: asyncpg.Connection) -> None:
    await turn_to_production(owner)
    async with open_client(
        msgspec.structs.replace(settings, environment="production", demo=False), Cast.LIVE_KEY
    ) as live:
        for url in (
            "http://emr.example.com/", "https://127.0.0.1/", "https://localhost/", "https://10.0.0.1/",
            "https://169.254.169.254/", "https://[::1]/", "https://[fd00::1]/", "https://192.168.1.1/",
        ):  # fmt: skip
            answer = await live.post("/emr/webhooks", {"url": url})
            assert (answer.status, answer.json) == (400, INVALID), url
        assert (await live.post("/emr/webhooks", {"url": "https://emr.example.com/hook"})).json == UPDATED
