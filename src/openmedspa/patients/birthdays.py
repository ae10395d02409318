"""Which day can be somebody's birthday. Pure; today is a parameter."""

import re
from datetime import date

OLDEST_YEARS = 130


def why_impossible(born: date, today: date) -> str:
    """Why nobody who lives was born that day; empty if somebody may have been."""
    if born > today:
        return "must not be in the future"
    is_too_old = (born.year + OLDEST_YEARS, born.month, born.day) < (today.year, today.month, today.day)
    return f"must be at most {OLDEST_YEARS} years ago" if is_too_old else ""


def why_no_birthday(text: str, today: date) -> str:
    """Why a text is nobody's birthday; empty if it may be one."""
    return why_no_day(text) or why_impossible(date.fromisoformat(text), today)


def why_no_day(text: str) -> str:
    """Why a text is no day in the form YYYY-MM-DD; empty if it is one."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return "must be YYYY-MM-DD"
    try:
        date.fromisoformat(text)
    except ValueError:
        return "is not a date of the calendar"
    return ""
