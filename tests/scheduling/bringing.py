"""Files brought past the prompt: what an import made of them, and what it refused."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
from msgspec import Struct

from openmedspa.cli.database import open_system
from openmedspa.kit.bulk import Import, Totals
from openmedspa.kit.db import Database
from openmedspa.kit.files import Entry, open_rows
from openmedspa.kit.house import utc_now
from openmedspa.practices.register import get_practice
from openmedspa.scheduling.importing import ics, register
from openmedspa.scheduling.importing.bookings import Bookings
from openmedspa.scheduling.importing.calendars import CalendarImport, open_calendar
from openmedspa.scheduling.importing.hours import HoursImport
from openmedspa.scheduling.importing.hours_rows import Rows
from openmedspa.scheduling.importing.providers import Providers
from openmedspa.settings import Settings

WRITTEN = ("providers", "provider_licences", "provider_hours", "date_hours", "time_off", "bookings", "booking_steps",
           "taken_times", "audit")  # fmt: skip


class Came(Struct):
    """Counts, and by line why a row was refused."""

    created: int
    updated: int
    unchanged: int
    refused: dict[int, dict[str, str]]
    removed: int = 0
    notes: list[str] = []

    @property
    def counts(self) -> tuple[int, int, int, int]:
        return self.created, self.updated, self.unchanged, len(self.refused)


class Desk:
    """Brings files to a practice as the system role does."""

    def __init__(self, db: Database, folder: Path, ppass: str) -> None:
        self._db = db
        self._folder = folder
        self._ppass = ppass
        self.now: Callable[[], datetime] = utc_now

    async def providers(self, text: str, *, is_dry: bool = False) -> Came:
        known = await self._register()
        return await self._rows(
            text, Providers(known.practice_id, known.zones, actor="cli:test", now=self.now()), is_dry=is_dry
        )

    async def bookings(self, text: str, *, is_dry: bool = False) -> Came:
        return await self._rows(text, Bookings(await self._register(), actor="cli:test", now=self.now()), is_dry=is_dry)

    async def hours(self, text: str, *, is_dry: bool = False) -> Came:
        rows, refused = Rows(await self._register()), dict[int, dict[str, str]]()
        run = HoursImport(
            self._db, rows, actor="cli:test", now=self.now(), is_dry=is_dry, refuse=_into(refused),
            tell=lambda _totals: None,
        )  # fmt: skip
        with open_rows(self._file(text), rows.fields, rows.needed) as source:
            totals = await run.run(source)
        return _came(totals, refused, run.notes)

    async def calendar(
        self, text: str, provider: int, *, name: str = "work", is_dry: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> Came:  # fmt: skip
        known, refused = await self._register(), dict[int, dict[str, str]]()
        path = self._folder / "busy.ics"
        path.write_text(text)
        run = CalendarImport(
            self._db, known, known.providers[provider], actor="cli:test", now=self.now(), is_dry=is_dry, clock=clock,
            refuse=_into(refused),
        )  # fmt: skip
        totals = await run.run(open_calendar(path), name)
        return Came(totals.created, totals.updated, totals.unchanged, refused, totals.removed)

    async def _rows(self, text: str, slice_: Any, *, is_dry: bool) -> Came:
        refused: dict[int, dict[str, str]] = {}
        run = Import(self._db, slice_, is_dry=is_dry, refuse=_into(refused), tell=lambda _totals: None)
        with open_rows(self._file(text), slice_.fields, slice_.needed) as source:
            totals = await run.run(source)
        return _came(totals, refused, getattr(slice_, "notes", []))

    def _file(self, text: str) -> Path:
        path = self._folder / ("rows.json" if text.lstrip().startswith(("[", "{")) else "rows.csv")
        path.write_text(text)
        return path

    async def _register(self) -> register.Register:
        return await register.read(self._db, await get_practice(self._db, self._ppass))


@asynccontextmanager
async def open_desk(settings: Settings, folder: Path, ppass: str = "GlowOffice") -> AsyncIterator[Desk]:
    async with open_system(settings) as db:
        yield Desk(db, folder, ppass)


async def everything(owner: asyncpg.Connection) -> str:
    """All that these imports may write, but for the sequences."""
    parts = [f"(select json_agg(t order by t::text) from {table} t)" for table in WRITTEN]
    return str(await owner.fetchrow(f"select {', '.join(parts)}"))


def taken_apart(text: str) -> ics.Calendar:
    return ics.take_apart(text, "busy.ics")


def _into(refused: dict[int, dict[str, str]]) -> Callable[[Entry, dict[str, str]], None]:
    return lambda entry, faults: refused.update({entry.line: dict(faults)})


def _came(totals: Totals, refused: dict[int, dict[str, str]], notes: list[str]) -> Came:
    assert totals.refused == len(refused)
    removed = getattr(totals, "removed", 0)
    return Came(totals.created, totals.updated, totals.unchanged, refused, removed, notes)
