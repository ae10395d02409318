"""What arrives at patients and owners: both parts, the links, the practice's look; and no health fact in any of it."""

import re
from email.message import EmailMessage

import asyncpg
import pytest
from canaries import FOUND
from cast import ANA, at_home, make_visit
from client import Client
from notifications.carriers import PostOffice, body_of, gateway, post_office, say, send_due, served_by, the_message

from openmedspa.exams.links import visit_link
from openmedspa.kit.house import House
from openmedspa.notifications.messages import tell_owner_switched_off
from openmedspa.notifications.rendering import ink_on


async def look(owner: asyncpg.Connection, **columns: str) -> None:
    for column, value in columns.items():
        await owner.execute(f"update practices set {column} = $1 where ppass = 'GlowOffice'", value)


async def the_mail(house: House) -> EmailMessage:
    async with post_office() as office:
        await send_due(served_by(house, mail=office.url))
    (mail,) = office.mails
    return mail


async def test_an_order_sends_a_mail_and_a_text_with_the_link(glow_emr: Client, house: House) -> None:
    gfe_id = await make_visit(glow_emr)
    link = visit_link(house, gfe_id)
    async with post_office() as office, gateway() as texts:
        assert await send_due(served_by(house, mail=office.url, texts=texts.url)) == 2
    (mail,), (text,) = office.mails, texts.texts
    assert mail["To"] == ANA["email"]
    for kind in ("plain", "html"):
        body = body_of(mail, kind)
        assert "GlowOffice" in body and link in body and f"{link}/schedule" in body and "Hello Ana" in body
    assert text["To"] == ANA["phone"]
    assert text["Body"].startswith("GlowOffice: ") and text["Body"].endswith(f"{link} Reply STOP to opt out")
    for channel, sender in (("email", "smtp"), ("sms", "sms")):
        row = await the_message(house, channel)
        assert row["sent_at"] is not None and row["due_at"] is None
        assert (row["sender"], row["tries"], row["failed_at"], row["doubted_at"]) == (sender, 1, None, None)


async def test_a_mail_says_who_it_is_from_and_whom_to_answer(
    glow_emr: Client, house: House, owner: asyncpg.Connection
) -> None:
    await look(owner, name="Glow Skin & Laser", reply_to="desk@glow.example.com", colour="#aa3366")
    await make_visit(glow_emr)
    mail = await the_mail(house)
    assert mail["From"] == "Glow Skin & Laser <exams@spa.example.com>"
    assert mail["Reply-To"].addresses[0].addr_spec == "desk@glow.example.com"
    assert mail["Subject"] == "Your online visit with Glow Skin & Laser"
    assert mail["Auto-Submitted"] == "auto-generated" and mail["Date"].datetime is not None
    assert re.fullmatch(r"<1\.\d+\.[\w-]{22}@spa\.example\.com>", mail["Message-ID"])
    assert "X-OpenMedspa-Possible-Duplicate" not in mail
    html = body_of(mail, "html")
    assert "#aa3366" in html and "Glow Skin &amp; Laser" in html


@pytest.mark.parametrize("status", ["Cancelled by client", "Completed"])
async def test_cancellation_and_outcome_are_told_by_both(glow_emr: Client, house: House, status: str) -> None:
    gfe_id = await make_visit(glow_emr, status=status)
    async with post_office() as office, gateway() as texts:
        assert await send_due(served_by(house, mail=office.url, texts=texts.url)) == 2
    (mail,), (text,) = office.mails, texts.texts
    link = visit_link(house, gfe_id)
    is_ready = status == "Completed"
    for words in (body_of(mail, "plain"), body_of(mail, "html"), text["Body"]):
        assert (link in words) == is_ready
        assert ("ready" in words) == is_ready and ("cancelled" in words) != is_ready
    assert text["Body"].endswith("Reply STOP to opt out")


@pytest.mark.parametrize("status", ["Processing", "Cancelled by client", "Completed"])
async def test_no_health_fact_stands_in_any_message(glow_emr: Client, house: House, status: str) -> None:
    await make_visit(glow_emr, status=status)
    async with post_office() as office, gateway() as texts:
        await send_due(served_by(house, mail=office.url, texts=texts.url))
    (mail,), (text,) = office.mails, texts.texts
    told = [*map(str, mail.values()), body_of(mail, "plain"), body_of(mail, "html"), text["Body"]]
    for words in told:
        assert not FOUND.search(words)
        assert not re.search("approved|deferred|exam\\b|treatment|clear", words.replace("exams@", ""), re.IGNORECASE)
    assert "Ana" not in str(mail["Subject"]) + text["Body"]


NAMES = [
    "Glow\r\nBcc: evil@example.com",
    'Glow "Skin" <x@y.example>',
    "Glow 💉 Spa 💄",
    "Schönheit, Köln; @home",
    "G" * 900,
]


@pytest.mark.parametrize("name", NAMES, ids=["line break", "quotes", "emoji", "umlauts", "long"])
async def test_no_name_ends_a_header(glow_emr: Client, house: House, owner: asyncpg.Connection, name: str) -> None:
    await look(owner, name=name, reply_to="desk@glow.example.com")
    await make_visit(glow_emr, patient={"first_name": "<b>Ana</b> & \u202eco"})
    mail = await the_mail(house)
    assert "Bcc" not in mail and set(mail.keys()) == {
        "From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
    }  # fmt: skip
    shown = " ".join(name.split())[:100]
    assert [(one.display_name, one.addr_spec) for one in mail["From"].addresses] == [(shown, "exams@spa.example.com")]
    assert mail["To"].addresses[0].addr_spec == ANA["email"]
    html = body_of(mail, "html")
    assert "<b>" not in html and "&lt;b&gt;Ana" in html and "\u202e" not in html


async def test_an_address_of_any_spelling_reaches_the_envelope(glow_emr: Client, house: House) -> None:
    for address in ("a..b@example.com", "josé@example.com", "o'hara+x=y@exämple.com"):
        answer = await glow_emr.post("/emr/appointments", at_home(patient={"email": address, "last_name": address[:3]}))
        assert answer.status == 201, answer.json
    async with post_office() as office:
        await send_due(served_by(house, mail=office.url))
    assert sorted(office.rcpts) == ["a..b@example.com", "josé@example.com", "o'hara+x=y@xn--exmple-cua.com"]


async def test_words_stand_nowhere_in_the_database(glow_emr: Client, house: House, owner: asyncpg.Connection) -> None:
    gfe_id = await make_visit(glow_emr)
    async with post_office() as office:
        await send_due(served_by(house, mail=office.url))
    secret = visit_link(house, gfe_id).rpartition(".")[2]
    for table in ("messages", "message_tries", "audit", "visits"):
        assert await owner.fetchval(f"select count(*) from {table} t where t::text like $1", f"%{secret}%") == 0
    assert secret in body_of(office.mails[0], "plain")


async def test_an_owner_learns_what_is_switched_off_and_what_to_do(
    glow_emr: Client, house: House, owner: asyncpg.Connection
) -> None:
    assert (await glow_emr.post("/emr/webhooks", {"url": "https://emr.example.com/hook?key=hidden"})).status == 200
    endpoint = await owner.fetchval("update endpoints set switched_off_at = now(), failing_since = now() returning id")
    await house.system.write(
        [], lambda tx: tell_owner_switched_off(tx, endpoint, operator_email="ops@example.com", now=house.now())
    )
    mail = await the_mail(house)
    assert (mail["To"], mail["Subject"]) == ("ops@example.com", "Your webhooks to emr.example.com are switched off")
    for kind in ("plain", "html"):
        words = body_of(mail, kind)
        assert "emr.example.com" in words and "hidden" not in words
        for told in ("POST http://exams.example.com/emr/webhooks", "openmedspa webhooks on", "webhooks replay", " UTC"):
            assert told in words


async def test_the_message_id_is_the_same_at_every_try(glow_emr: Client, house: House) -> None:
    await make_visit(glow_emr)
    async with post_office(PostOffice(on_data=say("451 later", to_first=1))) as office:
        home = served_by(house, mail=office.url)
        await send_due(home)
        await house.system.unscoped_row("update messages set due_at = $1", house.now())
        await send_due(home)
    first, second = (mail["Message-ID"] for mail in office.mails)
    assert first == second


@pytest.mark.parametrize(("colour", "ink"), [("#0f766e", "#ffffff"), ("#ffe680", "#000000"), ("#000000", "#ffffff")])
def test_words_on_a_button_are_readable(colour: str, ink: str) -> None:
    assert ink_on(colour) == ink
