"""`openmedspa outbox` and `practices set`, as an operator types them."""

import json
from pathlib import Path

import asyncpg
import pytest
from cast import ANA, bring_to, make_visit
from cli.terminal import Ran, run
from client import Client
from conftest import SECRET
from notifications.carriers import PostOffice, post_office, say, send_due, served_by

from openmedspa.exams.links import visit_link
from openmedspa.kit.house import House


def typed(dsn: str, *words: str, folder: Path | None = None) -> Ran:
    return run(
        *words, cwd=folder, DATABASE_URL=dsn, OPENMEDSPA_SECRET_KEY=SECRET,
        OPENMEDSPA_PUBLIC_URL="http://exams.example.com",
    )  # fmt: skip


async def test_it_lists_what_was_sent_and_what_waits(
    glow_emr: Client, house: House, dsn: str, owner: asyncpg.Connection
) -> None:
    assert typed(dsn, "outbox").err.startswith("No messages yet")
    gfe_id = await make_visit(glow_emr)
    async with post_office(PostOffice(on_rcpt=say("550 nobody"))) as office:
        await send_due(served_by(house, mail=office.url))
    await bring_to(glow_emr, gfe_id, "Cancelled by client")
    listed = json.loads(typed(dsn, "outbox", "--json").out)
    assert [(row["channel"], row["notice"], row["state"], row["cause"]) for row in listed] == [
        ("text", "cancellation", "waiting", ""),
        ("e-mail", "cancellation", "waiting", ""),
        ("text", "invitation", "withdrawn", ""),
        ("e-mail", "invitation", "given up", "550 nobody"),
    ]
    assert listed[0]["address"] == ANA["phone"]
    assert len(json.loads(typed(dsn, "outbox", "list", "--json", "--limit", "1").out)) == 1
    assert len(typed(dsn, "outbox", "--visit", gfe_id).out.splitlines()) == 5
    assert typed(dsn, "outbox", "--visit", "gfe_none").code == 3
    assert typed(dsn, "outbox", "--limit", "0").code == 2
    rows = await owner.fetch("select subject from audit where action = 'messages.listed' order by id")
    assert [row["subject"] for row in rows] == ["messages, the latest 20"] * 2 + ["messages, the latest 1", gfe_id]


@pytest.mark.parametrize("channel", ["email", "sms"])
async def test_it_shows_one_as_it_would_be_sent_with_its_link(
    glow_emr: Client, house: House, dsn: str, owner: asyncpg.Connection, channel: str
) -> None:
    gfe_id = await make_visit(glow_emr)
    number = await owner.fetchval("select id from messages where channel = $1", channel)
    shown = typed(dsn, "outbox", "show", str(number))
    assert shown.code == 0, shown.err
    assert visit_link(house, gfe_id) in shown.out
    assert ("Subject: Your online visit with GlowOffice" in shown.out) == (channel == "email")
    assert shown.err == "waiting\n"
    found = json.loads(typed(dsn, "outbox", "show", str(number), "--json").out)
    assert visit_link(house, gfe_id) in found["text"]
    assert (
        await owner.fetchval("select count(*) from audit where action = 'message.shown' and subject = $1", gfe_id) == 2
    )
    for nobody in ("999999", "0", "9" * 30):
        assert typed(dsn, "outbox", "show", nobody).code == 3


async def test_a_practice_says_how_its_messages_look(dsn: str, owner: asyncpg.Connection) -> None:
    done = typed(
        dsn, "practices", "set", "glowoffice", "--name", " Glow Skin ", "--colour", "#AA3366",
        "--reply-to", "d@glow.example.com",
    )  # fmt: skip
    assert (done.code, done.out) == (0, "glowoffice changed\n")
    columns = "select name, colour, reply_to, time_zone from practices where ppass = 'GlowOffice'"
    assert tuple(await owner.fetchrow(columns)) == ("Glow Skin", "#aa3366", "d@glow.example.com", "America/Los_Angeles")
    assert typed(dsn, "practices", "set", "GlowOffice", "--reply-to", "").code == 0
    assert tuple(await owner.fetchrow(columns))[:3] == ("Glow Skin", "#aa3366", None)
    assert await owner.fetchval("select count(*) from audit where action = 'practice.changed'") == 2


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), 2), (("--colour", "teal"), 2), (("--colour", "#12345g"), 2), (("--reply-to", "nobody"), 2),
        (("--reply-to", "a@b.c\nBcc: x@y.z"), 2), (("--name", " "), 2), (("--name", "Glow\nBcc: x@y.z"), 2),
    ],
)  # fmt: skip
async def test_what_does_not_fit_changes_nothing(
    dsn: str, owner: asyncpg.Connection, words: tuple[str, ...], code: int
) -> None:
    before = await owner.fetch("select * from practices order by id")
    ran = typed(dsn, "practices", "set", "GlowOffice", *words)
    assert ran.code == code and "→" in ran.err
    assert typed(dsn, "practices", "set", "GlowOfice", "--name", "x").code == 3
    assert await owner.fetch("select * from practices order by id") == before
