"""Hours from a file: a week and a date are replaced as a whole, time off is added, and a second run changes nothing."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path

import asyncpg
import pytest
from scheduling.bringing import Desk, everything, open_desk
from scheduling.staff import OFFICE, at, hire

from openmedspa.settings import Settings

HEAD = "ProviderID,LocationID,Weekday,Date,From,Until,Kind\n"
WEEK = """{p},,Mon,,09:00,12:00,
{p},,monday,,12:00,17:00,open
{p},,1,,12:00,12:30,break
{p},,Fri,,9:00,24:00,
{p},loc_glow2,Tuesday,,10:00,14:00,
"""
DATES = """{p},,,2026-12-24,09:00,12:00,
{p},,,2026-12-25,,,closed
,loc_glow,,2026-12-31,,,closed
{p},,,2026-11-27,,,off
{p},,,2026-11-28,13:00,15:00,off
{p},,,,2026-11-30T09:00,2026-12-02T12:00,off
"""
ALL = HEAD + WEEK + DATES


@pytest.fixture
async def desk(settings: Settings, tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(settings, tmp_path) as found:
        yield found


@pytest.fixture
async def mara(owner: asyncpg.Connection) -> int:
    """At `loc_glow`, from nine to five."""
    return await hire(owner, name="Mara Quill", hours=OFFICE)


async def week_of(owner: asyncpg.Connection, provider: int) -> list[asyncpg.Record]:
    found: list[asyncpg.Record] = await owner.fetch(
        """select location_id, weekday, from_minute, until_minute, is_break from provider_hours
           where provider_id = $1 order by 1, 2, 5, 3""",
        provider,
    )
    return found


async def test_a_week_is_replaced_by_what_the_file_has_of_it(desk: Desk, owner: asyncpg.Connection, mara: int) -> None:
    other = await hire(owner, name="Ines Tolland", hours=OFFICE)
    before = await week_of(owner, other)
    assert (await desk.hours((HEAD + WEEK).format(p=mara))).counts == (1, 4, 0, 0)
    assert await week_of(owner, mara) == [
        ("loc_glow", 1, 540, 1020, False), ("loc_glow", 1, 720, 750, True), ("loc_glow", 5, 540, 1440, False),
        ("loc_glow2", 2, 600, 840, False),
    ]  # fmt: skip
    assert await week_of(owner, other) == before


async def test_dates_and_time_off_stand_beside_the_week(desk: Desk, owner: asyncpg.Connection, mara: int) -> None:
    week = await week_of(owner, mara)
    assert (await desk.hours((HEAD + DATES).format(p=mara))).counts == (6, 0, 0, 0)
    assert await week_of(owner, mara) == week
    dates = await owner.fetch("select provider_id, on_date, from_minute, until_minute from date_hours order by on_date")
    assert dates == [
        (mara, date(2026, 12, 24), 540, 720), (mara, date(2026, 12, 25), None, None),
        (None, date(2026, 12, 31), None, None),
    ]  # fmt: skip
    off = await owner.fetch("select from_at, until_at from time_off where provider_id = $1 order by 1", mara)
    assert off == [
        (at(date(2026, 11, 27), "00:00"), at(date(2026, 11, 28), "00:00")),
        (at(date(2026, 11, 28), "13:00"), at(date(2026, 11, 28), "15:00")),
        (at(date(2026, 11, 30), "09:00"), at(date(2026, 12, 2), "12:00")),
    ]


async def test_a_second_run_changes_nothing(desk: Desk, owner: asyncpg.Connection, mara: int) -> None:
    await desk.hours(ALL.format(p=mara))
    before = await everything(owner)
    assert (await desk.hours(ALL.format(p=mara))).counts == (0, 0, 11, 0)
    assert await everything(owner) == before


async def test_a_dry_run_writes_nothing(desk: Desk, owner: asyncpg.Connection, mara: int) -> None:
    before = await everything(owner)
    assert (await desk.hours(ALL.format(p=mara), is_dry=True)).counts == (7, 4, 0, 0)
    assert await everything(owner) == before


async def test_a_week_that_is_spread_over_a_large_file_is_whole(
    desk: Desk, owner: asyncpg.Connection, mara: int
) -> None:
    days = [f"{mara},,,{date.fromordinal(date(2027, 1, 1).toordinal() + n)},09:00,12:00,\n" for n in range(1400)]
    text = HEAD + f"{mara},,Mon,,08:00,10:00,\n" + "".join(days) + f"{mara},,Tue,,08:00,10:00,\n"
    assert (await desk.hours(text)).counts == (1400, 2, 0, 0)
    assert [row["weekday"] for row in await week_of(owner, mara)] == [1, 2]
    before = await everything(owner)
    assert (await desk.hours(text)).counts == (0, 0, 1402, 0)
    assert await everything(owner) == before


async def test_a_week_with_a_refused_row_stays_as_it_was(desk: Desk, owner: asyncpg.Connection, mara: int) -> None:
    before = await week_of(owner, mara)
    came = await desk.hours(HEAD + f"{mara},,Mon,,09:00,12:00,\n{mara},,Tue,,09:00,25:00,\n{mara},,,2026-12-24,,,closed\n")  # fmt: skip # noqa: E501
    assert came.refused == {
        2: {"": "belongs to a week that line 3 leaves incomplete"},
        3: {"Until": "must be a time of the day, such as 09:00"},
    }
    assert came.created == 1
    assert await week_of(owner, mara) == before


async def test_a_date_is_open_or_closed_but_not_both(desk: Desk, owner: asyncpg.Connection, mara: int) -> None:
    came = await desk.hours(HEAD + f"{mara},,,2026-12-24,,,closed\n{mara},,,2026-12-24,09:00,12:00,\n")
    assert came.refused[3] == {"Kind": "contradicts line 2"}
    assert came.counts == (0, 0, 0, 2)
    assert await owner.fetchval("select count(*) from date_hours") == 0


async def test_a_date_is_replaced_and_others_stay(desk: Desk, owner: asyncpg.Connection, mara: int) -> None:
    await desk.hours(ALL.format(p=mara))
    text = HEAD + f"{mara},,,2026-12-24,10:00,11:00,\n{mara},,,2026-12-24,13:00,14:00,\n"
    assert (await desk.hours(text)).counts == (0, 2, 0, 0)
    found = await owner.fetch("select from_minute from date_hours where on_date = '2026-12-24' order by 1")
    assert found == [(600,), (780,)]
    assert await owner.fetchval("select count(*) from date_hours") == 4


async def test_a_provider_is_named_by_reference_or_name(desk: Desk, owner: asyncpg.Connection, mara: int) -> None:
    await owner.execute("update providers set reference = 'emp-1' where id = $1", mara)
    await hire(owner, name="Dana Vance")
    await hire(owner, name="Dana Vance")
    head = "Provider,Weekday,From,Until\n"
    assert (await desk.hours(head + "emp-1,Mon,09:00,10:00\n")).updated == 1
    assert (await desk.hours(head + "mara quill,Mon,09:00,10:00\n")).unchanged == 1
    came = await desk.hours(head + "Dana Vance,Mon,09:00,10:00\nNobody,Mon,09:00,10:00\n")
    assert "is the name of several providers" in came.refused[2]["Provider"]
    assert came.refused[3] == {"Provider": "is no provider's reference or name"}


async def test_time_off_that_is_there_already_is_not_added(desk: Desk, owner: asyncpg.Connection, mara: int) -> None:
    await owner.execute(
        "insert into time_off (practice_id, provider_id, from_at, until_at) values (1, $1, $2, $3)",
        mara, datetime(2026, 11, 27, 8, tzinfo=UTC), datetime(2026, 11, 28, 8, tzinfo=UTC),
    )  # fmt: skip
    row = f"{mara},,,2026-11-27,,,off\n"
    assert (await desk.hours(HEAD + row)).counts == (0, 0, 1, 0)
    assert (await desk.hours(HEAD + row + row)).counts == (0, 0, 2, 0), "said twice"


@pytest.mark.parametrize(
    ("given", "field", "why"),
    [
        ({"Weekday": "Mon", "From": "12:00", "Until": "09:00"}, "Until", "two rows"),
        ({"Weekday": "Mon", "From": "24:00", "Until": "24:00"}, "From", "time of the day"),
        ({"Weekday": "Mon", "Until": "09:00"}, "From", "is required"),
        ({"Weekday": "Mo", "From": "08:00", "Until": "09:00"}, "Weekday", "must be a weekday"),
        ({"Weekday": 8, "From": "08:00", "Until": "09:00"}, "Weekday", "must be a weekday"),
        ({"From": "08:00", "Until": "09:00"}, "Weekday", "is required, or Date"),
        ({"Weekday": 1, "Date": "2026-12-24", "From": "08:00", "Until": "09:00"}, "Weekday", "left out"),
        ({"Date": "2026-02-29", "From": "08:00", "Until": "09:00"}, "Date", "date of the calendar"),
        ({"Date": "9999-12-31", "From": "08:00", "Until": "09:00"}, "Date", "must be between"),
        ({"Date": "2026-12-24", "From": "08:00", "Until": "09:00", "Kind": "break"}, "Kind", "may not be break"),
        ({"Date": "2026-12-24", "From": "08:00", "Kind": "closed"}, "From", "left out"),
        ({"Date": "2026-12-24", "From": "08:00", "Until": "09:00", "Kind": "shut"}, "Kind", "must be open, break"),
        ({"Date": "2026-12-24", "Kind": "closed", "LocationID": "loc_rival"}, "LocationID", "no location"),
        ({"Date": "2026-03-08", "From": "02:00", "Until": "03:00", "Kind": "off"}, "Until", "after From"),
        ({"From": "2026-12-24", "Until": "2026-12-25T09:00", "Kind": "off"}, "From", "local date and time"),
        ({"Weekday": "Mon", "Date": "2026-12-24", "Kind": "off"}, "Weekday", "left out"),
        ({"ProviderID": 999_999, "Weekday": "Mon", "From": "08:00", "Until": "09:00"}, "ProviderID", "no provider"),
        ({"ProviderID": None, "Weekday": "Mon", "From": "08:00", "Until": "09:00", "LocationID": "loc_glow"},
         "ProviderID", "is required"),
        ({"ProviderID": None, "Date": "2026-12-24", "Kind": "closed"}, "LocationID", "is required"),
    ],
)  # fmt: skip
async def test_what_is_wrong_names_its_field(
    desk: Desk, owner: asyncpg.Connection, mara: int, given: dict[str, object], field: str, why: str
) -> None:
    before = await everything(owner)
    came = await desk.hours(json.dumps([{"ProviderID": mara, **given}]))
    assert set(came.refused[1]) == {field}
    assert why in came.refused[1][field]
    assert await everything(owner) == before


async def test_another_practices_provider_is_refused(desk: Desk, owner: asyncpg.Connection) -> None:
    theirs = await hire(owner, "RivalOffice", name="Dana Vance")
    before = await everything(owner)
    came = await desk.hours(HEAD + f"{theirs},loc_glow,Mon,,09:00,12:00,\n")
    assert came.refused == {2: {"ProviderID": "is no provider of this practice"}}
    assert await everything(owner) == before


async def test_a_weekday_that_is_closed_has_no_hours_and_a_week_of_them_is_empty(
    desk: Desk, owner: asyncpg.Connection, mara: int
) -> None:
    assert (await desk.hours(f"{HEAD}{mara},,Mon,,,,closed\n{mara},,Tue,,09:00,12:00,\n")).counts == (0, 2, 0, 0)
    assert [tuple(row)[1:4] for row in await week_of(owner, mara)] == [(2, 540, 720)]
    empty = f"{HEAD}{mara},,Mon,,,,closed\n"
    assert (await desk.hours(empty)).counts == (0, 1, 0, 0)
    assert await week_of(owner, mara) == []
    assert (await desk.hours(empty)).counts == (0, 0, 1, 0)


async def test_days_that_a_file_does_not_name_are_counted_and_named(
    desk: Desk, owner: asyncpg.Connection, mara: int
) -> None:
    text = f"{HEAD}{mara},,Wed,,08:00,12:00,\n{mara},,Thu,,,,closed\n"
    for is_dry in True, False:
        came = await desk.hours(text, is_dry=is_dry)
        assert (*came.counts, came.removed) == (0, 2, 0, 0, 4), "three days, and Wednesday's break"
        assert came.notes == ["Mara Quill at loc_glow: no hours any more on Mon, Tue, Fri, no break any more on Wed"]
    assert {row["weekday"] for row in await week_of(owner, mara)} == {3}
    again = await desk.hours(text)
    assert (*again.counts, again.removed, again.notes) == (0, 0, 2, 0, 0, [])
    subject = await owner.fetchval("select subject from audit where action = 'hours.imported'")
    assert subject == "0 created, 2 updated, 4 removed"


async def test_a_break_outside_the_days_hours_is_said(desk: Desk, mara: int) -> None:
    rows = (",,Mon,,09:00,12:00,", ",,Mon,,11:00,13:00,break", ",,Mon,,21:00,21:30,break", ",,Tue,,12:00,13:00,break")
    came = await desk.hours(HEAD + "".join(f"{mara}{row}\n" for row in rows))
    told = [note for note in came.notes if note.startswith("line")]
    assert told == [f"line {n}: the break lies outside the hours of its day, and changes nothing" for n in (4, 5)]


async def test_a_weekday_that_is_closed_and_open_is_refused_with_its_week(
    desk: Desk, owner: asyncpg.Connection, mara: int
) -> None:
    before = await week_of(owner, mara)
    came = await desk.hours(f"{HEAD}{mara},,Mon,,,,closed\n{mara},,Mon,,09:00,12:00,\n{mara},,Tue,,09:00,12:00,\n")
    assert came.refused[3] == {"Kind": "contradicts line 2"} and {*came.refused} == {2, 3, 4}
    assert await week_of(owner, mara) == before


async def test_back_takes_back_what_files_brought_and_nothing_else(
    desk: Desk, owner: asyncpg.Connection, mara: int
) -> None:
    days = [f"{mara},,,2026-12-0{day},,,off\n" for day in (1, 2, 8)]
    await desk.hours(HEAD + "".join(days))
    await owner.execute(
        """insert into time_off (practice_id, provider_id, from_at, until_at, source_key)
           select practice_id, id, $2, $3, 'calendar' from providers where id = $1""",
        mara, at(date(2026, 12, 2), "10:00"), at(date(2026, 12, 2), "11:00"),
    )  # fmt: skip
    back = f"{HEAD}{mara},,,,2026-12-01T00:00,2026-12-03T00:00,back\n{days[1]}"
    assert (await desk.hours(back)).counts == (0, 1, 1, 0)  # the second day is in the same file again
    assert (await desk.hours(back)).counts == (0, 0, 2, 0)
    left = await owner.fetch("select from_at, source_key from time_off order by from_at")
    assert [(row["from_at"], row["source_key"]) for row in left] == [
        (at(date(2026, 12, 2), "00:00"), None), (at(date(2026, 12, 2), "10:00"), "calendar"),
        (at(date(2026, 12, 8), "00:00"), None),
    ]  # fmt: skip
