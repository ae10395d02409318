"""Kit: the known word that somebody may have meant. Pure."""

import difflib
from collections.abc import Iterable

SHORTEST_PART = 3


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word closest to this one, or the one of which this is a part, in any case; None when none is close."""
    by_form = {name.casefold(): name for name in known}
    form = word.casefold()
    found = difflib.get_close_matches(form, by_form, n=1, cutoff=0.6)
    if not found and len(form) >= SHORTEST_PART:
        found = [name for name in by_form if form in name][:1]
    return by_form[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """A question that names the nearest known word, or `otherwise`."""
    found = nearest(word, known)
    return f"Did you mean {found}?" if found else otherwise
