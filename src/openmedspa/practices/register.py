"""Who the tenants are: practices and their locations, made and found. One rule for every door; knows no HTTP."""

import re
import unicodedata
from datetime import datetime
from zoneinfo import available_timezones

from openmedspa.kit import ids
from openmedspa.kit.db import Reads, Row, Tx
from openmedspa.kit.errors import Conflict, Invalid, NotFound
from openmedspa.kit.nearest import did_you_mean
from openmedspa.practices import queries
from openmedspa.usage import audit

# `=?` begins an encoded word: mail programs would read something else than what stands there.
_NO = r"\s@<>()\[\],:;\\\"\x00-\x1f\x7f"
ADDRESS = rf"(?!.*=\?)[^{_NO}]{{1,64}}@[^{_NO}.]+(\.[^{_NO}.]+)+"


# First words of paths and pages of our own: a practice of that name could not be reached, or be taken for us.
RESERVED = frozenset({
    "access", "admin", "api", "auth", "docs", "emr", "health", "kb", "me", "openapi", "openmedspa", "partner",
    "partners", "products", "requests", "staging", "static", "status", "tokens", "visit", "webhooks",
})  # fmt: skip


async def create_practice(
    tx: Tx, *, ppass: str, name: str, time_zone: str, is_exam_group: bool = False, actor: str, now: datetime
) -> Row:
    """A new tenant. Conflict when its PPass is taken, which is compared without regard to case."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9]{2,31}", ppass):
        raise Invalid(
            f"“{ppass}” is no PPass: 3 to 32 letters and digits, a letter first.", f"Try {_as_ppass(ppass, name)}."
        )
    if ppass.lower() in RESERVED:
        raise Invalid(f"{ppass} is a word of our own paths.", f"Try {_as_ppass(ppass + 'Office', name)}.")
    _require_name(name)
    _require_time_zone(time_zone)
    if await queries.find_practice(tx, ppass):
        raise Conflict(f"There is a practice {ppass} already.", "openmedspa practices list")
    kind = "exam_group" if is_exam_group else "practice"
    practice = await queries.insert_practice(tx, ppass=ppass, name=name.strip(), time_zone=time_zone, kind=kind)
    await audit.record(
        tx, practice["id"], actor=actor, action="practice.created", subject=f"practice:{practice['id']}",
        request_id=None, now=now,
    )  # fmt: skip
    return practice


async def get_practice(db: Reads, ppass: str) -> Row:
    """NotFound, with the nearest PPass, when there is none."""
    if practice := await queries.find_practice(db, ppass):
        return practice
    known = [row["ppass"] for row in await queries.list_practices(db)]
    raise NotFound(f"There is no practice {ppass}.", did_you_mean(ppass, known, "openmedspa practices list"))


async def change_practice(
    tx: Tx, ppass: str, *, name: str | None, colour: str | None, reply_to: str | None, actor: str, now: datetime
) -> None:
    """How a practice's messages look, and who reads the answers. None leaves as it is; an empty address is none."""
    practice = await get_practice(tx, ppass)
    if name is not None:
        _require_name(name)
    if colour is not None and not re.fullmatch(r"#[0-9a-f]{6}", colour.lower()):
        raise Invalid(f"“{colour}” is no colour: # and six hexadecimal digits.", "Try --colour '#0f766e'.")
    if reply_to and not re.fullmatch(ADDRESS, reply_to):
        raise Invalid(f"“{reply_to}” is no e-mail address.", "Try --reply-to desk@example.com.")
    await queries.update_practice(
        tx, practice["id"], name=practice["name"] if name is None else name.strip(),
        colour=practice["colour"] if colour is None else colour.lower(),
        reply_to=practice["reply_to"] if reply_to is None else reply_to or None,
    )  # fmt: skip
    await audit.record(
        tx, practice["id"], actor=actor, action="practice.changed", subject=f"practice:{practice['id']}",
        request_id=None, now=now,
    )  # fmt: skip


async def set_owner(tx: Tx, ppass: str, *, name: str | None, email: str | None, actor: str, now: datetime) -> None:
    """Who answers for a practice: asked before a new partner reaches its patients. None leaves as it is, "" is none."""
    practice = await get_practice(tx, ppass)
    if name:
        _require_name(name)
    if email and not re.fullmatch(ADDRESS, email):
        raise Invalid(f"“{email}” is no e-mail address.", "Try --owner-email owner@example.com.")
    await queries.update_owner(
        tx, practice["id"], name=practice["owner_name"] if name is None else name.strip() or None,
        email=practice["owner_email"] if email is None else email or None,
    )  # fmt: skip
    await audit.record(
        tx, practice["id"], actor=actor, action="practice.owner_set", subject=f"practice:{practice['id']}",
        request_id=None, now=now,
    )  # fmt: skip


async def create_location(
    tx: Tx, ppass: str, *, location_id: str | None, name: str, state: str | None, time_zone: str | None = None,
    actor: str, now: datetime,
) -> Row:  # fmt: skip
    """A practice's new location, under an id of its own choice or a new one; in the practice's zone unless told."""
    practice = await get_practice(tx, ppass)
    _require_name(name)
    location_id = location_id or ids.new("loc_")
    if not re.fullmatch(r"loc_[A-Za-z0-9]{1,64}", location_id):
        raise Invalid(f"“{location_id}” is no location id: loc_ and up to 64 letters and digits.", "Try loc_main1.")
    if state is not None and not re.fullmatch(r"[A-Z]{2}", state.upper()):
        raise Invalid(f"“{state}” is no state: two letters.", "Try CA.")
    if time_zone is not None:
        _require_time_zone(time_zone)
    if any(row["id"] == location_id for row in await queries.list_locations(tx, None)):
        raise Conflict(f"There is a location {location_id} already.", "openmedspa locations list")
    location = await queries.insert_location(
        tx, practice["id"], location_id, name=name.strip(), state=state.upper() if state else None,
        time_zone=time_zone,
    )  # fmt: skip
    await audit.record(
        tx, practice["id"], actor=actor, action="location.created", subject=location_id, request_id=None, now=now
    )
    return location


async def get_location(db: Reads, location_id: str) -> Row:
    """NotFound, with the nearest id, when there is none."""
    locations = {row["id"]: row for row in await queries.list_locations(db, None)}
    if location_id in locations:
        return locations[location_id]
    raise NotFound(
        f"There is no location {location_id}.", did_you_mean(location_id, locations, "openmedspa locations list")
    )


def _require_time_zone(time_zone: str) -> None:
    if time_zone not in available_timezones():
        raise Invalid(
            f"“{time_zone}” is no time zone.", did_you_mean(time_zone, available_timezones(), "Try America/Denver.")
        )


def _require_name(name: str) -> None:
    if not name.strip():
        raise Invalid("The name is empty.", 'Give it one: --name "Glow Skin & Laser"')
    if any(unicodedata.category(letter) in {"Cc", "Zl", "Zp"} for letter in name):
        raise Invalid("The name holds a line break or another control character.", "Write it on one line.")


def _as_ppass(ppass: str, name: str) -> str:
    """The nearest text that would do."""
    words = re.findall(r"[A-Za-z0-9]+", ppass) or re.findall(r"[A-Za-z0-9]+", name)
    joined = "".join(word[:1].upper() + word[1:] for word in words).lstrip("0123456789")[:32]
    return joined if len(joined) >= 3 else "GlowOffice"
