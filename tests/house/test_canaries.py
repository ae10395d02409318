"""The watch over health facts can itself fail a test."""

import logging

import canaries
import pytest
from cast import ALLERGY


@pytest.mark.parametrize(
    ("where", "text"),
    [("SMS", f"about your {ALLERGY}"), ("subject", "Your BOTOX visit"), ("url", "/visit?for=dermal+filler")],
)
def test_what_was_seen_fails_the_test(where: str, text: str) -> None:
    with pytest.raises(AssertionError, match=where), canaries.watching():
        canaries.watch(where, text)


def test_logs_are_watched_by_themselves() -> None:
    with pytest.raises(AssertionError, match="log of openmedspa"), canaries.watching():
        logging.getLogger("openmedspa").warning("the patient names %s", ALLERGY)


def test_what_is_no_health_fact_passes() -> None:
    with canaries.watching():
        canaries.watch("subject", "Glow Medspa: your visit")
