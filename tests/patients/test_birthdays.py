"""Which day can be somebody's birthday."""

from datetime import date

import pytest

from openmedspa.patients import birthdays

TODAY = date(2026, 3, 9)


@pytest.mark.parametrize("text", ["2026-03-09", "1896-03-09", "2000-02-29"])
def test_days_that_may_be(text: str) -> None:
    assert birthdays.why_no_birthday(text, TODAY) == ""


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2026-03-10", "must not be in the future"),
        ("1896-03-08", "must be at most 130 years ago"),
        ("1900-02-29", "is not a date of the calendar"),
        ("03/09/2026", "must be YYYY-MM-DD"),
        ("2000-1-01", "must be YYYY-MM-DD"),
        ("2000-01-01\n", "must be YYYY-MM-DD"),
        ("٢٠٠٠-01-01", "must be YYYY-MM-DD"),
    ],
)
def test_days_that_may_not(text: str, why: str) -> None:
    assert birthdays.why_no_birthday(text, TODAY) == why
