"""All that became of one event: what was sent where, every try, what comes next. For the operator; no secrets."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from openmedspa.exams.record import read_versions
from openmedspa.kit.db import Database, Row
from openmedspa.kit.errors import NotFound
from openmedspa.webhooks import queries
from openmedspa.webhooks.body import event_body, version_of

HIDDEN = "••••"


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


class History(Struct, frozen=True):
    """An event with its body as it is sent, and its deliveries."""

    event_id: str
    occurred_at: datetime
    body: str
    deliveries: list[Told]


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


def _told(row: Row, tries: Sequence[Row], event_id: str, user_agent: str, now: datetime) -> Told:
    state, coming = _what_comes(row, event_id, now)
    return Told(
        partner=row["partner"],
        endpoint=row["endpoint"],
        url=row["url"],
        headers=_headers(row, event_id, user_agent),
        tries=[
            Try(one["at"], one["url"], one["status"], one["duration_ms"], one["cause"], one["answer"]) for one in tries
        ],
        state=state,
        next=coming,
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


def _what_comes(row: Row, event_id: str, now: datetime) -> tuple[str, str]:
    """The state in a word, and what comes next in a sentence."""
    on = f'openmedspa webhooks on "{row["partner"]}" {row["endpoint"]}'
    if row["delivered_at"]:
        return "delivered", f"Nothing: it was delivered. To send it again: openmedspa webhooks replay {event_id}"
    if row["deleted_at"]:
        return "failed", "Nothing: the endpoint was removed."
    if row["switched_off_at"]:
        because = f" ({row['switched_off_because']})" if row["switched_off_because"] else ""
        state = "waiting" if row["due_at"] else "failed"
        return state, f"Nothing while the endpoint is switched off{because}. To switch it on: {on}"
    if row["due_at"] is None:
        return "failed", f"Nothing: it was given up. To send it again: openmedspa webhooks replay {event_id}"
    if row["leased_until"] and row["leased_until"] > now:
        return "waiting", "A worker holds it now."
    return (
        "waiting",
        f"Try {row['tries'] + 1} at {row['due_at']:%Y-%m-%d %H:%M:%S} UTC, or as soon as a worker is free.",
    )
