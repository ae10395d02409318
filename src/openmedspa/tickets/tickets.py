"""Tickets: opened, changed and commented on; each status is a step with who and when. Knows no HTTP."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import UNSET
from msgspec.structs import asdict

from openmedspa.kit.db import Reads, Row, Tx
from openmedspa.kit.errors import Invalid
from openmedspa.partners.wire import MOST_COUNTED, not_found
from openmedspa.tickets import queries
from openmedspa.tickets.shapes import CommentIn, Note, TicketChange, TicketIn, TicketQuery
from openmedspa.usage import audit

FIELDS = ("subject", "body", "status", "priority")


async def find(db: Reads, scope: Sequence[int], query: TicketQuery) -> tuple[int, list[Row]]:
    """How many there are and the page asked for, the newest first."""
    if query.status is UNSET:
        return await queries.list_tickets(db, scope, limit=query.limit, offset=query.offset, most_counted=MOST_COUNTED)
    return await queries.list_tickets_of_status(
        db, scope, query.status, limit=query.limit, offset=query.offset, most_counted=MOST_COUNTED
    )


async def get(db: Reads, scope: Sequence[int], ticket_id: int) -> Row:
    """With its comments. NotFound when there is none in this scope."""
    found = await queries.find_ticket(db, scope, ticket_id)
    if found is None:
        raise not_found("ticket")
    return found


async def open_(
    tx: Tx, practice_id: int, wanted: TicketIn, *, actor: str, request_id: str | None, now: datetime
) -> int:
    """A new ticket's number."""
    _require_words("Subject", wanted.subject)
    ticket_id = await queries.insert_ticket(
        tx, [practice_id], practice_id, subject=wanted.subject, body=wanted.body, status=wanted.status,
        priority=wanted.priority, actor=actor, now=now,
    )  # fmt: skip
    await _record(tx, practice_id, "ticket.opened", ticket_id, actor=actor, request_id=request_id, now=now)
    return ticket_id


async def change(
    tx: Tx, practice_id: int, ticket_id: int, wanted: TicketChange, *, actor: str, request_id: str | None,
    now: datetime,
) -> bool:  # fmt: skip
    """Change the fields given; whether anything is new: nothing happens when all of it stands there already."""
    if wanted.subject is not UNSET:
        _require_words("Subject", wanted.subject)
    present = await queries.lock_ticket(tx, [practice_id], ticket_id)
    if present is None:
        raise not_found("ticket")
    before = {name: present[name] for name in FIELDS}
    after = before | {name: value for name, value in asdict(wanted).items() if value is not UNSET}
    if after == before:
        return False
    await queries.update_ticket(tx, [practice_id], ticket_id, **after, actor=actor, now=now)
    await _record(tx, practice_id, "ticket.changed", ticket_id, actor=actor, request_id=request_id, now=now)
    return True


async def comment(
    tx: Tx, practice_id: int, ticket_id: int, wanted: CommentIn, *, actor: str, request_id: str | None, now: datetime
) -> Note:
    """Say something about a ticket."""
    _require_words("Comment", wanted.comment)
    _require_words("Author", wanted.author)
    said = await queries.insert_comment(
        tx, [practice_id], ticket_id, comment=wanted.comment, author=wanted.author, actor=actor, now=now
    )
    if said is None:
        raise not_found("ticket")
    await _record(tx, practice_id, "ticket.commented", ticket_id, actor=actor, request_id=request_id, now=now)
    return said


def _require_words(field: str, text: str) -> None:
    if not text.strip():
        why = "must not be blank"
        raise Invalid(f"{field} is invalid", f"{field} {why}", code="field_invalid", fields={field: why})


async def _record(
    tx: Tx, practice_id: int, action: str, ticket_id: int, *, actor: str, request_id: str | None, now: datetime
) -> None:
    await audit.record(
        tx, practice_id, actor=actor, action=action, subject=f"ticket:{ticket_id}", request_id=request_id, now=now
    )
