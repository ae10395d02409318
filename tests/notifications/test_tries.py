"""What did not go well: tried again up the ladder, given up, refused for good; each try leaves its row."""

from datetime import timedelta

import msgspec
import pytest
from cast import make_visit
from client import Client
from notifications.carriers import (
    Answer,
    PostOffice,
    hang,
    post_office,
    say,
    send_due,
    served_by,
    the_message,
    tries_of,
)
from served import free_port

from openmedspa.kit.house import House
from openmedspa.kit.ladder import DELAYS_SECONDS, JITTER_SHARE
from openmedspa.notifications.smtp import Limits


def at(house: House, seconds: float) -> House:
    """The same house, with its clock so much ahead."""
    return msgspec.structs.replace(house, now=lambda: house.now() + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("on_rcpt", "on_data", "cause"),
    [
        (say("451 greylisted"), None, "451 greylisted"),
        (None, say("421 closing"), "421 closing"),
        (None, say("452 full"), "452 full"),
    ],
)
async def test_a_temporary_no_is_tried_again_later(
    glow_emr: Client, house: House, on_rcpt: Answer | None, on_data: Answer | None, cause: str
) -> None:
    await make_visit(glow_emr)
    given = {"on_rcpt": on_rcpt, "on_data": on_data}
    async with post_office(PostOffice(**{name: one for name, one in given.items() if one})) as office:
        await send_due(served_by(house, mail=office.url))
        row = await the_message(house)
        assert await tries_of(house, row) == [("failed", cause)]
        assert (row["cause"], row["lease"], row["handed_over_at"], row["doubted_at"]) == (cause, None, None, None)
        wait = (row["due_at"] - house.now()).total_seconds()
        assert DELAYS_SECONDS[1] - 2 < wait <= DELAYS_SECONDS[1] * (1 + JITTER_SHARE)
        office.on_rcpt = office.on_data = say("250 OK")
        assert await send_due(served_by(house, mail=office.url)) == 0
        assert await send_due(at(served_by(house, mail=office.url), 10)) == 1
    assert (await the_message(house))["sent_at"] is not None
    assert office.mails[-1]["X-OpenMedspa-Possible-Duplicate"] is None


@pytest.mark.parametrize("where", ["on_rcpt", "on_data"])
async def test_a_final_no_ends_it(glow_emr: Client, house: House, where: str) -> None:
    await make_visit(glow_emr)
    async with post_office(PostOffice(**{where: say("550 5.1.1 nobody\x07 of that name")})) as office:
        await send_due(served_by(house, mail=office.url))
        assert await send_due(at(served_by(house, mail=office.url), 1_000_000)) == 0
    row = await the_message(house)
    assert row["failed_at"] is not None and (row["due_at"], row["sent_at"]) == (None, None)
    ((outcome, cause),) = await tries_of(house, row)
    assert outcome == "refused" and cause.startswith("550 5.1.1 nobody") and cause.isprintable()


async def test_a_mail_server_that_is_away_costs_every_step_of_the_ladder_and_no_more(
    glow_emr: Client, house: House
) -> None:
    await make_visit(glow_emr)
    home = served_by(house, mail=f"smtp://127.0.0.1:{free_port()}")
    ahead, waits = 0.0, []
    for _ in range(30):
        if await send_due(at(home, ahead)):
            due_at = (await the_message(house))["due_at"]
            if due_at is None:
                break
            waits.append((due_at - at(home, ahead).now()).total_seconds())
            ahead += waits[-1] + 1
    assert len(waits) == len(DELAYS_SECONDS) - 1
    for wait, step in zip(waits, DELAYS_SECONDS[1:], strict=True):
        assert step - 3 < wait <= step * (1 + JITTER_SHARE)
    row = await the_message(house)
    assert row["failed_at"] is not None and row["tries"] == len(DELAYS_SECONDS)
    assert [outcome for outcome, _ in await tries_of(house, row)] == ["failed"] * len(DELAYS_SECONDS)


async def test_silence_before_the_content_is_definite(glow_emr: Client, house: House) -> None:
    await make_visit(glow_emr)
    async with post_office(PostOffice(on_rcpt=hang)) as office:
        await send_due(served_by(house, mail=office.url), limits=Limits(before=0.3, answer=0.3))
    row = await the_message(house)
    assert await tries_of(house, row) == [("failed", "the mail server did not answer in time")]
    assert row["doubted_at"] is None


async def test_a_wrong_password_is_ours_to_mend_and_not_the_patients_loss(glow_emr: Client, house: House) -> None:
    await make_visit(glow_emr)
    async with post_office(password="right") as office:
        await send_due(served_by(house, mail=office.url.replace("//", "//us:wrong@")))
    row = await the_message(house)
    assert row["due_at"] is not None and row["failed_at"] is None


async def test_our_own_mistake_is_a_failed_try(glow_emr: Client, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("canary")

    await make_visit(glow_emr)
    monkeypatch.setattr("openmedspa.notifications.smtp.compose", fail)
    async with post_office() as office:
        await send_due(served_by(house, mail=office.url))
    row = await the_message(house)
    assert await tries_of(house, row) == [("failed", "internal error")]
    assert row["due_at"] is not None


async def test_a_word_is_not_lost_because_the_database_was_away_for_a_moment(
    glow_emr: Client, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from openmedspa.notifications import queries, sending

    real, times = queries.insert_try, [1]

    async def away_once(*args: object, **options: object) -> bool:
        if times:
            times.pop()
            raise ConnectionResetError
        return await real(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(queries, "insert_try", away_once)
    monkeypatch.setattr(sending, "POLL_SECONDS", 0.05)
    await make_visit(glow_emr)
    async with post_office() as office:
        await send_due(served_by(house, mail=office.url))
    assert (await the_message(house))["sent_at"] is not None
