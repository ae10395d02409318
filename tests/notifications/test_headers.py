"""Whoever writes a name or an address writes no header: what looks encoded is refused, or read as it stands."""

from email.message import EmailMessage

import asyncpg
import pytest
from cast import ANA, make_visit
from client import Client
from notifications.carriers import body_of, post_office, send_due, served_by, the_message, tries_of
from notifications.test_what_patients_get import look

from openmedspa.kit.db import Tx
from openmedspa.kit.errors import Invalid
from openmedspa.kit.house import House
from openmedspa.notifications import mail as mails
from openmedspa.notifications.carriers import Missing, open_carriers
from openmedspa.partners import registry
from openmedspa.practices import register

WORD = "=?utf-8?q?x=0D=0ASubject=3A_Prize=0D=0A=0D=0AWin_a_car?="
ADDRESSES = [
    f"{WORD}@evil.com",
    f"ana@{WORD}.com",
    "a\r\nSubject: Prize@evil.com",
    "a\nb@evil.com",
    "ana@evil.com\r\n",
    "<a>@evil.com",
    "a,b@evil.com",
    "ana@evil.com, bob@evil.com",
    "ana@\uff1d\uff1futf-8\uff1fq\uff1fx\uff1f\uff1d.com",
    "ana",
    "@evil.com",
]


async def refused(house: House) -> str:
    """Nothing reached the server, and it is over for good."""
    async with post_office() as office:
        await send_due(served_by(house, mail=office.url))
    assert (office.rcpts, office.mails) == ([], [])
    row = await the_message(house)
    assert row["failed_at"] is not None and (row["due_at"], row["handed_over_at"], row["doubted_at"]) == (None,) * 3
    ((outcome, cause),) = await tries_of(house, row)
    assert outcome == "refused" and "Prize" not in cause
    return cause


@pytest.mark.parametrize("address", ADDRESSES)
async def test_an_address_that_would_be_read_otherwise_is_refused(glow_emr: Client, house: House, address: str) -> None:
    """Orders refuse it, but a row may be older than that."""
    await make_visit(glow_emr)
    await house.system.unscoped_row("update messages set address = $1 where channel = 'email'", address)
    assert await refused(house) == "not sent: the patient's or owner's address can stand in no mail"


async def test_so_is_a_reply_address(glow_emr: Client, house: House, owner: asyncpg.Connection) -> None:
    await look(owner, reply_to=ADDRESSES[0])
    await make_visit(glow_emr)
    assert await refused(house) == "not sent: the practice's reply address can stand in no mail"


async def test_a_name_that_looks_encoded_is_read_as_it_was_written(
    glow_emr: Client, house: House, owner: asyncpg.Connection
) -> None:
    await look(owner, name=WORD, reply_to="desk@glow.example.com")
    await make_visit(glow_emr, patient={"first_name": WORD})
    async with post_office() as office:
        await send_due(served_by(house, mail=office.url))
    (mail,) = office.mails
    assert mail["Subject"] == f"Your online visit with {WORD}"
    for header, address in (("From", "exams@spa.example.com"), ("Reply-To", "desk@glow.example.com")):
        (one,) = mail[header].addresses
        assert ("".join(one.display_name.split()), one.addr_spec) == (WORD, address)
    assert (mail["To"], office.rcpts) == (ANA["email"], [ANA["email"]])
    assert len(mail.get_all("Subject", [])) == 1 and f"Hello {WORD}," in body_of(mail, "plain")


async def test_what_is_read_back_otherwise_is_never_sent(
    glow_emr: Client, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last wall, whatever the walls before it let through."""
    await make_visit(glow_emr)
    for written in ("Prize", "x\r\nBcc: evil@evil.com", "x\r\n\r\nWin a car", WORD):
        monkeypatch.setattr(mails, "_written", lambda _text, written=written: written)
        await house.system.unscoped_row("update messages set due_at = queued_at, failed_at = null")
        async with post_office() as office:
            await send_due(served_by(house, mail=office.url))
        assert (office.rcpts, office.mails) == ([], [])
        cause = (await the_message(house))["cause"]
        assert cause == "not sent: its headers would be read as something else than was meant"


async def test_a_mail_that_cannot_be_put_into_bytes_is_no_doubt(
    glow_emr: Client, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_visit(glow_emr)
    monkeypatch.setattr(EmailMessage, "as_bytes", lambda _self: 1 / 0)
    async with post_office() as office:
        await send_due(served_by(house, mail=office.url))
    row = await the_message(house)
    assert await tries_of(house, row) == [("failed", "internal error")]
    assert (row["handed_over_at"], row["doubted_at"], office.rcpts) == (None, None, [])


@pytest.mark.parametrize("address", [*ADDRESSES[:8], "a b@evil.com", "a(b)@evil.com", "a\x01@evil.com"])
async def test_nobody_can_enter_such_an_address(house: House, address: str) -> None:
    async def set_reply_to(tx: Tx) -> None:
        await register.change_practice(
            tx, "GlowOffice", name=None, colour=None, reply_to=address, actor="cli:test", now=house.now()
        )  # fmt: skip

    async def set_contact(tx: Tx) -> None:
        await registry.set_contact(tx, "Glow EMR", address, actor="cli:test", now=house.now())

    for enter in (set_reply_to, set_contact):
        with pytest.raises(Invalid, match="no e-mail address"):
            await house.system.write([], enter)


async def test_our_own_address_is_looked_at_before_anything_is_claimed(house: House) -> None:
    home = served_by(house, mail="smtp://127.0.0.1:9", mail_from=ADDRESSES[0])
    async with open_carriers(home) as ways:
        assert ways["email"] == Missing("OPENMEDSPA_MAIL_FROM is no address")
