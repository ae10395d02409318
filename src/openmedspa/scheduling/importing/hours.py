"""Hours from a file: a week is replaced by what the file has of it, and so is a date; time off is added or taken back.

All or nothing is written: a provider is never without half of their week. Knows neither CSV nor JSON.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any, NamedTuple

from msgspec import Struct

from openmedspa.kit.bulk import BATCH, Faults, Totals, Undone
from openmedspa.kit.bulk import Outcome as Result
from openmedspa.kit.db import Database, Tx
from openmedspa.kit.errors import Stopped
from openmedspa.kit.files import Entry
from openmedspa.scheduling.importing import hours_told
from openmedspa.scheduling.importing.hours_rows import Off, Piece, Rows, Unit
from openmedspa.scheduling.importing.hours_told import Part
from openmedspa.scheduling.queries import importing as queries
from openmedspa.scheduling.queries import importing_hours as hours_queries
from openmedspa.scheduling.slots import Minutes, joined
from openmedspa.usage import audit

MOST_ROWS = 200_000

Day = Mapping[Part, Sequence[Minutes]]  # a part without minutes: closed


class Read(Struct):
    """A row that can be written, and where it came from."""

    entry: Entry
    said: Piece | Off


class Counts(NamedTuple):
    created: int = 0
    updated: int = 0
    unchanged: int = 0


class HoursTotals(Totals):
    """Rows; `removed` counts days, and breaks of days, that the file's weeks no longer have."""

    removed: int = 0


class HoursImport:
    """One run over a file. Rows of hours are few: they are read to the end before anything is written."""

    def __init__(
        self, db: Database, rows: Rows, *, actor: str, now: datetime, is_dry: bool,
        refuse: Callable[[Entry, Faults], None], tell: Callable[[Totals], None],
    ) -> None:  # fmt: skip
        self.totals = HoursTotals()
        self.notes: list[str] = []
        self._db = db
        self._rows = rows
        self._practice_id = rows.register.practice_id
        self._actor = actor
        self._now = now
        self._is_dry = is_dry
        self._refuse = refuse
        self._tell = tell
        self._refused: list[tuple[Entry, Faults]] = []
        self._lost: list[str] = []
        self._broken: dict[Unit, int] = {}  # a week or date of which a row was refused: its line

    async def run(self, entries: Iterable[Entry]) -> HoursTotals:
        taken = self._complete(self._contradicted(list(self._read(entries))))
        for entry, faults in sorted(self._refused, key=lambda refused: refused[0].line):
            self._refuse(entry, faults)
        self.totals.refused = len(self._refused)
        self.notes += _idle_breaks(taken)
        written = await self._write(taken)
        self.notes += self._lost
        self.totals.created, self.totals.updated, self.totals.unchanged = written
        self._tell(self.totals)
        return self.totals

    def _read(self, entries: Iterable[Entry]) -> Iterator[Read]:
        for entry in entries:
            self.totals.rows += 1
            if self.totals.rows > MOST_ROWS:
                raise Stopped(f"There are more than {MOST_ROWS:,} rows of hours.", "Bring them in several files.")
            if self.totals.rows % BATCH == 0:
                self._tell(self.totals)
            said, unit, wrong = self._rows.judge(entry.fields) if "" not in entry.faults else (None, None, {})
            if said is None or entry.faults:
                self._turn_away(entry, {**wrong, **entry.faults}, unit)
            else:
                yield Read(entry, said)

    def _turn_away(self, entry: Entry, faults: Faults, unit: Unit | None) -> None:
        self._refused.append((entry, faults))
        if unit is not None:
            self._broken.setdefault(unit, entry.line)

    def _contradicted(self, rows: Sequence[Read]) -> Iterator[Read]:
        """Without those that close a day that another row opens, or open one that is closed."""
        first: dict[tuple[Unit, int], tuple[bool, int]] = {}
        for row in rows:
            if isinstance(row.said, Piece) and not row.said.is_break:
                closes = row.said.minutes is None
                is_closed, line = first.setdefault((row.said.unit, row.said.weekday), (closes, row.entry.line))
                if closes != is_closed:
                    self._turn_away(row.entry, {"Kind": f"contradicts line {line}"}, row.said.unit)
                    continue
            yield row

    def _complete(self, rows: Iterable[Read]) -> list[Read]:
        """Without those of a week or date of which another row was refused: half of it would replace the whole."""
        taken = []
        for row in list(rows):
            line = self._broken.get(row.said.unit) if isinstance(row.said, Piece) else None
            if line is None:
                taken.append(row)
            else:
                what = "week" if isinstance(row.said, Piece) and row.said.unit.day is None else "date"
                self._refused.append((row.entry, {"": f"belongs to a {what} that line {line} leaves incomplete"}))
        return taken

    async def _write(self, rows: Sequence[Read]) -> Counts:
        """A dry run does the same, and takes it back."""
        units: dict[Unit, list[Piece]] = {}
        for row in rows:
            if isinstance(row.said, Piece):
                units.setdefault(row.said.unit, []).append(row.said)
        off = [row.said for row in rows if isinstance(row.said, Off)]

        async def work(tx: Tx) -> Counts:
            counts = await self._replace(tx, units, off)
            if self._is_dry:
                raise Undone(Result(*counts))
            return counts

        try:
            return await self._db.write([], work)
        except Undone as undone:
            return Counts(undone.outcome.created, undone.outcome.updated, undone.outcome.unchanged)

    async def _replace(self, tx: Tx, units: Mapping[Unit, Sequence[Piece]], off: Sequence[Off]) -> Counts:
        """1. Let no other import in. 2. Compare: what is as it should be is left. 3. Remove and write the rest."""
        scope = [self._practice_id]
        await queries.lock_practice(tx, scope, self._practice_id)
        created = updated = unchanged = 0
        self.totals.removed, self._lost = 0, []
        for some in _batches(units):
            there = await self._present(tx, some)
            wanted = {unit: _day(units[unit]) for unit in some}
            changed = [unit for unit in some if wanted[unit] != there.get(unit, {})]
            for unit in some:
                rows = len(units[unit])
                created += rows * (unit not in there and unit in changed)
                unchanged += rows * (unit not in changed)
                updated += rows * (unit in there and unit in changed)
            self._tell_lost(changed, there, wanted, units)
            await self._rewrite(tx, {unit: wanted[unit] for unit in changed})
        created, updated, unchanged = await self._write_off(tx, off, Counts(created, updated, unchanged))
        if created or updated:
            await audit.record(
                tx, self._practice_id, actor=self._actor, action="hours.imported",
                subject=f"{created} created, {updated} updated, {self.totals.removed} removed", request_id=None,
                now=self._now,
            )  # fmt: skip
        return Counts(created, updated, unchanged)

    def _tell_lost(
        self, changed: Sequence[Unit], there: Mapping[Unit, Day], wanted: Mapping[Unit, Day],
        units: Mapping[Unit, Sequence[Piece]],
    ) -> None:  # fmt: skip
        """Weekdays that go because the file does not name them: easily meant otherwise."""
        for unit in changed:
            if unit.day is None and unit.provider_id is not None:
                lost = hours_told.lost(there.get(unit, {}), wanted[unit], {piece.weekday for piece in units[unit]})
                if any(lost):
                    self.totals.removed += len(lost.days) + len(lost.breaks)
                    name = self._rows.register.providers[unit.provider_id].name
                    self._lost.append(f"{name} at {unit.location_id}: {hours_told.in_words(lost)}")

    async def _write_off(self, tx: Tx, off: Sequence[Off], counts: Counts) -> Counts:
        """Take back first, but nothing that the same file brings."""
        scope, (created, updated, unchanged) = [self._practice_id], counts
        wanted = [time for time in off if not time.is_back]
        for some in _batches(time for time in off if time.is_back):
            gone = await hours_queries.delete_time_off(
                tx, scope, self._practice_id, back=_times(some), wanted=_times(wanted)
            )
            updated, unchanged = updated + gone, unchanged + len(some) * (gone == 0)
        for some in _batches(wanted):
            made = await hours_queries.insert_missing_time_off(tx, scope, self._practice_id, **_times(some))
            created, unchanged = created + made, unchanged + len(some) - made
        return Counts(created, updated, unchanged)

    async def _present(self, tx: Tx, units: Sequence[Unit]) -> dict[Unit, Day]:
        weeks, days = _apart(units)
        scope = [self._practice_id]
        found: dict[Unit, list[Piece]] = {}
        for row in await hours_queries.list_weeks(tx, scope, self._practice_id, **_columns(weeks)):
            unit = Unit(row["provider_id"], row["location_id"], None)
            minutes = (row["from_minute"], row["until_minute"])
            found.setdefault(unit, []).append(Piece(unit, row["weekday"], row["is_break"], minutes))
        for row in await hours_queries.list_days(
            tx, scope, self._practice_id, **_columns(days), days=[unit.day for unit in days if unit.day]
        ):
            unit = Unit(row["provider_id"], row["location_id"], row["on_date"])
            span = None if row["from_minute"] is None else (row["from_minute"], row["until_minute"])
            found.setdefault(unit, []).append(Piece(unit, 0, is_break=False, minutes=span))
        return {unit: _day(pieces) for unit, pieces in found.items()}

    async def _rewrite(self, tx: Tx, wanted: Mapping[Unit, Day]) -> None:
        scope = [self._practice_id]
        weeks, days = _apart(list(wanted))
        if weeks:
            await hours_queries.delete_weeks(tx, scope, self._practice_id, **_columns(weeks))
            await hours_queries.insert_weeks(
                tx, scope, self._practice_id, hours=[row for unit in weeks for row in _rows(unit, wanted[unit])]
            )
        if days:
            dates = [unit.day for unit in days if unit.day]
            await hours_queries.delete_days(tx, scope, self._practice_id, **_columns(days), days=dates)
            await hours_queries.insert_days(
                tx, scope, self._practice_id, hours=[row for unit in days for row in _rows(unit, wanted[unit])]
            )


def _idle_breaks(rows: Sequence[Read]) -> Iterator[str]:
    for line in hours_told.idle_breaks((row.entry.line, row.said) for row in rows if isinstance(row.said, Piece)):
        yield f"line {line}: the break lies outside the hours of its day, and changes nothing"


def _day(pieces: Iterable[Piece]) -> Day:
    """Intervals that overlap or touch are one, however the file or the table cuts them; a closed weekday has none."""
    parts: dict[Part, list[Minutes]] = {}
    for piece in pieces:
        part = parts.setdefault((piece.weekday, piece.is_break), [])
        part += [piece.minutes] if piece.minutes else []
    return {part: joined(minutes) for part, minutes in parts.items() if minutes or not part[0]}


def _rows(unit: Unit, day: Day) -> Iterator[dict[str, Any]]:
    place = {"provider_id": unit.provider_id, "location_id": unit.location_id}
    on: date | None = unit.day
    for (weekday, is_break), intervals in day.items():
        spans: Sequence[tuple[int | None, int | None]] = intervals or [(None, None)]
        for start, end in spans:
            row = {**place, "from_minute": start, "until_minute": end}
            yield row | ({"on_date": on.isoformat()} if on else {"weekday": weekday, "is_break": is_break})


def _apart(units: Sequence[Unit]) -> tuple[list[Unit], list[Unit]]:
    """Weeks and dates."""
    return [unit for unit in units if unit.day is None], [unit for unit in units if unit.day is not None]


def _times(off: Sequence[Off]) -> dict[str, Any]:
    return {
        "providers": [time.provider_id for time in off], "starts": [time.from_at for time in off],
        "ends": [time.until_at for time in off],
    }  # fmt: skip


def _columns(units: Sequence[Unit]) -> dict[str, Any]:
    return {"providers": [unit.provider_id for unit in units], "locations": [unit.location_id for unit in units]}


def _batches(things: Iterable[Any]) -> Iterator[list[Any]]:
    rest = iter(things)
    while some := list(islice(rest, BATCH)):
        yield some
