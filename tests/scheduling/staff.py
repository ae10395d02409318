"""Providers with their hours, visit types, bookings and holds, put into the database past every door."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import asyncpg

from openmedspa.partners import keys

ZONE = ZoneInfo("America/Los_Angeles")  # of every practice of the cast
WEEKDAYS = (1, 2, 3, 4, 5)
Hours = tuple[Sequence[int], Sequence[tuple[int, int]], Sequence[tuple[int, int]]]  # weekdays, open, breaks
ALWAYS: Hours = ((1, 2, 3, 4, 5, 6, 7), ((0, 1440),), ())
OFFICE: Hours = (WEEKDAYS, ((540, 1020),), ((720, 780),))  # 9 to 17, lunch at 12


async def practice_id(owner: asyncpg.Connection, ppass: str = "GlowOffice") -> int:
    found: int = await owner.fetchval("select id from practices where ppass = $1", ppass)
    return found


async def home_of(owner: asyncpg.Connection, practice: int) -> str:
    found: str = await owner.fetchval("select min(id) from locations where practice_id = $1", practice)
    return found


async def hire(
    owner: asyncpg.Connection, ppass: str = "GlowOffice", *, name: str = "Dana Vance", hours: Hours = ALWAYS,
    location_id: str | None = None, step: int = 15, notice: int = 0, window: int = 730,
) -> int:  # fmt: skip
    """A provider at a location, the practice's first unless told; their number."""
    practice = await practice_id(owner, ppass)
    home = location_id or await home_of(owner, practice)
    provider: int = await owner.fetchval(
        """insert into providers (practice_id, name, title, specialty, home_location_id, step_minutes, notice_minutes,
                                  window_days)
           values ($1, $2, 'NP', 'Injectables', $3, $4, $5, $6) returning id""",
        practice, name, home, step, notice, window,
    )  # fmt: skip
    await work(owner, provider, home, hours)
    return provider


async def work(owner: asyncpg.Connection, provider: int, location_id: str, hours: Hours) -> None:
    """Weekly hours and breaks at a location."""
    weekdays, opens, breaks = hours
    await owner.executemany(
        """insert into provider_hours (practice_id, provider_id, location_id, weekday, from_minute, until_minute,
                                       is_break)
           select practice_id, id, $2, $3, $4, $5, $6 from providers where id = $1""",
        [
            (provider, location_id, weekday, *interval, is_break)
            for weekday in weekdays
            for intervals, is_break in ((opens, False), (breaks, True))
            for interval in intervals
        ],
    )


async def offer(
    owner: asyncpg.Connection, ppass: str = "GlowOffice", *, code: str = "FOLLOWUP", minutes: int = 30,
    before: int = 0, after: int = 0,
) -> str:  # fmt: skip
    """A visit type; its code."""
    await owner.execute(
        """insert into visit_types (practice_id, code, name, minutes, before_minutes, after_minutes)
           select id, $2, initcap($2), $3, $4, $5 from practices where ppass = $1
           on conflict (practice_id, code) do update
             set minutes = excluded.minutes, before_minutes = excluded.before_minutes,
                 after_minutes = excluded.after_minutes""",
        ppass, code, minutes, before, after,
    )  # fmt: skip
    return code


async def know(owner: asyncpg.Connection, ppass: str = "GlowOffice", *, surname: str = "Ames") -> int:
    """A person of the practice; their number."""
    found: int = await owner.fetchval(
        """insert into patients (practice_id, first_name, last_name)
           select id, 'Ana', $2 from practices where ppass = $1 returning id""",
        ppass, surname,
    )  # fmt: skip
    return found


async def put_down(
    owner: asyncpg.Connection, provider: int, starts_at: datetime, *, minutes: int = 30, patient: int | None = None,
    code: str = "FOLLOWUP", before: int = 0, after: int = 0,
) -> int:  # fmt: skip
    """A booking at the provider's home, with the time that it takes; its number."""
    booking: int = await owner.fetchval(
        """with booked as (
             insert into bookings (practice_id, provider_id, location_id, patient_id, type, starts_at, minutes,
                                   created_at, updated_at)
             select practice_id, id, home_location_id, $3, $4, $2, $5, now(), now() from providers where id = $1
             returning *
           ), stepped as (
             insert into booking_steps (practice_id, booking_id, status, provider_id, location_id, starts_at, minutes,
                                        actor, at)
             select practice_id, id, status, provider_id, location_id, starts_at, minutes, 'test', now() from booked
           )
           insert into taken_times (practice_id, provider_id, from_at, until_at, booking_id)
           select practice_id, provider_id, starts_at - make_interval(mins => $6),
                  starts_at + make_interval(mins => $5 + $7::int), id from booked
           returning booking_id""",
        provider, starts_at, patient, code, minutes, before, after,
    )  # fmt: skip
    return booking


async def keep(
    owner: asyncpg.Connection, provider: int, starts_at: datetime, *, key: str, minutes: int = 30,
    lapses_in: timedelta = timedelta(minutes=5),
) -> int:  # fmt: skip
    """A hold of this key's partner; its number."""
    hold: int = await owner.fetchval(
        """with held as (
             insert into holds (practice_id, provider_id, location_id, starts_at, minutes, partner_id, actor, held_at,
                                lapses_at)
             select p.practice_id, p.id, p.home_location_id, $2, $3, k.partner_id, 'key:' || k.id, now(), now() + $5
             from providers p, api_keys k where p.id = $1 and k.key_sha256 = $4
             returning *
           )
           insert into taken_times (practice_id, provider_id, from_at, until_at, hold_id, lapses_at)
           select practice_id, provider_id, starts_at, starts_at + make_interval(mins => $3), id, lapses_at from held
           returning hold_id""",
        provider, starts_at, minutes, keys.digest(key), lapses_in,
    )  # fmt: skip
    return hold


def ahead(days: int = 7, *, weekday: int | None = None) -> date:
    """A local day so many days from now, or the first such weekday (1: Monday) from there on."""
    day = datetime.now(UTC).astimezone(ZONE).date() + timedelta(days=days)
    while weekday is not None and day.isoweekday() != weekday:
        day += timedelta(days=1)
    return day


def at(day: date, time: str) -> datetime:
    """The moment of this wall clock."""
    hour, minute = map(int, time.split(":")[:2])
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE)


async def overlaps(owner: asyncpg.Connection) -> int:
    """How many pairs of what is taken have a moment in common."""
    found: int = await owner.fetchval(
        """select count(*) from taken_times a join taken_times b
             on a.provider_id = b.provider_id and a.ctid < b.ctid
            and tstzrange(a.from_at, a.until_at) && tstzrange(b.from_at, b.until_at)"""
    )
    return found
