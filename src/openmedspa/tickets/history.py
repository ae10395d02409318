"""What became of a ticket, who did it and when: for those who run the installation. Knows no terminal."""

from datetime import datetime

from msgspec import Struct

from openmedspa.kit.db import Tx
from openmedspa.kit.errors import NotFound
from openmedspa.tickets import queries
from openmedspa.usage import audit


class Change(Struct, frozen=True):
    """A status that it took, or something said about it."""

    at: datetime
    actor: str
    field: str
    before: str | None
    after: str


async def list_(tx: Tx, ticket_id: int, *, actor: str, now: datetime) -> list[Change]:
    """The oldest first. Looking is recorded too; NotFound when there is no such ticket."""
    practice_id = await queries.find_practice_across_practices(tx, ticket_id)
    if practice_id is None:
        raise NotFound(f"There is no ticket {ticket_id}.", code="ticket_not_found")
    await audit.record(
        tx, practice_id, actor=actor, action="ticket.history_read", subject=f"ticket:{ticket_id}", request_id=None,
        now=now,
    )  # fmt: skip
    before, found = None, []
    for step in await queries.list_steps(tx, [practice_id], ticket_id):
        found.append(Change(step["at"], step["actor"], "Status", before, step["status"]))
        before = step["status"]
    said = await queries.list_comments(tx, [practice_id], ticket_id)
    found += [
        Change(one["created_at"], one["actor"], "Comment", None, f"{one['author']}: {one['comment']}") for one in said
    ]
    return sorted(found, key=lambda change: change.at)
