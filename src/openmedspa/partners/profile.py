"""A partner's own profile: shown, and changed by itself. Knows no HTTP."""

import re
from datetime import datetime

from asyncpg import UniqueViolationError
from msgspec import UNSET
from msgspec.structs import asdict

from openmedspa.kit.db import Again, Row, Tx
from openmedspa.kit.errors import Conflict, Invalid
from openmedspa.partners import queries
from openmedspa.partners.keys import Grant
from openmedspa.partners.shapes import KeyOut, Me, MeIn
from openmedspa.partners.status import wire_status
from openmedspa.practices import register
from openmedspa.usage import audit


async def change(tx: Tx, partner_id: int, wanted: MeIn, *, actor: str, request_id: str | None, now: datetime) -> None:
    """Change what was given. Invalid for an address that is none, Conflict for another partner's name."""
    given = {name: value for name, value in asdict(wanted).items() if value is not UNSET}
    if "company" in given:
        given["name"] = await _company(tx, partner_id, str(given.pop("company")))
    if (address := given.get("contact_email")) and not re.fullmatch(register.ADDRESS, str(address)):
        raise _wrong("ContactEmail", "must be an e-mail address such as robin@emr.example.com")
    if given:
        try:
            await queries.update_profile(tx, partner_id, given)
        except UniqueViolationError:  # another one took the name at this very moment: look again
            raise Again from None
        await audit.record(
            tx, audit.PLATFORM, actor=actor, action="partner.changed", subject=f"partner:{partner_id}",
            request_id=request_id, now=now,
        )  # fmt: skip


def to_me(grant: Grant, partner: Row, keys: list[Row], *, now: datetime) -> Me:
    """What a partner sees of itself."""
    return Me(
        partner_id=grant.partner_id,
        company=partner["name"],
        contact_name=partner["contact_name"],
        contact_email=partner["contact_email"],
        phone=partner["phone"],
        website=partner["website"],
        scopes=sorted(grant.scopes),
        ppass=grant.ppass,
        keys=[_to_key(key, now) for key in keys],
    )


async def _company(tx: Tx, partner_id: int, name: str) -> str:
    name = " ".join(name.split())
    if not name or name.isdecimal() or not name.isprintable():
        raise _wrong("Company", "must be a name, and not one of digits only")
    other = await queries.find_partner(tx, name)
    if other is not None and other["id"] != partner_id:
        raise _taken()
    return name


def _taken() -> Conflict:
    return Conflict("Conflict", "There is a partner of this name already.", code="company_taken")


def _wrong(field: str, why: str) -> Invalid:
    return Invalid(f"{field} is invalid", f"{field} {why}", code="field_invalid", fields={field: why})


def _to_key(key: Row, now: datetime) -> KeyOut:
    used = key["last_used_at"].isoformat(timespec="seconds").replace("+00:00", "Z") if key["last_used_at"] else None
    return KeyOut(name=key["name"], prefix=key["prefix"], last_used_at=used, status=wire_status(key, now))
