"""What was sent and what came of it, as a long list that one looks through: filtered, searched, page by page."""

from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from msgspec import Struct

from openmedspa.kit.db import Database, Row, Scope
from openmedspa.webhooks import queries
from openmedspa.webhooks.shapes import State

AT_ONCE = 1_000
Place = tuple[datetime, int]  # a row's: its moment and its number
NEWEST: Place = (datetime(9999, 1, 1, tzinfo=UTC), 0)


class Sought(Struct, frozen=True, kw_only=True):
    """Which ones: None is any. `words` is the id of an event, evt_…, or of a visit, gfe_…; "" finds all."""

    endpoint_id: int | None = None
    state: State | None = None
    words: str = ""

    @property
    def by(self) -> queries.SoughtBy:
        return "visit" if self.words.startswith("gfe_") else "event"


class Read(Protocol):
    """Reads so many before that place."""

    async def __call__(self, sought: Sought, before: Place, limit: int, /) -> list[Row]: ...


def of_all(db: Database, partner_id: int | None) -> Read:
    """For the operator: everybody's, or one partner's. `db` has the role that sees all."""

    async def read(sought: Sought, before: Place, limit: int) -> list[Row]:
        only: dict[str, Any] = {"partner_id": partner_id, "endpoint_id": sought.endpoint_id, "state": sought.state}
        if sought.words:
            return await queries.list_sought(db, sought.words, by=sought.by, limit=limit, **only)
        return await queries.list_page(db, before_at=before[0], before_id=before[1], limit=limit, **only)

    return read


def of_partner(db: Database, scope: Scope, partner_id: int, location_ids: Sequence[str]) -> Read:
    """A partner's own about these locations; each row has its visit, `gfe_id`."""

    async def read(sought: Sought, before: Place, limit: int) -> list[Row]:
        only: dict[str, Any] = {"location_ids": location_ids, "endpoint_id": sought.endpoint_id, "state": sought.state}
        if sought.words:
            return await queries.list_own_sought(db, scope, partner_id, sought.words, by=sought.by, limit=limit, **only)
        at, number = before
        return await queries.list_own_page(db, scope, partner_id, before_at=at, before_id=number, limit=limit, **only)

    return read


def place_of(row: Row) -> Place:
    return row["created_at"], row["id"]


async def walk(read: Read, sought: Sought, *, most: int) -> AsyncGenerator[list[Row]]:
    """The newest ones in batches, no more than so many in all."""
    before = NEWEST
    while most > 0 and (rows := await read(sought, before, min(AT_ONCE, most))):
        yield rows
        if sought.words:  # they were all read at once
            return
        most, before = most - len(rows), place_of(rows[-1])
