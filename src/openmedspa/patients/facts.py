"""What may be told about a person, and what follows from it: names, birthday, keys. Pure; clock is a parameter."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from msgspec import UNSET
from msgspec.json import decode
from msgspec.structs import asdict

from openmedspa.kit.db import Row
from openmedspa.kit.errors import Invalid
from openmedspa.partners.wire import moment
from openmedspa.patients import birthdays, matching
from openmedspa.patients.shapes import LONGEST, WIRE, Prospect, ProspectIn, Tag

Facts = Mapping[str, Any]  # column → value; `prospect` is the flag, 1 or 0
NAMES = ("first_name", "last_name", "full_name")
WEST_TO_EAST = timedelta(hours=14)  # somewhere it is already tomorrow


def of_new(given: ProspectIn, *, now: datetime, wrong: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The columns of somebody new. Invalid names every wrong or missing field; `wrong` is what is known of already.

    A name that is missing is taken from the full name: its last word, and those before it.
    """
    told = {column: value for column, value in asdict(given).items() if value not in (UNSET, None)}
    mistakes = {**(wrong or {}), **_mistakes(told, now)}
    if "full_name" in told and not mistakes:
        *first, last = _in_order(str(told["full_name"])).split()
        told.setdefault("first_name", " ".join(first) or last)
        told.setdefault("last_name", last if first else "")
        if max(len(str(told["first_name"])), len(str(told["last_name"]))) > LONGEST:
            mistakes["FullName"] = f"must have a first and a last name of at most {LONGEST} characters"
    if "full_name" not in told:
        mistakes |= {WIRE[name]: "is required, unless FullName is given" for name in NAMES[:2] if name not in told}
    _refuse(mistakes)
    return {"prospect": 1, **_with_full_name(told, told)}


def of_change(
    known: Facts, given: ProspectIn, *, now: datetime, wrong: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The columns that change, with their new values; Invalid as above. What is known already is no change."""
    cleared: Facts = {"first_name": "", "last_name": ""}
    told = {
        column: cleared.get(column) if value is None else value
        for column, value in asdict(given).items()
        if value is not UNSET
    }
    new = _with_full_name({column: told[column] for column in told if told[column] != known[column]}, {**known, **told})
    mistakes = {**(wrong or {}), **_mistakes(_without_cleared(new, given), now)}
    if not any(str({**known, **new}[name]).strip() for name in NAMES[:2]):
        mistakes |= {WIRE[name]: "must not be blank, as the other name is" for name in NAMES[:2] if name in new}
    _refuse(mistakes)
    return {column: value for column, value in new.items() if value != known[column]}


def full_name(facts: Facts) -> str:
    """What was given as such, or the parts put together."""
    return str(facts["full_name"]) if facts.get("full_name") else _put_together(facts)


def match_keys(facts: Facts) -> set[bytes]:
    """The keys under which an order finds this person (contract: Patient matching)."""
    first, last, email, dob = (facts.get(column) or "" for column in ("first_name", "last_name", "email", "dob"))
    keys = set()
    if matching.normal(str(email)):
        keys.add(matching.home_key(str(first), str(last), str(email)))
    if dob:
        keys.add(matching.person_key(str(first), str(last), date.fromisoformat(str(dob))))
    return keys


def of_row(row: Row) -> dict[str, Any]:
    """A row's columns in the form in which they are told."""
    return {column: str(row[column]) if column == "dob" and row[column] else row[column] for column in WIRE}


def to_prospect(row: Row) -> Prospect:
    """As the wire has it."""
    return Prospect(
        **{**{column: row[column] for column in WIRE}, "full_name": full_name({c: row[c] for c in WIRE})},
        id=row["id"],
        tags=decode(row["tags"], type=list[Tag]),
        created_at=moment(row["created_at"]),
        updated_at=moment(row["updated_at"]),
    )


def parse_since(text: str) -> datetime:
    """A date or a moment, of UTC unless it says otherwise. Invalid else."""
    if "T" in text:
        text = text.replace(" ", "+")  # what an unquoted plus has become
    try:
        since = datetime.fromisoformat(text)
        return (since if since.tzinfo else since.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        why = "must be a date or a moment such as 2026-03-09T17:00:00Z"
        raise invalid("updatedSince", why) from None


def invalid(field: str, why: str, **others: str) -> Invalid:
    """One field that is wrong, and others with it."""
    return Invalid(f"{field} is invalid", f"{field} {why}", code="field_invalid", fields={field: why, **others})


def _with_full_name(told: Facts, whole: Facts) -> dict[str, Any]:
    """Put together from the parts it says nothing new, and follows them from now on."""
    is_given = "full_name" in told and told["full_name"] != _put_together(whole)
    return {**told, "full_name": told["full_name"] if is_given else None} if "full_name" in told else {**told}


def _in_order(name: str) -> str:
    """ "Doe, John" is John Doe."""
    last, comma, first = name.partition(",")
    return f"{first} {last}" if comma and first.strip() and last.strip() and "," not in first else name


def _put_together(facts: Facts) -> str:
    parts = (str(facts.get(column) or "").strip() for column in ("first_name", "middle_initial", "last_name"))
    return " ".join(part for part in parts if part)


def _without_cleared(new: Facts, given: ProspectIn) -> Facts:
    """A name that is cleared by null is not blank by mistake."""
    return {column: value for column, value in new.items() if getattr(given, column) is not None}


def _mistakes(told: Facts, now: datetime) -> dict[str, str]:
    names = {WIRE[name]: told[name] for name in NAMES if told.get(name) is not None}
    wrong = {field: "must not be blank" for field, name in names.items() if not str(name).strip()}
    if told.get("dob") is not None and (
        why := birthdays.why_no_birthday(str(told["dob"]), (now + WEST_TO_EAST).date())
    ):
        wrong["DOB"] = why
    return wrong


def _refuse(mistakes: Mapping[str, str]) -> None:
    for field, why in mistakes.items():
        raise invalid(field, why, **{name: mistakes[name] for name in mistakes if name != field})
