"""Visit types: what somebody comes for, how long it takes, and the time kept free around it. Knows no HTTP."""

import re
from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from openmedspa.kit.db import Row, Tx
from openmedspa.kit.errors import Invalid, NotFound
from openmedspa.scheduling.queries import visit_types as queries
from openmedspa.treatments import catalogue
from openmedspa.usage import audit

BOUNDS = {"minutes": (5, 480), "before": (0, 240), "after": (0, 240)}


class Wanted(Struct, frozen=True, kw_only=True):
    """What is to be said of a type; None leaves it as it is."""

    name: str | None = None
    minutes: int | None = None
    before: int | None = None
    after: int | None = None
    treatments: Sequence[str] | None = None


class Said(Struct, frozen=True):
    """A type as it is."""

    name: str
    minutes: int
    before: int = 0
    after: int = 0
    treatment_ids: list[str] = []


async def put(tx: Tx, practice_id: int, code: str, wanted: Wanted, *, actor: str, now: datetime) -> bool:
    """A new type, which needs its minutes, or a change of one; whether it is new. What is booked keeps its time."""
    code = code.upper()
    if not re.fullmatch(r"[A-Z][A-Z0-9_-]{0,31}", code):
        raise Invalid(
            f"“{code[:40]}” is no visit type: up to 32 letters, digits, - and _, a letter first.", "Try FOLLOWUP."
        )
    _require_bounds(wanted)
    scope = [practice_id]
    row = await queries.find_visit_type(tx, scope, practice_id, code)
    if row is None and wanted.minutes is None:
        ppass = await queries.get_ppass(tx, practice_id)
        hint = f"openmedspa visit-types set {code} --practice {ppass} --minutes 30"
        raise Invalid(f"{code} is new: say how many minutes it takes.", hint)
    was = None if row is None else _of(row)
    becomes = _with(was or Said(code.capitalize(), wanted.minutes or 0), wanted)
    if wanted.treatments is not None:
        becomes = replace(becomes, treatment_ids=await _treatment_ids(tx, wanted.treatments))
    if becomes != was:
        await queries.upsert_visit_type(
            tx, scope, practice_id, code, name=becomes.name, minutes=becomes.minutes, before=becomes.before,
            after=becomes.after, treatment_ids=becomes.treatment_ids,
        )  # fmt: skip
        await audit.record(
            tx,
            practice_id,
            actor=actor,
            action="visit_type.set",
            subject=f"visit_type:{code}",
            request_id=None,
            now=now,
        )
    return row is None


def _of(row: Row) -> Said:
    return Said(row["name"], row["minutes"], row["before_minutes"], row["after_minutes"], row["treatment_ids"])


def _with(said: Said, wanted: Wanted) -> Said:
    given = {field: getattr(wanted, field) for field in ("name", "minutes", "before", "after")}
    changed = replace(said, **{field: value for field, value in given.items() if value is not None})
    return replace(changed, name=changed.name.strip())


def _require_bounds(wanted: Wanted) -> None:
    for field, (least, most) in BOUNDS.items():
        value = getattr(wanted, field)
        if value is not None and not least <= value <= most:
            raise Invalid(f"--{field} {value} does not fit: {least} to {most}.", f"Try --{field} {max(least, 10)}.")
    if wanted.name is not None and (not wanted.name.strip() or not wanted.name.isprintable()):
        raise Invalid("The name is empty, or not one line.", 'Give it one: --name "Follow-up"')


async def _treatment_ids(tx: Tx, words: Sequence[str]) -> list[str]:
    """By name, alias or id; NotFound with the nearest names."""
    known = await catalogue.get(tx)
    found: dict[str, None] = {}
    for word in words:
        entry = known.by_word.get(catalogue.normal(word))
        if entry is None:
            nearest = known.nearest(word[:100])
            hint = f"Did you mean {' or '.join(nearest)}?" if nearest else "openmedspa treatments list"
            raise NotFound(f"There is no treatment “{word[:100]}”.", hint)
        found[entry.id] = None
    return list(found)
