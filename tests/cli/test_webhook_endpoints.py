"""`webhooks add`, `remove`, `on`, `off` and `show`; `partners set`: who gets what, who is told, and what came of it."""

import json
from typing import Any

import asyncpg
import pytest
from aiohttp import web
from cast import Cast, make_visit
from client import Client
from receiver import fail_first, receiver
from webhooks.sending import later, send_due, subscribe

from openmedspa.kit.house import House

from .conftest import Prompt

GLOW = "Glow EMR"
URL = "https://warehouse.example.com/hook"


def listed(desk: Prompt) -> dict[str, Any]:
    rows = json.loads(desk("webhooks", "list", GLOW, "--json").out)
    return {row["name"]: row for row in rows}


@pytest.fixture
async def endpoint(glow_emr: Client) -> Client:
    await subscribe(glow_emr, "https://emr.example.com/hook")
    return glow_emr


async def test_an_endpoint_is_added_with_secrets_of_its_own(desk: Prompt, endpoint: Client) -> None:
    ran = desk("webhooks", "add", GLOW, URL)
    assert (ran.code, ran.out) == (0, "warehouse-example-com\n")
    assert 'webhooks secrets "Glow EMR" --endpoint warehouse-example-com' in ran.err
    assert desk("webhooks", "add", GLOW, URL, "--name", "two").out == "two\n"
    assert {name: row["url"] for name, row in listed(desk).items()} == {
        "api": "https://emr.example.com/hook", "warehouse-example-com": URL, "two": URL,
    }  # fmt: skip
    shown = [
        json.loads(desk("webhooks", "secrets", GLOW, "--json", *words).out)["webhook_signing_secret"]
        for words in ([], ["--endpoint", "api"], ["--endpoint", "two"])
    ]
    assert shown[0] == shown[1] != shown[2]
    rotated = json.loads(
        desk("webhooks", "secrets", GLOW, "--endpoint", "two", "--rotate-signing", "--yes", "--json").out
    )
    assert rotated["webhook_signing_secret"] not in shown
    assert json.loads(desk("webhooks", "secrets", GLOW, "--json").out)["webhook_signing_secret"] == shown[0]


@pytest.mark.parametrize(
    ("words", "code", "what"),
    [
        (["add", GLOW, "nonsense"], 2, "must start with http"),
        (["add", GLOW, "http://127.0.0.1.:80/"], 2, "in its usual form"),
        (["add", GLOW, URL, "--name", "api"], 2, "cannot name it"),
        (["add", GLOW, URL, "--name", "Two Words"], 2, "cannot name it"),
        (["add", "Nobody", URL], 3, "There is no partner Nobody."),
        (["remove", GLOW, "two", "--yes"], 3, "has no endpoint two."),
        (["remove", GLOW, "api"], 4, "will be sent nothing any more."),
        (["on", GLOW, "two"], 3, "has no endpoint two."),
        (["off", "Rival EMR"], 3, "has no webhook URL yet."),
        (["secrets", GLOW, "--endpoint", "apl"], 3, "has no endpoint apl."),
        (["show", "evt_nothing"], 3, "There is no event evt_nothing"),
        (["show"], 2, "needs EVENT."),
    ],
)
async def test_what_is_typed_wrong_is_explained(
    desk: Prompt, endpoint: Client, words: list[str], code: int, what: str
) -> None:
    ran = desk("webhooks", *words)
    assert (ran.code, ran.out) == (code, "")
    assert what in ran.err
    assert list(listed(desk)) == ["api"]


async def test_a_removed_endpoint_is_gone_from_the_list_and_stays_in_the_log(desk: Prompt, endpoint: Client) -> None:
    desk("webhooks", "add", GLOW, URL, "--name", "two")
    await make_visit(endpoint, status="Completed")
    ran = desk("webhooks", "remove", GLOW, "two", "--yes")
    assert (ran.code, ran.out) == (0, "two\n")
    assert "1 that waited are given up." in ran.err
    assert list(listed(desk)) == ["api"]
    log = json.loads(desk("webhooks", "list", "--deliveries", "--json").out)
    assert {row["endpoint"]: row["cause"] for row in log} == {"api": None, "two": "the endpoint was removed"}


async def test_off_and_on_say_what_was_missed_and_how_to_send_it(
    desk: Prompt, endpoint: Client, owner: asyncpg.Connection
) -> None:
    assert desk("webhooks", "off", GLOW).out == "api\n"
    assert "It is off already." in desk("webhooks", "off", GLOW, "api").err
    assert listed(desk)["api"]["switched_off_because"].startswith("switched off by cli:")
    for _ in range(2):
        await make_visit(endpoint, status="Completed")
    ran = desk("webhooks", "on", GLOW)
    assert (ran.code, ran.out) == (0, "api\n")
    assert "2 were given up while api was off." in ran.err
    command = ran.err.partition("openmedspa webhooks replay ")[2].strip()
    assert command.endswith('--partner "Glow EMR" --endpoint api')
    since = command.split()[1]
    assert len(desk("webhooks", "replay", "--since", since, "--partner", GLOW, "--endpoint", "api").lines) == 2
    assert await owner.fetchval("select count(due_at) from deliveries") == 2
    assert "It is on already." in desk("webhooks", "on", GLOW).err


async def test_an_event_is_shown_with_all_that_became_of_it(desk: Prompt, glow_emr: Client, house: House) -> None:
    async with receiver(fail_first(1)) as partner:
        await subscribe(glow_emr, partner.url)
        gfe_id = await make_visit(glow_emr, status="Completed")
        await send_due(house)
        event_id = partner.received[0].headers["webhook-id"]
        waiting = desk("webhooks", "show", event_id).out
        await send_due(later(house, seconds=7))
    assert "Glow EMR, api: waiting" in waiting
    assert "Next: Try 2 at " in waiting
    shown = desk("webhooks", "show", event_id).out
    assert f"POST {partner.url}" in shown
    assert "1. " in shown and "[500]" in shown and "[200]" in shown and " ms  HTTP 200" in shown
    assert "\n      ok\n" not in waiting
    assert "Next: Nothing: it was delivered. To send it again: " in shown
    assert f"replay {event_id}" in shown
    body = shown.partition("Body\n")[2].strip()
    assert body.encode() == partner.received[0].body
    for header in ("webhook-signature: v1,••••", "X-Signature: ••••", f"webhook-id: {event_id}"):
        assert header in shown
    assert "X-Webhook-Secret" not in shown
    assert partner.received[0].headers["X-Signature"] not in shown
    assert Cast.GLOW_KEY not in shown and "whsec_" not in shown

    (told,) = json.loads(desk("webhooks", "show", event_id, "--json").out)["deliveries"]
    assert (told["state"], told["endpoint"], len(told["tries"])) == ("delivered", "api", 2)
    assert told["tries"][0]["cause"] == "HTTP 500"
    assert gfe_id in body


async def test_a_receivers_answer_is_kept_readable_and_short(
    desk: Prompt, glow_emr: Client, house: House, owner: asyncpg.Connection
) -> None:
    async def rant(_number: int) -> web.Response:
        return web.Response(status=500, body=b"\x1b[31mno\x00 \xff\n\tway\r\n" + "ü".encode() * 5000)

    async with receiver(rant) as partner:
        await subscribe(glow_emr, partner.url)
        await make_visit(glow_emr, status="Completed")
        await send_due(house)
        event_id = partner.received[0].headers["webhook-id"]
    answer = await owner.fetchval("select answer from delivery_tries")
    assert len(answer) == 1000
    assert answer.startswith("[31mno \ufffd way üüü")
    assert "[31mno" in desk("webhooks", "show", event_id).out


async def test_what_comes_next_is_said_of_every_state(
    desk: Prompt, endpoint: Client, owner: asyncpg.Connection
) -> None:
    await make_visit(endpoint, status="Completed")
    event_id = await owner.fetchval("select id from events")
    held = "update deliveries set leased_until = now() + interval '9 seconds', lease = gen_random_uuid()"
    off = "update endpoints set switched_off_at = now(), switched_off_because = 'of a test'"
    on, over = "update endpoints set switched_off_at = null", "update deliveries set due_at = null, failed_at = now()"
    for change, words in (
        (held, "A worker holds it now."),
        (off, "switched off (of a test)"),
        (f"{on}; {over}", "it was given up. To send it again"),
        ("update endpoints set deleted_at = now()", "the endpoint was removed."),
    ):
        await owner.execute(change)
        assert words in desk("webhooks", "show", event_id).out


async def test_a_partner_has_a_contact_who_is_told(desk: Prompt, endpoint: Client, owner: asyncpg.Connection) -> None:
    assert desk("partners", "create", "New EMR", "--email", "ops@new.example.com").code == 0
    assert desk("partners", "set", GLOW, "--email", "dev@emr.example.com").out == "Glow EMR\tdev@emr.example.com\n"
    contacts = {row["name"]: row["contact_email"] for row in json.loads(desk("partners", "list", "--json").out)}
    told = {name: contact for name, contact in contacts.items() if contact is not None}
    assert told == {GLOW: "dev@emr.example.com", "New EMR": "ops@new.example.com"}
    assert desk("partners", "set", GLOW, "--email", "").code == 0
    assert await owner.fetchval("select contact_email from partners where name = $1", GLOW) is None
    for words in (["set", GLOW, "--email", "nobody"], ["create", "Other EMR", "--email", "a b@c"]):
        ran = desk("partners", *words)
        assert ran.code == 2 and "is no e-mail address." in ran.err
    assert desk("partners", "set", "Nobody", "--email", "a@b.example").code == 3
