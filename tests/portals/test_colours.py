"""A practice's colour is readable wherever the pages use it, whatever colour it chose."""

from hypothesis import given
from hypothesis import strategies as st

from openmedspa.portals.layout.colours import DAY_GROUNDS, NIGHT_GROUNDS, READABLE, accent, contrast

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@given(COLOURS)
def test_every_colour_becomes_readable_by_day_and_by_night(colour: str) -> None:
    found = accent(colour)
    for ground in DAY_GROUNDS:
        assert contrast(found.day, ground) >= READABLE
    for ground in NIGHT_GROUNDS:
        assert contrast(found.night, ground) >= READABLE
    assert contrast(found.day, "#ffffff") >= READABLE, "a button's text by day"
    assert contrast(found.night, "#0f1514") >= READABLE, "and by night"


def test_a_readable_colour_stays_as_it_is() -> None:
    assert accent("#0f766e").day == "#0f766e"
    assert accent("#5eead4").night == "#5eead4"


def test_contrast_is_that_of_wcag() -> None:
    assert round(contrast("#000000", "#ffffff"), 2) == 21
    assert round(contrast("#777777", "#ffffff"), 2) == 4.48
    assert contrast("#123456", "#123456") == 1
