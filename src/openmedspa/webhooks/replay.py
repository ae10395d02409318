"""Sends deliveries again: one event, or all since a moment. The worker does the sending."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Protocol, TypeVar

from msgspec import Struct

from openmedspa.kit.db import Row, Scope, Tx
from openmedspa.kit.errors import Invalid
from openmedspa.usage import audit
from openmedspa.webhooks import queries

MOST = 10_000  # deliveries that one call of the API sends again; the operator's command has no such bound
T = TypeVar("T")


class Wanted(Struct, frozen=True, kw_only=True):
    """To whom is sent again: to one partner, to one of its endpoints, or to everybody.

    `scope` and `location_ids` bound what a partner may ask for by the API; the operator has no such bounds.
    """

    partner_id: int | None = None
    endpoint: str | None = None
    scope: Scope | None = None
    location_ids: Sequence[str] | None = None


class Replayed(Struct, frozen=True):
    """Deliveries that are due anew, and those that stay where they are because their endpoint is switched off."""

    sent: Sequence[Row]
    left_out: Sequence[Row]


class Counted(Struct, frozen=True):
    """How many those are."""

    sent: int
    left_out: int


class Write(Protocol):
    """Does a piece of work in a transaction: one for all pieces, or one for each."""

    async def __call__(self, work: Callable[[Tx], Awaitable[T]], /) -> T: ...


async def replay_event(
    tx: Tx, event_id: str, wanted: Wanted, *, actor: str, request_id: str | None = None, now: datetime
) -> Replayed:
    """Under the same `webhook-id`; also to an endpoint that came later and missed it. `now` is the real one."""
    which: dict[str, Any] = {"event_id": event_id, "location_ids": wanted.location_ids, "now": now, **_to(wanted)}
    await queries.insert_event_missing(tx, wanted.scope, **which)
    found = _sorted(await queries.update_event_replayed(tx, wanted.scope, **which))
    await _record(tx, event_id, actor=actor, request_id=request_id, now=now)
    return found


async def replay_since(
    tx: Tx, since: datetime, wanted: Wanted, *, actor: str, request_id: str | None = None, now: datetime
) -> Counted:
    """All of a partner in one transaction, or Invalid when they are more than MOST; the rest as for one event."""
    scope, partner_id = wanted.scope or (), wanted.partner_id or 0
    if await queries.count_since(tx, scope, since=since, partner_id=partner_id, most=MOST + 1, now=now) > MOST:
        raise _too_many()

    async def at_once(work: Callable[[Tx], Awaitable[T]]) -> T:
        return await work(tx)

    sent = left_out = 0
    async for found in _walk(at_once, since, wanted, now=now):
        sent, left_out = sent + len(found.sent), left_out + len(found.left_out)
        if sent + left_out > MOST:  # events that several endpoints had missed
            raise _too_many()
    await _record(tx, f"{sent} since {since}", actor=actor, request_id=request_id, now=now)
    return Counted(sent, left_out)


async def replay_in_batches(
    write: Write, since: datetime, wanted: Wanted, *, actor: str, now: datetime
) -> AsyncIterator[Replayed]:
    """However many they are: each batch has a transaction and an audit row of its own. Run again, it begins anew."""
    async for found in _walk(write, since, wanted, now=now, actor=actor):
        yield found


async def _walk(
    write: Write, since: datetime, wanted: Wanted, *, now: datetime, actor: str | None = None
) -> AsyncIterator[Replayed]:
    """First what was missed, practice by practice; then all, endpoint by endpoint: in batches, the oldest first."""
    await _make_missed(write, since, wanted, now=now)
    for endpoint_id in await write(partial(queries.list_replayed_endpoints, **_to(wanted))):
        after_at, after_id = since, 0
        while rows := await write(
            partial(
                _send_batch, wanted=wanted, since=since, endpoint_id=endpoint_id, after_at=after_at,
                after_id=after_id, actor=actor, now=now,
            )
        ):  # fmt: skip
            yield _sorted([row for row in rows if row["is_wanted"]])
            if len(rows) < queries.AT_ONCE:
                break
            after_at, after_id = rows[-1]["created_at"], rows[-1]["id"]


async def _make_missed(write: Write, since: datetime, wanted: Wanted, *, now: datetime) -> None:
    to: dict[str, Any] = {"scope": wanted.scope, "now": now, **_to(wanted)}
    for practice in await write(partial(queries.list_replayed_practices, since=since, **to)):
        practice_id, after_at, after_id = practice["practice_id"], practice["since"], ""
        while last := await write(
            partial(
                queries.insert_missing_since, practice_id=practice_id, after_at=after_at, after_id=after_id,
                location_ids=wanted.location_ids, **to,
            )
        ):  # fmt: skip
            after_at, after_id = last["occurred_at"], last["id"]


async def _send_batch(
    tx: Tx,
    *,
    wanted: Wanted,
    since: datetime,
    endpoint_id: int,
    after_at: datetime,
    after_id: int,
    actor: str | None,
    now: datetime,
) -> list[Row]:
    rows = await queries.update_replayed_since(
        tx, wanted.scope, endpoint_id=endpoint_id, after_at=after_at, after_id=after_id,
        location_ids=wanted.location_ids, now=now,
    )  # fmt: skip
    if actor is not None and (sent := _sorted(rows).sent):
        await _record(tx, f"{len(sent)} since {since}", actor=actor, request_id=None, now=now)
    return rows


def _to(wanted: Wanted) -> dict[str, Any]:
    return {"partner_id": wanted.partner_id, "endpoint": wanted.endpoint}


def _sorted(rows: Sequence[Row]) -> Replayed:
    return Replayed(
        sent=[row for row in rows if row["switched_off_at"] is None],
        left_out=[row for row in rows if row["switched_off_at"] is not None],
    )


async def _record(tx: Tx, subject: str, *, actor: str, request_id: str | None, now: datetime) -> None:
    await audit.record(
        tx, audit.PLATFORM, actor=actor, action="webhook.replayed", subject=subject, request_id=request_id, now=now
    )


def _too_many() -> Invalid:
    detail = (
        f"since reaches back over more than {MOST} deliveries or events: ask for a later moment, or have the operator "
        "run openmedspa webhooks replay"
    )
    return Invalid("since is invalid", detail, code="field_invalid")
