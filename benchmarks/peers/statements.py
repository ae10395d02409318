"""The texts of the two hot calls' statements, taken from the product itself, so that a peer runs the very same SQL."""

from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any

from openmedspa.exams import queries
from openmedspa.exams.orders import Kind, Order
from openmedspa.kit.db import Row, Scope, scoped
from openmedspa.kit.fresh import Fresh


class Recorder:
    """Stands where a database would, and only remembers the statement."""

    def __init__(self) -> None:
        self.fresh = Fresh()
        self.sql = ""

    async def row(self, sql: str, _scope: Scope, *_args: object) -> Row | None:
        self.sql = sql
        return None

    async def rows(self, sql: str, _scope: Scope, *_args: object) -> list[Row]:
        raise NotImplementedError(sql)

    async def unscoped_row(self, sql: str, *_args: object) -> Row | None:
        raise NotImplementedError(sql)

    async def unscoped_rows(self, sql: str, *_args: object) -> list[Row]:
        raise NotImplementedError(sql)


def begin(scope: Scope) -> str:
    """What travels as one simple query ahead of a write."""
    return f"begin; select set_config('app.scope', '{{{','.join(map(str, scope))}}}', true)"


def business_read() -> str:
    recorder = Recorder()
    _finish(_find(recorder))
    return recorder.sql


def read() -> str:
    """A visit in its scope: `$1` the practices, `$2` the visit's id."""
    return scoped(business_read())


def order() -> str:
    """The order, `$1` to `$21` as in exams/queries.py."""
    recorder = Recorder()
    _finish(_order(recorder))
    return recorder.sql


async def _find(recorder: Recorder) -> None:
    await queries.find_visit(recorder, [], "")


async def _order(recorder: Recorder) -> None:
    nobody = Order(
        kind=Kind.AT_HOME, location_id="", first_name="", last_name="", email="", phone="", dob=None,
        appointment_at=None, intake_sent=None,
    )  # fmt: skip
    some: dict[str, Any] = {"gfe_id": "", "practice_id": 0, "partner_id": 0, "actor": "", "request_id": ""}
    await queries.insert_order(
        recorder, [], nobody, treatment_names=[], treatment_ids=[], now=datetime.now(UTC), decides_at=None, **some
    )


def _finish(asking: Coroutine[Any, Any, None]) -> None:
    """Runs what never waits; an event loop may already be running here."""
    try:
        asking.send(None)
    except StopIteration:
        return
    raise RuntimeError("the statement's function waited for something")
