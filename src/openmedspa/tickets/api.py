"""Doors on tickets: parse, call, answer. One ticket answers at `ticket/{id}`, as documented, and at `tickets/{id}`."""

import msgspec

from openmedspa.kit.db import Reads, Row
from openmedspa.kit.http import Call
from openmedspa.partners.keys import Grant
from openmedspa.partners.wire import moment, number, pagination
from openmedspa.tickets import tickets
from openmedspa.tickets.shapes import Comment, Note, OneComment, OneTicket, Ticket, TicketList
from openmedspa.usage import audit

_comments = msgspec.json.Decoder(list[Note]).decode


async def list_tickets(call: Call[Grant]) -> TicketList:
    """The practice's tickets with their comments, the newest first."""
    counted, found = await tickets.find(call.db, call.grant.practice_ids, call.query)
    which = call.query.status or "every status"
    audit.note_read(call, call.grant.practice_id, "ticket.list", f"tickets: {which}, page {call.query.page}")
    return TicketList([_to_ticket(row) for row in found], pagination(call.query, counted))


async def open_ticket(call: Call[Grant]) -> OneTicket:
    """Open a ticket."""
    ticket_id = await tickets.open_(
        call.tx, call.grant.practice_id, call.body, actor=call.grant.actor, request_id=call.request_id, now=call.now
    )
    return await _one(call.tx, call, ticket_id)


async def show_ticket(call: Call[Grant]) -> OneTicket:
    """One ticket with its comments."""
    ticket_id = _id(call)
    shown = await _one(call.db, call, ticket_id)
    _note_read(call, ticket_id)
    return shown


async def show_ticket_too(call: Call[Grant]) -> OneTicket:
    """One ticket with its comments, by the list's word."""
    return await show_ticket(call)


async def change_ticket(call: Call[Grant]) -> OneTicket:
    """Change a ticket: its status or other details, the fields given and no others."""
    ticket_id = _id(call)
    is_new = await tickets.change(
        call.tx, call.grant.practice_id, ticket_id, call.body, actor=call.grant.actor, request_id=call.request_id,
        now=call.now,
    )  # fmt: skip
    if not is_new:
        _note_read(call, ticket_id)
    return await _one(call.tx, call, ticket_id)


async def change_ticket_too(call: Call[Grant]) -> OneTicket:
    """Change a ticket, by the list's word."""
    return await change_ticket(call)


async def add_comment(call: Call[Grant]) -> OneComment:
    """Say something about a ticket."""
    said = await tickets.comment(
        call.tx, call.grant.practice_id, _id(call), call.body, actor=call.grant.actor, request_id=call.request_id,
        now=call.now,
    )  # fmt: skip
    return OneComment(_to_comment(said))


async def add_comment_too(call: Call[Grant]) -> OneComment:
    """Say something about a ticket, by the word for one."""
    return await add_comment(call)


def _id(call: Call[Grant]) -> int:
    return number(call.path["id"], of="ticket")


async def _one(db: Reads, call: Call[Grant], ticket_id: int) -> OneTicket:
    return OneTicket(_to_ticket(await tickets.get(db, call.grant.practice_ids, ticket_id)))


def _note_read(call: Call[Grant], ticket_id: int) -> None:
    audit.note_read(call, call.grant.practice_id, "ticket.read", f"ticket:{ticket_id}")


def _to_ticket(row: Row) -> Ticket:
    return Ticket(
        id=row["id"],
        subject=row["subject"],
        body=row["body"],
        status=row["status"],
        priority=row["priority"],
        created_at=moment(row["created_at"]),
        updated_at=moment(row["updated_at"]),
        comments=[_to_comment(note) for note in _comments(row["comments"])],
    )


def _to_comment(note: Note) -> Comment:
    return Comment(id=note.id, comment=note.comment, author=note.author, created_at=moment(note.created_at))
