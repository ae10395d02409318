"""The keys by which an order finds its patient: what makes two the same and what keeps them apart. Pure."""

import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openmedspa.patients.matching import home_key, normal, person_key

BORN = date(1990, 10, 27)
TEXT = st.text(max_size=30)
BLANKS = st.text(" \u00a0\u2003\u3000", max_size=3)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ana", "ANA"),
        ("Ana", "  ana "),
        ("Mary Ann", "mary \u00a0 ann"),
        ("José", "Jose\u0301"),
        ("STRASSE", "straße"),
        ("ΣΊΣΥΦΟΣ", "Σίσυφος"),
        ("Å", "\u212b"),
    ],
)
def test_spellings_of_one_name_are_the_same(one: str, other: str) -> None:
    assert normal(one) == normal(other)
    assert home_key(one, "Lopez", "a@example.com") == home_key(other, "Lopez", "a@example.com")
    assert home_key("Ana", one, "a@example.com") == home_key("Ana", other, "a@example.com")
    assert person_key(one, other, BORN) == person_key(other, one, BORN)


@pytest.mark.parametrize(
    ("one", "other"), [("Jose", "José"), ("MaryAnn", "Mary Ann"), ("Ana", "Anna"), ("fi", "ﬁne"), ("1", "¹")]
)
def test_other_names_are_other_people(one: str, other: str) -> None:
    assert home_key(one, "Lopez", "a@example.com") != home_key(other, "Lopez", "a@example.com")


def test_the_email_is_compared_like_a_name() -> None:
    assert home_key("Ana", "Lopez", " Ana@Example.COM") == home_key("Ana", "Lopez", "ana@example.com")
    assert home_key("Ana", "Lopez", "ana+1@example.com") != home_key("Ana", "Lopez", "ana@example.com")


def test_another_birthday_is_another_person() -> None:
    assert person_key("Ana", "Lopez", BORN) != person_key("Ana", "Lopez", date(1990, 10, 28))


@given(TEXT)
def test_normal_is_idempotent_composed_and_trimmed(text: str) -> None:
    once = normal(text)
    assert normal(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert once == " ".join(once.split())


@given(TEXT)
def test_a_decomposed_spelling_is_the_same_name(text: str) -> None:
    assert normal(unicodedata.normalize("NFD", text)) == normal(text)


@given(TEXT, BLANKS, BLANKS)
def test_blanks_around_count_for_nothing(text: str, before: str, after: str) -> None:
    assert normal(before + text + after) == normal(text)


@given(TEXT, TEXT, TEXT, TEXT)
def test_names_do_not_run_into_each_other(first: str, last: str, other_first: str, other_last: str) -> None:
    same = (normal(first), normal(last)) == (normal(other_first), normal(other_last))
    assert (person_key(first, last, BORN) == person_key(other_first, other_last, BORN)) is same
    assert (home_key(first, last, "x") == home_key(other_first, other_last, "x")) is same


@given(TEXT, TEXT)
def test_a_key_is_32_bytes_and_of_its_kind(first: str, last: str) -> None:
    keys = {home_key(first, last, BORN.isoformat()), person_key(first, last, BORN)}
    assert {len(key) for key in keys} == {32}
    assert len(keys) == 2
