"""Bookings from a file, as facts: hours and notice are not judged, but no time is taken twice. Knows no files."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import UNSET, Struct
from msgspec.structs import replace

from openmedspa.kit.bulk import Faults, Judged, Outcome
from openmedspa.kit.db import Row, Tx
from openmedspa.kit.seen import Seen
from openmedspa.scheduling.importing import people
from openmedspa.scheduling.importing.bookings_rows import FIELDS, NEEDED, OWN, Wanted, judge
from openmedspa.scheduling.importing.register import Register
from openmedspa.scheduling.queries import importing
from openmedspa.scheduling.queries import importing_bookings as queries
from openmedspa.usage import audit

TOLD = ("location_id", "minutes", "patient_id", "status", "notes", "treatment_ids")  # what a row may leave out
PLACE = ("provider_id", "starts_at", "minutes", "type")
ALL = (*PLACE, *TOLD)
MOST_ATTEMPTS = 20


class Change(Struct, frozen=True):
    """What becomes of a booking: a new one was nothing before."""

    id: int
    position: int
    before: Mapping[str, Any] | None
    after: Mapping[str, Any]
    reference: str

    @property
    def moves(self) -> bool:
        """Whether other time is taken from now on, or none any more."""
        before = self.before
        if before is None:
            return False
        was, wants = before["status"] != "Cancelled", self.after["status"] != "Cancelled"
        return was != wants or (wants and any(before[name] != self.after[name] for name in PLACE))

    @property
    def takes(self) -> bool:
        return self.after["status"] != "Cancelled" and (self.before is None or self.moves)


class Bookings:
    """A practice's."""

    def __init__(self, register: Register, *, actor: str, now: datetime) -> None:
        self.fields = FIELDS
        self.needed = NEEDED
        self._register = register
        self._practice_id = register.practice_id
        self._scope = [register.practice_id]
        self._actor = actor
        self._now = now

    def judge(self, given: dict[str, Any]) -> Wanted | Faults:
        return judge(given, self._register, now=self._now)

    def identities(self, row: Wanted) -> list[bytes]:
        return [row.reference.encode()]

    async def write(self, tx: Tx, batch: Sequence[Judged[Wanted]], seen: Seen) -> Outcome:  # noqa: ARG002
        """1. Let no other import in, and lock the bookings that are known. 2. Take all the time that is wanted at once.
        3. Where somebody has it, say who. 4. Write what else changes."""
        await importing.update_planning(tx)
        await importing.lock_practice(tx, self._scope, self._practice_id)
        meant, nobody = await people.find(
            tx, self._scope, self._practice_id, {n: one.row.person for n, one in enumerate(batch) if one.row.person}
        )
        failed = _both(nobody, await self._unknown(tx, batch))
        rows = {
            position: replace(judged.row, patient_id=meant[position]) if position in meant else judged.row
            for position, judged in enumerate(batch)
            if position not in failed
        }
        known = {
            row["reference"]: row
            for row in await queries.lock_bookings_of_references(
                tx, self._scope, self._practice_id, [row.reference for row in rows.values()]
            )
        }
        others = _others(rows, known)
        failed |= others
        rows = {position: row for position, row in rows.items() if position not in others}
        numbers = iter(await queries.next_numbers(tx, sum(row.reference not in known for row in rows.values())))
        changes = []
        for position, row in rows.items():
            there = known.get(row.reference)
            change = self._known(position, row, there) if there else self._new(position, row, next(numbers))
            if change.after != change.before:
                changes.append(change)
        lines = {position: judged.entry.line for position, judged in enumerate(batch)}
        refused = await self._settle(tx, changes, lines) if changes else {}
        done = [change for change in changes if change.position not in refused]
        created = sum(change.before is None for change in done)
        if done:
            await audit.record(
                tx, self._practice_id, actor=self._actor, action="bookings.imported",
                subject=f"{created} created, {len(done) - created} updated", request_id=None, now=self._now,
            )  # fmt: skip
        return Outcome(created, len(done) - created, len(rows) - len(changes), failed | refused)

    async def _unknown(self, tx: Tx, batch: Sequence[Judged[Wanted]]) -> dict[int, Faults]:
        """What rows name that is not there."""
        people = {judged.row.patient_id for judged in batch if judged.row.patient_id}
        treatments = {treatment for judged in batch for treatment in judged.row.treatment_ids or ()}
        if not people and not treatments:
            return {}
        nobody, nothing = await queries.find_missing(
            tx, self._scope, self._practice_id, patients=list(people), treatments=list(treatments)
        )
        failed: dict[int, Faults] = {}
        for position, judged in enumerate(batch):
            wrong = {"ProspectID": "is nobody of this practice"} if judged.row.patient_id in nobody else {}
            if missing := [treatment for treatment in judged.row.treatment_ids or () if treatment in nothing]:
                wrong["TreatmentIDs"] = f"names no treatment: {', '.join(missing[:5])}"
            if wrong:
                failed[position] = wrong
        return failed

    def _new(self, position: int, row: Wanted, number: int) -> Change:
        minutes = self._register.types[row.type].minutes
        plain = {
            "location_id": row.home_location_id, "minutes": minutes, "patient_id": None, "status": "Booked",
            "notes": "", "treatment_ids": [],
        }  # fmt: skip
        return Change(number, position, None, plain | _told(row), row.reference)

    def _known(self, position: int, row: Wanted, there: Row) -> Change:
        before = {name: there[name] for name in ALL}
        after = before | _told(row)
        if row.minutes is UNSET and row.type != before["type"]:
            after["minutes"] = self._register.types[row.type].minutes
        if row.location_id is UNSET and row.provider_id != before["provider_id"]:
            after["location_id"] = row.home_location_id
        return Change(there["id"], position, before, after, row.reference)

    async def _settle(self, tx: Tx, changes: Sequence[Change], lines: Mapping[int, int]) -> dict[int, Faults]:
        """Write all that finds its time free; the rest by position, with who is in the way.

        A booking that cannot move stays where it was, and its old time may be what another row has just taken: then
        all is taken back, and tried again with that one left where it is.
        """
        await queries.delete_lapsed(tx, self._scope, self._practice_id, now=self._now)
        staying: set[int] = set()
        attempts = 0
        while True:
            await queries.begin_attempt(tx)
            tried = [change for change in changes if change.id not in staying]
            await queries.delete_taken(
                tx, self._scope, self._practice_id, [change.id for change in tried if change.moves]
            )
            settled = await queries.write_bookings(
                tx, self._scope, self._practice_id, actor=self._actor, now=self._now,
                bookings=[self._columns(change) for change in tried if change.before is None or change.takes],
            )  # fmt: skip
            stuck = {change.id for change in tried if change.before and change.takes and change.id not in settled}
            if not stuck:
                break
            await queries.undo_attempt(tx)
            attempts += 1
            staying |= stuck if attempts < MOST_ATTEMPTS else {change.id for change in tried if change.moves}
        changed = [change for change in tried if change.before is not None]
        await queries.update_bookings(
            tx, self._scope, self._practice_id, actor=self._actor, now=self._now,
            bookings=[self._columns(change) for change in changed],
        )  # fmt: skip
        in_ = {change.id for change in changed} | settled
        new = {change.id: lines[change.position] for change in changes if change.before is None}
        return await self._why(tx, [change for change in changes if change.id not in in_], new)

    async def _why(self, tx: Tx, refused: Sequence[Change], new: Mapping[int, int]) -> dict[int, Faults]:
        """`new`: the lines of visits that this file brings, by numbers which a dry run takes back."""
        if not refused:
            return {}
        others = await queries.list_in_the_way(
            tx, self._scope, self._practice_id, bookings=[self._columns(change) for change in refused]
        )
        return {
            change.position: {
                "": _met(others.get(change.position), new, self._register.zones[change.after["location_id"]])
            }
            for change in refused
        }

    def _columns(self, change: Change) -> dict[str, Any]:
        around = self._register.types[change.after["type"]]
        return {
            **change.after, "id": change.id, "position": change.position, "reference": change.reference,
            "starts_at": change.after["starts_at"].isoformat(), "before": around.before, "after": around.after,
            "is_new": change.before is None, "takes": change.takes,
        }  # fmt: skip


def _told(row: Wanted) -> dict[str, Any]:
    told = {name: getattr(row, name) for name in TOLD if getattr(row, name) is not UNSET}
    return {"provider_id": row.provider_id, "starts_at": row.starts_at, "type": row.type} | told


def _met(other: Row | None, new: Mapping[int, int], zone: ZoneInfo) -> str:
    """Its start by the clock of the row's own location."""
    if other is None:
        return "wants a time that another row of this file leaves free only now: import it once more"
    number = other["booking_id"]
    who = f"line {new[number]}" if number in new else f"visit {number}" if number else f"hold {other['hold_id']}"
    if other["do_visits_meet"]:
        return f"overlaps {who}, which begins on {other['starts_at'].astimezone(zone):%Y-%m-%d at %H:%M} ({zone.key})"
    return f"fits only without the time kept free around visits: {who} is too near"


def _both(some: Mapping[int, Faults], others: Mapping[int, Faults]) -> dict[int, Faults]:
    return {position: some.get(position, {}) | others.get(position, {}) for position in {*some, *others}}


def _others(rows: Mapping[int, Wanted], known: Mapping[str, Row]) -> dict[int, Faults]:
    """Rows without a reference whose provider and start are those of a cancelled visit of somebody else."""
    return {
        position: {"Reference": f"is needed: visit {there['id']} of somebody else was cancelled at this time"}
        for position, row in rows.items()
        if row.reference.startswith(OWN) and (there := known.get(row.reference)) is not None
        if there["status"] == "Cancelled" and row.patient_id not in {UNSET, there["patient_id"]}
    }
