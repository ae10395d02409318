"""Messages for people to look at: lines in words, and one as it would be sent. Looking leaves an audit row."""

from datetime import datetime

from msgspec import Struct

from openmedspa.kit.db import Row, Tx
from openmedspa.kit.errors import NotFound
from openmedspa.kit.house import House
from openmedspa.notifications import queries, rendering
from openmedspa.notifications.shapes import NOTICES, state_of
from openmedspa.usage import audit

Line = dict[str, object]
NONE = "openmedspa outbox"


class Shown(Struct, frozen=True):
    """A message, rendered now: its words and its link stand nowhere else."""

    line: Line
    subject: str  # "" for a text
    text: str
    html: str
    tries: list[Row]


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
