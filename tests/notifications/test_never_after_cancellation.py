"""Nothing of an invitation leaves once its visit is cancelled: not before, not in the middle of a conversation."""

import asyncio
from datetime import timedelta

import pytest
from cast import ANA, bring_to, make_visit
from client import Client
from notifications.carriers import (
    PostOffice,
    gateway,
    post_office,
    say,
    send_due,
    served_by,
    the_message,
    tries_of,
    worker,
)

from openmedspa.kit.house import House
from openmedspa.notifications.sms import Sms


class Pause:
    """Something that reached a point and waits there until it is let go on."""

    def __init__(self) -> None:
        self.reached, self.go_on = asyncio.Event(), asyncio.Event()

    async def __call__(self, _number: int = 0) -> str:
        self.reached.set()
        await self.go_on.wait()
        return "250 OK"


async def test_cancelled_before_sending_only_the_cancellation_goes_out(glow_emr: Client, house: House) -> None:
    await make_visit(glow_emr, status="Cancelled by client")
    async with post_office() as office, gateway() as texts:
        assert await send_due(served_by(house, mail=office.url, texts=texts.url)) == 2
    assert [str(mail["Subject"]) for mail in office.mails] == ["GlowOffice: your online visit was cancelled"]
    assert ["cancelled" in text["Body"] for text in texts.texts] == [True]
    assert (await the_message(house))["sent_at"] is None


async def test_cancelled_between_rcpt_and_data_the_content_is_never_given(glow_emr: Client, house: House) -> None:
    gfe_id = await make_visit(glow_emr)
    pause = Pause()
    async with (
        post_office(PostOffice(on_rcpt=pause)) as office,
        worker(served_by(house, mail=office.url)) as messages,
    ):
        await messages.send_due()
        await pause.reached.wait()
        await bring_to(glow_emr, gfe_id, "Cancelled by client")
        pause.go_on.set()
    assert office.rcpts == [ANA["email"]] and office.mails == []
    row = await the_message(house)
    assert row["withdrawn_at"] is not None
    assert (row["sent_at"], row["handed_over_at"], row["tries"], row["due_at"]) == (None, None, 0, None)


async def test_cancelled_while_the_server_thinks_about_data_no_content_leaves(glow_emr: Client, house: House) -> None:
    """The last look comes after its 354, however late that is; and what gets no dot is no mail."""
    gfe_id = await make_visit(glow_emr)
    pause, came = Pause(), bytearray()

    async def read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.test\r\n")
        while not (await reader.readline()).startswith(b"DATA"):
            writer.write(b"250 OK\r\n")
        await pause()
        writer.write(b"354 go on\r\n")
        came.extend(await reader.read())
        writer.close()

    server = await asyncio.start_server(read, "127.0.0.1", 0)
    url = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, worker(served_by(house, mail=url)) as messages:
        await messages.send_due()
        await pause.reached.wait()
        await bring_to(glow_emr, gfe_id, "Cancelled by client")
        pause.go_on.set()
    assert came == b""
    row = await the_message(house)
    assert row["withdrawn_at"] is not None and (row["handed_over_at"], row["tries"]) == (None, 0)


async def test_cancelled_before_the_call_no_text_is_sent(
    glow_emr: Client, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    gfe_id = await make_visit(glow_emr)
    pause, send = Pause(), Sms.send

    async def late(self: Sms, message: object, hand_over: object) -> object:
        await pause()
        return await send(self, message, hand_over)  # type: ignore[arg-type]

    monkeypatch.setattr(Sms, "send", late)
    async with gateway() as texts, worker(served_by(house, texts=texts.url)) as messages:
        await messages.send_due()
        await pause.reached.wait()
        await bring_to(glow_emr, gfe_id, "Cancelled by client")
        pause.go_on.set()
        await messages.finish()
    assert texts.texts == []


async def test_cancelled_while_the_carrier_has_it_what_was_sent_is_said_to_be(glow_emr: Client, house: House) -> None:
    gfe_id = await make_visit(glow_emr)
    pause = Pause()
    async with (
        post_office(PostOffice(on_data=pause)) as office,
        worker(served_by(house, mail=office.url)) as messages,
    ):
        await messages.send_due()
        await pause.reached.wait()
        await bring_to(glow_emr, gfe_id, "Cancelled by client")
        pause.go_on.set()
    row = await the_message(house)
    assert row["sent_at"] is not None and row["withdrawn_at"] is not None


@pytest.mark.parametrize("answer", ["451 later", "hang"])
async def test_cancelled_while_a_try_fails_there_is_no_other(glow_emr: Client, house: House, answer: str) -> None:
    gfe_id = await make_visit(glow_emr)
    pause = Pause()

    async def fail(number: int) -> str:
        await pause()
        if answer == "hang":
            await asyncio.sleep(60)
        return answer

    async with (
        post_office(PostOffice(on_data=fail)) as office,
        worker(served_by(house, mail=office.url)) as messages,
    ):
        await messages.send_due()
        await pause.reached.wait()
        await bring_to(glow_emr, gfe_id, "Cancelled by client")
        pause.go_on.set()
    row = await the_message(house)
    assert (row["due_at"], row["sent_at"], row["tries"]) == (None, None, 1)
    assert len(await tries_of(house, row)) == 1


async def test_a_failed_try_that_waits_for_another_is_withdrawn_too(glow_emr: Client, house: House) -> None:
    gfe_id = await make_visit(glow_emr)
    async with post_office(PostOffice(on_rcpt=say("450 busy"))) as office:
        await send_due(served_by(house, mail=office.url))
        assert (await the_message(house))["due_at"] > house.now()
        await bring_to(glow_emr, gfe_id, "Cancelled by client")
        await house.system.unscoped_row(
            "update messages set due_at = due_at - interval '1 day' where due_at is not null"
        )
        office.on_rcpt = say("250 OK")
        await send_due(served_by(house, mail=office.url))
    assert ["cancelled" in str(mail["Subject"]) for mail in office.mails] == [True]


@pytest.mark.parametrize("step", ["cancelled_by_patient", "ineligible", "link_expired", "signed"])
async def test_a_visit_that_ended_otherwise_is_not_invited_to(glow_emr: Client, house: House, step: str) -> None:
    await make_visit(glow_emr)
    version = 1 if step == "signed" else None
    await house.system.unscoped_row("update visits set step = $1, record_version = $2", step, version)
    async with post_office() as office:
        assert await send_due(served_by(house, mail=office.url)) == 0
    row = await the_message(house)
    assert row["withdrawn_at"] is not None and row["due_at"] is None and office.mails == []


async def test_what_is_over_is_not_withdrawn_by_a_cancellation(glow_emr: Client, house: House) -> None:
    gfe_id = await make_visit(glow_emr)
    async with post_office(PostOffice(on_rcpt=say("550 no such user"))) as office:
        await send_due(served_by(house, mail=office.url))
        await bring_to(glow_emr, gfe_id, "Cancelled by client")
    row = await the_message(house)
    assert row["failed_at"] is not None and row["withdrawn_at"] is None


async def test_an_accounts_clock_decides_when_it_is_due(glow_emr: Client, house: House) -> None:
    await make_visit(glow_emr)
    later = house.now() + timedelta(days=3)
    await house.system.unscoped_row("update messages set due_at = $1", later)
    async with post_office() as office:
        home = served_by(house, mail=office.url)
        assert await send_due(home) == 0
        await house.system.unscoped_row("update partners set clock_offset = '4 days' where name = 'Rival EMR'")
        assert await send_due(home) == 0
        await house.system.unscoped_row("update partners set clock_offset = '4 days' where name = 'Glow EMR'")
        assert await send_due(home) == 1
    sent_at = (await the_message(house))["sent_at"]
    assert sent_at > later
