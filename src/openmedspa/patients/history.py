"""What changed about a person, who did it and when: for those who run the installation. Knows no terminal."""

import json
from datetime import datetime

from msgspec import Struct

from openmedspa.kit.db import Tx
from openmedspa.kit.errors import NotFound
from openmedspa.patients.queries import history as queries
from openmedspa.patients.shapes import WIRE
from openmedspa.usage import audit

FIELDS = {**WIRE, "tags": "Tags"}


class Change(Struct, frozen=True):
    """One field of one change; `before` is None for somebody new."""

    at: datetime
    actor: str
    field: str
    before: object
    after: object


async def list_(tx: Tx, person_id: int, *, actor: str, now: datetime) -> list[Change]:
    """The oldest first. Looking is recorded too; NotFound when there is no such person."""
    practice_id = await queries.find_practice_of_person_across_practices(tx, person_id)
    if practice_id is None:
        raise NotFound(f"There is no person {person_id}.", code="prospect_not_found")
    await audit.record(
        tx, practice_id, actor=actor, action="prospect.history_read", subject=f"patient:{person_id}", request_id=None,
        now=now,
    )  # fmt: skip
    found = []
    for row in await queries.list_changes_across_practices(tx, person_id):
        before, after = json.loads(row["before"]), json.loads(row["after"])
        found += [
            Change(row["at"], row["actor"], FIELDS.get(column, column), before.get(column), value)
            for column, value in after.items()
        ]
    return found
