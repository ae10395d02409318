"""However a number is typed, what is looked for are the digits that every spelling of it ends with."""

import pytest

from openmedspa.patients import phones


@pytest.mark.parametrize(
    "text",
    [
        "(202) 555-0123", "+1 202.555.0123", "2025550123", "1-202-555-0123", "202/555 0123", "tel:+1-202-555-0123",
        "  +1 (202) 555\u20110123 ", "202-555-0123 x12", "(202) 555-0123 ext. 4", "202 555 0123 #9",
        "+1 202 555 0123;ext=7",
        "\uff12\uff10\uff12-555-0123",
    ],
)  # fmt: skip
def test_every_spelling_of_an_american_number_is_the_same(text: str) -> None:
    assert phones.digits(text) == phones.Digits(ends="2025550123", begins="2025550123")


@pytest.mark.parametrize(
    "text", ["+44 20 7946 0958", "0044 20 7946 0958", "011 44 20 7946 0958", "020 7946 0958", "+44 (0)20 7946 0958"]
)
def test_a_foreign_number_is_looked_for_by_what_is_significant_inside_its_country(text: str) -> None:
    found = phones.digits(text)
    assert found is not None and found.ends == "2079460958"


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("555-0123", "5550123"),
        ("0123", "0123"),
        ("+39 06 1234 5678", "612345678"),
        ("+86 138 0013 8000", "13800138000"),
    ],
)
def test_short_and_foreign_numbers(text: str, ends: str) -> None:
    found = phones.digits(text)
    assert found is not None and found.ends == ends


@pytest.mark.parametrize(
    ("text", "begins"),
    [("(202) 55", "20255"), ("+1 (202) 55", "20255"), ("1 202 555 01", "20255501"), ("+44 20 79", "442079")],
)
def test_a_number_that_is_still_being_typed(text: str, begins: str) -> None:
    found = phones.digits(text)
    assert found is not None and found.begins == begins


@pytest.mark.parametrize("text", ["", " ", "-", "+", "123", "ana", "Lopez 77", "12 Main St", "a@1234.com", "1" * 41])
def test_what_is_no_number(text: str) -> None:
    assert phones.digits(text) is None


def test_near_are_one_wrong_digit_two_swapped_and_the_number_without_its_area() -> None:
    found = phones.digits("2025550123")
    assert found is not None
    near = found.near()
    assert near[0] == "5550123"
    assert {"2025550124", "2025550132", "0225550123"} <= set(near)
    assert "2025550123" not in near and len(near) <= 1 + 100 + 9
    assert phones.Digits(ends="0123", begins="0123").near() == []
