"""Handed over, and no word came back: once more with a flag, and never a third time. None is lost."""

import asyncio
from collections import Counter
from datetime import timedelta
from uuid import UUID, uuid4

import msgspec
import pytest
from cast import ANA, make_visit
from client import Client
from notifications.carriers import (
    PostOffice,
    hang,
    post_office,
    say,
    send_due,
    served_by,
    the_message,
    tries_of,
    worker,
)

from openmedspa.kit.house import House
from openmedspa.notifications import queries
from openmedspa.notifications.queries.sending import LOST, TWICE
from openmedspa.notifications.sending import LEASE, RENEW_SECONDS
from openmedspa.notifications.shapes import Try
from openmedspa.notifications.smtp import NO_WORD, Limits

FLAG = "X-OpenMedspa-Possible-Duplicate"


def later(house: House, **delta: float) -> House:
    return msgspec.structs.replace(house, now=lambda: house.now() + timedelta(**delta))


async def test_silence_after_the_content_is_sent_once_more_with_a_flag(glow_emr: Client, house: House) -> None:
    await make_visit(glow_emr)
    async with post_office(PostOffice(on_data=hang)) as office:
        home = served_by(house, mail=office.url)
        await send_due(home)
        row = await the_message(house)
        assert row["doubted_at"] is not None and row["due_at"] is not None and row["handed_over_at"] is None
        office.on_data = say("250 OK")
        assert await send_due(later(home, minutes=1)) == 1
    first, second = office.mails
    assert (first[FLAG], second[FLAG]) == (None, "yes")
    assert first["Message-ID"] == second["Message-ID"]
    row = await the_message(house)
    assert row["sent_at"] is not None
    assert await tries_of(house, row) == [("doubted", NO_WORD), ("sent", "sent")]


async def test_silence_before_the_content_may_travel_is_no_doubt(glow_emr: Client, house: House) -> None:
    """The server accepts the recipient and never says that it is ready: it certainly has nothing."""
    await make_visit(glow_emr)

    async def read(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.test\r\n")
        while line := await _reader.readline():
            if not line.startswith(b"DATA"):
                writer.write(b"250 OK\r\n")
        writer.close()

    server = await asyncio.start_server(read, "127.0.0.1", 0)
    async with server:
        home = served_by(house, mail=f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        for minutes in (0, 1):
            await send_due(later(home, minutes=minutes), limits=Limits(before=0.3, answer=0.3))
    row = await the_message(house)
    assert [outcome for outcome, _ in await tries_of(house, row)] == ["failed", "failed"]
    assert row["due_at"] is not None and (row["doubted_at"], row["handed_over_at"]) == (None, None)


async def test_a_connection_cut_after_the_content_is_a_doubt(glow_emr: Client, house: House) -> None:
    await make_visit(glow_emr)

    async def read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.test\r\n")
        while not (await reader.readline()).startswith(b"DATA"):
            writer.write(b"250 OK\r\n")
        writer.write(b"354 go on\r\n")
        await reader.readuntil(b"\r\n.\r\n")
        writer.transport.abort()

    server = await asyncio.start_server(read, "127.0.0.1", 0)
    async with server:
        await send_due(served_by(house, mail=f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"))
    row = await the_message(house)
    assert await tries_of(house, row) == [("doubted", NO_WORD)]


async def test_silence_twice_is_the_end_of_it(glow_emr: Client, house: House) -> None:
    await make_visit(glow_emr)
    async with post_office(PostOffice(on_data=hang)) as office:
        for days in range(10):
            await send_due(later(served_by(house, mail=office.url), days=days))
    assert len(office.mails) == 2
    row = await the_message(house)
    assert (row["due_at"], row["sent_at"], row["failed_at"], row["cause"]) == (None, None, None, TWICE)


async def test_a_definite_no_after_a_doubt_does_not_end_it(glow_emr: Client, house: House) -> None:
    await make_visit(glow_emr)
    async with post_office(PostOffice(on_data=hang)) as office:
        home = served_by(house, mail=office.url)
        await send_due(home)
        office.on_data = say("451 later", to_first=2)
        await send_due(later(home, minutes=1))
        await send_due(later(home, minutes=5))
    assert [mail[FLAG] for mail in office.mails] == [None, "yes", "yes"]
    assert (await the_message(house))["sent_at"] is not None


def stopped(house: House) -> House:
    """The same house with its clock stopped, so that no step of the ladder comes while others are being sent."""
    now = house.now()
    return msgspec.structs.replace(house, now=lambda: now)


async def send_all(house: House, *, answer: float) -> None:
    async with worker(house, limits=Limits(before=20, answer=answer)) as messages:
        while await messages.send_due() or messages._tasks:
            await messages._pause()


@pytest.mark.parametrize(("then", "many"), [("250 OK", 500), ("hang", 50)])
async def test_hundreds_to_a_server_that_falls_silent(glow_emr: Client, house: House, then: str, many: int) -> None:
    """None is lost, and at most one flagged duplicate of each."""
    await make_visit(glow_emr)
    await house.system.unscoped_row(
        """
        insert into messages (practice_id, visit_id, channel, notice, address, queued_at, due_at)
        select practice_id, visit_id, channel, notice, 'p' || n || '@example.com', queued_at, due_at
        from messages, generate_series(2, $1) n where channel = 'email'
        """,
        many,
    )
    async with post_office(PostOffice(on_data=hang)) as office:
        home = served_by(house, mail=office.url)
        await send_all(stopped(home), answer=0.1)
        assert len(office.mails) == many
        office.on_data = hang if then == "hang" else say("250 OK")
        for minutes in (2, 3000):
            await send_all(stopped(later(home, minutes=minutes)), answer=0.1 if then == "hang" else 20)
    copies = Counter(str(mail["To"]) for mail in office.mails)
    flagged = Counter(str(mail["To"]) for mail in office.mails if mail[FLAG])
    assert len(copies) == many and set(copies.values()) == {2} and flagged == Counter(dict.fromkeys(copies, 1))
    done = "sent_at is not null" if then == "250 OK" else f"due_at is null and cause = '{TWICE}'"
    rows = await house.system.unscoped_rows(f"select id from messages where channel = 'email' and {done}")
    assert len(rows) == many


async def claim_and_die(house: House, *, is_handed_over: bool) -> UUID:
    """A worker that is killed before or after the carrier had it."""
    lease = uuid4()
    (message,) = await queries.claim_messages(
        house.system, now=house.now(), channel="email", limit=9, lease=lease, leased_until=house.now() + LEASE
    )
    if is_handed_over:
        assert await queries.update_handed_over(
            house.system, message.practice_id, message.id, lease=lease, reference=None, now=house.now()
        )
    return lease


@pytest.mark.parametrize("is_handed_over", [False, True], ids=["before", "after the carrier had it"])
async def test_what_a_killed_worker_held_goes_out_again(glow_emr: Client, house: House, is_handed_over: bool) -> None:
    await make_visit(glow_emr)
    await claim_and_die(house, is_handed_over=is_handed_over)
    async with post_office() as office:
        home = served_by(house, mail=office.url)
        assert await send_due(home) == 0
        assert await send_due(later(home, seconds=30)) == 1
    (mail,) = office.mails
    assert (mail["To"], mail[FLAG]) == (ANA["email"], "yes" if is_handed_over else None)
    row = await the_message(house)
    assert row["sent_at"] is not None and row["tries"] == 1 + is_handed_over
    assert await tries_of(house, row) == [*([("doubted", LOST)] if is_handed_over else []), ("sent", "sent")]


async def test_two_workers_killed_after_the_carrier_had_it_are_the_end_of_it(glow_emr: Client, house: House) -> None:
    await make_visit(glow_emr)
    await claim_and_die(house, is_handed_over=True)
    await claim_and_die(later(house, seconds=30), is_handed_over=True)
    async with post_office() as office:
        assert await send_due(later(served_by(house, mail=office.url), seconds=90)) == 0
    row = await the_message(house)
    assert (row["due_at"], row["cause"], office.mails) == (None, TWICE, [])


async def test_a_frozen_workers_late_word_is_refused(glow_emr: Client, house: House) -> None:
    await make_visit(glow_emr)
    frozen = await claim_and_die(house, is_handed_over=True)
    async with post_office() as office:
        await send_due(later(served_by(house, mail=office.url), seconds=30))
    row = await the_message(house)
    made = Try(house.now(), 1, "refused", "550 late", "smtp", None, None)
    assert not await queries.insert_try(house.system, row["practice_id"], row["id"], lease=frozen, made=made)
    assert not await queries.update_handed_over(
        house.system, row["practice_id"], row["id"], lease=frozen, reference=None, now=house.now()
    )
    assert (await the_message(house)) == row


async def test_what_another_worker_holds_now_is_not_handed_over(glow_emr: Client, house: House) -> None:
    await make_visit(glow_emr)
    frozen = await claim_and_die(house, is_handed_over=False)
    await claim_and_die(later(house, seconds=30), is_handed_over=False)
    row = await the_message(house)
    assert row["due_at"] is not None
    assert not await queries.update_handed_over(
        house.system, row["practice_id"], row["id"], lease=frozen, reference=None, now=house.now()
    )


async def test_a_frozen_worker_that_wakes_gives_the_carrier_nothing(glow_emr: Client, house: House) -> None:
    """Between RCPT and DATA its lease ran out, and another worker has sent the message meanwhile."""
    await make_visit(glow_emr)
    frozen = asyncio.Event()

    async def freeze(number: int) -> str:
        if number == 1:
            await frozen.wait()
        return "250 OK"

    async with post_office(PostOffice(on_rcpt=freeze)) as office:
        home = served_by(house, mail=office.url)
        async with worker(home) as messages:
            await messages.send_due()
            async with asyncio.timeout(10):
                while not office.rcpts:  # noqa: ASYNC110 a poll is plain enough for a test
                    await asyncio.sleep(0.01)
            assert await send_due(later(home, seconds=30)) == 1
            frozen.set()
    assert len(office.mails) == 1 and len(office.rcpts) == 2


async def test_many_workers_send_each_once(glow_emr: Client, house: House) -> None:
    for number in range(20):
        await make_visit(glow_emr, patient={"email": f"p{number}@example.com"})
    async with post_office() as office:
        home = served_by(house, mail=office.url)
        async with worker(home) as one, worker(home) as two, worker(home) as three:
            for _ in range(3):
                await asyncio.gather(*(messages.send_due() for messages in (one, two, three)))
    assert len(office.mails) == len({mail["To"] for mail in office.mails}) == 20


async def test_a_slow_answer_does_not_cost_the_lease(
    glow_emr: Client, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_visit(glow_emr)
    monkeypatch.setattr("openmedspa.notifications.sending.RENEW_SECONDS", 0.0)
    async with (
        post_office(PostOffice(on_data=hang)) as office,
        worker(served_by(house, mail=office.url), limits=Limits(answer=2)) as messages,
    ):
        await messages.send_due()
        before = (await the_message(house))["leased_until"]
        await asyncio.sleep(0.2)
        await messages._renew()
        assert (await the_message(house))["leased_until"] > before
        await messages.stop(0)


def test_a_lease_outlives_its_renewal_and_ends_within_thirty_seconds() -> None:
    assert timedelta(seconds=2 * RENEW_SECONDS) < LEASE <= timedelta(seconds=29)
