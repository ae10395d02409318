"""A catalogue that somebody brings as a file: read, judged against what is there, and taken over. Knows no door."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from importlib import resources
from typing import Any

import msgspec
from msgspec import Struct

from openmedspa.kit.db import Reads, Tx
from openmedspa.kit.errors import Conflict, Invalid
from openmedspa.kit.nearest import did_you_mean
from openmedspa.treatments import queries
from openmedspa.treatments.catalogue import clashes
from openmedspa.treatments.shapes import Treatment
from openmedspa.usage import audit

MOST_TOLD = 5


class Change(Struct, frozen=True):
    """What taking an edition over does, or would do: entries that it does not name stay as they are."""

    new: list[Treatment]
    changed: list[Treatment]
    same: int


def seed() -> bytes:
    """The catalogue that comes with OpenMedspa."""
    return (resources.files("openmedspa.treatments") / "catalogue.json").read_bytes()


def read(text: bytes) -> list[Treatment]:
    """A list of treatments, or an object that holds one as `treatments`. Invalid, with the place, if it is neither."""
    try:
        whole: Any = msgspec.json.decode(text)
        entries = whole.get("treatments") if isinstance(whole, dict) else whole
        if not isinstance(entries, list) or not entries:
            raise Invalid("There are no treatments in it.", 'It reads {"treatments": [{"id", "name", "class", …}]}.')
        _require_known_fields(entries)
        treatments = msgspec.convert(entries, list[Treatment])
    except msgspec.MsgspecError as trouble:
        raise Invalid(f"It is not a catalogue: {str(trouble).replace('$[', 'treatments[')}.") from None
    _require_words(treatments)
    return treatments


async def compare(db: Reads, treatments: Sequence[Treatment]) -> Change:
    """Against the catalogue as it is. Conflict when a word would then name two treatments."""
    present = {entry.id: entry for entry in await queries.list_treatments(db)}
    if found := clashes((present | {entry.id: entry for entry in treatments}).values()):
        more = f", and {len(found) - MOST_TOLD} more" if len(found) > MOST_TOLD else ""
        raise Conflict(f"{'; '.join(found[:MOST_TOLD])}{more}.", "A name or alias may stand for one treatment only.")
    new = [entry for entry in treatments if entry.id not in present]
    changed = [entry for entry in treatments if entry.id in present and entry != present[entry.id]]
    return Change(new, changed, same=len(treatments) - len(new) - len(changed))


async def take_over(tx: Tx, treatments: Sequence[Treatment], *, actor: str, now: datetime) -> Change:
    """Write what is new or changed; running orders keep the names that they were given."""
    change = await compare(tx, treatments)
    for entry in (*change.new, *change.changed):
        await queries.upsert_treatment(tx, entry)
    await audit.record(
        tx, audit.PLATFORM, actor=actor, action="treatments.imported",
        subject=f"{len(change.new)} new, {len(change.changed)} changed", request_id=None, now=now,
    )  # fmt: skip
    return change


def _require_known_fields(entries: list[Any]) -> None:
    known = [field.encode_name for field in msgspec.structs.fields(Treatment)]
    for index, entry in enumerate(entries):
        for name in entry if isinstance(entry, dict) else ():
            if name not in known:
                raise Invalid(f"treatments[{index}] has an unknown field “{name}”.", did_you_mean(name, known))


def _require_words(treatments: Sequence[Treatment]) -> None:
    for index, entry in enumerate(treatments):
        if not all(word.strip() for word in (entry.id, entry.name, entry.class_, *entry.aliases)):
            raise Invalid(f"treatments[{index}] has an empty id, name, class or alias.")
        if entry.default_validity_days < 1 or entry.min_age < 0:
            raise Invalid(f"treatments[{index}]: validity is at least a day, an age is not below 0.")
    doubled = [entry_id for entry_id, count in Counter(entry.id for entry in treatments).items() if count > 1]
    if doubled:
        raise Invalid(f"The id {doubled[0]} stands there twice.")
