"""Free time in diaries: next-slot over a year that is booked solid, the slots of a day, and booking by many at once.

`python -m benchmarks.scheduling` measures by itself, prints, and writes its part of docs/benchmarks.md.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from statistics import median
from time import perf_counter
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import cyclopts
from msgspec import Struct
from rich.console import Console
from rich.table import Table

from benchmarks import parts, stage
from benchmarks.peers import interval_loop
from openmedspa import installation
from openmedspa.kit.db import APP_ROLE, Database, connect_pool
from openmedspa.kit.errors import Conflict
from openmedspa.kit.fresh import Fresh
from openmedspa.partners.keys import Grant
from openmedspa.scheduling import bookings, diaries, slots
from openmedspa.scheduling.diaries import Asked
from openmedspa.scheduling.places import Clock
from openmedspa.scheduling.queries import diaries as queries
from openmedspa.scheduling.shapes import BookingIn
from openmedspa.settings import Settings

SIZES = (1_000, 100_000, 1_000_000)
ZONE, LOCATION = ZoneInfo("America/Los_Angeles"), "loc_bench"
WEEK = {weekday: [(540, 1020)] for weekday in range(1, 8)}  # 9 to 17, every day
SOLID, DAYS = 360, 365  # days that are full, of those looked at
ASKED = Asked(minutes=30)
CALLERS, TRIES, CONTENDED_DAYS = 16, 2_000, 4

PRACTICE = """
with made as (insert into practices (ppass, name, time_zone) values ($1, $1, 'America/Los_Angeles') returning id),
     place as (insert into locations (practice_id, id, name) select id, $2, 'Bench' from made),
     type as (insert into visit_types (practice_id, code, name, minutes) select id, 'FOLLOWUP', 'Bench', 30 from made),
     partner as (insert into partners (name) values ($1) returning id)
select made.id as practice_id, partner.id as partner_id from made, partner
"""
HIRE = """
with hired as (
  insert into providers (practice_id, name, home_location_id) select $1, 'Provider ' || n, $2
  from generate_series(1, $3::int) n returning id
), working as (
  insert into provider_hours (practice_id, provider_id, location_id, weekday, from_minute, until_minute)
  select $1, id, $2, weekday, 540, 1020 from hired, generate_series(1, 7) weekday)
select array_agg(id order by id) from hired
"""
FILL = """
with told as (
  select nextval('bookings_id_seq') as id, p.provider_id, p.starts_at
  from unnest($3::bigint[], $4::timestamptz[]) as p (provider_id, starts_at)
), booked as (
  insert into bookings (practice_id, id, provider_id, location_id, type, starts_at, minutes, created_at, updated_at)
  select $1, id, provider_id, $2, 'FOLLOWUP', starts_at, $5::int, now(), now() from told
)
insert into taken_times (practice_id, provider_id, from_at, until_at, booking_id)
select $1, provider_id, starts_at, starts_at + make_interval(mins => $5), id from told
"""
NAIVE = """
select starts_at, starts_at + make_interval(mins => minutes) from bookings
where practice_id = any($1) and provider_id = $2 and starts_at >= $3 and starts_at < $4 and status <> 'Cancelled'
"""


class Measured(Struct, frozen=True):
    """Of one size: milliseconds, but for what is counted in a second."""

    bookings: int
    in_the_year: int  # bookings of the provider whose year is full
    next_ms: float
    python_ms: float
    loop_ms: float
    slots_ms: float
    booked_per_second: float
    tries_per_second: float
    overlaps: int


async def measure(settings: Settings, size: int, a_day: int) -> Measured:
    """A new practice beside those of earlier sizes; its first provider's year holds `a_day` visits on full days."""
    owner = await asyncpg.connect(settings.database_url)
    await owner.execute("truncate bookings, booking_steps, taken_times, holds cascade")
    made = await owner.fetchrow(PRACTICE, f"Bench{size}x{a_day}", f"{LOCATION}{size}x{a_day}")
    practice_id, location_id = made["practice_id"], f"{LOCATION}{size}x{a_day}"
    today = datetime.now(ZONE).date()
    full = _starts(today, SOLID, a_day)
    others = max(1, (size - len(full)) // (a_day * SOLID) + 1)
    provider_ids = await owner.fetchval(HIRE, practice_id, location_id, 1 + others + 1)
    solid, contended = provider_ids[0], provider_ids[-1]
    await _fill(owner, practice_id, location_id, provider_ids[:-1], full, size, 480 // a_day)
    await owner.execute("vacuum analyze bookings, taken_times, providers, provider_hours")
    pool = await connect_pool(settings.database_url, role=APP_ROLE, size=CALLERS)
    database = Database(pool, Fresh())
    grant = Grant(1, made["partner_id"], frozenset({"Visits"}), {location_id: practice_id}, [practice_id])
    now = datetime.now(UTC)
    found = Measured(
        bookings=size,
        in_the_year=len(full),
        next_ms=await _often(lambda: _next_slot(database, practice_id, solid, now)),
        python_ms=await _python_ms(database, practice_id, solid, now),
        loop_ms=await _often(lambda: _loop(database, practice_id, solid, now), times=3),
        slots_ms=await _often(lambda: _slots(database, practice_id, solid, today + timedelta(days=30), now)),
        **await _contend(database, grant, contended, owner, practice_id),
    )
    await pool.close()
    await owner.close()
    return found


def _starts(today: date, days: int, a_day: int) -> list[datetime]:
    return [
        datetime(day.year, day.month, day.day, tzinfo=ZONE) + timedelta(minutes=540 + each * (480 // a_day))
        for day in (today + timedelta(days=ahead) for ahead in range(days))
        for each in range(a_day)
    ]


async def _fill(
    owner: asyncpg.Connection, practice_id: int, location_id: str, provider_ids: Sequence[int],
    full: Sequence[datetime], size: int, minutes: int,
) -> None:  # fmt: skip
    """Every provider's year like the first one's, until there are so many bookings."""
    left = size
    for provider_id in provider_ids:
        part = full[:left]
        await owner.execute(FILL, practice_id, location_id, [provider_id] * len(part), part, minutes)
        left -= len(part)
        if left <= 0:
            return


async def _often(ask: Callable[[], Awaitable[object]], times: int = 25) -> float:
    """The median in milliseconds, after three that warm up."""
    took = []
    for turn in range(times + 3):
        began = perf_counter()
        await ask()
        if turn >= 3:
            took.append((perf_counter() - began) * 1000)
    return median(took)


async def _next_slot(database: Database, practice_id: int, provider_id: int, now: datetime) -> object:
    first = now.astimezone(UTC).date()
    page = await diaries.find(
        database, practice_id, provider_id, ASKED, first=first, last=first + timedelta(days=DAYS), now=now
    )
    assert page is not None
    found = slots.next_offered(page.diary, page.visit, DAYS, now=now)
    assert found is not None and (found[0] - now.astimezone(ZONE).date()).days >= SOLID - 1, found
    return found


async def _python_ms(database: Database, practice_id: int, provider_id: int, now: datetime) -> float:
    """What is done with the row that the query answers, and nothing of the query."""
    first = now.astimezone(UTC).date()
    since, until = diaries.window(first, first + timedelta(days=DAYS), now=now)
    row = await queries.find_diary(
        database, [practice_id], provider_id, location_id=None, visit_type=None, since=since, until=until, now=now,
        minutes=ASKED.minutes,
    )  # fmt: skip
    assert row is not None

    async def work() -> object:
        page = diaries.to_page(row, ASKED)
        return slots.next_offered(page.diary, page.visit, DAYS, now=now)

    return await _often(work)


async def _loop(database: Database, practice_id: int, provider_id: int, now: datetime) -> object:
    """The same, as one would write it at first: fetch the year's bookings, look at each step of each day."""
    rows = await database.rows(
        NAIVE, [practice_id], provider_id, now - timedelta(days=1), now + timedelta(days=DAYS + 2)
    )
    taken = [(row[0], row[1]) for row in rows]
    return interval_loop.next_slot(ZONE, WEEK, taken, minutes=30, step=15, days=DAYS, now=now)


async def _slots(database: Database, practice_id: int, provider_id: int, day: date, now: datetime) -> object:
    page = await diaries.find(database, practice_id, provider_id, ASKED, first=day, last=day, now=now)
    assert page is not None
    return list(slots.offered(page.diary, page.visit, day, now=now))


async def _contend(
    database: Database, grant: Grant, provider_id: int, owner: asyncpg.Connection, practice_id: int
) -> dict[str, Any]:
    """So many callers at once want the same few days, at any step: most are too late."""
    patient_id = await owner.fetchval(
        "insert into patients (practice_id, first_name, last_name) values ($1, 'Ana', 'Bench') returning id",
        practice_id,
    )
    chance, counts = random.Random(3), {"booked": 0, "refused": 0}
    wishes = [
        BookingIn(
            provider_id=provider_id, date=datetime.now(ZONE).date() + timedelta(days=chance.randint(1, CONTENDED_DAYS)),
            time=slots.time_of(chance.randrange(540, 1000, 15)), duration=30, prospect_id=patient_id, type="FOLLOWUP",
        )
        for _ in range(TRIES)
    ]  # fmt: skip

    async def caller() -> None:
        while wishes:
            wanted = wishes.pop()
            try:
                clock = Clock(datetime.now(UTC), datetime.now(UTC))
                await database.write(
                    grant.practice_ids,
                    lambda tx, wanted=wanted, clock=clock: bookings.book(  # type: ignore[misc]
                        tx, grant, wanted, request_id="req", clock=clock
                    ),
                )
                counts["booked"] += 1
            except Conflict:
                counts["refused"] += 1

    began = perf_counter()
    await asyncio.gather(*(caller() for _ in range(CALLERS)))
    took = perf_counter() - began
    overlaps = await owner.fetchval(
        """select count(*) from taken_times a join taken_times b
             on a.provider_id = b.provider_id and a.booking_id < b.booking_id
            and tstzrange(a.from_at, a.until_at) && tstzrange(b.from_at, b.until_at)
           where a.provider_id = $1 and b.provider_id = $1""",
        provider_id,
    )
    return {
        "booked_per_second": counts["booked"] / took, "tries_per_second": TRIES / took, "overlaps": overlaps,
    }  # fmt: skip


def table(found: Sequence[Measured]) -> Table:
    made = Table(
        "bookings", "of them in the year", "next-slot ms", "of it Python ms", "interval loop ms", "slots ms",
        "tries/s", "overlaps", title="Free time",
    )  # fmt: skip
    for column in made.columns:
        column.justify = "right"
    for one in found:
        made.add_row(
            f"{one.bookings:,}", f"{one.in_the_year:,}", f"{one.next_ms:.1f}", f"{one.python_ms:.1f}",
            f"{one.loop_ms:.0f}", f"{one.slots_ms:.1f}", f"{one.tries_per_second:.0f}", str(one.overlaps),
        )  # fmt: skip
    return made


def main(sizes: list[int] | None = None) -> None:
    """Measure on a PostgreSQL of its own, as the product starts it."""
    console, found = Console(), []
    with stage.cluster() as dsn:
        settings = Settings(database_url=dsn, secret_key="benchmark" * 4)
        asyncio.run(installation.upgrade(settings))
        for size in sizes or SIZES:
            found.append(asyncio.run(measure(settings, size, 2)))
            if size > SOLID * 16:
                found.append(asyncio.run(measure(settings, size, 16)))
            console.print(table(found))
    if sizes is None:
        parts.keep(
            "scheduling", table(found),
            f"A provider's year of {DAYS} days, {SOLID} of them full of visits of four hours or of half an hour. "
            f"From Python and back, under row-level security, one query each. The interval loop reads the year's "
            f"bookings and looks at each step of each day. Booking: {CALLERS} callers at once try {TRIES:,} times for "
            f"{CONTENDED_DAYS} days of one provider; of them {CONTENDED_DAYS * 16} can win at most. ",
        )  # fmt: skip


if __name__ == "__main__":
    cyclopts.run(main)
