"""Another calendar's busy times become a provider's time off; nothing of what they are is kept. All or nothing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import islice
from pathlib import Path

from msgspec import Struct

from openmedspa.kit.bulk import BATCH, Faults, Outcome, Totals, Undone
from openmedspa.kit.db import Database, Tx
from openmedspa.kit.errors import Stopped
from openmedspa.kit.files import Entry
from openmedspa.scheduling.importing import events, ics, recurrence
from openmedspa.scheduling.importing.events import Busy, Series, Window
from openmedspa.scheduling.importing.ics import Block, Broken
from openmedspa.scheduling.importing.register import Provider, Register
from openmedspa.scheduling.queries import importing as queries
from openmedspa.scheduling.queries import importing_hours as hours_queries
from openmedspa.usage import audit

LOOKS_BACK, LOOKS_AHEAD = timedelta(days=30), timedelta(days=730)
MOST_TIMES = 50_000
MOST_BYTES = 20 * 1024 * 1024
BEYOND = "lies beyond the calendar"
MOST_SECONDS = 20.0  # to work out all repetitions: a rule that never comes true is looked for until the year 9999
COLUMNS = ["UID"]


class CalendarTotals(Totals):
    """`rows` and `refused` count events; the rest counts the times that they take."""

    removed: int = 0


class Times(Struct):
    """What a calendar says is busy, by key; and whose events could not be read."""

    busy: dict[str, Busy]
    unread: set[str]


class CalendarImport:
    """One run over a calendar."""

    def __init__(
        self, db: Database, register: Register, provider: Provider, *, actor: str, now: datetime, is_dry: bool,
        clock: Callable[[], float], refuse: Callable[[Entry, Faults], None],
    ) -> None:  # fmt: skip
        self.totals = CalendarTotals()
        self._db = db
        self._practice_id = register.practice_id
        self._provider_id = provider.id
        self._window = Window(now - LOOKS_BACK, now + LOOKS_AHEAD, register.zone_of(provider))
        self._actor = actor
        self._now = now
        self._is_dry = is_dry
        self._clock = clock
        self._refuse = refuse
        self._refused: list[tuple[Entry, Faults]] = []

    async def run(self, calendar: ics.Calendar, name: str) -> CalendarTotals:
        """`name` says which calendar this is: only what an earlier run brought under it is changed or removed."""
        prefix = f"ics:{_hash(name, 16)}:"
        times = self._times(calendar, prefix)
        for entry, faults in sorted(self._refused, key=lambda refused: refused[0].line):
            self._refuse(entry, faults)

        async def work(tx: Tx) -> Outcome:
            self.totals.removed = 0
            outcome = await self._write(tx, times, prefix)
            if self._is_dry:
                raise Undone(outcome)
            return outcome

        try:
            outcome = await self._db.write([], work)
        except Undone as undone:
            outcome = undone.outcome
        self.totals.created, self.totals.updated = outcome.created, outcome.updated
        self.totals.unchanged = outcome.unchanged
        return self.totals

    def _times(self, calendar: ics.Calendar, prefix: str) -> Times:
        times = Times({}, set())
        limit = self._clock() + MOST_SECONDS
        read: list[Series] = []
        for block in calendar.blocks:
            self.totals.rows += 1
            try:
                if block.kind == "VFREEBUSY":
                    self._put(times, prefix, list(events.free_busy(block, calendar.zones, self._window)), block.line)
                else:
                    read.append(events.read(block, calendar.zones, self._window))
            except Broken as trouble:
                self._turn_away(times, block.line, _uid(block), str(trouble))
            except OverflowError:
                self._turn_away(times, block.line, _uid(block), BEYOND)
        for own in recurrence.gathered(read).values():
            for series, busy in self._of_event(own, times):
                self._put(times, prefix, busy, series.line)
                if self._clock() > limit:
                    raise Stopped(
                        f"The repetitions of this calendar take too long to work out (line {series.line}).",
                        "Is there an event whose rule never comes true?",
                    )
        return times

    def _of_event(self, own: Mapping[datetime | None, Series], times: Times) -> Iterator[tuple[Series, Sequence[Busy]]]:
        instead = {replaced: series for replaced, series in own.items() if replaced is not None}
        for replaced, series in own.items():
            try:
                found = (
                    recurrence.repetitions(series, instead, self._window)
                    if replaced is None
                    else recurrence.alone(series, self._window)
                )
                yield series, list(islice(found, MOST_TIMES + 1))
            except Broken as trouble:
                self._turn_away(times, series.line, series.uid, str(trouble))
            except (OverflowError, ValueError):  # of dates
                self._turn_away(times, series.line, series.uid, BEYOND)

    def _put(self, times: Times, prefix: str, found: Sequence[Busy], line: int) -> None:
        for busy in found:
            key = f"{prefix}{_hash(busy.uid, 32)}:{busy.repetition:%Y%m%dT%H%M%SZ}"
            known = times.busy.get(key)
            if known is None or busy.until > known.until:
                times.busy[key] = busy
        if len(times.busy) > MOST_TIMES:
            raise Stopped(f"By line {line} this calendar has more than {MOST_TIMES:,} busy times.")

    def _turn_away(self, times: Times, line: int, uid: str, why: str) -> None:
        """What an earlier run brought of it stays: it was not seen to go."""
        self.totals.refused += 1
        times.unread.add(_hash(uid, 32))
        self._refused.append((Entry(line, {}, [uid]), {"": f"{why} (UID {uid[:80]})" if uid else why}))

    async def _write(self, tx: Tx, times: Times, prefix: str) -> Outcome:
        """1. Let no other import in. 2. Compare with what this calendar brought before. 3. Write the difference."""
        scope = [self._practice_id]
        await queries.lock_practice(tx, scope, self._practice_id)
        there = {
            row["source_key"]: (row["from_at"], row["until_at"])
            for row in await hours_queries.list_calendar(tx, scope, self._practice_id, self._provider_id, prefix=prefix)
        }
        new = [key for key in times.busy if key not in there]
        moved = [key for key, busy in times.busy.items() if key in there and there[key] != (busy.since, busy.until)]
        gone = [key for key, span in there.items() if key not in times.busy and self._is_gone(key, span[1], times)]
        rest = [*new, *moved]
        for start in range(0, max(len(rest), bool(gone)), BATCH):
            some = [times.busy[key] for key in rest[start : start + BATCH]]
            await hours_queries.write_calendar(
                tx, scope, self._practice_id, self._provider_id, keys=rest[start : start + BATCH],
                starts=[busy.since for busy in some], ends=[busy.until for busy in some],
                gone=[] if start else gone,
            )  # fmt: skip
        self.totals.removed = len(gone)
        if rest or gone:
            await audit.record(
                tx, self._practice_id, actor=self._actor, action="calendar.imported",
                subject=f"provider:{self._provider_id}, {len(new)} created, {len(moved)} updated, {len(gone)} removed",
                request_id=None, now=self._now,
            )  # fmt: skip
        return Outcome(len(new), len(moved), len(times.busy) - len(rest))

    def _is_gone(self, key: str, until: datetime, times: Times) -> bool:
        """What is over and no longer looked at is left as it was."""
        return until > self._window.since and key.split(":")[2] not in times.unread


def open_calendar(path: Path) -> ics.Calendar:
    """Stopped when it is too large, or no calendar."""
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except OSError as trouble:
        exit_code = 3 if isinstance(trouble, FileNotFoundError) else 1
        raise Stopped(f"{path}: {trouble.strerror}.", exit_code=exit_code) from None
    if len(raw) > MOST_BYTES:
        raise Stopped(f"{path} is larger than {MOST_BYTES // 1024**2} MB.", "Export only the time from now on.")
    return ics.take_apart(raw.decode(errors="replace"), str(path))


def _uid(block: Block) -> str:
    return next((line.partition(":")[2].strip() for line in block.lines if line.upper().startswith("UID")), "")


def _hash(text: str, length: int) -> str:
    """Names of calendars and events may say something of somebody: they are not kept."""
    return sha256(text.encode(errors="replace")).hexdigest()[:length]
