"""Kit: the known word that somebody may have meant. Pure."""

import difflib
from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word closest to this one, without regard to case; None when none is close."""
    by_form = {name.casefold(): name for name in known}
    found = difflib.get_close_matches(word.casefold(), by_form, n=1, cutoff=0.6)
    return by_form[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """A question that names the nearest known word, or `otherwise`."""
    found = nearest(word, known)
    return f"Did you mean {found}?" if found else otherwise
