"""Carriers' later word that a message did not arrive: a mail server's report, an SMS carrier's status."""

from collections.abc import Iterator
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage, Message

from openmedspa.kit.db import Reads, Row
from openmedspa.kit.errors import Invalid, NotFound
from openmedspa.notifications import queries
from openmedspa.notifications.shapes import plain

FAILED_STATUSES = frozenset({"undelivered", "failed"})


async def record_report(db: Reads, report: bytes, *, now: datetime) -> Row:
    """A delivery status report (RFC 3464), as mail servers send it back: the message that it is about has bounced."""
    cause, references = read_report(report)
    for reference in references:
        if row := await queries.update_bounced(db, reference, cause=f"bounced: {cause}", now=now):
            return row
    raise NotFound(
        "The report names no message of ours that is waiting for one.", "openmedspa outbox", code="bounce_unknown"
    )


async def record_status(
    db: Reads, reference: str, *, about: tuple[int, int] | None, status: str, code: str, now: datetime
) -> None:
    """An SMS carrier's word on a text it took. What is on its way or has arrived changes nothing.

    `about`: the practice and the message that we named when we sent it. The carrier's own name for it we may not know
    yet, or never: its word can overtake our record, or be the first that we hear of a text in doubt.
    """
    if status not in FAILED_STATUSES or not reference:
        return
    cause = plain(f"bounced: {status}{f', error {code}' if code else ''}")
    if about and await queries.update_bounced_text(db, *about, reference=reference, cause=cause, now=now):
        return
    await queries.update_bounced(db, reference, cause=cause, now=now)


def read_report(report: bytes) -> tuple[str, list[str]]:
    """Why it failed, in the mail server's words, and the ids of the mail it is about. Invalid when it says neither."""
    mail = message_from_bytes(report, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    if mail.get_content_type() != "multipart/report":
        raise Invalid("This is no delivery status report.", "openmedspa outbox bounce < report.eml")
    failures = [block for block in _blocks(mail) if str(block.get("Action", "")).strip().lower() == "failed"]
    if not failures:
        raise Invalid("The report names no mail that failed for good.", "Nothing needs to be done about a delay.")
    said = failures[0].get("Diagnostic-Code") or failures[0].get("Status") or "no reason given"
    references = list(_references(mail))
    if not references:
        raise Invalid("The report does not hold the headers of the mail it is about.", "openmedspa outbox")
    return plain(str(said).partition(";")[2] or str(said), 250), references


def _blocks(mail: EmailMessage) -> Iterator[Message]:
    """Each recipient's fields: `email` parses them as messages without a body."""
    for part in mail.walk():
        if part.get_content_type() == "message/delivery-status":
            blocks = part.get_payload()
            yield from (block for block in blocks if isinstance(block, Message)) if isinstance(blocks, list) else ()


def _references(mail: EmailMessage) -> Iterator[str]:
    """The Message-ID of the mail that came back, whole or its headers only."""
    for part in mail.walk():
        kind = part.get_content_type()
        if kind == "message/rfc822" and isinstance(inner := part.get_payload(), list) and isinstance(inner[0], Message):
            yield str(inner[0].get("Message-ID", "")).strip()
        elif kind == "text/rfc822-headers":
            text = part.get_payload(decode=True)
            headers = message_from_bytes(text if isinstance(text, bytes) else b"", policy=policy.default)
            yield str(headers.get("Message-ID", "")).strip()
