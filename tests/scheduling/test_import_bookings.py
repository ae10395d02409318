"""Bookings from a file: facts that find their time free; who is in the way; later facts move them."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
from cast import Cast
from scheduling.bringing import Desk, everything, open_desk
from scheduling.staff import at, hire, keep, know, offer, overlaps, put_down

from openmedspa.settings import Settings

HEAD = "ProviderID,Date,Time,Duration,Type,Status,Notes,Reference\n"
DAY = date(2027, 3, 8)


@pytest.fixture
async def desk(settings: Settings, tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(settings, tmp_path) as found:
        yield found


@pytest.fixture
async def mara(owner: asyncpg.Connection) -> int:
    """Without any hours: a file's bookings are not judged by them."""
    await offer(owner)
    await offer(owner, code="LASER", minutes=45, before=10, after=15)
    return await hire(owner, name="Mara Quill", hours=((), (), ()), step=60, notice=1440, window=1)


async def test_bookings_come_whatever_the_hours(desk: Desk, owner: asyncpg.Connection, mara: int) -> None:
    patient = await know(owner)
    rows = [
        {"ProviderID": mara, "Date": "2027-03-08", "Time": "09:07", "Type": "LASER", "ProspectID": patient,
         "TreatmentIDs": "treatment_001; treatment_002", "Notes": "left side", "Reference": "B1"},
        {"Provider": "Mara Quill", "StartsAt": "2020-01-02T23:00:00-08:00", "Type": "FOLLOWUP", "Status": "Completed",
         "LocationID": "loc_glow2", "Duration": 5},
        {"ProviderID": mara, "Date": "2027-03-08", "Time": "09:15", "Type": "FOLLOWUP", "Status": "Cancelled"},
    ]  # fmt: skip
    assert (await desk.bookings(json.dumps(rows))).counts == (3, 0, 0, 0)
    found = await owner.fetch("select * from bookings order by id")
    assert [(row["starts_at"], row["minutes"], row["status"], row["location_id"]) for row in found] == [
        (at(DAY, "09:07"), 45, "Booked", "loc_glow"),
        (datetime(2020, 1, 3, 7, tzinfo=UTC), 5, "Completed", "loc_glow2"),
        (at(DAY, "09:15"), 30, "Cancelled", "loc_glow"),
    ]
    assert (found[0]["patient_id"], found[0]["notes"], found[0]["treatment_ids"]) == (
        patient, "left side", ["treatment_001", "treatment_002"],
    )  # fmt: skip
    taken = await owner.fetch("select from_at, until_at from taken_times order by booking_id")
    assert taken[0] == (at(DAY, "08:57"), at(DAY, "10:07"))
    assert len(taken) == 2, "a cancelled one takes nothing"
    assert await owner.fetch("select status, actor from booking_steps order by booking_id") == [
        ("Booked", "cli:test"), ("Completed", "cli:test"), ("Cancelled", "cli:test"),
    ]  # fmt: skip
    assert await owner.fetchval("select subject from audit where action = 'bookings.imported'") == "3 created, 0 updated"  # fmt: skip # noqa: E501


async def test_a_second_run_changes_nothing(desk: Desk, owner: asyncpg.Connection, mara: int) -> None:
    rows = [f"{mara},2027-{1 + n // 28:02}-{1 + n % 28:02},{8 + hour:02}:00,,FOLLOWUP,,,\n"
            for n in range(120) for hour in range(10)]  # fmt: skip
    assert (await desk.bookings(HEAD + "".join(rows))).counts == (1200, 0, 0, 0)
    before = await everything(owner)
    assert (await desk.bookings(HEAD + "".join(rows))).counts == (0, 0, 1200, 0)
    assert await everything(owner) == before
    assert await owner.fetchval("select count(*) from taken_times") == 1200


async def test_a_dry_run_writes_nothing(desk: Desk, owner: asyncpg.Connection, mara: int) -> None:
    before = await everything(owner)
    assert (await desk.bookings(HEAD + f"{mara},2027-03-08,09:00,,FOLLOWUP,,,\n", is_dry=True)).counts == (1, 0, 0, 0)
    assert await everything(owner) == before


async def test_no_time_is_taken_twice_and_the_visit_in_the_way_is_named(
    desk: Desk, owner: asyncpg.Connection, mara: int
) -> None:
    there = await put_down(owner, mara, at(DAY, "09:00"))
    rows = f"{mara},2027-03-08,09:15,,FOLLOWUP,,,\n{mara},2027-03-08,09:30,,FOLLOWUP,,,\n{mara},2027-03-08,09:45,,FOLLOWUP,,,\n"  # noqa: E501
    came = await desk.bookings(HEAD + rows)
    assert came.refused[2] == {"": f"overlaps visit {there}, which begins on 2027-03-08 at 09:00 (America/Los_Angeles)"}
    assert came.refused[4][""].startswith("overlaps line 3, which begins on 2027-03-08 at 09:30 ")
    assert came.counts == (1, 0, 0, 2)
    assert await overlaps(owner) == 0
    before = await everything(owner)
    again = await desk.bookings(HEAD + rows)
    assert again.counts == (0, 0, 1, 2) and again.refused[4][""].startswith("overlaps visit "), "it was there before"
    assert await everything(owner) == before


async def test_what_fits_only_without_buffers_is_refused_for_that(
    desk: Desk, owner: asyncpg.Connection, mara: int
) -> None:
    there = await put_down(owner, mara, at(DAY, "09:00"))
    came = await desk.bookings(HEAD + f"{mara},2027-03-08,09:35,,LASER,,,\n{mara},2027-03-08,10:30,,LASER,,,\n")
    assert came.refused == {
        2: {"": f"fits only without the time kept free around visits: visit {there} is too near"}
    }  # fmt: skip
    assert came.created == 1


async def test_a_live_hold_is_in_the_way_and_one_that_lapsed_is_not(
    desk: Desk, owner: asyncpg.Connection, mara: int
) -> None:
    held = await keep(owner, mara, at(DAY, "09:00"), key=Cast.PARTNER_KEY)
    await keep(owner, mara, at(DAY, "11:00"), key=Cast.PARTNER_KEY, lapses_in=timedelta(minutes=-1))
    came = await desk.bookings(HEAD + f"{mara},2027-03-08,09:00,,FOLLOWUP,,,\n{mara},2027-03-08,11:00,,FOLLOWUP,,,\n")
    assert came.refused == {2: {"": f"overlaps hold {held}, which begins on 2027-03-08 at 09:00 (America/Los_Angeles)"}}
    assert came.created == 1


async def test_later_facts_move_and_end_what_is_known(desk: Desk, owner: asyncpg.Connection, mara: int) -> None:
    await desk.bookings(HEAD + f"{mara},2027-03-08,09:00,,FOLLOWUP,,first,B1\n{mara},2027-03-08,10:00,,FOLLOWUP,,,B2\n")
    came = await desk.bookings(
        HEAD + f"{mara},2027-03-08,10:00,60,FOLLOWUP,,,B1\n{mara},2027-03-08,09:00,,FOLLOWUP,,,B2\n"
    )
    assert came.counts == (0, 2, 0, 0), "they change places"
    found = await owner.fetch("select reference, starts_at, minutes, notes from bookings order by reference")
    assert found == [("B1", at(DAY, "10:00"), 60, "first"), ("B2", at(DAY, "09:00"), 30, "")]
    assert (await desk.bookings(HEAD + f"{mara},2027-03-08,10:00,,FOLLOWUP,Cancelled,,B1\n")).updated == 1
    assert (await desk.bookings(HEAD + f"{mara},2027-03-08,10:15,,FOLLOWUP,,,B3\n")).created == 1
    came = await desk.bookings(HEAD + f"{mara},2027-03-08,10:00,,FOLLOWUP,Booked,,B1\n")
    assert came.refused[2][""].startswith("overlaps visit")
    steps = await owner.fetch(
        "select s.status, s.starts_at from booking_steps s join bookings b on b.id = s.booking_id"
        " where b.reference = 'B1' order by s.id"
    )
    assert steps == [("Booked", at(DAY, "09:00")), ("Booked", at(DAY, "10:00")), ("Cancelled", at(DAY, "10:00"))]


async def test_what_cannot_move_stays_and_keeps_its_time(desk: Desk, owner: asyncpg.Connection, mara: int) -> None:
    """Its old time is what the next row wants: that one is refused too, and nobody loses anything."""
    await desk.bookings(HEAD + f"{mara},2027-03-08,09:00,,FOLLOWUP,,,B1\n{mara},2027-03-08,10:00,,FOLLOWUP,,,B2\n")
    await put_down(owner, mara, at(DAY, "12:00"))
    text = f"{mara},2027-03-08,12:00,,FOLLOWUP,,,B1\n{mara},2027-03-08,09:00,,FOLLOWUP,,,B2\n{mara},2027-03-08,14:00,,FOLLOWUP,,,B3\n"  # noqa: E501
    came = await desk.bookings(HEAD + text)
    assert came.counts == (1, 0, 0, 2)
    assert set(came.refused) == {2, 3}
    taken = await owner.fetch(
        "select b.reference, t.from_at from taken_times t join bookings b on b.id = t.booking_id"
        " where b.reference is not null order by 1"
    )
    assert taken == [("B1", at(DAY, "09:00")), ("B2", at(DAY, "10:00")), ("B3", at(DAY, "14:00"))]
    assert await overlaps(owner) == 0


@pytest.mark.parametrize(
    ("given", "field", "why"),
    [
        ({"Type": "NOTHING"}, "Type", "FOLLOWUP"),
        ({"Type": None}, "Type", "is required"),
        ({"Time": "9 o'clock"}, "Time", "time of the day"),
        ({"Date": "2027-03-14", "Time": "02:30"}, "Time", "does not exist"),
        ({"Date": "2027-02-29"}, "Date", "date of the calendar"),
        ({"Date": None}, "Date", "is required"),
        ({"Date": None, "Time": None, "StartsAt": "2027-03-08T09:00"}, "StartsAt", "offset"),
        ({"Date": None, "Time": None, "StartsAt": "2027-03-08T09:00:30Z"}, "StartsAt", "whole minute"),
        ({"Duration": 4}, "Duration", "at least 5"),
        ({"Status": "Maybe"}, "Status", "may not be"),
        ({"Status": "Completed", "Date": "2098-03-10"}, "Status", "before the visit has begun"),
        ({"ProspectID": 999_999}, "ProspectID", "is nobody of this practice"),
        ({"TreatmentIDs": ["treatment_001", "nope"]}, "TreatmentIDs", "nope"),
        ({"TreatmentIDs": ["nope"]}, "TreatmentIDs", "names no treatment: nope"),
        ({"EMail": "ana@example.com"}, "LastName", "is required beside EMail, or FullName"),
        ({"LastName": "Ames"}, "EMail", "is required beside LastName"),
        ({"EMail": "ana@example.com", "LastName": "Ames"}, "EMail", "is nobody of this practice with this name"),
        ({"LocationID": "loc_rival"}, "LocationID", "is no location"),
        ({"ProviderID": 999_999}, "ProviderID", "is no provider"),
        ({"ProviderID": None}, "ProviderID", "is required"),
        ({"Reference": " "}, "Reference", "blank"),
    ],
)
async def test_what_is_wrong_names_its_field(
    desk: Desk, owner: asyncpg.Connection, mara: int, given: dict[str, object], field: str, why: str
) -> None:
    before = await everything(owner)
    row = {"ProviderID": mara, "Date": "2027-03-08", "Time": "09:00", "Type": "FOLLOWUP", **given}
    came = await desk.bookings(json.dumps([{name: value for name, value in row.items() if value is not None}]))
    assert set(came.refused[1]) == {field}
    assert why in came.refused[1][field]
    assert await everything(owner) == before


async def test_a_person_is_known_by_e_mail_and_name_if_that_is_one(
    desk: Desk, owner: asyncpg.Connection, mara: int
) -> None:
    ames, dorn, other = [await know(owner, surname=surname) for surname in ("Ames", "Dorn", "Ames")]
    await know(owner, "RivalOffice", surname="Ames")
    await owner.execute("update patients set email = ' Home@Example.com' where id <> $1", other)
    head = "ProviderID,Date,Time,Type,EMail,LastName,FullName,ProspectID\n"
    rows = f"""{mara},2027-03-08,09:00,FOLLOWUP,home@example.com,ames,,
{mara},2027-03-08,10:00,FOLLOWUP,HOME@example.com,,ana  dorn,
{mara},2027-03-08,11:00,FOLLOWUP,home@example.com,Nobody,,
{mara},2027-03-08,12:00,FOLLOWUP,home@example.com,Ames,,{ames}
{mara},2027-03-08,13:00,FOLLOWUP,home@example.com,Ames,Ana Dorn,
"""
    came = await desk.bookings(head + rows)
    assert [row["patient_id"] for row in await owner.fetch("select patient_id from bookings order by starts_at")] == [
        ames, dorn,
    ]  # fmt: skip
    assert {line: set(faults) for line, faults in came.refused.items()} == {
        4: {"EMail"}, 5: {"EMail", "LastName"}, 6: {"EMail"},
    }  # fmt: skip
    await owner.execute("update patients set email = 'home@example.com' where id = $1", other)
    came = await desk.bookings(head + f"{mara},2027-03-08,15:00,FOLLOWUP,home@example.com,Ames,,\n")
    assert came.refused == {
        2: {"EMail": f"means several people of this practice ({ames}, {other}): give ProspectID"}
    }  # fmt: skip


async def test_a_row_without_a_person_leaves_who_is_known(desk: Desk, owner: asyncpg.Connection, mara: int) -> None:
    ames = await know(owner)
    await owner.execute("update patients set email = 'ana@example.com' where id = $1", ames)
    head = "ProviderID,Date,Time,Type,EMail,LastName,Reference\n"
    await desk.bookings(head + f"{mara},2027-03-08,09:00,FOLLOWUP,ana@example.com,Ames,B1\n")
    assert (await desk.bookings(head + f"{mara},2027-03-08,09:00,FOLLOWUP,,,B1\n")).unchanged == 1
    assert await owner.fetchval("select patient_id from bookings") == ames


async def test_a_dry_run_names_lines_and_no_visits_that_it_takes_back(
    desk: Desk, owner: asyncpg.Connection, mara: int
) -> None:
    rows = f"{mara},2027-03-08,09:00,,FOLLOWUP,,,\n{mara},2027-03-08,09:15,,FOLLOWUP,,,\n"
    came = await desk.bookings(HEAD + rows, is_dry=True)
    assert came.refused == {3: {"": "overlaps line 2, which begins on 2027-03-08 at 09:00 (America/Los_Angeles)"}}


async def test_two_rows_that_mean_one_booking_are_not_both_taken(desk: Desk, mara: int) -> None:
    row = f"{mara},2027-03-08,09:00,,FOLLOWUP,,,\n"
    assert (await desk.bookings(HEAD + row + row)).refused == {3: {"": "means the same as line 2"}}


async def test_another_practices_people_and_bookings_are_not_known(
    desk: Desk, owner: asyncpg.Connection, mara: int
) -> None:
    await offer(owner, "RivalOffice")
    theirs = await hire(owner, "RivalOffice", name="Dana Vance")
    booking = await put_down(owner, theirs, at(DAY, "09:00"))
    await owner.execute("update bookings set reference = 'B1' where id = $1", booking)
    stranger = await know(owner, "RivalOffice")
    came = await desk.bookings(HEAD + f"{theirs},2027-03-08,11:00,,FOLLOWUP,,,B1\n")
    assert came.refused == {2: {"ProviderID": "is no provider of this practice"}}
    came = await desk.bookings(f"ProviderID,Date,Time,Type,ProspectID\n{mara},2027-03-08,09:00,FOLLOWUP,{stranger}\n")
    assert came.refused == {2: {"ProspectID": "is nobody of this practice"}}
    assert (await desk.bookings(HEAD + f"{mara},2027-03-08,11:00,,FOLLOWUP,,,B1\n")).created == 1
    assert await owner.fetchval("select starts_at from bookings where id = $1", booking) == at(DAY, "09:00")


async def test_without_a_reference_a_cancelled_visit_of_somebody_else_is_not_taken_for_this_one(
    desk: Desk, owner: asyncpg.Connection, mara: int
) -> None:
    one, other = await know(owner), await know(owner, surname="Other")
    row = {"ProviderID": mara, "Date": "2027-03-08", "Time": "09:00", "Type": "FOLLOWUP"}
    await desk.bookings(json.dumps([{**row, "ProspectID": one}]))
    await owner.execute("delete from taken_times")
    await owner.execute("update bookings set status = 'Cancelled'")
    came = await desk.bookings(json.dumps([{**row, "ProspectID": other}]))
    assert "is needed: visit " in came.refused[1]["Reference"]
    assert (await desk.bookings(json.dumps([{**row, "ProspectID": other, "Reference": "B2"}]))).counts == (1, 0, 0, 0)
    assert (await desk.bookings(json.dumps([{**row, "ProspectID": one}]))).counts == (0, 0, 1, 0)
    kept = await owner.fetch("select patient_id, status from bookings order by id")
    assert [tuple(booking) for booking in kept] == [(one, "Cancelled"), (other, "Booked")]
