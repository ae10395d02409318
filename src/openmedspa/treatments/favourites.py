"""What a practice likes best: chosen by name, alias or id, in its own order. Knows no HTTP."""

from collections.abc import Sequence
from datetime import datetime

from openmedspa.kit.db import Tx
from openmedspa.kit.errors import NotFound
from openmedspa.treatments import catalogue, queries
from openmedspa.treatments.shapes import Treatment
from openmedspa.usage import audit


async def choose(tx: Tx, practice_id: int, words: Sequence[str], *, actor: str, now: datetime) -> list[Treatment]:
    """These and no others, in this order, doubles collapsed. NotFound for an unknown one, with the nearest names."""
    known = await catalogue.get(tx)
    if not known.treatments:
        raise NotFound("The catalogue is empty.", "openmedspa treatments import --seed")
    found = [known.by_word.get(catalogue.normal(word)) or _unknown(known, word) for word in words]
    chosen = list({entry.id: entry for entry in found}.values())
    await queries.replace_favourites(tx, [practice_id], practice_id, [entry.id for entry in chosen])
    await audit.record(
        tx, practice_id, actor=actor, action="favourites.set", subject=" ".join(entry.id for entry in chosen),
        request_id=None, now=now,
    )  # fmt: skip
    return chosen


def _unknown(known: catalogue.Catalogue, word: str) -> Treatment:
    nearest = known.nearest(word[:100])
    hint = f"Did you mean {' or '.join(nearest)}?" if nearest else "openmedspa treatments list"
    raise NotFound(f"There is no treatment “{word[:100]}”.", hint)
