"""All that became of one event: what was sent where, every try, what comes next. No secrets."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from openmedspa.exams.record import read_versions
from openmedspa.kit.db import Database, Row
from openmedspa.kit.errors import NotFound
from openmedspa.webhooks import queries
from openmedspa.webhooks.body import event_body, version_of

HIDDEN = "••••"
REPEATS = "not shown: it repeats what was sent"


class Try(Struct, frozen=True):
    """One try; without a status no HTTP answer came."""

    at: datetime
    url: str
    status: int | None
    duration_ms: int
    cause: str
    answer: str | None


class Told(Struct, frozen=True, kw_only=True):
    """An event on its way to one endpoint."""

    partner: str
    endpoint: str
    url: str
    headers: list[tuple[str, str]]
    tries: list[Try]
    state: str
    next: str
    command: str  # by which that could be changed, as a sentence; empty when there is none


class History(Struct, frozen=True):
    """An event with its body as it is sent, and its deliveries."""

    event_id: str
    occurred_at: datetime
    body: str
    deliveries: list[Told]


class Coming(Struct, frozen=True):
    """A delivery's state in a word, what comes next in a sentence, and how a command could change that."""

    state: str
    words: str
    command: str = ""


async def tell(db: Database, event_id: str, *, user_agent: str, now: datetime) -> History:
    """NotFound for an event that there is not, or not any more."""
    event = await queries.find_event(db, event_id)
    if event is None:
        raise NotFound(
            f"There is no event {event_id}, or it is older than 30 days.", "openmedspa webhooks list --deliveries"
        )
    version = version_of(event)
    visits = await read_versions(db, [version])
    tries = await queries.list_tries(db, event["practice_id"], event_id)
    found = await queries.list_event_deliveries(db, event["practice_id"], event_id)
    told = [
        _told(row, [one for one in tries if one["delivery_id"] == row["id"]], event_id, user_agent, now)
        for row in found
    ]
    body = event_body(event, visits[version]).decode() if version in visits else ""
    return History(event_id, event["occurred_at"], body, told)


def without_health_facts(history: History) -> History:
    """For whoever must see none: no body, and no answer that holds a piece of it, as receivers that echo give."""
    sent = {piece.casefold() for piece in _pieces(msgspec.json.decode(history.body))} if history.body else set()

    def clean(one: Try) -> Try:
        repeats = one.answer is not None and any(piece in one.answer.casefold() for piece in sent)
        return msgspec.structs.replace(one, answer=REPEATS) if repeats else one

    deliveries = [
        msgspec.structs.replace(told, tries=[clean(one) for one in told.tries]) for told in history.deliveries
    ]
    return History(history.event_id, history.occurred_at, "", deliveries)


def what_comes(row: Row, event_id: str, now: datetime) -> Coming:
    """Of a delivery's row with its endpoint."""
    again = f"To send it again: openmedspa webhooks replay {event_id}"
    on = f'To switch it on: openmedspa webhooks on "{row["partner"]}" {row["endpoint"]}'
    if row["delivered_at"]:
        return Coming("delivered", "Nothing: it was delivered.", again)
    if row["deleted_at"]:
        return Coming("failed", "Nothing: the endpoint was removed.")
    if row["switched_off_at"]:
        because = f" ({row['switched_off_because']})" if row["switched_off_because"] else ""
        state = "waiting" if row["due_at"] else "failed"
        return Coming(state, f"Nothing while the endpoint is switched off{because}.", on)
    if row["due_at"] is None:
        return Coming("failed", "Nothing: it was given up.", again)
    if row["leased_until"] and row["leased_until"] > now:
        return Coming("waiting", "A worker holds it now.")
    due = f"{row['due_at']:%Y-%m-%d %H:%M:%S}"
    return Coming("waiting", f"Try {row['tries'] + 1} at {due} UTC, or as soon as a worker is free.")


def _told(row: Row, tries: Sequence[Row], event_id: str, user_agent: str, now: datetime) -> Told:
    coming = what_comes(row, event_id, now)
    return Told(
        partner=row["partner"],
        endpoint=row["endpoint"],
        url=row["url"],
        headers=_headers(row, event_id, user_agent),
        tries=[
            Try(one["at"], one["url"], one["status"], one["duration_ms"], one["cause"], one["answer"]) for one in tries
        ],
        state=coming.state,
        next=coming.words,
        command=coming.command,
    )


def _headers(row: Row, event_id: str, user_agent: str) -> list[tuple[str, str]]:
    """What is sent along, without what proves that we sent it."""
    headers = [
        ("Content-Type", "application/json"),
        ("User-Agent", user_agent),
        ("webhook-id", event_id),
        ("webhook-timestamp", "the moment of the try, in Unix seconds"),
        ("webhook-signature", f"v1,{HIDDEN}"),
    ]
    secret = [("X-Webhook-Secret", HIDDEN)] if row["has_header_secret"] else []
    return headers + secret + ([("X-Signature", HIDDEN)] if row["has_api_key"] else [])


def _pieces(value: object) -> Iterator[str]:
    """Every text in it that could tell something of somebody; field names are everybody's."""
    match value:
        case dict():
            for one in value.values():
                yield from _pieces(one)
        case list():
            for one in value:
                yield from _pieces(one)
        case str() if len(value) > 1:
            yield value
