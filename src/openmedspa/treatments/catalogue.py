"""The catalogue as orders use it: a treatment by name, alias or id. Never touches the database but to load itself."""

import difflib
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cached_property

from msgspec import Struct

from openmedspa.kit.db import Reads
from openmedspa.kit.errors import Invalid
from openmedspa.treatments import queries
from openmedspa.treatments.shapes import Treatment


class Catalogue(Struct, frozen=True, dict=True):
    treatments: list[Treatment]

    @cached_property
    def by_word(self) -> dict[str, Treatment]:
        """Every name, alias and id, in the form in which they are compared."""
        return {
            normal(word): treatment
            for treatment in self.treatments
            for word in (*treatment.aliases, treatment.id, treatment.name)
        }

    def resolve(self, names: Sequence[str], *, field: str) -> list[Treatment]:
        """The treatments in the order given, doubles collapsed. Invalid for an unknown name, with the nearest ones."""
        found = (self.resolve_one(name, field=f"{field}[{index}]") for index, name in enumerate(names))
        return list({treatment.id: treatment for treatment in found}.values())

    def resolve_one(self, name: str, *, field: str) -> Treatment:
        return self.by_word.get(normal(name)) or self._unknown(name, field)

    def nearest(self, name: str) -> list[str]:
        words = difflib.get_close_matches(normal(name), self.by_word, n=6, cutoff=0.5)
        return list(dict.fromkeys(self.by_word[word].name for word in words))[:3]

    def _unknown(self, name: str, field: str) -> Treatment:
        nearest = self.nearest(name[:100])
        hint = f"Did you mean {' or '.join(nearest)}?" if nearest else "GET /emr/treatments lists all."
        raise Invalid(
            f"Unknown treatment: {name[:100]}", f"{field} is not in the catalogue. {hint}", code="treatment_unknown"
        )


async def get(db: Reads) -> Catalogue:
    """The catalogue, kept in memory until it changes."""

    async def load() -> Catalogue:
        return Catalogue(await queries.list_treatments(db))

    return await db.fresh.get("treatments", "catalogue", load)


def normal(word: str) -> str:
    return " ".join(unicodedata.normalize("NFC", word).casefold().split())


def clashes(treatments: Iterable[Treatment]) -> list[str]:
    """Words that would name two treatments; a catalogue with one of these is refused."""
    owner: dict[str, str] = {}
    words = {(normal(word), entry.id) for entry in treatments for word in (entry.id, entry.name, *entry.aliases)}
    return [
        f"“{word}” names both {owner[word]} and {treatment_id}"
        for word, treatment_id in sorted(words)
        if owner.setdefault(word, treatment_id) != treatment_id
    ]
