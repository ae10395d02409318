"""Finding a person in one call: what the text may be, a phone, an e-mail or words of a name. SQL does the looking."""

from datetime import datetime

from msgspec import Struct

from openmedspa.kit.db import Reads, Scope
from openmedspa.patients import phones
from openmedspa.patients.queries import search as queries

LONGEST = 255  # what comes after it in a text is not looked at
MOST_DOUBLES = 10


class Found(Struct, frozen=True):
    """One page of people, best first; `counted` goes no further than 10,001."""

    ids: list[int]
    counted: int


async def find(
    db: Reads,
    scope: Scope,
    practice_id: int,
    *,
    text: str,
    only_prospects: bool | None,
    tag_id: int | None,
    updated_since: datetime | None,
    limit: int,
    offset: int,
) -> Found:
    """Exact matches first, then beginnings, then mistakes; equals by name. Text without letter or digit finds nobody.

    `only_prospects`: True, those flagged; False, the others; None, everybody.
    """
    text = text.strip()[:LONGEST]
    phone = phones.digits(text)
    row = await queries.find_patients(
        db, scope, practice_id, words=text, email=None if phone else _email(text),
        phone_ends=phone.ends[::-1] if phone else None, phone_begins=phone.begins if phone else None,
        phones_near=phone.near() if phone else [],
        only_prospects=only_prospects, tag_id=tag_id, updated_since=updated_since, limit=limit, offset=offset,
    )  # fmt: skip
    return Found(list(row["ids"]), row["counted"])


async def find_doubles(
    db: Reads, scope: Scope, practice_id: int, patient_id: int, *, only_prospects: bool
) -> list[int]:
    """Who may be the same person: the same e-mail or phone, or the same name with nothing that speaks against it."""
    rows = await queries.find_doubles(
        db, scope, practice_id, patient_id, only_prospects=only_prospects, limit=MOST_DOUBLES
    )
    return [row["id"] for row in rows]


def _email(text: str) -> str | None:
    """The word with an @, or a single word, with which an e-mail may begin."""
    words = text.removeprefix("mailto:").lower().split()
    addresses = [word for word in words if "@" in word] or words
    if len(addresses) != 1:
        return None
    return addresses[0].strip("<>()[]\"',;:") or None
