"""A date of birth from the form's three fields; what is wrong becomes a sentence. Pure."""

import calendar
from collections.abc import Mapping
from datetime import date

from msgspec import Struct

from openmedspa.patients.birthdays import OLDEST_YEARS

MONTHS = list(calendar.month_name)[1:]
PARTS = ("month", "day", "year")


class Mistake(Struct, frozen=True):
    """Which of the fields is wrong, and what to do about it."""

    field: str
    sentence: str


def born_on(form: Mapping[str, str], *, today: date) -> date | Mistake:
    """A real date, not in the future and not longer ago than anybody lives."""
    texts = {part: form.get(part, "").strip() for part in PARTS}
    for part, text in texts.items():
        if not text:
            return Mistake(part, f"{'Choose' if part == 'month' else 'Enter'} the {part} you were born.")
    month, day, year = (_number(texts[part]) for part in PARTS)
    if not 1 <= month <= 12:
        return Mistake("month", "Choose the month you were born.")
    if not 1 <= day <= 31:
        return Mistake("day", "The day must be a number from 1 to 31.")
    if year < 0 or len(texts["year"]) != 4:
        return Mistake("year", "Write the year with four digits, such as 1985.")
    return _of_the_calendar(year, month, day, today=today)


def _of_the_calendar(year: int, month: int, day: int, *, today: date) -> date | Mistake:
    try:
        born = date(year, month, day)
    except ValueError:
        return Mistake("day", f"{MONTHS[month - 1]} {year} has no day {day}. Check the day, the month and the year.")
    if born > today:
        return Mistake("year", "This date is in the future. Check the year.")
    if (born.year + OLDEST_YEARS, born.month, born.day) < (today.year, today.month, today.day):
        return Mistake("year", f"This date is more than {OLDEST_YEARS} years ago. Check the year.")
    return born


def _number(text: str) -> int:
    """-1 for what is no number; nobody writes a date with more than a few digits."""
    return int(text) if text.isdecimal() and len(text) <= 4 else -1
