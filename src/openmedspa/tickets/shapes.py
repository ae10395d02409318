"""The wire of tickets and their comments. No I/O."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from openmedspa.partners.wire import PageQuery, Pagination

Status = Literal["Open", "Pending", "Closed"]
Priority = Literal["Low", "Normal", "High", "Urgent"]
Subject = Annotated[str, Meta(min_length=1, max_length=255, examples=["Label printer is offline"])]
Body = Annotated[str, Meta(max_length=65_536, examples=["The label printer at the front desk prints no labels."])]
Moment = Annotated[str, Meta(examples=["2026-03-09T17:00:00Z"])]


class Note(Struct, frozen=True):
    """A comment as the database has it."""

    id: int
    comment: str
    author: str
    created_at: datetime


class TicketQuery(PageQuery, frozen=True, kw_only=True):
    status: Status | UnsetType = UNSET


class TicketIn(Struct, frozen=True, forbid_unknown_fields=True, rename="pascal", kw_only=True):
    """A ticket to be opened."""

    read_only: ClassVar = frozenset({"TicketID", "CreatedAt", "UpdatedAt", "Comments"})

    subject: Subject
    body: Body = ""
    status: Status = "Open"
    priority: Priority = "Normal"


class TicketChange(Struct, frozen=True, forbid_unknown_fields=True, rename="pascal", kw_only=True):
    """What may be changed of a ticket; what is left out stays."""

    read_only: ClassVar = TicketIn.read_only

    subject: Subject | UnsetType = UNSET
    body: Body | UnsetType = UNSET
    status: Status | UnsetType = UNSET
    priority: Priority | UnsetType = UNSET


class CommentIn(Struct, frozen=True, forbid_unknown_fields=True, rename="pascal", kw_only=True):
    """A comment, and who says it."""

    read_only: ClassVar = frozenset({"CommentID", "CreatedAt"})

    comment: Annotated[str, Meta(min_length=1, max_length=65_536, examples=["This is a new comment"])]
    author: Annotated[str, Meta(min_length=1, max_length=200, examples=["Support Agent"])]


class Comment(Struct, frozen=True, rename="pascal", kw_only=True):
    """A comment on a ticket."""

    id: Annotated[int, Meta(examples=[1])] = field(name="CommentID")
    comment: Annotated[str, Meta(examples=["This is a new comment"])]
    author: Annotated[str, Meta(examples=["Support Agent"])]
    created_at: Moment


class OneComment(Struct, frozen=True):
    data: Comment


class Ticket(Struct, frozen=True, rename="pascal", kw_only=True):
    """What a practice asked for, and all that was said about it, the oldest first."""

    id: Annotated[int, Meta(examples=[12])] = field(name="TicketID")
    subject: Annotated[str, Meta(examples=["Label printer is offline"])]
    body: Annotated[str, Meta(examples=["The label printer at the front desk prints no labels."])]
    status: Status
    priority: Annotated[Priority, Meta(examples=["Normal"])]
    created_at: Moment
    updated_at: Moment
    comments: list[Comment]


class OneTicket(Struct, frozen=True):
    data: Ticket


class TicketList(Struct, frozen=True):
    data: list[Ticket]
    pagination: Pagination
