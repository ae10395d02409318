"""The worker at its messages: what it does without a carrier, how it stops, that it goes on by itself."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import msgspec
import pytest
from cast import bring_to, make_visit
from client import Client
from notifications.carriers import (
    PostOffice,
    gateway,
    hang,
    post_office,
    say,
    send_due,
    served_by,
    the_message,
    tries_of,
    worker,
)
from notifications.test_tries import at

from openmedspa import worker as background
from openmedspa.kit.house import Carriers, House
from openmedspa.notifications.carriers import Missing, Outbox, open_carriers
from openmedspa.notifications.sending import POLL_SECONDS, Messages
from openmedspa.notifications.shapes import TOO_OLD, state_of
from openmedspa.notifications.smtp import Limits


@asynccontextmanager
async def at_work(house: House) -> AsyncIterator[None]:
    """The whole worker for the block, then cancelled again and again, as the application does it."""
    running = asyncio.create_task(background.run(house))
    try:
        yield
    finally:
        while not running.done():
            running.cancel()
            await asyncio.wait({running}, timeout=0.2)
        assert running.cancelled()


async def until_sent(house: House, channel: str = "email") -> None:
    async with asyncio.timeout(10):
        while (await the_message(house, channel))["sent_at"] is None:  # noqa: ASYNC110 a poll is plain enough
            await asyncio.sleep(0.05)


async def test_the_worker_sends_by_itself(glow_emr: Client, house: House) -> None:
    async with (
        post_office() as office,
        gateway() as texts,
        at_work(served_by(house, mail=office.url, texts=texts.url)),
    ):
        await make_visit(glow_emr)
        await until_sent(house)
        await until_sent(house, "sms")
    assert (len(office.mails), len(texts.texts)) == (1, 1)


async def test_staging_keeps_in_its_outbox_what_nobody_carries(glow_emr: Client, house: House) -> None:
    async with at_work(house):
        await make_visit(glow_emr)
        await until_sent(house)
        await until_sent(house, "sms")
    row = await the_message(house)
    assert (row["sender"], row["due_at"], row["tries"]) == ("outbox", None, 1)
    assert await tries_of(house, row) == [("sent", "kept in the outbox")]


async def test_the_outbox_keeps_nothing_that_was_cancelled_or_stopped(glow_emr: Client, house: House) -> None:
    gfe_id = await make_visit(glow_emr)
    await bring_to(glow_emr, gfe_id, "Cancelled by client")
    await house.system.unscoped_row("insert into sms_stops values ('+12025550123', now())")
    async with open_carriers(house) as ways:
        assert await Messages(house, ways).send_due() == 1
    assert (await the_message(house))["sent_at"] is None
    assert (await the_message(house, "email", "cancelled"))["sender"] == "outbox"
    assert (await the_message(house, "sms", "cancelled"))["failed_at"] is not None


def in_production(house: House, carriers: Carriers | None = None) -> House:
    return msgspec.structs.replace(house, is_production=True, carriers=carriers or Carriers())


async def test_production_without_a_carrier_waits_and_says_so_once_an_hour(
    glow_emr: Client, house: House, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openmedspa.notifications.sending.POLL_SECONDS", 0.01)
    async with open_carriers(in_production(house)) as ways:
        messages = Messages(in_production(house), ways)
        with caplog.at_level(logging.WARNING, "openmedspa"):
            running = asyncio.create_task(messages.run())
            await asyncio.sleep(0.3)
            assert caplog.records == []  # nobody waits
            await make_visit(glow_emr)
            await asyncio.sleep(0.5)
            await messages.stop()
            await running
    assert [record.getMessage() for record in caplog.records] == [
        (
            "messages to patients wait, for nobody carries them: OPENMEDSPA_SMTP_URL is not set; "
            "OPENMEDSPA_SMS_URL is not set"
        )
    ]
    row = await the_message(house)
    assert row["due_at"] is not None and (row["tries"], row["lease"], row["sent_at"]) == (0, None, None)
    async with post_office() as office:
        assert await send_due(served_by(in_production(house), mail=office.url)) == 1


@pytest.mark.parametrize("carrier", ["mail server", "outbox"])
async def test_what_waited_for_more_than_seven_days_and_was_never_tried_is_withdrawn(
    glow_emr: Client, house: House, carrier: str
) -> None:
    for days in (6, 8):
        await make_visit(glow_emr, patient={"email": f"waited{days}@example.com"})
        await house.system.unscoped_row(
            "update messages set queued_at = $2, due_at = $2 where address = $1",
            f"waited{days}@example.com", house.now() - timedelta(days=days),
        )  # fmt: skip
    async with post_office() as office:
        if carrier == "outbox":
            async with open_carriers(house) as ways:
                await Messages(house, {"email": ways["email"]}).send_due()
        else:
            assert await send_due(served_by(house, mail=office.url)) == 1
    young, old = await house.system.unscoped_rows("select * from messages where channel = 'email' order by id")
    assert young["sent_at"] is not None and "waited8@example.com" not in office.rcpts
    assert (old["cause"], old["due_at"], old["sent_at"], old["tries"]) == (TOO_OLD, None, None, 0)
    assert old["withdrawn_at"] is not None and state_of(old) == "withdrawn"


async def test_what_was_tried_in_time_is_not_too_old(glow_emr: Client, house: House) -> None:
    await make_visit(glow_emr)
    async with post_office(PostOffice(on_data=say("451 later", to_first=1))) as office:
        home = served_by(house, mail=office.url)
        await send_due(home)
        await house.system.unscoped_row("update messages set queued_at = queued_at - interval '9 days'")
        assert await send_due(at(home, 60)) == 1
    assert (await the_message(house))["sent_at"] is not None


async def test_seven_days_pass_by_the_accounts_clock(glow_emr: Client, house: House) -> None:
    await make_visit(glow_emr)
    async with post_office() as office:
        for owner, state in (("Rival EMR", "waiting"), ("Glow EMR", "withdrawn")):
            await house.system.unscoped_row("update partners set clock_offset = '8 days' where name = $1", owner)
            if state == "withdrawn":
                assert await send_due(served_by(house, mail=office.url)) == 0
            assert state_of(await the_message(house)) == state
    assert (await the_message(house))["withdrawn_at"] > house.now() + timedelta(days=7)


@pytest.mark.parametrize(
    ("carriers", "why"),
    [
        (Carriers(smtp_url="smtp://u:hidden@x"), "OPENMEDSPA_MAIL_FROM is no address"),
        (Carriers(smtp_url="smpt://u:hidden@x", mail_from="a@b.c"), "OPENMEDSPA_SMTP_URL does not fit"),
        (Carriers(sms_url="http://x", sms_token="hidden"), "not set: OPENMEDSPA_SMS_ACCOUNT, OPENMEDSPA_SMS_FROM"),
    ],
)
async def test_half_a_carrier_is_none_in_staging_too(house: House, carriers: Carriers, why: str) -> None:
    async with open_carriers(msgspec.structs.replace(house, carriers=carriers)) as ways:
        (missing,) = [way for way in ways.values() if isinstance(way, Missing)]
        assert missing.why.startswith(why) and "hidden" not in missing.why
        assert sum(isinstance(way, Outbox) for way in ways.values()) == 1


async def test_told_to_stop_it_ends_what_it_began(glow_emr: Client, house: House) -> None:
    async def late(_number: int) -> str:
        await asyncio.sleep(1)
        return "250 OK"

    async with post_office(PostOffice(on_data=late)) as office, at_work(served_by(house, mail=office.url)):
        await make_visit(glow_emr)
        async with asyncio.timeout(10):
            while not office.mails:  # noqa: ASYNC110 a poll is plain enough for a test
                await asyncio.sleep(0.02)
    row = await the_message(house)
    assert row["sent_at"] is not None and row["lease"] is None and len(office.mails) == 1


@pytest.mark.parametrize("where", ["on_rcpt", "on_data"])
async def test_what_does_not_end_in_time_is_let_go_of(glow_emr: Client, house: House, where: str) -> None:
    await make_visit(glow_emr)
    async with post_office(PostOffice(**{where: hang})) as office:
        home = served_by(house, mail=office.url)
        async with worker(home, limits=Limits()) as messages:
            await messages.send_due()
            async with asyncio.timeout(10):
                while not (office.mails if where == "on_data" else office.rcpts):  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
            await messages.stop(0.1)
        row = await the_message(house)
        assert row["lease"] is None and row["due_at"] is not None
        office.on_rcpt = office.on_data = PostOffice().on_data
        assert await send_due(home) == 1  # at once, no lease to wait for
    flags = [mail["X-OpenMedspa-Possible-Duplicate"] for mail in office.mails]
    assert flags == ([None, "yes"] if where == "on_data" else [None])


async def test_a_silent_mail_server_does_not_keep_texts_waiting(glow_emr: Client, house: House) -> None:
    for number in range(40):
        await make_visit(glow_emr, patient={"email": f"p{number}@example.com"})
    async with (
        post_office(PostOffice(on_data=hang)) as office,
        gateway() as texts,
        worker(served_by(house, mail=office.url, texts=texts.url), limits=Limits()) as messages,
    ):
        async with asyncio.timeout(20):  # the mail server would keep us for a minute each
            while len(texts.texts) < 40:
                await messages.send_due()
                await asyncio.sleep(0.1)
        assert len(texts.texts) == 40
        await messages.stop(0)


def test_nobody_waits_longer_than_a_second_for_the_poll() -> None:
    assert POLL_SECONDS <= 1
