"""Busy times from calendars: recurrence by the wall clock, what is not busy, what is gone, and what would never end."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import asyncpg
import pytest
from scheduling.bringing import Came, Desk, everything, open_desk, taken_apart
from scheduling.staff import hire

from openmedspa.kit.errors import Stopped
from openmedspa.settings import Settings

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ZONE = """BEGIN:VTIMEZONE
TZID:Our Office
BEGIN:STANDARD
DTSTART:16010101T020000
TZOFFSETFROM:-0400
TZOFFSETTO:-0500
RRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=11
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:-0500
TZOFFSETTO:-0400
RRULE:FREQ=YEARLY;BYDAY=2SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
"""


def event(*lines: str, uid: str = "e1") -> str:
    return "\n".join(["BEGIN:VEVENT", f"UID:{uid}", "SUMMARY:Dentist of canary", *lines, "END:VEVENT", ""])


def calendar(*parts: str) -> str:
    return "BEGIN:VCALENDAR\nVERSION:2.0\nX-WR-CALNAME:Work\n" + "".join(parts) + "END:VCALENDAR\n"


@pytest.fixture
async def desk(settings: Settings, tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(settings, tmp_path) as found:
        found.now = lambda: NOW
        yield found


@pytest.fixture
async def mara(owner: asyncpg.Connection) -> int:
    """In Los Angeles."""
    return await hire(owner, name="Mara Quill")


async def busy(owner: asyncpg.Connection) -> list[str]:
    rows = await owner.fetch("select from_at, until_at from time_off order by 1, 2")
    return [f"{row['from_at']:%m-%dT%H:%M}/{row['until_at']:%m-%dT%H:%M}" for row in rows]


CASES: dict[str, tuple[list[str], list[str]]] = {
    "utc": (["DTSTART:20260310T170000Z", "DTEND:20260310T180000Z"], ["03-10T17:00/03-10T18:00"]),
    "floating": (["DTSTART:20260310T090000", "DURATION:PT30M"], ["03-10T16:00/03-10T16:30"]),
    "all day": (["DTSTART;VALUE=DATE:20260307", "DTEND;VALUE=DATE:20260309"], ["03-07T08:00/03-09T07:00"]),
    "one day": (["DTSTART;VALUE=DATE:20260310"], ["03-10T07:00/03-11T07:00"]),
    "no length": (["DTSTART:20260310T170000Z"], []),
    "own zone": (["DTSTART;TZID=Our Office:20260310T090000", "DTEND;TZID=Our Office:20260310T100000"], ["03-10T13:00/03-10T14:00"]),  # noqa: E501
    "of Windows": (["DTSTART;TZID=Pacific Standard Time:20260310T090000", "DURATION:PT1H"], ["03-10T16:00/03-10T17:00"]),  # noqa: E501
    "across DST": (
        ["DTSTART;TZID=America/Los_Angeles:20260307T220000", "DTEND;TZID=America/Los_Angeles:20260308T060000",
         "RRULE:FREQ=DAILY;COUNT=2"],
        ["03-08T06:00/03-08T13:00", "03-09T05:00/03-09T13:00"],
    ),
    "until in UTC": (
        ["DTSTART;TZID=America/Los_Angeles:20260306T090000", "DURATION:PT1H",
         "RRULE:FREQ=DAILY;UNTIL=20260308T160000Z"],
        ["03-06T17:00/03-06T18:00", "03-07T17:00/03-07T18:00", "03-08T16:00/03-08T17:00"],
    ),
    "long ago": (
        ["DTSTART:20150105T170000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;UNTIL=20260302T235959Z"],
        ["02-02T17:00/02-02T18:00", "02-16T17:00/02-16T18:00", "03-02T17:00/03-02T18:00"],
    ),
    "left out and added": (
        ["DTSTART;TZID=America/New_York:20260310T090000", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=4",
         "EXDATE;TZID=America/New_York:20260311T090000", "EXDATE;VALUE=DATE:20260312",
         "RDATE;TZID=America/New_York:20260320T120000", "RDATE;VALUE=PERIOD:20260321T100000Z/PT15M"],
        ["03-10T13:00/03-10T14:00", "03-13T13:00/03-13T14:00", "03-20T16:00/03-20T17:00", "03-21T10:00/03-21T10:15"],
    ),
    "transparent": (["DTSTART:20260310T170000Z", "DURATION:PT1H", "TRANSP:TRANSPARENT"], []),
    "cancelled": (["DTSTART:20260310T170000Z", "DURATION:PT1H", "STATUS:cancelled"], []),
    "free by Outlook": (["DTSTART:20260310T170000Z", "DURATION:PT1H", "X-MICROSOFT-CDO-BUSYSTATUS:FREE"], []),
    "too long ago": (["DTSTART:20260101T170000Z", "DURATION:PT1H"], []),
    "too far ahead": (["DTSTART:20290101T170000Z", "DURATION:PT1H"], []),
    "folded": (["DTSTART:202603", " 10T170000Z", "DURATION:PT1H"], ["03-10T17:00/03-10T18:00"]),
    "an alarm inside": (
        ["DTSTART:20260310T170000Z", "BEGIN:VALARM", "DURATION:PT5M", "END:VALARM", "DURATION:PT1H"],
        ["03-10T17:00/03-10T18:00"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
async def test_an_event_takes_the_time_that_its_clock_says(
    desk: Desk, owner: asyncpg.Connection, mara: int, name: str
) -> None:
    lines, expected = CASES[name]
    came = await desk.calendar(calendar(ZONE, event(*lines)), mara)
    assert (came.created, came.refused) == (len(expected), {})
    assert await busy(owner) == expected


async def test_a_rule_without_end_is_followed_for_two_years(desk: Desk, owner: asyncpg.Connection, mara: int) -> None:
    text = calendar(event("DTSTART:20260301T170000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY"))
    assert (await desk.calendar(text, mara)).created == 730
    assert await owner.fetchval("select max(from_at) from time_off") == datetime(2028, 2, 28, 17, tzinfo=UTC)


SERIES = event("DTSTART:20260310T170000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=3")


async def test_one_repetition_may_be_moved_or_dropped(desk: Desk, owner: asyncpg.Connection, mara: int) -> None:
    moved = event("RECURRENCE-ID:20260311T170000Z", "DTSTART:20260311T200000Z", "DURATION:PT2H")
    dropped = event("RECURRENCE-ID:20260312T170000Z", "DTSTART:20260312T170000Z", "DURATION:PT1H", "STATUS:CANCELLED")
    assert (await desk.calendar(calendar(moved, SERIES, dropped), mara)).created == 2
    assert await busy(owner) == ["03-10T17:00/03-10T18:00", "03-11T20:00/03-11T22:00"]


async def test_of_two_versions_the_newer_counts(desk: Desk, owner: asyncpg.Connection, mara: int) -> None:
    newer = event("SEQUENCE:2", "DTSTART:20260310T190000Z", "DURATION:PT1H")
    older = event("SEQUENCE:1", "DTSTART:20260310T170000Z", "DURATION:PT1H")
    await desk.calendar(calendar(newer, older), mara)
    assert await busy(owner) == ["03-10T19:00/03-10T20:00"]


async def test_the_same_calendar_again_changes_nothing(desk: Desk, owner: asyncpg.Connection, mara: int) -> None:
    assert (await desk.calendar(calendar(SERIES), mara)).counts == (3, 0, 0, 0)
    before = await everything(owner)
    again = await desk.calendar(calendar(SERIES), mara)
    assert (again.counts, again.removed) == ((0, 0, 3, 0), 0)
    assert await everything(owner) == before


async def test_nothing_of_what_an_event_says_is_kept(desk: Desk, owner: asyncpg.Connection, mara: int) -> None:
    await desk.calendar(calendar(event("DTSTART:20260310T170000Z", "DURATION:PT1H", uid="canary@example.com")), mara, name="canary")  # fmt: skip # noqa: E501
    assert "canary" not in await everything(owner)


async def test_a_dry_run_writes_nothing(desk: Desk, owner: asyncpg.Connection, mara: int) -> None:
    before = await everything(owner)
    assert (await desk.calendar(calendar(SERIES), mara, is_dry=True)).created == 3
    assert await everything(owner) == before


async def test_what_is_gone_from_the_file_is_removed_and_nothing_else(
    desk: Desk, owner: asyncpg.Connection, mara: int
) -> None:
    await owner.execute(
        "insert into time_off (practice_id, provider_id, from_at, until_at) values (1, $1, $2, $3)",
        mara, datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 5, 2, tzinfo=UTC),
    )  # fmt: skip
    other = event("DTSTART:20260401T170000Z", "DURATION:PT1H", uid="e2")
    await desk.calendar(calendar(SERIES, other), mara)
    await desk.calendar(calendar(other), mara, name="private")
    longer = event("DTSTART:20260310T170000Z", "DURATION:PT2H", "RRULE:FREQ=DAILY;COUNT=2")
    came = await desk.calendar(calendar(longer), mara)
    assert (came.created, came.updated, came.unchanged, came.removed) == (0, 2, 0, 2)
    assert await busy(owner) == [
        "03-10T17:00/03-10T19:00", "03-11T17:00/03-11T19:00", "04-01T17:00/04-01T18:00", "05-01T00:00/05-02T00:00",
    ]  # fmt: skip


async def test_what_is_over_stays_when_the_window_has_passed_it(
    desk: Desk, owner: asyncpg.Connection, mara: int
) -> None:
    await desk.calendar(calendar(SERIES), mara)
    desk.now = lambda: datetime(2026, 4, 11, 12, tzinfo=UTC)
    came = await desk.calendar(calendar(SERIES), mara)
    assert (came.removed, len(await busy(owner))) == (0, 3)


BROKEN: dict[str, tuple[list[str], str]] = {
    "no start": (["DURATION:PT1H"], "has no DTSTART"),
    "no date": (["DTSTART:soon"], "has a DTSTART that cannot be read: “soon” is not like 20270301T140000"),
    "backwards": (["DTSTART:20260310T170000Z", "DTEND:20260310T160000Z"], "ends before it begins"),
    "two starts": (["DTSTART:20260310T170000Z", "DTSTART:20260311T170000Z"], "has more than one DTSTART"),
    "no zone": (["DTSTART;TZID=Nowhere:20260310T170000", "DURATION:PT1H"], "time zone that is not known: Nowhere"),
    "no rule": (["DTSTART:20260310T170000Z", "DURATION:PT1H", "RRULE:FREQ=SOMETIMES"], "RRULE"),
    "every second": (["DTSTART:20260310T170000Z", "DURATION:PT1H", "RRULE:FREQ=SECONDLY"], "more often than"),
    "each minute of each hour": (
        ["DTSTART:20260310T170000Z", "DURATION:PT1H",
         f"RRULE:FREQ=DAILY;BYHOUR=1,2;BYMINUTE={','.join(map(str, range(60)))}"],
        "more than 96 times a day",
    ),
    "counted for ages": (
        ["DTSTART:19000101T000000Z", "DURATION:PT1H", "RRULE:FREQ=HOURLY;COUNT=9000000"], "more than 100,000 times",
    ),
    "from one on": (
        ["RECURRENCE-ID;RANGE=THISANDFUTURE:20260310T170000Z", "DTSTART:20260310T170000Z"], "RANGE",
    ),
    "no step": (["DTSTART:20260310T170000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;INTERVAL=0"], "INTERVAL is no number"),
    "no step, rarely": (
        ["DTSTART:20260310T170000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;INTERVAL=0;BYMONTH=2"], "INTERVAL is no number",
    ),
    "once more at the end of time": (
        ["DTSTART:20260310T170000Z", "DURATION:PT1H", "RDATE:99991231T235959Z"], "beyond the calendar",
    ),
    "for ages": (
        ["DTSTART:20260310T170000Z", "DURATION:PT1H", "RDATE;VALUE=PERIOD:20260311T170000Z/P9999999D"], "beyond",
    ),
    "until the beginning": (
        ["DTSTART;TZID=America/Los_Angeles:20260310T090000", "DURATION:PT1H",
         "RRULE:FREQ=DAILY;UNTIL=00010101T000000Z"], "beyond the calendar",
    ),
    "beyond": (["DTSTART:00010101T000000Z", "DURATION:PT1H"], "begins in the year 1"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
async def test_a_broken_event_is_refused_with_its_line_and_others_go_on(
    desk: Desk, owner: asyncpg.Connection, mara: int, name: str
) -> None:
    lines, why = BROKEN[name]
    good = event("DTSTART:20260401T170000Z", "DURATION:PT1H", uid="e2")
    came = await desk.calendar(calendar(good, event(*lines)), mara)
    ((line, faults),) = came.refused.items()
    assert line == 10
    assert why in faults[""] and "(UID e1)" in faults[""]
    assert await busy(owner) == ["04-01T17:00/04-01T18:00"]


async def test_what_a_broken_event_brought_before_stays(desk: Desk, owner: asyncpg.Connection, mara: int) -> None:
    await desk.calendar(calendar(SERIES), mara)
    came = await desk.calendar(calendar(event("DTSTART:soon")), mara)
    assert (came.removed, len(await busy(owner))) == (0, 3)


async def test_busy_periods_are_taken_and_free_ones_not(desk: Desk, owner: asyncpg.Connection, mara: int) -> None:
    periods = "\n".join([
        "BEGIN:VFREEBUSY", "UID:f1", "DTSTART:20260301T000000Z", "DTEND:20260401T000000Z",
        "FREEBUSY;FBTYPE=BUSY:20260310T170000Z/20260310T180000Z,20260311T170000Z/PT30M",
        "FREEBUSY:20260312T170000Z/PT30M", "FREEBUSY;FBTYPE=FREE:20260313T170000Z/PT30M", "END:VFREEBUSY", "",
    ])  # fmt: skip
    assert (await desk.calendar(calendar(periods), mara)).created == 3
    assert await busy(owner) == ["03-10T17:00/03-10T18:00", "03-11T17:00/03-11T17:30", "03-12T17:00/03-12T17:30"]


async def stopped(desk: Desk, text: str, mara: int) -> str:
    with pytest.raises(Stopped) as refused:
        await desk.calendar(text, mara)
    return str(refused.value)


async def test_a_file_that_ends_too_early_removes_nothing(desk: Desk, owner: asyncpg.Connection, mara: int) -> None:
    await desk.calendar(calendar(SERIES), mara)
    said = await stopped(desk, calendar(SERIES)[: -len("END:VCALENDAR\n")], mara)
    assert "the file ends too early" in said
    assert len(await busy(owner)) == 3


async def test_absurd_files_are_refused(
    desk: Desk, owner: asyncpg.Connection, mara: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [event("DTSTART:20260301T000000Z", "DURATION:PT30M", "RRULE:FREQ=HOURLY", uid=f"e{n}") for n in range(3)]
    assert "more than 50,000 busy times" in await stopped(desk, calendar(*many), mara)
    assert "BEGIN:VCALENDAR" in await stopped(desk, "hello\n", mara)
    assert "END:VEVENT" in await stopped(desk, calendar("END:VEVENT\n"), mara)
    assert "larger than 20 MB" in await stopped(desk, "x" * (20 * 1024 * 1024 + 1), mara)
    assert await busy(owner) == []


async def test_rules_that_take_too_long_stop_the_import(desk: Desk, owner: asyncpg.Connection, mara: int) -> None:
    ticks = count(0, 30)
    with pytest.raises(Stopped, match="take too long to work out"):
        await desk.calendar(calendar(SERIES), mara, clock=lambda: next(ticks))
    assert await busy(owner) == []


def test_a_calendar_tells_its_name() -> None:
    assert taken_apart(calendar()).name == "Work"
    assert Came(0, 0, 0, {}).removed == 0


@pytest.mark.parametrize("rule", ["FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30;COUNT=3"])
async def test_a_rule_that_never_comes_true_is_not_looked_for_until_the_calendar_ends(
    desk: Desk, owner: asyncpg.Connection, mara: int, rule: str
) -> None:
    """Its first time counts all the same."""
    started = event("DTSTART:20260310T170000Z", "DURATION:PT1H", f"RRULE:{rule}")
    assert (await desk.calendar(calendar(started), mara)).refused == {}
    assert await busy(owner) == ["03-10T17:00/03-10T18:00"]
