"""A mail server's report that a message did not arrive, as it lands in somebody's postbox and is handed to us."""

from email.message import EmailMessage
from email.policy import SMTP

import pytest
from cast import ANA, make_visit
from cli.terminal import run
from client import Client
from conftest import SECRET
from notifications.carriers import PostOffice, hang, post_office, send_due, served_by, the_message

from openmedspa.kit.errors import Invalid
from openmedspa.kit.house import House
from openmedspa.notifications.bounces import read_report


def report(mail: EmailMessage, *, action: str = "failed", whole: bool = True) -> bytes:
    """As RFC 3464 wants it: words for people, fields for programs, and what came back."""
    status = (
        "Reporting-MTA: dns; mx.example.com\r\n\r\n"
        f"Final-Recipient: rfc822; {ANA['email']}\r\nAction: {action}\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n"
    )
    back = mail.as_bytes(policy=SMTP) if whole else f"Message-ID: {mail['Message-ID']}\r\nSubject: x\r\n".encode()
    kind = "message/rfc822" if whole else "text/rfc822-headers"
    lines = [
        "From: mailer-daemon@mx.example.com", "To: exams@spa.example.com", "Subject: Undelivered", "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"', "",
        "--b", "Content-Type: text/plain", "", "It did not arrive.",
        "--b", "Content-Type: message/delivery-status", "", status,
        "--b", f"Content-Type: {kind}", "",
    ]  # fmt: skip
    return "\r\n".join(lines).encode() + b"\r\n" + back + b"\r\n--b--\r\n"


async def sent_mail(emr: Client, house: House, office: PostOffice | None = None) -> EmailMessage:
    await make_visit(emr)
    async with post_office(office) as opened:
        await send_due(served_by(house, mail=opened.url))
    return opened.mails[0]


def bounce(house_dsn: str, raw: bytes) -> tuple[int, str, str]:
    ran = run(
        "outbox", "bounce", stdin=raw.decode(), DATABASE_URL=house_dsn, OPENMEDSPA_SECRET_KEY=SECRET
    )  # fmt: skip
    return ran.code, ran.out, ran.err


@pytest.mark.parametrize("whole", [True, False], ids=["whole mail", "headers only"])
async def test_a_report_on_stdin_marks_its_message(glow_emr: Client, house: House, dsn: str, whole: bool) -> None:
    mail = await sent_mail(glow_emr, house)
    row = await the_message(house)
    assert bounce(dsn, report(mail, whole=whole))[:2] == (0, f"message {row['id']} bounced\n")
    row = await the_message(house)
    assert row["failed_at"] is not None and row["cause"] == "bounced: 550 5.1.1 no such user"
    code, _, said = bounce(dsn, report(mail, whole=whole))
    assert code == 3 and "no message of ours" in said


async def test_a_bounce_ends_a_doubt(glow_emr: Client, house: House, dsn: str) -> None:
    mail = await sent_mail(glow_emr, house, PostOffice(on_data=hang))
    assert (await the_message(house))["due_at"] is not None
    assert bounce(dsn, report(mail))[0] == 0
    row = await the_message(house)
    assert row["due_at"] is None and row["failed_at"] is not None and row["doubted_at"] is not None


async def test_a_report_of_a_delay_changes_nothing(glow_emr: Client, house: House, dsn: str) -> None:
    mail = await sent_mail(glow_emr, house)
    before = await the_message(house)
    code, _, said = bounce(dsn, report(mail, action="delayed"))
    assert code == 2 and "failed for good" in said
    assert await the_message(house) == before


@pytest.mark.parametrize(
    "raw", [b"", b"Subject: hello\r\n\r\nhello", b"\xff\xfe\x00", b"Content-Type: multipart/report"]
)
def test_what_is_no_report_is_refused(raw: bytes) -> None:
    with pytest.raises(Invalid):
        read_report(raw)


def test_a_report_without_what_came_back_is_refused() -> None:
    whole = report(EmailMessage()).replace(b"message/rfc822", b"text/plain")
    with pytest.raises(Invalid, match="headers"):
        read_report(whole)
