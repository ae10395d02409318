"""Prospects from a file: who is there already, who is new, what changes. Knows neither files nor HTTP."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import UNSET, Struct
from msgspec.structs import replace

from openmedspa.kit import files, parsing
from openmedspa.kit.bulk import Faults, Judged, Outcome
from openmedspa.kit.db import Again, Row, Tx
from openmedspa.kit.errors import Invalid
from openmedspa.kit.seen import Seen
from openmedspa.patients import facts, matching
from openmedspa.patients.queries import importing as queries
from openmedspa.patients.shapes import WIRE, ProspectIn
from openmedspa.usage import audit

KINDS: dict[str, files.Kind] = {"ProviderID": "whole", "Prospect": "bit"}
FIELDS: files.Fields = {name: KINDS.get(name, "text") for name in WIRE.values()}
NEEDED: files.Needed = (("FirstName", "LastName"), ("FullName",))
PHONES = ("phone", "cell_phone", "sms_phone")
IDENTIFYING = {"first_name", "last_name", "email", "dob"}


class Person(Struct, frozen=True):
    """A row: what it gives, what somebody new would be, and by what an earlier run or an order is found again."""

    given: ProspectIn
    told: dict[str, object]
    import_key: bytes
    home_key: bytes | None
    person_key: bytes | None


class Change(Struct, frozen=True):
    """What becomes of somebody who is there."""

    id: int
    before: Mapping[str, object]
    after: Mapping[str, object]
    match_keys: Collection[bytes]
    gone_keys: Collection[bytes]


class Plan(Struct, frozen=True):
    """What a batch comes to. `met`: who was there already, by position."""

    new: list[Person]
    changes: list[Change]
    unchanged: int
    failed: dict[int, Faults]
    met: dict[int, bytes]


class Prospects:
    """A practice's; `provider_ids` are all that it ever had."""

    def __init__(self, practice_id: int, provider_ids: Collection[int], *, actor: str, now: datetime) -> None:
        self.fields = FIELDS
        self.needed = NEEDED
        self._practice_id = practice_id
        self._provider_ids = frozenset(provider_ids)
        self._actor = actor
        self._now = now

    def judge(self, given: dict[str, Any]) -> Person | Faults:
        """By the partner API's own rules."""
        wrong = files.unprintable(given)
        try:
            row = msgspec.convert(given, ProspectIn)
        except msgspec.ValidationError as trouble:
            return parsing.explain(trouble, ProspectIn).fields | parsing.mistakes(given, ProspectIn) | wrong
        if isinstance(row.provider_id, int) and row.provider_id not in self._provider_ids:
            wrong["ProviderID"] = "is not a provider of this practice"
        row = replace(row, prospect=1) if row.prospect is UNSET else row
        try:
            told = facts.of_new(row, now=self._now, wrong=wrong)
        except Invalid as refused:
            return refused.fields
        return _person(row, told)

    def identities(self, row: Person) -> list[bytes]:
        return [key for key in (row.import_key, row.home_key, row.person_key) if key]

    async def write(self, tx: Tx, batch: Sequence[Judged[Person]], seen: Seen) -> Outcome:
        """1. Find and lock who is there. 2. Decide. 3. Write what is new and what changes, in one statement."""
        people = [judged.row for judged in batch]
        await queries.update_planning(tx)
        known = await queries.lock_known(
            tx, [self._practice_id], self._practice_id, import_keys=[person.import_key for person in people],
            home_keys=[person.home_key for person in people], person_keys=[person.person_key for person in people],
        )  # fmt: skip
        plan = self._plan(batch, {row["position"]: row for row in known}, seen)
        if plan.new or plan.changes:
            await self._write(tx, plan)
        return Outcome(len(plan.new), len(plan.changes), plan.unchanged, plan.failed, plan.met)

    def _plan(self, batch: Sequence[Judged[Person]], known: Mapping[int, Row], seen: Seen) -> Plan:
        plan, unchanged, lines = Plan([], [], 0, {}, {}), 0, dict[bytes, int]()
        for position, judged in enumerate(batch):
            row = known.get(position)
            if row is None:
                plan.new.append(judged.row)
                continue
            who = b"person:%d" % row["id"]
            if first := lines.get(who) or seen.find(who):
                plan.failed[position] = {"": f"means the same person as line {first}"}
                continue
            lines[who], plan.met[position] = judged.entry.line, who
            try:
                change = _change(row, judged.row.given, now=self._now)
            except Invalid as refused:
                plan.failed[position] = refused.fields
                continue
            unchanged += change is None
            plan.changes.extend([change] if change else [])
        return replace(plan, unchanged=unchanged)

    async def _write(self, tx: Tx, plan: Plan) -> None:
        made = await queries.write_people(
            tx, [self._practice_id], self._practice_id,
            new=[
                {"facts": person.told, "import_key": person.import_key.hex(), "match_keys": _hex(self.keys(person))}
                for person in plan.new
            ],
            changes=[
                {"id": change.id, "before": change.before, "after": change.after,
                 "match_keys": _hex(change.match_keys), "gone_keys": _hex(change.gone_keys)}
                for change in plan.changes
            ],
            actor=self._actor, now=self._now,
        )  # fmt: skip
        if made < len(plan.new):
            raise Again  # somebody brought one of them at this moment: now they are known
        await audit.record(
            tx, self._practice_id, actor=self._actor, action="prospects.imported",
            subject=f"{len(plan.new)} created, {len(plan.changes)} updated", request_id=None, now=self._now,
        )  # fmt: skip

    @staticmethod
    def keys(person: Person) -> list[bytes]:
        return [key for key in (person.home_key, person.person_key) if key]


def _person(row: ProspectIn, told: dict[str, object]) -> Person:
    first, last, email, dob = (str(told.get(name) or "") for name in ("first_name", "last_name", "email", "dob"))
    phone = next((str(told[name]) for name in PHONES if told.get(name)), "")
    identity = (*map(matching.normal, (first, last, email)), dob, "".join(filter(str.isdigit, phone)))
    return Person(
        given=row,
        told=told,
        import_key=sha256("\x1f".join(identity).encode()).digest(),
        home_key=matching.home_key(first, last, email) if matching.normal(email) else None,
        person_key=matching.person_key(first, last, date.fromisoformat(dob)) if dob else None,
    )


def _change(row: Row, given: ProspectIn, *, now: datetime) -> Change | None:
    """None if all of it is known already."""
    known = facts.of_row(row)
    after = facts.of_change(known, given, now=now)
    if not after:
        return None
    if not IDENTIFYING & after.keys():
        return Change(row["id"], {name: known[name] for name in after}, after, set(), set())
    keys = facts.match_keys({**known, **after})
    return Change(row["id"], {name: known[name] for name in after}, after, keys, facts.match_keys(known) - keys)


def _hex(keys: Collection[bytes]) -> list[str]:
    return sorted(key.hex() for key in keys)
