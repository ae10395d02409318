"""Messages for people to look at: lines in words, and one as it would be sent. Looking leaves an audit row."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from openmedspa.kit.db import Database, Row, Tx
from openmedspa.kit.errors import Conflict, NotFound
from openmedspa.kit.house import House
from openmedspa.notifications import queries, rendering
from openmedspa.notifications.shapes import NOTICES, STOPPED, Channel, Standing, state_of
from openmedspa.usage import audit

Line = dict[str, object]
NONE = "openmedspa outbox"
LIVES = timedelta(days=7)  # a message that waited for longer is of no use to anybody
AT_ONCE = 1_000
Place = tuple[datetime, int]  # a row's: its moment and its number
NEWEST: Place = (datetime(9999, 1, 1, tzinfo=UTC), 0)


class Shown(Struct, frozen=True):
    """A message, rendered now: its words and its link stand nowhere else."""

    line: Line
    subject: str  # "" for a text
    text: str
    html: str
    tries: list[Row]


class Sought(Struct, frozen=True, kw_only=True):
    """Which ones: None is any."""

    gfe_id: str | None = None
    channel: Channel | None = None
    standing: Standing | None = None


async def read(db: Database, sought: Sought, before: Place, limit: int) -> list[Line]:
    """So many before that place, the latest first, to be looked at: no address stands in them whole."""
    rows = await queries.list_page(
        db, gfe_id=sought.gfe_id, channel=sought.channel, standing=sought.standing, before_at=before[0],
        before_id=before[1], limit=limit,
    )  # fmt: skip
    return [
        {**line_of(row), "address": masked(row["address"]), "standing": standing_of(row), "is_open": row["is_open"]}
        for row in rows
    ]


async def walk(db: Database, sought: Sought, *, most: int) -> AsyncGenerator[list[Line]]:
    """The newest ones in batches, no more than so many in all."""
    before = NEWEST
    while most > 0 and (lines := await read(db, sought, before, min(AT_ONCE, most))):
        yield lines
        most, before = most - len(lines), place_of(lines[-1])


def place_of(line: Line) -> Place:
    at, number = line["queued_at"], line["id"]
    assert isinstance(at, datetime) and isinstance(number, int)
    return at, number


def masked(address: str) -> str:
    """Enough to recognise one's own, and too little to write to: a•••@example.com, +1 ••• ••• 0123."""
    name, at, host = address.rpartition("@")
    if at:
        return f"{name[:1]}•••@{host}"
    code = "+1 " if address.startswith("+1") and len(address) == len("+12025550123") else ""
    return f"{code}••• ••• {address[-4:]}" if len(address) > 6 else "•••"


def standing_of(row: Row) -> Standing:
    if row["due_at"]:
        return "waiting"
    if row["failed_at"]:
        return "troubled"
    if row["sent_at"]:
        return "sent"
    return "withdrawn" if row["withdrawn_at"] else "troubled"


async def find_invited(tx: Tx, message_id: int) -> str | None:
    """The visit that this message invites to; None for a message of any other kind, or none at all."""
    found = await queries.find_message(tx, message_id)
    return found[0].gfe_id if found and found[0].notice == "invited" else None


async def send_again(tx: Tx, message_id: int, *, actor: str, request_id: str | None, now: datetime) -> None:
    """Put a message that was given up back into the queue, as it is. Conflict, in words, for any other.

    An invitation is not sent again but made anew, with a new link: `exams.visits.invite_again`.
    """
    found = await queries.find_message(tx, message_id)
    if found is None:
        raise NotFound(f"There is no message {message_id}.", NONE)
    message, row = found
    if (
        message.notice == "invited"
        or row["cause"] == STOPPED
        or not await queries.update_sent_again(tx, message.practice_id, message_id, now=now, lives=LIVES)
    ):
        raise Conflict("This message is not sent again", _why_not(row))
    await audit.record(
        tx, message.practice_id, actor=actor, action="message.sent_again",
        subject=message.gfe_id or f"message:{message_id}", request_id=request_id, now=now,
    )  # fmt: skip


def _why_not(row: Row) -> str:
    if row["notice"] == "invited":
        return "An invitation is made anew, with a new link."
    if row["due_at"]:
        return "It is on its way still."
    if row["sent_at"] and row["failed_at"]:
        return "It was sent and came back: this address takes no mail of ours."
    if row["sent_at"]:
        return "It was sent already."
    if row["withdrawn_at"]:
        return "It was withdrawn: what it says is no longer so."
    if row["doubted_at"]:
        return "It was handed over twice and may have arrived; nobody gets it a third time."
    if row["cause"] == STOPPED:
        return "The number answered STOP."
    return f"It is older than {LIVES.days} days, and of no use any more."


async def list_(tx: Tx, *, gfe_id: str | None, limit: int, actor: str, now: datetime) -> list[Line]:
    rows = await queries.list_messages(tx, gfe_id=gfe_id, limit=limit)
    if gfe_id and not rows:
        raise NotFound(f"There are no messages about {gfe_id}.", NONE)
    subject = gfe_id or f"messages, the latest {limit}"
    await audit.record(
        tx, audit.PLATFORM, actor=actor, action="messages.listed", subject=subject, request_id=None, now=now
    )
    return [line_of(row) for row in rows]


async def show(tx: Tx, message_id: int, *, house: House, actor: str, now: datetime) -> Shown:
    """NotFound when there is none of this number."""
    found = await queries.find_message(tx, message_id)
    if found is None:
        raise NotFound(f"There is no message {message_id}.", NONE)
    message, row = found
    await audit.record(
        tx, message.practice_id, actor=actor, action="message.shown", subject=message.gfe_id or f"message:{message_id}",
        request_id=None, now=now,
    )  # fmt: skip
    tries = await queries.list_tries(tx, message.practice_id, message.id)
    if message.channel == "sms":
        return Shown(line_of(row), "", rendering.sms(house, message), "", tries)
    letter = rendering.letter(house, message)
    return Shown(line_of(row), letter.subject, letter.text, letter.html, tries)


def line_of(row: Row) -> Line:
    return {
        "id": row["id"],
        "queued_at": row["queued_at"],
        "address": row["address"],
        "channel": "e-mail" if row["channel"] == "email" else "text",
        "notice": NOTICES[row["notice"]],
        "state": state_of(row),
        "cause": row["cause"],
        "gfe_id": row["gfe_id"],
    }
