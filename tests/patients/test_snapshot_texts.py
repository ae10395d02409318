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

from openmedspa.exams.orders import NAME

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


async def judged(owner: asyncpg.Connection, text: str) -> str | None:
    name: str | None = await owner.fetchval("select plain_name($1)", text)
    return name


def check(text: str, name: str | None) -> None:
    assert name is None or (is_like(NAME, name) and name == name.strip(" \u00a0\u3000"))
    if is_like(NAME, text):
        assert name == text.strip()  # what an order may say is not changed


async def test_names_are_judged_as_an_order_judges_them(owner: asyncpg.Connection) -> None:
    for text in TEXTS:
        check(text, await judged(owner, text))
    assert await judged(owner, HOSTILE) == "Ana Bcc: all@example.com You won"
    assert await owner.fetchval("select plain_name(null)") is None


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=120)
    | st.text('ab@.=?<> \r\n\t\\"+1\u00a0\u2028', max_size=30)
    | st.from_regex(NAME, fullmatch=True)
)
async def test_whatever_the_text(owner: asyncpg.Connection, text: str) -> None:
    check(text, await judged(owner, text.replace("\x00", "")))


async def snapshot(owner: asyncpg.Connection) -> dict[str, Any]:
    row = await owner.fetchrow("select first_name, last_name, email, phone from visits order by id desc limit 1")
    return dict(row)


async def test_a_snapshot_takes_a_partners_name_in_one_line_and_no_contact(
    glow_partner: Client, glow_emr: Client, owner: asyncpg.Connection
) -> None:
    """An order without a contact has none: what a partner wrote into the record must not receive an outcome."""
    texts = {"FirstName": "Ana\r\nMaria", "LastName": "\tLopez ", "EMail": "other@example.com", "Phone": "+12025550199"}
    person = await make_person(glow_partner, DOB="1990-10-27", **texts)
    order = in_person(patient={"first_name": "Ana Maria"})
    assert (await glow_emr.post("/emr/in-person", order)).status == 201
    assert await owner.fetchval("select patient_id from visits") == person["ID"]
    assert await snapshot(owner) == {"first_name": "Ana Maria", "last_name": "Lopez", "email": None, "phone": None}
    told = (await glow_partner.get(f"{PEOPLE}/{person['ID']}")).json["data"]
    assert {field: told[field] for field in texts} == texts


@pytest.mark.parametrize("change", [{"FirstName": "Maria"}, {"EMail": "else@example.com"}, {"DOB": "1955-05-05"}])
async def test_an_order_by_facts_that_are_gone_makes_a_new_patient(
    glow_partner: Client, glow_emr: Client, owner: asyncpg.Connection, change: dict[str, str]
) -> None:
    """A record that was given to somebody else must not take in an exam of the one it was before."""
    person = await make_person(glow_partner, FirstName="Ana", LastName="Lopez", EMail=..., DOB="1990-10-27")
    assert (await glow_partner.put(f"{PEOPLE}/{person['ID']}", change)).status == 200
    path, order = ("/emr/in-person", in_person()) if "DOB" in change else ("/emr/appointments", at_home())
    assert (await glow_emr.post(path, order)).status == 201
    visit = await owner.fetchrow("select patient_id, first_name, dob from visits")
    assert visit["patient_id"] != person["ID"] and visit["first_name"] == "Ana"


async def test_a_double_that_is_gone_flags_no_order_any_more(
    glow_partner: Client, glow_emr: Client, owner: asyncpg.Connection
) -> None:
    await make_person(glow_partner, FirstName="Ana", LastName="Lopez", EMail="ana.lopez@example.com")
    other = await make_person(glow_partner, FirstName="Ana", LastName="Lopez", EMail="ana.lopez@example.com")
    await glow_partner.put(f"{PEOPLE}/{other['ID']}", {"LastName": "Lopes"})
    assert (await glow_emr.post("/emr/appointments", at_home())).status == 201
    assert await owner.fetchval("select flagged_at from visits") is None


async def test_messages_go_where_the_order_says_whatever_the_record_says(
    glow_partner: Client, glow_emr: Client, owner: asyncpg.Connection
) -> None:
    person = await make_person(glow_partner, FirstName="Ana", LastName="Lopez", EMail="ana.lopez@example.com")
    await glow_partner.put(f"{PEOPLE}/{person['ID']}", {"EMail": "evil@example.com\r\nBcc: x@y.zz", "Phone": "9\r\n9"})
    assert (await glow_emr.post("/emr/appointments", at_home())).status == 201
    rows = await owner.fetch("select address from messages order by channel")
    assert [row["address"] for row in rows] == ["ana.lopez@example.com", "+12025550123"]
