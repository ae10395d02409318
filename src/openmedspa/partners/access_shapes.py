"""An access request: on the wire, in words, and where it stands. Pure; the clock is a parameter."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from openmedspa.kit.db import Row
from openmedspa.kit.errors import Invalid
from openmedspa.practices.register import ADDRESS

Scope = Literal["Exams", "Prospects", "Patients", "Providers", "Visits", "ProductPro.Products", "KB", "Tickets"]
Status = Literal["Unconfirmed", "New", "Waits for the owner", "Approved", "Key taken", "Denied", "Lapsed"]
SCOPE_WORDS: Mapping[str, str] = {
    "Exams": "order Good Faith Exams, read their outcome",
    "Prospects": "read and write people who are not patients yet",
    "Patients": "read and write patients",
    "Providers": "see when providers are free",
    "Visits": "book, move and cancel visits",
    "ProductPro.Products": "read and write the list of products",
    "KB": "read and write the knowledge base",
    "Tickets": "read and answer the practice's tickets",
}
GLOBAL_SCOPES = frozenset({"ProductPro.Products", "KB"})  # of no practice: they show nobody's patients
CONFIRM_WITHIN = timedelta(days=7)
LINKS_LIVE = timedelta(days=14)  # the owner's, and that to the key

ONE_LINE, PURPOSE = 200, 2_000
# A shortest length stands in the schema alone: what is empty is judged with what is blank, in the same words.
Line = Annotated[str, Meta(max_length=ONE_LINE, extra_json_schema={"minLength": 1})]


class AccessRequestIn(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, rename="pascal"):
    """What somebody asks for: who they are, for which practice, to do what."""

    company: Annotated[Line, Meta(examples=["Quillhaven Bookings"])]
    practice: Annotated[
        Line, Meta(description="Its name or PPass, as you know it.", examples=["Marrowby Skin & Laser"])
    ]
    contact_name: Annotated[Line, Meta(examples=["Robin Doe"])]
    contact_email: Annotated[
        Line, Meta(description="A link to confirm goes there, and later the key's.", examples=["robin@emr.example.com"])
    ]
    scopes: Annotated[list[Scope], Meta(min_length=1, max_length=20, examples=[["Prospects", "Visits"]])]
    purpose: Annotated[
        str,
        Meta(
            max_length=PURPOSE,
            extra_json_schema={"minLength": 1},
            examples=["Our website books visits for the practice."],
        ),
    ]

    @staticmethod
    def also_wrong(given: Mapping[str, Any]) -> dict[str, str]:
        """{field: why} of what its type lets pass."""
        lines = ("Company", "Practice", "ContactName", "ContactEmail")
        found = {name: why for name in lines if (why := _wrong_line(given.get(name)))}
        purpose = given.get("Purpose")
        if isinstance(purpose, str) and not purpose.strip():
            found["Purpose"] = "is required"
        elif isinstance(purpose, str) and not _is_clean(purpose):
            found["Purpose"] = "must be plain text"
        company, email = given.get("Company"), given.get("ContactEmail")
        if isinstance(company, str) and company.strip().isdecimal():
            found["Company"] = "must be a name, and not one of digits only"
        if "ContactEmail" not in found and isinstance(email, str) and not re.fullmatch(ADDRESS, email.strip()):
            found["ContactEmail"] = "must be an e-mail address such as robin@emr.example.com"
        return found


class AccessRequestSent(Struct, frozen=True, rename="pascal"):
    status: Literal["ConfirmationSent"]


class AccessRequestOut(Struct, frozen=True):
    """The same for everybody: it says nothing of who is known here."""

    data: AccessRequestSent


class Approval(Struct, frozen=True, kw_only=True):
    """What an operator makes of a request. `seen` is the status that they saw when they decided."""

    practice: str  # its PPass
    location_ids: Sequence[str]
    scopes: Sequence[str]
    key_days: int | None  # None: the key does not end
    partner_id: int | None  # None: a new partner
    partner_name: str
    owner_name: str = ""  # of the practice, where it has none yet
    owner_email: str = ""
    seen: str = "New"


def require_right(wanted: AccessRequestIn) -> None:
    """Invalid, naming every field, for what its types let pass and is wrong all the same."""
    given = {
        "Company": wanted.company, "Practice": wanted.practice, "ContactName": wanted.contact_name,
        "ContactEmail": wanted.contact_email, "Purpose": wanted.purpose,
    }  # fmt: skip
    if fields := AccessRequestIn.also_wrong(given):
        field, why = next(iter(fields.items()))
        raise Invalid(f"{field} is invalid", f"{field} {why}", code="field_invalid", fields=fields)


def reaches_patients(scopes: Sequence[str]) -> bool:
    """Whether a practice's owner has to agree."""
    return not GLOBAL_SCOPES.issuperset(scopes)


def status_of(row: Row | Mapping[str, Any], now: datetime) -> Status:
    """Where a request stands, in the words of table, CSV and dashboard."""
    if row["denied_at"]:
        return "Denied"
    if row["key_shown_at"]:
        return "Key taken"
    if row["approved_at"]:
        if lapses_at(row) <= now:
            return "Lapsed"
        return "Waits for the owner" if row["owner_email"] and not row["owner_agreed_at"] else "Approved"
    if row["confirmed_at"]:
        return "New"
    return "Lapsed" if row["created_at"] + CONFIRM_WITHIN <= now else "Unconfirmed"


def lapses_at(row: Row | Mapping[str, Any]) -> datetime:
    """When the link of an approved request ends that is out now."""
    since: datetime = row["owner_agreed_at"] or row["approved_at"]
    return since + LINKS_LIVE


def is_decidable(row: Row | Mapping[str, Any], now: datetime) -> bool:
    """May an operator approve it? Also one whose links lapsed: that sends new ones."""
    return bool(row["confirmed_at"]) and status_of(row, now) in {"New", "Lapsed"}


def is_deniable(row: Row | Mapping[str, Any], now: datetime) -> bool:
    """May an operator deny it? Until the key is taken; afterwards there is a key to revoke."""
    return bool(row["confirmed_at"]) and status_of(row, now) not in {"Denied", "Key taken"}


def line_of(row: Row, now: datetime) -> dict[str, Any]:
    """A row of the table of requests."""
    return {
        "id": row["id"],
        "at": row["created_at"],
        "company": row["company"],
        "practice": row["practice"],
        "contact": f"{row['contact']} <{row['email']}>",
        "name": row["contact"],
        "email": row["email"],
        "scopes": row["scopes"],
        "status": (status := status_of(row, now)),
        "action": "Decide" if status == "New" else "Look",
    }


def is_owners(actor: str | None) -> bool:
    """Whether a decision was the practice's owner's, and not an operator's."""
    return actor is not None and actor.startswith("owner:")


def history(row: Row) -> list[tuple[datetime, str, str]]:
    """What happened when, and by whom; the first thing first."""
    told = [
        (row["created_at"], "Asked", f"{row['contact']}{', from ' + row['address'] if row['address'] else ''}"),
        (row["confirmed_at"], "Address confirmed", row["email"]),
        (row["approved_at"], f"Approved for {row['ppass']}", row["approver"]),
        (row["approved_at"] and row["owner_email"] and row["approved_at"], "Owner asked", row["owner_email"]),
        (row["owner_agreed_at"], "Owner agreed", row["owner_email"]),
        (row["denied_at"], f"Owner refused: {row['reason']}", row["owner_email"])
        if is_owners(row["denied_by"])
        else (row["denied_at"], f"Denied: {row['reason']}", row["denier"]),
        (row["key_shown_at"], "Key made and shown", row["email"]),
    ]
    return sorted([one for one in told if one[0]], key=lambda one: one[0])


def _wrong_line(value: object) -> str:
    if not isinstance(value, str):
        return ""
    if not value.strip():
        return "is required"
    return "" if value.strip().isprintable() else "must be one line of plain text"


def _is_clean(text: str) -> bool:
    return all(letter.isprintable() or letter in "\r\n\t" for letter in text)
