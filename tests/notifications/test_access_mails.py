"""The mails about a request for access, as they arrive: what each says, in both parts, and what nobody can put in."""

from email.message import EmailMessage
from typing import Any

import asyncpg
import pytest
from client import Client
from notifications.carriers import body_of, post_office, send_due, served_by

from openmedspa.kit.house import House
from openmedspa.notifications.messages import AccessNotice, tell_about_access
from openmedspa.partners.access_links import access_link

HOSTILE = "<b>Quill</b>\r\nBcc: evil@example.com"
INSERT = """
insert into access_requests (created_at, company, practice, contact, email, scopes, purpose, confirmed_at, practice_id,
  location_ids, granted_scopes, other_scopes, approved_at, approved_by, owner_email, owner_agreed_at, reason)
values (now(), $1, 'Glow, as typed', 'Robin <i>Doe</i>', 'robin@example.com', '{Prospects,KB}', 'They book visits.',
  now(), 1, '{loc_glow}', '{Prospects}', '{Tickets}', now(), 'operator:1', 'odile@example.com', now(), $2)
returning id
"""
SAYS: dict[AccessNotice, tuple[str, str, list[str]]] = {  # subject, where its link leads, words of both parts
    "access_confirm": ("Confirm your request for access", "confirm", ["http://exams.example.com", "7 days"]),
    "access_asked": ("Quillhaven asks for access", "", ["Quillhaven", "Glow, as typed", "robin@example.com"]),
    "access_owner": ("May Quillhaven work with GlowOffice?", "decision", ["Odile", "people who", "with: Tickets"]),
    "access_answered": ("The owner of GlowOffice answered about Quillhaven", "", ["agreed", "Quillhaven"]),
    "access_approved": ("Your key is ready to be taken", "key", ["GlowOffice", "shown once", "14 days"]),
    "access_denied": (
        "Your request for access was denied",
        "none",
        ["denied by the operator.", "Because & so.", "/request-access"],
    ),
    "access_opened": ("Quillhaven has its key for GlowOffice", "none", ["Prospects", "people who", "operator"]),
}


async def mailed(
    house: House, owner: asyncpg.Connection, notice: AccessNotice, *, company: str
) -> tuple[int, EmailMessage]:
    await owner.execute("update practices set owner_name = 'Odile' where id = 1")
    number: int = await owner.fetchval(INSERT, company, "Because & so." if notice == "access_denied" else None)
    await house.system.write(
        (), lambda tx: tell_about_access(tx, number, notice, address="somebody@example.com", now=house.now())
    )
    async with post_office() as office:
        assert await send_due(served_by(house, mail=office.url)) == 1
    return number, office.mails[0]


def words_of(mail: EmailMessage, kind: str) -> str:
    return " ".join(body_of(mail, kind).replace("&amp;", "&").replace("&#39;", "'").split())


@pytest.mark.parametrize("notice", SAYS)
async def test_each_says_what_happened_and_where_to_go(
    glow_emr: Client, house: House, owner: asyncpg.Connection, notice: AccessNotice
) -> None:
    number, mail = await mailed(house, owner, notice, company="Quillhaven")
    subject, purpose, words = SAYS[notice]
    assert (mail["Subject"], mail["From"].addresses[0].display_name) == (subject, "OpenMedspa")
    approved_at = await owner.fetchval("select approved_at from access_requests")
    links: dict[str, str] = {"": f"{house.public_url}/admin/requests/{number}"}
    purposes: Any = ("confirm", "key", "decision")
    links |= {one: access_link(house, one, number, approved_at) for one in purposes}
    for kind in ("plain", "html"):
        told = words_of(mail, kind)
        for word in words:
            assert word in told, (kind, word)
        assert {one for one, link in links.items() if link in told} == ({purpose} - {"none"})


@pytest.mark.parametrize("notice", SAYS)
async def test_no_company_ends_a_header_or_becomes_markup(
    glow_emr: Client, house: House, owner: asyncpg.Connection, notice: AccessNotice
) -> None:
    _, mail = await mailed(house, owner, notice, company=HOSTILE)
    assert "Bcc" not in mail and mail["To"] == "somebody@example.com"
    html = body_of(mail, "html")
    assert "<b>" not in html and "<i>" not in html
    if notice == "access_confirm":  # to an address that nobody has confirmed: no word of a stranger's goes there
        assert "Quill" not in html + body_of(mail, "plain") + str(mail["Subject"])


async def test_without_an_address_nobody_is_told(glow_emr: Client, house: House, owner: asyncpg.Connection) -> None:
    number: int = await owner.fetchval(INSERT, "Quillhaven", None)
    for nobody in ("", None):
        async with house.system.transaction() as tx:
            await tell_about_access(tx, number, "access_asked", address=nobody, now=house.now())
    assert await owner.fetchval("select count(*) from messages") == 0


async def test_no_link_stands_in_the_database(glow_emr: Client, house: House, owner: asyncpg.Connection) -> None:
    number, mail = await mailed(house, owner, "access_approved", company="Quillhaven")
    secret = access_link(house, "key", number, await owner.fetchval("select approved_at from access_requests"))
    secret = secret.split("/")[-2].partition(".")[2]
    assert secret in body_of(mail, "plain")
    for table in ("messages", "message_tries", "audit", "access_requests"):
        assert await owner.fetchval(f"select count(*) from {table} t where t::text like $1", f"%{secret}%") == 0
