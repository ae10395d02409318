"""Tickets from a file: known by their reference, each change of status a step. Knows neither files nor HTTP."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, field

from openmedspa.kit import files, parsing
from openmedspa.kit.bulk import Faults, Judged, Outcome
from openmedspa.kit.db import Again, Tx
from openmedspa.kit.seen import Seen
from openmedspa.tickets import queries
from openmedspa.tickets.shapes import Body, Priority, Status, Subject, TicketIn
from openmedspa.usage import audit

NEEDED: files.Needed = (("Subject",),)
OWN = "import:"  # before a reference made here of what a ticket says


class TicketRow(Struct, frozen=True, forbid_unknown_fields=True, rename="pascal", kw_only=True):
    """A ticket as a file has it: what it does not say of a known one stays."""

    read_only = TicketIn.read_only

    subject: Subject
    body: Body | UnsetType = UNSET
    status: Status | UnsetType = UNSET
    priority: Priority | UnsetType = UNSET
    reference: Annotated[str, Meta(min_length=1, max_length=200)] | UnsetType = field(default=UNSET)


FIELDS: files.Fields = dict.fromkeys(TicketRow.__struct_encode_fields__, "text")


class Tickets:
    """A practice's."""

    def __init__(self, practice_id: int, *, actor: str, now: datetime) -> None:
        self.fields = FIELDS
        self.needed = NEEDED
        self._practice_id = practice_id
        self._actor = actor
        self._now = now

    def judge(self, given: dict[str, Any]) -> TicketRow | Faults:
        wrong = files.unprintable(given)
        wrong |= {
            name: "must not be blank"
            for name in ("Subject", "Reference")
            if isinstance(given.get(name), str) and not given[name].strip()
        }
        try:
            row = msgspec.convert(given, TicketRow)
        except msgspec.ValidationError as trouble:
            return parsing.explain(trouble, TicketRow).fields | parsing.mistakes(given, TicketRow) | wrong
        return wrong or row

    def identities(self, row: TicketRow) -> list[bytes]:
        return [_reference(row).encode()]

    async def write(self, tx: Tx, batch: Sequence[Judged[TicketRow]], seen: Seen) -> Outcome:  # noqa: ARG002
        """1. Find and lock those that are there. 2. Write what is new and what changes, in one statement."""
        given = {_reference(judged.row): _columns(judged.row) for judged in batch}
        scope = [self._practice_id]
        known = {row["reference"]: row for row in await queries.lock_tickets_of_references(tx, scope, list(given))}
        new = [{"reference": reference, **told} for reference, told in given.items() if reference not in known]
        changes = [
            {"id": row["id"], **_present(row), **given[reference]}
            for reference, row in known.items()
            if {**_present(row), **given[reference]} != _present(row)
        ]
        if new or changes:
            made = await queries.write_tickets(
                tx, scope, self._practice_id, new=new, changes=changes, actor=self._actor, now=self._now
            )
            if made < len(new):
                raise Again  # somebody brought one of them at this moment: now they are known
            await audit.record(
                tx, self._practice_id, actor=self._actor, action="tickets.imported",
                subject=f"{len(new)} created, {len(changes)} updated", request_id=None, now=self._now,
            )  # fmt: skip
        return Outcome(len(new), len(changes), len(known) - len(changes))


def _reference(row: TicketRow) -> str:
    """The file's own, or one made of what the ticket says."""
    if row.reference is not UNSET:
        return row.reference
    body = "" if row.body is UNSET else row.body
    return OWN + sha256(f"{row.subject}\x1f{body}".encode()).hexdigest()


def _columns(row: TicketRow) -> dict[str, object]:
    told = {"subject": row.subject, "body": row.body, "status": row.status, "priority": row.priority}
    return {name: value for name, value in told.items() if value is not UNSET}


def _present(row: Any) -> Mapping[str, object]:
    return {name: row[name] for name in ("subject", "body", "status", "priority")}
