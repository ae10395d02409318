"""Shapes: closed, exact about kinds, and in words where a value does not fit."""

from typing import Any

import pytest

from openmedspa.verify.shape import TEXT, Each, Maybe, differences, like, mentions, one_of, shown

VISIT = {"id": TEXT, "names": Each(TEXT), "note": Maybe(TEXT), "at": {"n": 1}}
GOOD: dict[str, Any] = {"id": "x", "names": ["a"], "at": {"n": 1}}


@pytest.mark.parametrize("value", [GOOD, {**GOOD, "note": "y"}, {**GOOD, "names": []}])
def test_what_fits_has_no_difference(value: Any) -> None:
    assert list(differences(VISIT, value)) == []


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([], "the body must be an object, not []"),
        ({**GOOD, "more": 1}, "`more` is not a field of the contract"),
        ({"id": "x", "names": []}, "`at` is missing"),
        ({**GOOD, "id": ""}, '`id` must be a text that is not empty, not ""'),
        ({**GOOD, "names": ["a", 5]}, "`names[1]` must be a text that is not empty, not 5"),
        ({**GOOD, "names": "a"}, '`names` must be a list, not "a"'),
        ({**GOOD, "note": None}, "`note` must be a text that is not empty, not null"),
        ({**GOOD, "at": {"n": True}}, "`at.n` must be 1, not true"),
        ({**GOOD, "at": {"n": 1.0}}, "`at.n` must be 1, not 1.0"),
        ({**GOOD, "at": {"n": 1, "m": 2}}, "`at.m` is not a field of the contract"),
    ],
)
def test_what_does_not_fit_is_said(value: Any, words: str) -> None:
    assert list(differences(VISIT, value)) == [words]


def test_a_list_of_examples_is_exact() -> None:
    assert list(differences(["a"], ["a"])) == []
    assert list(differences(["a"], ["a", "b"])) != []
    assert list(differences(["a"], ["b"])) != []


def test_words_are_looked_for_in_any_case_and_patterns_from_end_to_end() -> None:
    assert mentions("person").holds("In-PERSON visits") and not mentions("person").holds(None)
    assert like("a+", "as").holds("aa") and not like("a+", "as").holds("aab")
    assert one_of("x", "y").holds("x") and not one_of("x").holds("y")


def test_a_shape_is_shown_on_one_line_and_not_without_end() -> None:
    assert shown({"a": TEXT, "b": Maybe(1)}) == '{"a": "<a text that is not empty>", "b": "<maybe 1>"}'
    assert len(shown("x" * 1000)) == 301
