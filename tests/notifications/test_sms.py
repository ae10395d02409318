"""Texts as the carrier is asked for them, and what its answers mean."""

import asyncio
from base64 import b64encode

import msgspec
import pytest
from aiohttp import web
from cast import ANA, make_visit
from client import Client
from notifications.carriers import (
    TOKEN,
    gateway,
    refuse,
    send_due,
    served_by,
    the_message,
    tries_of,
)
from notifications.test_tries import at
from served import free_port

from openmedspa.kit.house import House
from openmedspa.notifications.carriers import UNSAFE_SMS_URL, Missing, open_carriers, try_sms
from openmedspa.notifications.shapes import STOPPED
from openmedspa.notifications.sms import Sms


async def test_the_carrier_is_asked_as_its_documents_say(glow_emr: Client, house: House) -> None:
    await make_visit(glow_emr)
    async with gateway() as texts:
        await send_due(served_by(house, texts=texts.url + "/"))
    assert texts.paths == ["/2010-04-01/Accounts/AC1/Messages.json"]
    (text,), (headers,) = texts.texts, texts.headers
    assert text.keys() == {"From", "To", "Body", "StatusCallback"}
    assert (text["From"], text["To"]) == ("+15005550006", ANA["phone"])
    row = await the_message(house, "sms")
    about = f"practice={row['practice_id']}&message={row['id']}"
    assert text["StatusCallback"] == f"http://exams.example.com/hooks/sms/status?{about}"
    assert headers["Authorization"] == "Basic " + b64encode(f"AC1:{TOKEN}".encode()).decode()
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert row["reference"] == "SM" + "1".rjust(32, "0")


async def test_a_pool_of_numbers_is_named_as_one(glow_emr: Client, house: House) -> None:
    await make_visit(glow_emr)
    async with gateway() as texts:
        await send_due(served_by(house, texts=texts.url, sms_from="MG5"))
    assert texts.texts[0]["MessagingServiceSid"] == "MG5" and "From" not in texts.texts[0]


@pytest.mark.parametrize(
    ("status", "code", "is_final"),
    [(400, 21211, True), (403, 20003, True), (404, 20404, True), (401, 20003, False), (429, 20429, False),
     (500, 20500, False), (503, 20503, False)],
)  # fmt: skip
async def test_an_answer_that_is_a_no(glow_emr: Client, house: House, status: int, code: int, is_final: bool) -> None:
    await make_visit(glow_emr)
    async with gateway(refuse(status, code, "because\nof it")) as texts:
        await send_due(served_by(house, texts=texts.url))
    row = await the_message(house, "sms")
    assert (row["failed_at"] is not None, row["due_at"] is None, row["doubted_at"]) == (is_final, is_final, None)
    expected = f"HTTP {status} {code} because of it"
    assert await tries_of(house, row) == [("refused" if is_final else "failed", expected)]


async def test_a_number_that_the_carrier_knows_as_stopped_gets_no_more(glow_emr: Client, house: House) -> None:
    gfe_id = await make_visit(glow_emr)
    async with gateway(refuse(400, 21610)) as texts:
        home = served_by(house, texts=texts.url)
        await send_due(home)
        assert (await the_message(house, "sms"))["cause"] == STOPPED
        assert (await glow_emr.patch(f"/emr/appointments/{gfe_id}/cancel")).status == 200
        assert await send_due(home) == 0
    assert len(texts.texts) == 1
    row = await the_message(house, "sms", "cancelled")
    assert row["failed_at"] is not None and row["cause"] == STOPPED


async def hang(_number: int) -> web.Response:
    await asyncio.sleep(60)
    return web.Response()


async def test_silence_is_a_doubt_and_the_second_call_says_so(glow_emr: Client, house: House) -> None:
    await make_visit(glow_emr)
    async with gateway(hang) as texts:
        home = served_by(house, texts=texts.url)
        for minutes in (0, 1, 60):
            await send_due(at(home, minutes * 60))
    flags = [headers.get("X-OpenMedspa-Possible-Duplicate") for headers in texts.headers]
    assert flags == [None, "yes"]
    row = await the_message(house, "sms")
    assert row["doubted_at"] is not None and (row["due_at"], row["sent_at"], row["failed_at"]) == (None, None, None)


async def test_a_carrier_that_is_away_has_nothing(glow_emr: Client, house: House) -> None:
    await make_visit(glow_emr)
    await send_due(served_by(house, texts=f"http://127.0.0.1:{free_port()}"))
    row = await the_message(house, "sms")
    assert await tries_of(house, row) == [("failed", "connection refused")]
    assert row["doubted_at"] is None and row["due_at"] is not None


@pytest.mark.parametrize("is_production", [False, True])
@pytest.mark.parametrize(
    ("url", "is_safe"),
    [("https://sms.example.com", True), ("http://127.0.0.1:9", True), ("http://localhost:9", True),
     ("http://sms.example.com", False), ("http://127.0.0.1.example.com", False), ("http://10.0.0.1", False),
     ("ftp://127.0.0.1", False), ("http://[", False)],
)  # fmt: skip
async def test_a_token_and_a_link_do_not_travel_in_the_clear(
    house: House, url: str, is_safe: bool, is_production: bool
) -> None:
    home = msgspec.structs.replace(served_by(house, texts=url), is_production=is_production)
    async with open_carriers(home) as ways:
        assert isinstance(ways["sms"], Sms if is_safe else Missing)
        assert is_safe or ways["sms"] == Missing(UNSAFE_SMS_URL)
    assert is_safe or (await try_sms(home.carriers)).what == UNSAFE_SMS_URL


async def test_words_that_are_no_json_do_not_matter(glow_emr: Client, house: House) -> None:
    async def odd(_number: int) -> web.Response:
        return web.Response(status=201, body=b"\xff{")

    await make_visit(glow_emr)
    async with gateway(odd) as texts:
        await send_due(served_by(house, texts=texts.url))
    assert (await the_message(house, "sms"))["sent_at"] is not None


@pytest.mark.parametrize(("status", "is_well"), [(400, True), (401, False), (500, False)])
async def test_whether_the_carrier_knows_us_can_be_asked(house: House, status: int, is_well: bool) -> None:
    async with gateway(refuse(status, 1)) as texts:
        answer = await try_sms(served_by(house, texts=texts.url).carriers)
    assert answer.is_well == is_well and answer.what
    assert texts.texts == [{}]
    assert "OPENMEDSPA_SMS_TOKEN" in (await try_sms(served_by(house, texts="x", sms_token="").carriers)).what
