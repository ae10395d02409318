"""Finding a treatment by what somebody typed: name, alias or id; the nearest when there is none. Pure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openmedspa.kit.errors import Invalid
from openmedspa.treatments.catalogue import Catalogue, clashes, normal
from openmedspa.treatments.shapes import Treatment

BOTOX = Treatment("treatment_001", "Botox Injection", "toxin", aliases=["Botox", "OnabotulinumtoxinA"])
FILLER = Treatment("treatment_002", "Dermal Filler", "filler", aliases=["Filler"])
PEEL = Treatment("treatment_003", "Peel à la crème", "peel")
CATALOGUE = Catalogue([BOTOX, FILLER, PEEL])


@pytest.mark.parametrize(
    ("word", "treatment"),
    [
        ("Botox Injection", BOTOX),
        ("  BOTOX   injection ", BOTOX),
        ("onabotulinumtoxina", BOTOX),
        ("TREATMENT_002", FILLER),
        ("peel a\u0300 la cre\u0300me", PEEL),
    ],
)
def test_a_treatment_is_found_by_name_alias_or_id(word: str, treatment: Treatment) -> None:
    assert CATALOGUE.resolve([word], field="f") == [treatment]


def test_doubles_collapse_and_the_order_stays() -> None:
    assert CATALOGUE.resolve(["Filler", "Botox", "treatment_002", "botox"], field="f") == [FILLER, BOTOX]


@given(st.lists(st.sampled_from(["Botox", "treatment_001", "Filler", "Peel à la crème"])))
def test_resolving_again_changes_nothing(words: list[str]) -> None:
    once = CATALOGUE.resolve(words, field="f")
    assert CATALOGUE.resolve([treatment.name for treatment in once], field="f") == once


def test_an_unknown_name_is_told_with_the_nearest() -> None:
    with pytest.raises(Invalid) as refused:
        CATALOGUE.resolve(["Botox", "Dermal Fillers"], field="requested_treatments")
    assert (refused.value.error, refused.value.detail) == (
        "Unknown treatment: Dermal Fillers",
        "requested_treatments[1] is not in the catalogue. Did you mean Dermal Filler?",
    )


@pytest.mark.parametrize("word", ["", "zzzzzz", "x" * 100_000])
def test_a_name_like_no_other_is_sent_to_the_list(word: str) -> None:
    with pytest.raises(Invalid) as refused:
        CATALOGUE.resolve([word], field="f")
    assert refused.value.error == f"Unknown treatment: {word[:100]}"
    assert refused.value.detail == "f[0] is not in the catalogue. GET /emr/treatments lists all."


@given(st.text(max_size=20))
def test_the_form_for_comparing_is_stable(word: str) -> None:
    assert normal(normal(word)) == normal(word) == normal(f" {word}\t")


def test_a_word_for_two_treatments_is_a_clash() -> None:
    other = Treatment("treatment_009", "Lips", "filler", aliases=["FILLER"])
    assert clashes([BOTOX, FILLER, other]) == ["“filler” names both treatment_002 and treatment_009"]
    assert clashes([BOTOX, FILLER, PEEL]) == []
