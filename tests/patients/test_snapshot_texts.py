"""A partner's text may be anything; what an order's snapshot takes of it is what an order itself might have said."""

import re
from typing import Any

import asyncpg
import pytest
from cast import at_home, in_person
from client import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from patients.offices import PEOPLE, make_person

from openmedspa.exams.orders import EMAIL, MAX_EMAIL, NAME, PHONE

HOSTILE = "Ana\r\nBcc: all@example.com\r\n\r\nYou won"
TEXTS = [
    "Ana", " Ana ", "Ana  Maria", "Ana\tMaria", HOSTILE, "\x01", "\x7f\x85\u2028", "", " ", "\u3000Ana\u00a0",
    "x" * 300,
    "x" * 99 + " y", "Zoë O'Donnell-Smith", "<b>Ana</b>", "a@example.com", " a@example.com ",
    "a@example.com\r\nBcc: b@c.de",
    "a@b", "a@b.c", "@b.c", "a@@b.c", "a b@c.de", "a@c..de", "a@.c.de", "a@c.de.", "=?utf-8?q?a?=@b.c", "a@b.c=?x",
    "x" * 64 + "@b.c", "x" * 65 + "@b.c", "a@" + "b." * 126 + "c", "a@" + "b." * 125 + "cd", "ü@müller.de", '"a"@b.c',
    "a\u00a0@b.c", "a\u200b@b.c", "+12025550123", "12025550123", "02025550123", "+1 202", "555-0123", "+", "12", "1",
    "1" * 15, "1" * 16, "+12025550123\n", "１２３", "a\\@b.c", "a;b@c.de", "a@b,c.de", "a@[1.2.3.4]", "a@b.c\x00"[:-1],
]  # fmt: skip


def is_like(pattern: str, text: str) -> bool:
    """As an order's field: `$` alone would let a line feed stand at the end."""
    return re.compile(pattern).fullmatch(text) is not None


async def judged(owner: asyncpg.Connection, text: str) -> tuple[str | None, str | None, str | None]:
    row = await owner.fetchrow("select plain_name($1), sendable_email($1), sendable_phone($1)", text)
    return tuple(row)


def check(text: str, name: str | None, email: str | None, phone: str | None) -> None:
    assert name is None or (is_like(NAME, name) and name == name.strip(" \u00a0\u3000"))
    if is_like(NAME, text):
        assert name == text.strip()  # what an order may say is not changed
    assert email is None or (is_like(EMAIL, email) and len(email) <= MAX_EMAIL and email == email.strip(" "))
    if is_like(EMAIL, text) and len(text) <= MAX_EMAIL and text.isprintable():
        assert email == text.strip(" ")
    assert phone == (text if is_like(PHONE, text) else None)


async def test_names_and_contacts_are_judged_as_an_order_judges_them(owner: asyncpg.Connection) -> None:
    for text in TEXTS:
        check(text, *await judged(owner, text))
    assert (await judged(owner, HOSTILE))[0] == "Ana Bcc: all@example.com You won"
    assert await judged(owner, " a@example.com ") == ("a@example.com", "a@example.com", None)
    assert [await owner.fetchval(f"select {f}(null)") for f in ("plain_name", "sendable_email", "sendable_phone")] == [
        None
    ] * 3


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=120)
    | st.text('ab@.=?<> \r\n\t\\"+1\u00a0\u2028', max_size=30)
    | st.from_regex(EMAIL, fullmatch=True)
    | st.from_regex(NAME, fullmatch=True)
)
async def test_whatever_the_text(owner: asyncpg.Connection, text: str) -> None:
    check(text, *await judged(owner, text.replace("\x00", "")))


async def snapshot(owner: asyncpg.Connection) -> dict[str, Any]:
    row = await owner.fetchrow("select first_name, last_name, email, phone from visits order by id desc limit 1")
    return dict(row)


async def test_a_snapshot_takes_a_partners_texts_in_one_line_or_not_at_all(
    glow_partner: Client, glow_emr: Client, owner: asyncpg.Connection
) -> None:
    person = await make_person(glow_partner, FirstName="Ana", LastName="Lopez", DOB="1990-10-27", EMail=..., Phone=...)
    path = f"{PEOPLE}/{person['ID']}"
    await glow_partner.put(
        path, {"FirstName": HOSTILE, "LastName": "\x01\x02", "EMail": HOSTILE, "Phone": "555\r\n0123"}
    )
    assert (await glow_emr.post("/emr/in-person", in_person())).status == 201
    assert await snapshot(owner) == {
        "first_name": "Ana Bcc: all@example.com You won", "last_name": "Lopez", "email": None, "phone": None,
    }  # fmt: skip
    await glow_partner.put(path, {"EMail": " ana@example.com ", "Phone": "+12025550123"})
    assert (await glow_emr.post("/emr/in-person", in_person())).status == 201
    assert {**await snapshot(owner), "first_name": "", "last_name": ""} == {
        "first_name": "", "last_name": "", "email": "ana@example.com", "phone": "+12025550123",
    }  # fmt: skip
    told = (await glow_partner.get(path)).json["data"]
    assert (told["FirstName"], told["LastName"], told["EMail"]) == (HOSTILE, "\x01\x02", " ana@example.com ")


async def test_messages_go_where_the_order_says_whatever_the_record_says(
    glow_partner: Client, glow_emr: Client, owner: asyncpg.Connection
) -> None:
    person = await make_person(glow_partner, FirstName="Ana", LastName="Lopez", EMail="ana.lopez@example.com")
    await glow_partner.put(f"{PEOPLE}/{person['ID']}", {"EMail": "evil@example.com\r\nBcc: x@y.zz", "Phone": "9\r\n9"})
    assert (await glow_emr.post("/emr/appointments", at_home())).status == 201
    rows = await owner.fetch("select address from messages order by channel")
    assert [row["address"] for row in rows] == ["ana.lopez@example.com", "+12025550123"]


@pytest.mark.parametrize("cleared", ["FirstName", "LastName"])
async def test_a_name_that_was_cleared_is_taken_from_the_order(
    glow_partner: Client, glow_emr: Client, owner: asyncpg.Connection, cleared: str
) -> None:
    person = await make_person(glow_partner, FirstName="Ana", LastName="Lopez", EMail="ana.lopez@example.com")
    await glow_partner.put(f"{PEOPLE}/{person['ID']}", {cleared: None})
    await glow_emr.post("/emr/appointments", at_home())
    taken = await snapshot(owner)
    assert (taken["first_name"], taken["last_name"]) == ("Ana", "Lopez")
