"""What was typed into operators' forms, as values: numbers, boxes, an end. Pure; knows no partner and no key."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from openmedspa.kit.errors import Conflict, Invalid, NotFound, Refused

MOST_DIGITS = 9  # what the database keeps as a number
ENDS = (("", "Never"), ("30", "In 30 days"), ("90", "In 90 days"), ("365", "In a year"), ("date", "On the day below"))
Mistakes = dict[str, str]  # field → why


def number_of(text: str, what: str) -> int:
    """The number in an address. NotFound when it is none: then there is no such thing."""
    if text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS:
        return int(text)
    raise NotFound(f"There is no such {what}.")


def whole(form: Mapping[str, str], field: str, label: str) -> int:
    """A field with a whole number. Invalid when it has none."""
    text = form.get(field, "").strip()
    if text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS:
        return int(text)
    why = f"{label} must be a whole number."
    raise Invalid(why, fields={field: why})


def chosen(form: Mapping[str, str], prefix: str) -> list[str]:
    """The values of the boxes that are ticked."""
    return [name.removeprefix(f"{prefix}.") for name in form if name.startswith(f"{prefix}.")]


def end(form: Mapping[str, str], *, now: datetime) -> datetime | None:
    """When something ends: never, in so many days, or as the day typed begins, in UTC. Invalid for none of these."""
    ends = form.get("ends", "")
    if ends in {"30", "90", "365"}:
        return now + timedelta(days=int(ends))
    if not ends:
        return None
    try:
        return datetime.combine(datetime.fromisoformat(form.get("day", "")).date(), datetime.min.time(), UTC)
    except ValueError:
        raise Invalid("No day", fields={"day": "Say on which day it ends."}) from None


def mistakes(refused: Invalid | Conflict, *, at: str) -> Mistakes:
    """What to change, by field; what is about no single one stands at the field `at`."""
    return refused.fields or {at: sentence(refused)}


def sentence(refused: Refused) -> str:
    """In words for a page: hints are written for the command line."""
    return refused.error if refused.error.endswith((".", "?")) else f"{refused.error}."
