"""Partners, what is granted to them, and their keys: made, found and ended. One rule for every door; knows no HTTP."""

import re
from collections.abc import Sequence
from datetime import datetime

from asyncpg import UniqueViolationError

from openmedspa.kit.db import Again, Reads, Row, Tx
from openmedspa.kit.errors import Conflict, Invalid, NotFound
from openmedspa.kit.nearest import did_you_mean
from openmedspa.partners import keys, queries
from openmedspa.partners.keys import Environment
from openmedspa.practices import register
from openmedspa.usage import audit

LONGEST_NAME = 200  # characters


async def create_partner(tx: Tx, name: str, *, contact_email: str | None = None, actor: str, now: datetime) -> Row:
    """Conflict when the name is taken, which is compared without regard to case."""
    _require_address(contact_email)
    name = name.strip()
    if not name or name.isdecimal():
        raise Invalid(
            "A partner needs a name, and not one of digits only: those are its number.",
            'openmedspa partners create "Glow EMR"',
            fields={"name": "The name must be one, and not of digits only."},
        )
    if await queries.find_partner(tx, name):
        what = f"There is a partner {name} already."
        raise Conflict(what, "openmedspa partners list", fields={"name": what})
    try:
        partner = await queries.insert_partner(tx, name, contact_email=contact_email)
    except UniqueViolationError:  # somebody else's at this very moment: look again
        raise Again from None
    await _record(tx, audit.PLATFORM, "partner.created", f"partner:{partner['id']}", actor=actor, now=now)
    return partner


async def set_contact(tx: Tx, partner: str, contact_email: str | None, *, actor: str, now: datetime) -> Row:
    """Where the partner is told that one of its endpoints was switched off; None for nowhere."""
    _require_address(contact_email)
    row = await get_partner(tx, partner)
    await queries.update_contact(tx, row["id"], contact_email)
    await _record(tx, audit.PLATFORM, "partner.contact_set", f"partner:{row['id']}", actor=actor, now=now)
    return row


async def switch_partner(tx: Tx, partner: str, *, is_on: bool, actor: str, now: datetime) -> Row:
    """Off: all its keys are refused from the next second on, and its sessions end; on: they are what they were."""
    row = await get_partner(tx, partner)
    if await queries.update_partner_revoked(tx, row["id"], None if is_on else now):
        action = "partner.switched_on" if is_on else "partner.switched_off"
        await _record(tx, audit.PLATFORM, action, f"partner:{row['id']}", actor=actor, now=now)
    return row


async def get_company(db: Reads, partner_id: int) -> Row:
    """A partner's row as `partners list` shows it. NotFound when there is none."""
    if row := await queries.find_company(db, partner_id):
        return row
    raise NotFound(f"There is no partner {partner_id}.", "openmedspa partners list")


async def get_partner(db: Reads, name_or_id: str) -> Row:
    """By name or number. NotFound, with the nearest name, when there is none."""
    if partner := await queries.find_partner(db, name_or_id):
        return partner
    known = [row["name"] for row in await queries.list_partners(db)]
    raise NotFound(
        f"There is no partner {name_or_id or '“”'}.", did_you_mean(name_or_id, known, "openmedspa partners list")
    )


async def add_grants(tx: Tx, partner: str, location_ids: Sequence[str], *, actor: str, now: datetime) -> list[str]:
    """Give a partner access to locations; those that are new."""
    row, new = await get_partner(tx, partner), []
    for location_id in location_ids:
        await register.get_location(tx, location_id)
        if await queries.insert_grant(tx, row["id"], location_id):
            new.append(location_id)
            await _record_at(tx, location_id, "grant.added", row["id"], actor=actor, now=now)
    return new


async def remove_grants(tx: Tx, partner: str, location_ids: Sequence[str], *, actor: str, now: datetime) -> list[str]:
    """Take access away, from the next request on; those that stood."""
    row, gone = await get_partner(tx, partner), []
    for location_id in location_ids:
        await register.get_location(tx, location_id)
        if await queries.delete_grant(tx, row["id"], location_id):
            gone.append(location_id)
            await _record_at(tx, location_id, "grant.removed", row["id"], actor=actor, now=now)
    return gone


async def create_key(
    tx: Tx,
    partner: str,
    *,
    environment: Environment,
    name: str,
    scopes: Sequence[str],
    location_ids: Sequence[str],
    expires_at: datetime | None,
    per_second: int = keys.PER_SECOND,
    burst: int = keys.BURST,
    actor: str,
    now: datetime,
) -> tuple[str, Row]:
    """A new key, which is never seen again, and its row; without locations it reaches all of the partner's."""
    owner = await get_partner(tx, partner)
    if not name.strip() or len(name) > LONGEST_NAME:
        raise _wrong("name", f"A key needs a name of at most {LONGEST_NAME} characters.", "--name website")
    _require_scopes(scopes)
    if expires_at is not None and expires_at <= now:
        what = f"{expires_at:%Y-%m-%d %H:%M} is past: the key would never work."
        raise _wrong("ends", what, "--expires 90d")
    await _require_granted(tx, owner, location_ids)
    _require_limits(per_second, burst)
    key = keys.new(environment)
    row = await queries.insert_key(
        tx, owner["id"], name=name.strip(), key_sha256=keys.digest(key), prefix=key[:12], last_four=key[-4:],
        scopes=list(dict.fromkeys(scopes)), location_ids=list(dict.fromkeys(location_ids)) or None,
        expires_at=expires_at, per_second=per_second, burst=burst,
    )  # fmt: skip
    await _record(tx, audit.PLATFORM, "key.created", f"key:{row['id']}", actor=actor, now=now)
    return key, row


async def get_key(db: Reads, key_id: int) -> Row:
    """A key's row as `keys list` shows it. NotFound when there is none."""
    if row := await queries.find_key(db, key_id):
        return row
    raise _no_key(key_id)


async def revoke_key(tx: Tx, key_id: int, *, actor: str, now: datetime) -> Row:
    """Refused from the next second on, for good; revoking twice keeps the first moment."""
    row = await queries.update_key_revoked(tx, key_id) or await get_key(tx, key_id)
    await _record(tx, audit.PLATFORM, "key.revoked", f"key:{key_id}", actor=actor, now=now)
    return row


async def set_limits(
    tx: Tx, key_id: int, *, per_second: int | None, burst: int | None, actor: str, now: datetime
) -> Row:
    """How often a key may call, from the next second on; None leaves it as it is."""
    _require_limits(per_second, burst)
    row = await queries.update_key_limits(tx, key_id, per_second=per_second, burst=burst)
    if row is None:
        raise _no_key(key_id)
    limits = f"key:{key_id} {row['per_second']}/s burst {row['burst']}"
    await _record(tx, audit.PLATFORM, "key.limited", limits, actor=actor, now=now)
    return row


def _wrong(field: str, what: str, hint: str) -> Invalid:
    return Invalid(what, hint, fields={field: what})


def _no_key(key_id: int) -> NotFound:
    return NotFound(f"There is no key {key_id}.", "openmedspa keys list")


def _require_limits(per_second: int | None, burst: int | None) -> None:
    if per_second is not None and not 0 <= per_second <= keys.MOST:
        what = f"{per_second} calls a second cannot be a limit."
        raise _wrong("per_second", what, f"0 for none, or 1 to {keys.MOST}.")
    if burst is not None and not 1 <= burst <= keys.MOST:
        what = f"{burst} calls at once cannot be a limit."
        raise _wrong("burst", what, f"1 to {keys.MOST}; --per-second 0 for no limit.")


def _require_address(contact_email: str | None) -> None:
    if contact_email is not None and not re.fullmatch(register.ADDRESS, contact_email):
        what = f"“{contact_email}” is no e-mail address."
        raise _wrong("contact_email", what, "--email webhooks@emr.example.com")


def _require_scopes(scopes: Sequence[str]) -> None:
    there_are = f"There are {', '.join(keys.SCOPES)}."
    if not scopes:
        raise _wrong("scope", "A key needs at least one scope.", there_are)
    for scope in scopes:
        if scope not in keys.SCOPES:
            raise _wrong("scope", f"“{scope}” is no scope.", did_you_mean(scope, keys.SCOPES, there_are))


async def _require_granted(tx: Tx, partner: Row, location_ids: Sequence[str]) -> None:
    granted = [row["location_id"] for row in await queries.list_granted(tx, partner["id"])]
    for location_id in location_ids:
        await register.get_location(tx, location_id)
        if location_id not in granted:
            what = f"{location_id} is not granted to {partner['name']}."
            raise Conflict(what, f'openmedspa grants add "{partner["name"]}" {location_id}', fields={"location": what})


async def _record_at(tx: Tx, location_id: str, action: str, partner_id: int, *, actor: str, now: datetime) -> None:
    practice_id = await queries.find_location_practice(tx, location_id)
    assert practice_id is not None
    await _record(tx, practice_id, action, f"partner:{partner_id} {location_id}", actor=actor, now=now)


async def _record(tx: Tx, practice_id: int, action: str, subject: str, *, actor: str, now: datetime) -> None:
    await audit.record(tx, practice_id, actor=actor, action=action, subject=subject, request_id=None, now=now)
