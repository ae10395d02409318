"""Mail servers as they are: with TLS or without, with passwords, with certificates of their own."""

import datetime as dt
import re
import ssl
from ipaddress import ip_address
from pathlib import Path

import pytest
from cast import at_home, make_visit
from client import Client
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from notifications.carriers import PostOffice, post_office, served_by, the_message, tries_of

from openmedspa.kit.house import Carriers, House
from openmedspa.notifications.carriers import try_smtp
from openmedspa.notifications.sending import Messages
from openmedspa.notifications.smtp import Limits, Server, Smtp


class Certificate:
    """One for 127.0.0.1 by nobody's authority: `server` shows it, `trust` believes it."""

    def __init__(self, folder: Path) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.test")])
        now = dt.datetime.now(dt.UTC)
        certificate = (
            x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(1).not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(key, hashes.SHA256())
        )  # fmt: skip
        pem, key_pem = folder / "mail.pem", folder / "mail.key"
        pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        key_pem.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        self.server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.server.load_cert_chain(pem, key_pem)
        self.trust = ssl.create_default_context(cafile=str(pem))


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return Certificate(tmp_path)


async def send(house: House, office: PostOffice, *, trust: ssl.SSLContext | None = None, user: str = "") -> None:
    home = served_by(house, mail=office.url.replace("//", f"//{user}@" if user else "//"))
    smtp = Smtp(home, Server.parse(home.carriers.smtp_url), limits=Limits(before=5, answer=5), trust=trust)
    messages = Messages(home, {"email": smtp})
    await messages.send_due()
    await messages.finish()


async def refusal(house: House) -> str:
    """Why it waits: nothing left the house, and nothing is in doubt."""
    row = await the_message(house)
    assert row["due_at"] is not None and row["doubted_at"] is None
    ((outcome, cause),) = await tries_of(house, row)
    assert outcome == "failed"
    return cause


@pytest.mark.parametrize("is_tls_from_start", [True, False], ids=["smtps", "starttls"])
async def test_mail_goes_encrypted_and_logged_in(
    glow_emr: Client, house: House, certificate: Certificate, is_tls_from_start: bool
) -> None:
    await make_visit(glow_emr)
    options = "" if is_tls_from_start else "?tls=starttls"
    async with post_office(
        tls=certificate.server, is_tls_from_start=is_tls_from_start, password="p@ss:w/rd", options=options
    ) as office:
        await send(house, office, trust=certificate.trust, user="exams%40example.com:p%40ss%3Aw%2Frd")
    assert len(office.mails) == 1 and (await the_message(house))["sent_at"] is not None
    assert office.encrypted == [not is_tls_from_start]  # aiosmtpd notes STARTTLS only


@pytest.mark.parametrize("is_tls_from_start", [True, False], ids=["smtps", "starttls"])
async def test_a_certificate_of_nobodys_authority_is_not_believed(
    glow_emr: Client, house: House, certificate: Certificate, is_tls_from_start: bool
) -> None:
    await make_visit(glow_emr)
    options = "" if is_tls_from_start else "?tls=starttls"
    async with post_office(tls=certificate.server, is_tls_from_start=is_tls_from_start, options=options) as office:
        await send(house, office)
    assert office.rcpts == []
    assert "certificate verify failed" in (await refusal(house)).lower().replace("_", " ")


async def test_a_server_that_offers_no_starttls_gets_nothing(glow_emr: Client, house: House) -> None:
    await make_visit(glow_emr)
    async with post_office(options="?tls=starttls") as office:
        await send(house, office, user="us:secret")
    assert office.rcpts == []
    assert "no STARTTLS" in await refusal(house)


async def test_a_wrong_password_is_told_in_words(glow_emr: Client, house: House, certificate: Certificate) -> None:
    await make_visit(glow_emr)
    async with post_office(tls=certificate.server, is_tls_from_start=True, password="right") as office:
        await send(house, office, trust=certificate.trust, user="us:wrong")
    cause = await refusal(house)
    assert "does not accept our user and password" in cause and "wrong" not in cause


async def test_an_address_outside_ascii_needs_a_server_that_takes_it(glow_emr: Client, house: House) -> None:
    assert (await glow_emr.post("/emr/appointments", at_home(patient={"email": "josé@example.com"}))).status == 201
    async with post_office() as office:
        office.takes_utf8 = False
        await send(house, office)
    row = await the_message(house)
    assert row["failed_at"] is not None and row["cause"] == "the mail server takes no addresses outside ASCII"


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example.com", Server("mail.example.com", 587, "", "", "starttls")),
        ("smtp://u%40x:p%2Fw%25@mail.example.com:2525", Server("mail.example.com", 2525, "u@x", "p/w%", "starttls")),
        ("smtp://mail.example.com?tls=none", Server("mail.example.com", 587, "", "", "none")),
        ("smtps://u:p@mail.example.com", Server("mail.example.com", 465, "u", "p", "start")),
        ("smtp://127.0.0.1:25", Server("127.0.0.1", 25, "", "", "none")),
        ("smtp://[::1]", Server("::1", 587, "", "", "none")),
        ("smtp://localhost?tls=starttls", Server("localhost", 587, "", "", "starttls")),
    ],
)
def test_the_address_of_a_mail_server_is_read(url: str, server: Server) -> None:
    assert Server.parse(url) == server


@pytest.mark.parametrize(
    "url",
    ["mail.example.com:587", "http://mail.example.com", "smtp://", "smtp://u:hidden@mail.example.com:99999",
     "smtps://mail.example.com?tls=none", "smtp://u:hidden@mail.example.com?tls=perhaps",
     "smtp://u:hidden@mail.example.com:0", "smtp://u:p@mail.example.com/hidden",
     *(f"smtp://u:{first}{sign}word@mail.example.com" for sign in "/#?" for first in ("hidden", "12")),
     *(f"smtp://u:hidden{sign}@mail.example.com" for sign in "[]\u2100")],
)  # fmt: skip
async def test_an_address_that_is_none_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ValueError) as refused:
        Server.parse(url)
    told = (await try_smtp(Carriers(smtp_url=url, mail_from="exams@spa.example.com"))).what
    for said in (str(refused.value), told):
        assert not re.search("hidden|word@|12|\u2100", said)


def test_a_password_that_ends_the_address_is_told_how_to_be_written() -> None:
    with pytest.raises(ValueError, match="percent-encode / # \\? @ : in the password"):
        Server.parse("smtp://u:12/x@mail.example.com")


async def test_whether_the_server_lets_us_in_can_be_asked_without_sending(house: House) -> None:
    async with post_office() as office:
        answer = await try_smtp(Carriers(smtp_url=office.url, mail_from="exams@spa.example.com"))
        assert answer.is_well and "lets us in" in answer.what
    answer = await try_smtp(Carriers(smtp_url=office.url, mail_from="exams@spa.example.com"))
    assert not answer.is_well and office.mails == []
    assert not (await try_smtp(Carriers(smtp_url="smtp://u:hidden@x?tls=maybe", mail_from="a@b.c"))).is_well
