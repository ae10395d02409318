"""Who may have what they asked for: an operator decides and, where patients are concerned, the practice's owner."""

import re
from datetime import datetime, timedelta

from openmedspa.kit.db import Row, Tx
from openmedspa.kit.errors import Conflict, Invalid, NotFound
from openmedspa.kit.house import House
from openmedspa.notifications import messages
from openmedspa.partners import queries
from openmedspa.partners.access_shapes import (
    Approval,
    is_decidable,
    is_deniable,
    is_owners,
    reaches_patients,
    status_of,
)
from openmedspa.practices import register
from openmedspa.usage import audit

LONGEST_REASON = 1_000


async def approve(tx: Tx, request_id: int, decision: Approval, *, actor: str, trace: str, now: datetime) -> None:
    """Let the request have some of what it asks for, at places of one practice.

    Reaching patients it waits for the practice's owner, who is written to; else its key can be taken at once.
    Conflict when it has been decided, Invalid names each field of the form.
    """
    row = await _locked(tx, request_id, seen=decision.seen, now=now)
    if not is_decidable(row, now):
        raise _decided(row, now)
    place = await queries.find_place(tx, decision.practice)
    others = await _widened(tx, decision, now)
    if place is None:
        raise _wrong({"practice": "Choose a practice."})
    if mistakes := _wrong_choices(row, decision, place, others) | await _wrong_partner(tx, decision):
        raise _wrong(mistakes)
    if decision.owner_email and not place["owner_email"]:
        await register.set_owner(
            tx, place["ppass"], name=decision.owner_name or None, email=decision.owner_email, actor=actor, now=now
        )
    owner = (place["owner_email"] or decision.owner_email) if _needs_owner(decision, others) else None
    await queries.update_approved(
        tx, request_id, practice_id=place["id"], location_ids=decision.location_ids, granted_scopes=decision.scopes,
        other_scopes=others, owner_email=owner,
        key_expires_at=now + timedelta(days=decision.key_days) if decision.key_days else None,
        partner_id=decision.partner_id, partner_name=None if decision.partner_id else decision.partner_name.strip(),
        actor=actor, now=now,
    )  # fmt: skip
    await _record(tx, place["id"], "access.approved", request_id, actor=actor, trace=trace, now=now)
    if owner:
        await messages.tell_about_access(tx, request_id, "access_owner", address=owner, now=now)
    else:
        await messages.tell_about_access(tx, request_id, "access_approved", address=row["email"], now=now)


async def deny(tx: Tx, request_id: int, *, seen: str, reason: str, actor: str, trace: str, now: datetime) -> None:
    """The asker gets nothing, and is told why. Also of what was approved, until the key is taken."""
    row = await _locked(tx, request_id, seen=seen, now=now)
    if not is_deniable(row, now):
        raise _decided(row, now)
    await _deny(tx, row, actor=actor, reason=_reason(reason), trace=trace, now=now)


async def agree(tx: Tx, request_id: int, *, house: House, trace: str, now: datetime) -> None:
    """The practice's owner lets them in: the key can be taken."""
    row = await _awaited(tx, request_id, now)
    await queries.update_agreed(tx, request_id, now)
    actor = f"owner:{row['practice_id']}"
    await _record(tx, row["practice_id"], "access.owner_agreed", request_id, actor=actor, trace=trace, now=now)
    await messages.tell_about_access(tx, request_id, "access_approved", address=row["email"], now=now)
    await _tell_operator(tx, request_id, house, now)


async def refuse(tx: Tx, request_id: int, *, reason: str, house: House, trace: str, now: datetime) -> None:
    """The practice's owner does not; the asker is told why."""
    row = await _awaited(tx, request_id, now)
    actor = f"owner:{row['practice_id']}"
    await _deny(tx, row, actor=actor, reason=_reason(reason), trace=trace, now=now)
    await _tell_operator(tx, request_id, house, now)


async def _deny(tx: Tx, row: Row, *, actor: str, reason: str, trace: str, now: datetime) -> None:
    await queries.update_denied(tx, row["id"], actor=actor, reason=reason, now=now)
    action = "access.owner_refused" if is_owners(actor) else "access.denied"
    practice_id = row["practice_id"] or audit.PLATFORM
    await _record(tx, practice_id, action, row["id"], actor=actor, trace=trace, now=now)
    await messages.tell_about_access(tx, row["id"], "access_denied", address=row["email"], now=now)


async def _tell_operator(tx: Tx, request_id: int, house: House, now: datetime) -> None:
    address = house.carriers.operator_email
    await messages.tell_about_access(tx, request_id, "access_answered", address=address, now=now)


async def _locked(tx: Tx, request_id: int, *, seen: str, now: datetime) -> Row:
    """Nobody decides about what they have not seen: another operator may have been quicker."""
    row = await queries.lock_request(tx, request_id)
    if row is None:
        raise NotFound("There is no such request", "It may have been forgotten: see the list.")
    if status_of(row, now) != seen:
        raise _decided(row, now)
    return row


async def _awaited(tx: Tx, request_id: int, now: datetime) -> Row:
    row = await queries.lock_request(tx, request_id)
    assert row is not None  # its link was looked at in this transaction
    if status_of(row, now) != "Waits for the owner":
        raise _decided(row, now)
    if await queries.find_owner_email(tx, row["practice_id"]) != row["owner_email"]:
        raise Conflict("This was not done", "The practice has another owner by now: this link is over.")
    return row


async def _widened(tx: Tx, decision: Approval, now: datetime) -> list[str]:
    """An existing partner's wide keys reach whatever is granted to it, so the owner is asked about them as well."""
    if decision.partner_id is None:
        return []
    return await queries.list_widened_scopes(tx, decision.partner_id, list(decision.location_ids), now=now)


def _needs_owner(decision: Approval, others: list[str]) -> bool:
    return reaches_patients([*decision.scopes, *others])


def _wrong_choices(row: Row, decision: Approval, place: Row, others: list[str]) -> dict[str, str]:
    found = {}
    if not place["location_ids"]:
        found["location"] = f"{place['ppass']} has no location yet: openmedspa locations create {place['ppass']}"
    elif not decision.location_ids or not {*decision.location_ids} <= {*place["location_ids"]}:
        found["location"] = "Choose at least one location of this practice."
    if not decision.scopes or not {*decision.scopes} <= {*row["scopes"]}:
        found["scope"] = "Choose at least one of the scopes that were asked for."
    if decision.owner_email and not re.fullmatch(register.ADDRESS, decision.owner_email):
        found["owner_email"] = "This is no e-mail address."
    elif not (decision.owner_email or place["owner_email"]) and _needs_owner(decision, others):
        found["owner_email"] = (
            f"{place['ppass']} has no owner's address yet, and this reaches its patients: its owner has to agree."
        )
    return found


async def _wrong_partner(tx: Tx, decision: Approval) -> dict[str, str]:
    """A company that is known already is never joined by its name alone: that is the operator's choice."""
    if decision.partner_id is not None:
        partner = await queries.find_company(tx, decision.partner_id)
        return {} if partner and not partner["revoked_at"] else {"partner": "Choose a partner that is switched on."}
    name = decision.partner_name.strip()
    if not name or name.isdecimal() or not name.isprintable():
        return {"partner_name": "A new partner needs a name, and not one of digits only."}
    if await queries.find_partner(tx, name):
        return {"partner_name": f"There is a partner {name} already: choose it, or give the new one another name."}
    return {}


def _reason(text: str) -> str:
    reason = text.strip()
    if not reason:
        raise _wrong({"reason": "Give a reason: it is what they are told."})
    if len(reason) > LONGEST_REASON:
        raise _wrong({"reason": f"A reason may have at most {LONGEST_REASON} characters."})
    return reason


def _wrong(fields: dict[str, str]) -> Invalid:
    return Invalid("This needs a change", next(iter(fields.values())), code="field_invalid", fields=fields)


def _decided(row: Row, now: datetime) -> Conflict:
    status = status_of(row, now)
    return Conflict("This was not done", f"The request stands at “{status}” by now.")


async def _record(
    tx: Tx, practice_id: int, action: str, request_id: int, *, actor: str, trace: str, now: datetime
) -> None:
    subject = f"access_request:{request_id}"
    await audit.record(tx, practice_id, actor=actor, action=action, subject=subject, request_id=trace, now=now)
