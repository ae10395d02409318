"""Asking for a key: asked, confirmed, and in the end taken. One rule for form, API and pages; knows no HTTP.

What lies between is decided in access_decisions.py. A request is locked before it is looked at, so that of two who do
the same at once the second meets what the first did.
"""

from datetime import datetime, timedelta
from time import monotonic

from openmedspa.kit.db import Reads, Row, Tx
from openmedspa.kit.errors import Conflict, NotFound, TooMany
from openmedspa.kit.house import House
from openmedspa.notifications import messages
from openmedspa.partners import limits, queries, registry
from openmedspa.partners.access_links import Purpose, is_genuine, request_named
from openmedspa.partners.access_shapes import AccessRequestIn, require_right, status_of
from openmedspa.usage import audit

ASKS_AT_ONCE, ASK_AGAIN_SECONDS = 5, 60
MOST_UNCONFIRMED, COUNTED_FOR = 3, timedelta(days=1)


async def ask(tx: Tx, wanted: AccessRequestIn, *, house: House, address: str, now: datetime) -> None:
    """Write down what is asked for, and send the link that confirms it.

    Invalid names each field. TooMany for an address that asks too often. Silent for an e-mail address that has had
    enough of our mail: nobody is flooded, and whoever asks learns nothing. No practice and no company is looked up.
    """
    require_right(wanted)
    _require_pace(house, address)
    email = wanted.contact_email.strip()
    await queries.lock_address(tx, email)
    if await queries.count_unconfirmed(tx, email, now - COUNTED_FOR) >= MOST_UNCONFIRMED:
        return
    request_id = await queries.insert_request(
        tx, company=_line(wanted.company), practice=_line(wanted.practice), contact=_line(wanted.contact_name),
        email=email, scopes=list(dict.fromkeys(wanted.scopes)), purpose=wanted.purpose.strip(),
        address=address or None, now=now,
    )  # fmt: skip
    await messages.tell_about_access(tx, request_id, "access_confirm", address=email, now=now)


async def find_by_link(db: Reads, house: House, token: str, purpose: Purpose, *, now: datetime) -> Row:
    """The request that this link of ours is about. NotFound, in the same words, for any other."""
    request_id = request_named(token)
    row = await queries.find_request(db, request_id) if request_id else None
    if row is None or not is_genuine(house, token, purpose, row["id"], row["approved_at"]):
        raise _no_link()
    if purpose == "confirm" and status_of(row, now) == "Lapsed" and not row["confirmed_at"]:
        raise _no_link()
    if purpose == "key" and status_of(row, now) == "Waits for the owner":
        raise _no_link()
    return row


async def confirm(tx: Tx, request_id: int, *, house: House, trace: str, now: datetime) -> None:
    """The address is really the asker's: from now on operators see it as new. Twice is harmless."""
    row = await _locked(tx, request_id)
    if row["confirmed_at"]:
        return
    await queries.update_confirmed(tx, request_id, now)
    await _record(tx, audit.PLATFORM, "access.confirmed", row, trace=trace, now=now)
    operator = house.carriers.operator_email
    await messages.tell_about_access(tx, request_id, "access_asked", address=operator, now=now)


async def take(tx: Tx, request_id: int, *, house: House, trace: str, now: datetime) -> tuple[str, Row]:
    """The key, which is never seen again, and its row: partner, grants and key are made now, in one transaction.

    Conflict when it was taken already, or cannot be taken as things stand.
    """
    row = await _locked(tx, request_id)
    status = status_of(row, now)
    if status != "Approved":
        raise Conflict(f"There is no key to take: the request is {status.lower()}.")
    actor = f"access_request:{request_id}"
    partner_id = await _partner_of(tx, row, actor=actor, now=now)
    await registry.add_grants(tx, str(partner_id), row["location_ids"], actor=actor, now=now)
    key, made = await registry.create_key(
        tx, str(partner_id), environment="production" if house.is_production else "staging",
        name=_key_name(row), scopes=row["granted_scopes"], location_ids=row["location_ids"],
        expires_at=row["key_expires_at"], actor=actor, now=now,
    )  # fmt: skip
    await queries.update_taken(tx, request_id, partner_id=partner_id, key_id=made["id"], now=now)
    await _record(tx, row["practice_id"], "access.key_taken", row, trace=trace, now=now)
    await messages.tell_about_access(tx, request_id, "access_opened", address=row["owner_email"], now=now)
    return key, made


async def _partner_of(tx: Tx, row: Row, *, actor: str, now: datetime) -> int:
    """The one that the operator chose; or a new one, never one that has come by the same name meanwhile."""
    if row["partner_id"] is None:
        name = row["partner_name"] or row["company"]
        if await queries.find_partner(tx, name):
            name = f"{name} ({row['id']})"
        partner = await registry.create_partner(tx, name, contact_email=row["email"], actor=actor, now=now)
        return int(partner["id"])
    partner = await registry.get_partner(tx, str(row["partner_id"]))
    widened = await queries.list_widened_scopes(tx, partner["id"], row["location_ids"], now=now)
    if partner["revoked_at"] or not {*widened} <= {*row["other_scopes"]}:
        raise Conflict(
            "Something has changed since this was approved. Please ask the operator to look at it again.",
        )
    return int(partner["id"])


async def _locked(tx: Tx, request_id: int) -> Row:
    row = await queries.lock_request(tx, request_id)
    if row is None:
        raise _no_link()
    return row


def _require_pace(house: House, address: str) -> None:
    taken = house.buckets.take(
        ("asks", limits.subscriber(address)), per_second=1 / ASK_AGAIN_SECONDS, burst=ASKS_AT_ONCE, now=monotonic()
    )
    if not taken.is_granted:
        raise TooMany(
            "Too many requests", "Too many requests for access came from your address.",
            retry_after_seconds=max(1, taken.next_seconds),
        )  # fmt: skip


def _key_name(row: Row) -> str:
    """By which operators recognise it: whose it is, and which request made it."""
    suffix = f", request {row['id']}"
    return f"{row['company'][: registry.LONGEST_NAME - len(suffix)]}{suffix}"


def _line(text: str) -> str:
    return " ".join(text.split())


def _no_link() -> NotFound:
    return NotFound("There is nothing here", "This link is not one of ours, or it has ended.")


async def _record(tx: Tx, practice_id: int, action: str, row: Row, *, trace: str, now: datetime) -> None:
    subject = f"access_request:{row['id']}"
    await audit.record(tx, practice_id, actor=subject, action=action, subject=subject, request_id=trace, now=now)
