"""/admin/messages: where messages stand, with masked addresses; inviting and sending again."""

import csv
import io
from collections.abc import AsyncIterator

import asyncpg
import pytest
from cast import ALLERGY, ANA, Cast, make_visit
from client import Client
from portals.signing import AS_VIEWER, Browser, open_admin

from openmedspa.notifications.outbox import masked
from openmedspa.portals.layout.listing import BOM
from openmedspa.settings import Settings

HERE = "/admin/messages"
GIVEN_UP = "update messages set due_at = null, failed_at = now(), tries = 9, cause = 'no such host'"
# What a message looks like that nobody sends again, and why.
OVER = {
    "It is on its way still.": "due_at = now(), failed_at = null",
    "It was sent already.": "sent_at = now(), failed_at = null",
    "It was sent and came back": "sent_at = now()",
    "It was withdrawn": "withdrawn_at = now(), failed_at = null",
    "nobody gets it a third time": "doubted_at = now()",
    "The number answered STOP.": "cause = 'the number answered STOP'",
    "It is older than 7 days": "queued_at = now() - interval '8 days'",
}


@pytest.fixture
async def opened(settings: Settings) -> AsyncIterator[tuple[Browser, Client]]:
    async with open_admin(settings) as (browser, client):
        yield browser, client.with_key(Cast.GLOW_KEY)


def sheet(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix(BOM))))


async def test_messages_are_listed_without_an_address_or_a_name(
    opened: tuple[Browser, Client], owner: asyncpg.Connection
) -> None:
    browser, emr = opened
    gfe_id = await make_visit(emr)
    page, taken = (await browser.get(HERE)).text, (await browser.get(f"{HERE}.csv")).text
    for text in (page, taken):
        assert "a•••@example.com" in text and "+1 ••• ••• 0123" in text and "invitation" in text
        for secret in (ANA["email"], ANA["phone"], "Lopez", ALLERGY):
            assert secret not in text
    assert {line["Visit"] for line in sheet(taken)} == {gfe_id}
    for query, count in (
        ("", 2), ("channel=sms", 1), ("channel=email&state=waiting", 1), ("state=sent", 0), ("state=troubled", 0),
        ("state=withdrawn", 0), (f"search={gfe_id}", 2), ("search=gfe_0", 0), ("search=%27&channel=x", 0),
    ):  # fmt: skip
        assert len(sheet((await browser.get(f"{HERE}.csv?{query}")).text)) == count, query
        assert (await browser.get(f"{HERE}?{query}")).text.count("<tr role=") == 1 + max(count, 1), query
    await owner.execute(GIVEN_UP)
    assert len(sheet((await browser.get(f"{HERE}.csv?state=troubled")).text)) == 2
    assert await owner.fetchval("select count(*) from audit where action = 'messages.exported'") is not None


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("ana@example.com", "a•••@example.com"), ("@x.example", "•••@x.example"), ("+12025550123", "+1 ••• ••• 0123"),
        ("+442071838750", "••• ••• 8750"), ("2025550123", "••• ••• 0123"), ("12345", "•••"), ("", "•••"),
    ],
)  # fmt: skip
def test_an_address_is_masked(address: str, shown: str) -> None:
    assert masked(address) == shown


async def test_a_patient_is_invited_again_with_a_new_link(
    opened: tuple[Browser, Client], owner: asyncpg.Connection
) -> None:
    browser, emr = opened
    gfe_id = await make_visit(emr)
    number = await owner.fetchval("select min(id) from messages")
    assert "Invite again" in (await browser.get(HERE)).text
    answer = await browser.post(f"{HERE}/{number}/resend")
    assert answer.status_code == 409 and "invited a moment ago" in answer.text
    await owner.execute("update messages set queued_at = queued_at - interval '11 minutes'")
    answer = await browser.post(f"{HERE}/{number}/resend")
    assert answer.headers["location"] == f"{HERE}?done=invited"
    assert "A new invitation is on its way." in (await browser.get(f"{HERE}?done=invited")).text
    assert await owner.fetchval("select count(*) from messages where due_at is not null") == 2
    told = await owner.fetchrow("select actor, subject from audit where action = 'visit.invited_again'")
    assert told is not None and tuple(told) == ("admin-secret", gfe_id)
    await owner.execute("update visits set step = 'cancelled_by_patient'")
    assert "Invite again" not in (await browser.get(HERE)).text
    assert (await browser.post(f"{HERE}/{number}/resend")).status_code == 400


async def test_what_was_given_up_goes_back_into_the_queue(
    opened: tuple[Browser, Client], owner: asyncpg.Connection
) -> None:
    browser, emr = opened
    gfe_id = await make_visit(emr, status="Cancelled by client")
    await owner.execute(f"{GIVEN_UP} where notice = 'cancelled'")
    number = await owner.fetchval("select min(id) from messages where notice = 'cancelled'")
    assert "Send again" in (await browser.get(HERE)).text
    assert (await browser.post(f"{HERE}/{number}/resend")).headers["location"] == f"{HERE}?done=queued"
    row = await owner.fetchrow("select * from messages where id = $1", number)
    assert row is not None and row["due_at"] is not None and (row["tries"], row["failed_at"], row["cause"]) == (
        0, None, None
    )  # fmt: skip
    told = await owner.fetchrow("select actor, subject from audit where action = 'message.sent_again'")
    assert told is not None and tuple(told) == ("admin-secret", gfe_id)


@pytest.mark.parametrize("why", OVER)
async def test_nothing_is_sent_twice_or_for_nothing(
    opened: tuple[Browser, Client], owner: asyncpg.Connection, why: str
) -> None:
    browser, emr = opened
    await make_visit(emr, status="Cancelled by client")
    await owner.execute(GIVEN_UP)
    await owner.execute(f"update messages set {OVER[why]} where notice = 'cancelled'")
    before = await owner.fetch("select * from messages order by id")
    number = await owner.fetchval("select min(id) from messages where notice = 'cancelled'")
    await browser.get(HERE)
    answer = await browser.post(f"{HERE}/{number}/resend")
    assert answer.status_code == 409 and why in answer.text
    assert await owner.fetch("select * from messages order by id") == before


async def test_only_an_admin_sends(opened: tuple[Browser, Client], owner: asyncpg.Connection) -> None:
    browser, emr = opened
    await make_visit(emr)
    number = await owner.fetchval("select min(id) from messages")
    await browser.get(HERE)
    for wrong in ("0", "x", "9" * 30, "99999"):
        assert (await browser.post(f"{HERE}/{wrong}/resend")).status_code == 404
    await browser.get(HERE)
    assert (await browser.post(f"{HERE}/{number}/resend", csrf="x")).status_code == 403
    await owner.execute(AS_VIEWER)
    assert "Invite again" not in (await browser.get(HERE)).text
    assert (await browser.post(f"{HERE}/{number}/resend")).status_code == 403
    browser.http.cookies.clear()
    for path in (HERE, f"{HERE}.csv"):
        assert (await browser.get(path)).status_code == 303
