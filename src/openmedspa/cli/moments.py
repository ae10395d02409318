"""Moments and lengths of time as people type them: a date, a date and time, so many hours. Pure."""

import re
from datetime import UTC, datetime, timedelta

from openmedspa.kit.errors import Stopped

UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def later(text: str, *, now: datetime) -> datetime:
    """A moment to come: `90d`, or one that `moment` understands."""
    if found := _length(text):
        return now + found
    return moment(text, example="90d or 2027-01-31")


def earlier(text: str, *, now: datetime) -> datetime:
    """A moment past: `2h` ago, or one that `moment` understands."""
    if found := _length(text):
        return now - found
    return moment(text, example="2h or 2026-11-21T09:00:00Z")


def length(text: str) -> timedelta:
    """A length of time: `24h`; 0 for none at all."""
    if text == "0":
        return timedelta(0)
    if found := _length(text):
        return found
    raise Stopped(f"“{text}” is no length of time.", "Say 30m, 24h, 7d or 0.", exit_code=2)


def moment(text: str, *, example: str) -> datetime:
    """ISO 8601; without an offset it is UTC."""
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Stopped(f"“{text}” is no moment.", f"Say {example}.", exit_code=2) from None


def _length(text: str) -> timedelta | None:
    found = re.fullmatch(r"([1-9][0-9]{0,4})([mhdw])", text)
    return timedelta(**{UNITS[found[2]]: int(found[1])}) if found else None
