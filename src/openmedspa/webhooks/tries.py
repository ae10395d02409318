"""One try of a delivery: what is sent, what came of it, and what that says of its endpoint. Claims nothing."""

import random
from datetime import datetime, timedelta
from uuid import UUID

from openmedspa.exams.visit import Visit
from openmedspa.kit.db import Reads, Row, Tx, patiently
from openmedspa.kit.errors import Stopped
from openmedspa.kit.failures import log_failure
from openmedspa.kit.house import House
from openmedspa.kit.ladder import next_try_at, parse_retry_after
from openmedspa.kit.outbound import Answer, Outbound
from openmedspa.notifications import messages
from openmedspa.webhooks import queries, signing
from openmedspa.webhooks.body import event_body

GONE = 410
ENDURED = timedelta(days=5)  # of nothing but failure, and an endpoint is switched off
ANSWER_KEPT = 1_000  # characters
WRONG_KEY = "internal: the secrets of this endpoint do not open with this OPENMEDSPA_SECRET_KEY"
WITHDRAWN = "the partner's access to the location was withdrawn"
FAILED_AS_ASKED = "chaos: failed as asked"
SENT_TWICE = "chaos: sent a second time as asked"


class Unsent(Answer):
    """No answer because nothing left the house: it says nothing about the endpoint."""


async def carry_out(house: House, outbound: Outbound, row: Row, visit: Visit | None, *, lease: UUID) -> bool:
    """Send a claimed delivery and write down what came of it; a delivered one twice where staging asked for that.

    True if all went well: delivered, by an answer that came to its end.
    """
    answer = await _send_or_say_why(house, outbound, row, visit)
    is_ours = await patiently(lambda: _record(house, row, answer, lease))
    if is_ours and _is_delivered(answer) and row["duplicate_next"] and visit is not None:
        await _send_twice(house, outbound, row, visit)
    return _is_delivered(answer) and not answer.cause


async def _send_or_say_why(house: House, outbound: Outbound, row: Row, visit: Visit | None) -> Answer:
    """Our own trouble is a try like any other: the operator sees it, and it waits for the ladder's next step."""
    try:
        if not row["is_granted"]:
            return Unsent(cause=WITHDRAWN)
        if row["fail_next"] and await queries.update_failure_used(house.system, row["endpoint_id"]):
            return Answer(status=503, cause=FAILED_AS_ASKED)
        if visit is None:
            raise LookupError("the record's version")
        return await _send(house, outbound, row, visit)
    except Stopped as trouble:
        log_failure(trouble, f"delivery {row['id']}")
        return Unsent(cause=WRONG_KEY)
    except Exception as trouble:  # noqa: BLE001
        log_failure(trouble, f"delivery {row['id']}")
        return Unsent(cause="internal error")


async def _send(house: House, outbound: Outbound, row: Row, visit: Visit) -> Answer:
    body = event_body(row, visit)
    vault = house.vault
    headers = signing.headers(
        body,
        webhook_id=row["event_id"],
        timestamp=int(house.now().timestamp()),  # the receiver's clock is the real one, whatever the account's shows
        secret=vault.open(row["signing_secret_sealed"]),
        user_agent=house.webhook_user_agent,
        header_secret=vault.open(row["header_secret_sealed"]) if row["header_secret_sealed"] else None,
        api_key=vault.open(row["api_key_sealed"]) if row["api_key_sealed"] else None,
    )
    return await outbound.post(row["url"], body, headers)


async def _record(house: House, row: Row, answer: Answer, lease: UUID) -> bool:
    """Write down what came of it; False when the lease was lost meanwhile: then another worker's word counts.

    A failure may be the one too many: switching off, and the message about it, stand in the same transaction.
    """
    now = house.now() + row["clock_offset"]
    is_delivered = _is_delivered(answer)
    is_over = is_delivered or answer.status == GONE or not row["is_granted"]
    next_due_at = None if is_over else next_try_at(
        row["tries"] + 1,
        now,
        jitter=random.random(),  # noqa: S311 spreads load, guards nothing
        retry_after_seconds=parse_retry_after(answer.retry_after, house.now()),
    )  # fmt: skip

    async def write(db: Reads) -> Row | None:
        return await queries.insert_try(
            db, row["practice_id"], row["id"], lease=lease, at=now, url=row["url"], duration_ms=answer.duration_ms,
            status=answer.status, cause=_cause(answer), answer=readable(answer.body), is_delivered=is_delivered,
            is_answer=not isinstance(answer, Unsent), next_due_at=next_due_at,
        )  # fmt: skip

    async def write_failure(tx: Tx) -> Row | None:
        kept = await write(tx)
        because = _one_too_many(answer, kept["failing_since"], now) if kept else None
        if because and await queries.update_switched_off(tx, row["endpoint_id"], now, because=because):
            email = house.carriers.operator_email
            await messages.tell_owner_switched_off(tx, row["endpoint_id"], operator_email=email, now=house.now())
        return kept

    if is_delivered:  # in one round trip instead of three
        return await write(house.system) is not None
    return await house.system.write((), write_failure) is not None


def _one_too_many(answer: Answer, failing_since: datetime | None, now: datetime) -> str | None:
    """Why the endpoint is to be switched off, in words, or None."""
    if answer.status == GONE:
        return "it answered 410 Gone"
    if isinstance(answer, Unsent) or failing_since is None or failing_since > now - ENDURED:
        return None
    return f"nothing but failures since {failing_since:%Y-%m-%d %H:%M} UTC; the last: {_cause(answer)}"


async def _send_twice(house: House, outbound: Outbound, row: Row, visit: Visit) -> None:
    """Under the same `webhook-id`, as at-least-once allows: staging wants to see the receiver not mind."""
    if not await queries.update_duplicate_used(house.system, row["endpoint_id"]):
        return
    answer = await _send(house, outbound, row, visit)
    await queries.insert_second_sending(
        house.system, row["practice_id"], row["id"], at=house.now() + row["clock_offset"], url=row["url"],
        duration_ms=answer.duration_ms, status=answer.status, cause=f"{SENT_TWICE}: {_cause(answer)}",
        answer=readable(answer.body),
    )  # fmt: skip


def readable(body: bytes) -> str | None:
    """The beginning of a stranger's answer, for the log: a line of printable text, or None when there is none."""
    text = " ".join(body[: ANSWER_KEPT * 8].decode(errors="replace").split())
    return "".join(character for character in text if character.isprintable())[:ANSWER_KEPT] or None


def _is_delivered(answer: Answer) -> bool:
    return answer.status is not None and 200 <= answer.status < 300


def _cause(answer: Answer) -> str:
    return answer.cause or f"HTTP {answer.status}"
