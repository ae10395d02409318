"""What the SMS carrier calls: STOP and START, and what became of a text. Nothing without its signature."""

import hmac
from base64 import b64encode
from urllib.parse import urlencode

import httpx2
import msgspec
import pytest
from cast import ANA, make_visit
from client import Client
from notifications.carriers import TOKEN, gateway, refuse, send_due, served_by, the_message

from openmedspa.app import build_app
from openmedspa.kit.house import House
from openmedspa.settings import Settings

REPLY = "/hooks/sms"
STATUS = "/hooks/sms/status"
PUBLIC = "http://exams.example.com"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return msgspec.structs.replace(settings, sms_token=TOKEN)


def sign(url: str, fields: dict[str, str], token: str = TOKEN) -> str:
    """The documents' own recipe."""
    text = url + "".join(name + fields[name] for name in sorted(fields))
    return b64encode(hmac.digest(token.encode(), text.encode(), "sha1")).decode()


async def call(emr: Client, path: str, fields: dict[str, str], *, signature: str | None = None) -> httpx2.Response:
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "x-twilio-signature": sign(PUBLIC + path, fields) if signature is None else signature,
    }
    return await emr.http.post(path, content=urlencode(fields), headers=headers)


def test_our_signature_is_the_one_of_the_carriers_documents() -> None:
    """An example by hand: fields in order of their names, nothing between them."""
    from openmedspa.notifications.api import signature

    url, form = "https://example.com/myapp?foo=1", "To=%2B18005551212&CallSid=CA1&From=%2B12345678900"
    text = "https://example.com/myapp?foo=1CallSidCA1From+12345678900To+18005551212"
    assert signature("12345", url, form.encode()) == b64encode(hmac.digest(b"12345", text.encode(), "sha1")).decode()


async def reply(emr: Client, words: str, phone: str = ANA["phone"]) -> httpx2.Response:
    return await call(emr, REPLY, {"From": phone, "Body": words, "To": "+15005550006", "MessageSid": "SM9"})


@pytest.mark.parametrize("words", ["STOP", " stop. ", "StopAll", "UNSUBSCRIBE", "cancel", "End", "QUIT"])
async def test_stop_ends_all_texts_to_the_number_and_no_mail(glow_emr: Client, house: House, words: str) -> None:
    await make_visit(glow_emr)
    answer = await reply(glow_emr, words)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/xml; charset=utf-8")
    assert answer.content.endswith(b"<Response></Response>")
    async with gateway() as texts:
        assert await send_due(served_by(house, texts=texts.url)) == 0
    assert texts.texts == []
    row = await the_message(house, "sms")
    assert row["failed_at"] is not None and row["cause"] == "the number answered STOP"
    assert (await the_message(house, "email"))["failed_at"] is None


@pytest.mark.parametrize("words", ["START", "yes", "Unstop"])
async def test_start_takes_stop_back(glow_emr: Client, house: House, words: str) -> None:
    await reply(glow_emr, "STOP")
    await reply(glow_emr, "please stop writing")  # not one of the words
    await reply(glow_emr, words)
    await make_visit(glow_emr)
    async with gateway() as texts:
        assert await send_due(served_by(house, texts=texts.url)) == 1


async def test_start_takes_back_what_the_carrier_said_of_a_number_without_its_country(
    glow_emr: Client, house: House
) -> None:
    await make_visit(glow_emr, patient={"phone": ANA["phone"].removeprefix("+1")})
    async with gateway(refuse(400, 21610)) as texts:
        await send_due(served_by(house, texts=texts.url))
    await reply(glow_emr, "STOP")
    await reply(glow_emr, "START")
    assert await house.system.unscoped_rows("select * from sms_stops") == []


async def test_start_leaves_other_numbers_stopped(glow_emr: Client, house: House) -> None:
    for phone in ("+12025550123", "+12025550124", "+442025550123"):
        await reply(glow_emr, "STOP", phone)
    await reply(glow_emr, "START")
    left = await house.system.unscoped_rows("select phone from sms_stops order by phone")
    assert [row["phone"] for row in left] == ["+12025550124", "+442025550123"]


async def test_a_number_ordered_without_its_plus_or_country_is_the_same_number(glow_emr: Client, house: House) -> None:
    await reply(glow_emr, "STOP")
    for number, phone in enumerate(("12025550123", "2025550123", "+12025550124")):
        await make_visit(glow_emr, patient={"phone": phone, "email": f"p{number}@example.com"})
    async with gateway() as texts:
        await send_due(served_by(house, texts=texts.url))
    assert [text["To"] for text in texts.texts] == ["+12025550124"]


async def test_a_stop_that_comes_between_claim_and_call_still_counts(
    glow_emr: Client, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from openmedspa.notifications import queries

    real = queries.update_handed_over

    async def stop_first(*args: object, **options: object) -> bool:
        await reply(glow_emr, "STOP")
        return await real(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(queries, "update_handed_over", stop_first)
    await make_visit(glow_emr)
    async with gateway() as texts:
        assert await send_due(served_by(house, texts=texts.url)) == 1
    row = await the_message(house, "sms")
    assert texts.texts == [] and row["failed_at"] is not None and row["due_at"] is None


@pytest.mark.parametrize("status", ["undelivered", "failed"])
async def test_a_text_that_did_not_arrive_is_said_to_have_bounced(glow_emr: Client, house: House, status: str) -> None:
    await make_visit(glow_emr)
    async with gateway() as texts:
        await send_due(served_by(house, texts=texts.url))
    reference = (await the_message(house, "sms"))["reference"]
    for passing in ("sent", "delivered"):
        await call(glow_emr, STATUS, {"MessageSid": reference, "MessageStatus": passing})
    assert (await the_message(house, "sms"))["failed_at"] is None
    fields = {"MessageSid": reference, "MessageStatus": status, "ErrorCode": "30003", "To": ANA["phone"]}
    assert (await call(glow_emr, STATUS, fields)).status_code == 200
    row = await the_message(house, "sms")
    assert row["failed_at"] is not None and row["cause"] == f"bounced: {status}, error 30003"


@pytest.mark.parametrize("path", [REPLY, STATUS])
async def test_nothing_is_heard_without_the_right_signature(glow_emr: Client, house: House, path: str) -> None:
    fields = {"From": ANA["phone"], "Body": "STOP", "MessageSid": "SM1", "MessageStatus": "failed"}
    wrong = ["", "x", sign(PUBLIC + path, fields, "another"), sign("http://test" + path, fields)]
    wrong.append(sign(PUBLIC + path, {**fields, "Body": "START"}))
    for signature in wrong:
        assert (await call(glow_emr, path, fields, signature=signature)).status_code == 403
    assert await house.system.unscoped_rows("select * from sms_stops") == []


async def test_without_a_token_nobody_can_sign(settings: Settings) -> None:
    app = build_app(msgspec.structs.replace(settings, sms_token=""))
    async with app.router.lifespan_context(app):
        emr = Client(
            httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://test"), app.state.house, None
        )
        fields = {"From": ANA["phone"], "Body": "STOP"}
        signature = sign(PUBLIC + REPLY, fields, "")
        assert (await call(emr, REPLY, fields, signature=signature)).status_code == 403
        await emr.http.aclose()


async def test_what_is_no_form_of_theirs_is_refused(glow_emr: Client) -> None:
    assert (await call(glow_emr, REPLY, {"Body": "STOP"})).status_code == 400
    assert (await glow_emr.http.get(REPLY)).status_code == 405
