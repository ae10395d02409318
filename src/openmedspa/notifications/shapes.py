"""A message as its carriers know it, what came of giving it to one, and its state in words. No I/O."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Literal, Protocol

from msgspec import Struct

from openmedspa.kit.db import Row

Channel = Literal["email", "sms"]
CHANNELS: tuple[Channel, ...] = ("email", "sms")
# In four words what `state_of` says in many: bounced, given up and never confirmed are trouble.
Standing = Literal["waiting", "sent", "withdrawn", "troubled"]
# Asked once, immediately before the carrier gets the content: may it still be given? Takes the name by which the
# carrier will know it, where that is known before.
HandOver = Callable[[str | None], Awaitable[bool]]

STOPPED = "the number answered STOP"
TOO_OLD = "too old to be of use: it waited for more than seven days and was never tried"
POSSIBLE_DUPLICATE = "X-OpenMedspa-Possible-Duplicate"
NOTICES = {
    "invited": "invitation",
    "cancelled": "cancellation",
    "completed": "outcome ready",
    "endpoint_switched_off": "endpoint switched off",
    "access_confirm": "access to be confirmed",
    "access_asked": "access asked for",
    "access_owner": "access put to the owner",
    "access_answered": "access answered by the owner",
    "access_approved": "access approved",
    "access_denied": "access denied",
    "access_opened": "access key taken",
}


class Message(Struct, frozen=True):
    """A row of `messages` with what rendering it takes; the fields stand in the order of the query's columns."""

    practice_id: int
    id: int
    channel: Channel
    notice: str
    address: str
    tries: int
    doubted_at: datetime | None
    clock_offset: timedelta
    gfe_id: str | None
    link_generation: int | None
    first_name: str | None
    practice: str | None
    colour: str | None
    reply_to: str | None
    endpoint_url: str | None
    switched_off_at: datetime | None
    failing_since: datetime | None
    endpoint_cause: str | None
    # Of a request for access.
    access_id: int | None = None
    company: str | None = None
    asked_practice: str | None = None
    contact: str | None = None
    contact_email: str | None = None
    asked_scopes: Sequence[str] | None = None
    granted_scopes: Sequence[str] | None = None
    other_scopes: Sequence[str] | None = None
    approved_at: datetime | None = None
    owner_agreed_at: datetime | None = None
    reason: str | None = None
    granted_practice: str | None = None
    owner_name: str | None = None
    denied_by: str | None = None

    @property
    def is_possible_duplicate(self) -> bool:
        return self.doubted_at is not None


class Result(Struct, frozen=True):
    """What came of one try. `withheld`: the last look said no, and the carrier was given nothing.

    `failed` may go well another time, `refused` never will; `doubted` was handed over and no word came back.
    """

    outcome: Literal["sent", "refused", "failed", "doubted", "withheld"]
    cause: str = ""
    reference: str | None = None  # the carrier's own id


class Try(Struct, frozen=True):
    """One try as it is recorded; the fields stand in the order of the statement's parameters."""

    at: datetime
    duration_ms: int
    outcome: Literal["sent", "refused", "failed", "doubted"]
    cause: str
    sender: Literal["smtp", "sms"]
    reference: str | None
    next_due_at: datetime | None


class Carrier(Protocol):
    """Carries one channel's messages. `send` never raises for the carrier's or the network's trouble."""

    @property
    def sender(self) -> Literal["smtp", "sms"]: ...

    async def send(self, message: Message, hand_over: HandOver) -> Result: ...


def state_of(row: Row) -> str:
    """Where a message stands, in words."""
    if row["failed_at"]:
        return "bounced" if row["sent_at"] else "given up"
    if row["sent_at"]:
        return "kept in the outbox" if row["sender"] == "outbox" else "sent"
    if row["withdrawn_at"]:
        return "withdrawn"
    if row["due_at"] is None:
        return "unconfirmed" if row["doubted_at"] else "over"
    if row["leased_until"]:
        return "on its way"
    if row["doubted_at"]:
        return "unconfirmed, sent once more"
    return "tried again later" if row["tries"] else "waiting"


def plain(text: str, most: int = 300) -> str:
    """Somebody else's words on one line of printable characters: they go into our database and onto screens."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:most]
