"""The carrier's word that a text did not arrive finds the text, also before we know what the carrier calls it."""

from aiohttp import web
from cast import make_visit
from client import Client
from notifications.carriers import TOKEN, gateway, send_due, served_by, take, the_message
from notifications.test_hooks import STATUS, call
from notifications.test_hooks import settings as settings  # noqa: PLC0414 the fixture: our token signs
from notifications.test_sms import hang
from notifications.test_tries import at

from openmedspa.kit.house import House
from openmedspa.notifications import outbox

SID = "SM" + "1".rjust(32, "0")


def failed(sid: str) -> dict[str, str]:
    return {"MessageSid": sid, "MessageStatus": "undelivered", "ErrorCode": "30003"}


def named(callback: str) -> str:
    return callback.removeprefix("http://exams.example.com")


async def test_a_word_that_overtakes_our_record_is_kept(glow_emr: Client, house: House) -> None:
    await make_visit(glow_emr)

    async def tell_at_once(number: int) -> web.Response:
        assert (await call(glow_emr, named(texts.texts[0]["StatusCallback"]), failed(SID))).status_code == 200
        return await take(number)

    async with gateway(tell_at_once) as texts:
        await send_due(served_by(house, texts=texts.url), sms_seconds=10)
    row = await the_message(house, "sms")
    assert (row["reference"], row["cause"], row["due_at"]) == (SID, "bounced: undelivered, error 30003", None)
    assert row["sent_at"] is not None and row["failed_at"] is not None
    (line,) = await house.system.write(
        [], lambda tx: outbox.list_(tx, gfe_id=None, limit=1, actor="cli:test", now=house.now())
    )
    assert line["state"] == "bounced"


async def test_a_word_on_a_text_in_doubt_ends_the_doubt(glow_emr: Client, house: House) -> None:
    await make_visit(glow_emr)
    async with gateway(hang) as texts:
        home = served_by(house, texts=texts.url)
        await send_due(home)
        assert (await the_message(house, "sms"))["reference"] is None
        await call(glow_emr, named(texts.texts[0]["StatusCallback"]), failed(SID))
        assert await send_due(at(home, 3600)) == 0
    row = await the_message(house, "sms")
    assert row["failed_at"] is not None and (row["due_at"], row["reference"]) == (None, SID)


async def test_a_late_word_on_the_first_copy_says_nothing_of_the_second(glow_emr: Client, house: House) -> None:
    await make_visit(glow_emr)

    async def silent_once(number: int) -> web.Response:
        return await (hang(number) if number == 1 else take(number))

    async with gateway(silent_once) as texts:
        home = served_by(house, texts=texts.url)
        await send_due(home)
        await send_due(at(home, 60))
        await call(glow_emr, named(texts.texts[0]["StatusCallback"]), failed("SM-first"))
    row = await the_message(house, "sms")
    assert row["sent_at"] is not None and row["failed_at"] is None


async def test_no_word_counts_on_what_no_carrier_had(glow_emr: Client, house: House) -> None:
    await make_visit(glow_emr)
    for channel in ("sms", "email"):
        row = await the_message(house, channel)
        about = f"{STATUS}?practice={row['practice_id']}&message={row['id']}"
        assert (await call(glow_emr, about, failed(SID))).status_code == 200
        assert await the_message(house, channel) == row


async def test_the_numbers_in_the_address_are_signed_too(glow_emr: Client, house: House) -> None:
    from notifications.test_hooks import PUBLIC, sign

    await make_visit(glow_emr)
    async with gateway() as texts:
        await send_due(served_by(house, texts=texts.url))
    given = named(texts.texts[0]["StatusCallback"])
    for address in (STATUS, given + "0", given.replace("practice=1", "practice=2")):
        signature = sign(PUBLIC + address, failed("SM-other"), TOKEN)
        assert (await call(glow_emr, given, failed("SM-other"), signature=signature)).status_code == 403
    for odd in ("?practice=1", "?practice=x&message=1", "?practice=1&message=" + "9" * 30):
        assert (await call(glow_emr, STATUS + odd, failed("SM-other"))).status_code == 200
