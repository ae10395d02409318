"""A visit is moved: its old time is given back and another taken, or everything stays as it was."""

from datetime import date
from typing import Any

import asyncpg
import pytest
from cast import Cast
from scheduling import staff
from scheduling.asking import NO_DAYS, NO_TIMES, NOT_OFFERED, TAKEN, Desk, rows

LATER = staff.ahead(9).isoformat()
VERSIONS = " union all ".join(
    f"select xmin::text, t::text from {table} t" for table in ("bookings", "taken_times", "booking_steps")
)


async def steps(owner: asyncpg.Connection) -> list[tuple[Any, ...]]:
    return [
        tuple(row)
        for row in await owner.fetch("select status, provider_id, starts_at, minutes from booking_steps order by id")
    ]


async def moved(desk: Desk, visit: dict[str, Any], **body: Any) -> dict[str, Any]:
    """What changed, and nothing besides it and the moment."""
    answer = await desk.change(visit, body)
    assert answer.status == 200, answer.json
    told: dict[str, Any] = answer.json["data"]
    assert told == {**visit, **body, "UpdatedAt": told["UpdatedAt"]}
    assert await desk.show(visit) == told
    return told


@pytest.mark.parametrize(
    "body",
    [{"Time": "14:30:00"}, {"Date": LATER}, {"Duration": 45}, {"Duration": 15}, {"Type": "NEW"},
     {"LocationID": Cast.GLOW_SECOND}, {"Date": LATER, "Time": "00:00:00", "Duration": 480, "Type": "NEW"}],
)  # fmt: skip
async def test_what_is_given_is_changed_and_the_rest_stays(
    desk: Desk, owner: asyncpg.Connection, body: dict[str, Any]
) -> None:
    await staff.offer(owner, code="NEW", minutes=55)
    await staff.work(owner, desk.provider, Cast.GLOW_SECOND, staff.ALWAYS)
    visit = await desk.booked(Notes="n", TreatmentIDs=["treatment_001"])
    told = await moved(desk, visit, **body)
    at = staff.at(date.fromisoformat(told["Date"]), told["Time"])
    assert (await steps(owner))[1:] == [("Booked", desk.provider, at, told["Duration"])]
    assert await owner.fetchval("select count(*) from taken_times where from_at = $1", at) == 1
    assert await owner.fetchval("select count(*) from taken_times") == 1


async def test_to_another_provider_and_back(desk: Desk, owner: asyncpg.Connection) -> None:
    other = await staff.hire(owner, name="Other One")
    visit = await desk.booked()
    there = await moved(desk, visit, ProviderID=other)
    assert await desk.is_free("10:00")
    assert (await desk.book(ProviderID=other)).fault == TAKEN
    await moved(desk, there, ProviderID=desk.provider)
    assert [step[1] for step in await steps(owner)] == [desk.provider, other, desk.provider]


async def test_the_old_time_is_free_again_and_the_new_one_taken(desk: Desk) -> None:
    visit = await desk.booked("10:00")
    await moved(desk, visit, Time="12:00:00")
    assert (await desk.book("12:15")).fault == TAKEN
    await desk.booked("10:00")


@pytest.mark.parametrize("body", [{"Time": "10:15:00"}, {"Time": "09:45:00"}, {"Duration": 60}, {"Duration": 5}])
async def test_within_its_own_time_it_is_not_in_its_own_way(desk: Desk, body: dict[str, Any]) -> None:
    await desk.booked("09:00")
    await desk.booked("11:00")
    visit = await desk.booked("10:00")
    await moved(desk, visit, **body)


async def test_a_refused_move_leaves_the_old_time_taken(desk: Desk, owner: asyncpg.Connection) -> None:
    visit = await desk.booked("10:00")
    await desk.booked("12:00")
    await staff.keep(owner, desk.provider, staff.at(staff.ahead(), "14:00"), key=Cast.PARTNER_KEY)
    before = await rows(owner)
    for body, fault in (
        ({"Time": "12:00"}, TAKEN), ({"Duration": 150}, TAKEN), ({"Time": "14:15"}, TAKEN),
        ({"Time": "10:05"}, NOT_OFFERED), ({"Date": staff.ahead(-1).isoformat()}, NOT_OFFERED),
        ({"Date": "9999-12-31"}, NOT_OFFERED), ({"Date": "0001-01-01"}, NOT_OFFERED),
        ({"LocationID": Cast.GLOW_SECOND}, NOT_OFFERED),
    ):  # fmt: skip
        assert (await desk.change(visit, body)).fault == fault, body
    assert await rows(owner) == before
    assert (await desk.book("10:00")).fault == TAKEN


async def test_what_the_practice_does_not_have_is_named_together(desk: Desk, owner: asyncpg.Connection) -> None:
    visit = await desk.booked()
    provider, person = await staff.hire(owner, "RivalOffice"), await staff.know(owner, "RivalOffice")
    await staff.offer(owner, "RivalOffice", code="RIVALS")
    before = await rows(owner)
    people = {"ProspectID": "is nobody of this practice", "TreatmentIDs": "names no treatment: no"}
    places = {"Type": "is no visit type of this practice (FOLLOWUP)", "LocationID": "is no location of this practice"}
    for wrong in (
        {"ProspectID": person, "Type": "RIVALS", "LocationID": Cast.RIVAL, "TreatmentIDs": ["no"]},
        {"ProspectID": 999, "Type": "NOTHING", "LocationID": "loc_nowhere", "TreatmentIDs": ["no"]},
    ):
        assert (await desk.change(visit, wrong)).fault == (422, "field_invalid", people | places)
    nobody = {"ProviderID": "is no active provider of this practice"}
    for number in (provider, 999):
        body = {"ProviderID": number, "ProspectID": person, "TreatmentIDs": ["no"]}
        assert (await desk.change(visit, body)).fault == (422, "field_invalid", people | nobody)
    assert (await desk.change(visit, {"ProspectID": person, "TreatmentIDs": ["no"]})).fault == (
        422, "field_invalid", people
    )  # fmt: skip
    assert await rows(owner) == before


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"Duration": 4}, {"Duration"}), ({"Duration": 481}, {"Duration"}), ({"Time": "24:00"}, {"Time"}),
        ({"Duration": None, "Time": None, "Date": None}, {"Duration", "Time", "Date"}),
        ({"Status": "Booked"}, {"Status"}), ({"Status": "cancelled"}, {"Status"}), ({"Status": None}, {"Status"}),
        ({"VisitID": 1, "CreatedAt": "x", "UpdatedAt": "x"}, {"VisitID", "CreatedAt", "UpdatedAt"}),
        ({"ProspectID": None, "ProviderID": None}, {"ProspectID", "ProviderID"}),
        ({"Notes": 5, "Nonsense": 1}, {"Notes", "Nonsense"}), ({"Notes": "a\x00"}, {"Notes"}),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_named_and_changes_nothing(
    desk: Desk, owner: asyncpg.Connection, body: dict[str, Any], fields: set[str]
) -> None:
    visit = await desk.booked()
    before = await rows(owner)
    status, code, named = (await desk.change(visit, body)).fault
    assert (status, code, set(named)) == (422, "field_invalid", fields)
    assert {named[field] for field in fields & {"VisitID", "CreatedAt", "UpdatedAt"}} <= {"is read-only"}
    assert await rows(owner) == before


async def test_what_is_no_day_and_no_time_is_refused(desk: Desk, owner: asyncpg.Connection) -> None:
    visit = await desk.booked()
    before = await rows(owner)
    for day in NO_DAYS:
        assert (await desk.change(visit, {"Date": day})).fault[2].keys() == {"Date"}, day
    for time in NO_TIMES:
        assert (await desk.change(visit, {"Time": time})).fault[2].keys() == {"Time"}, time
    assert await rows(owner) == before


async def test_moved_and_ended_at_once_is_refused(desk: Desk, owner: asyncpg.Connection) -> None:
    visit = await desk.booked()
    before = await rows(owner)
    for moves in ({"Time": "12:00"}, {"Date": LATER}, {"Duration": 45}, {"ProviderID": 999}):
        why = "must be left out when a visit is moved: it is moved or ended"
        assert (await desk.change(visit, {"Status": "Cancelled", **moves})).fault == (
            422, "field_invalid", {"Status": why}
        )  # fmt: skip
    assert await rows(owner) == before


async def test_what_changes_nothing_writes_nothing(desk: Desk, owner: asyncpg.Connection) -> None:
    visit = await desk.booked(Notes="n", TreatmentIDs=["treatment_001"])
    before = await owner.fetch(VERSIONS)
    same = {field: visit[field] for field in visit.keys() - {"VisitID", "Status", "CreatedAt", "UpdatedAt"}}
    for body in ({}, same, {"Time": "10:00"}, {"Date": visit["Date"]}, {"Notes": "n"}):
        answer = await desk.change(visit, body)
        assert (answer.status, answer.json["data"]) == (200, visit)
    after = await owner.fetch(VERSIONS)
    assert after == before
    assert await owner.fetchval("select count(*) from audit where action like 'booking.%'") == 1


async def test_what_is_noted_is_a_step_and_takes_no_other_time(desk: Desk, owner: asyncpg.Connection) -> None:
    visit, other = await desk.booked(), await staff.know(owner, surname="Other")
    taken = await owner.fetchval("select xmin::text from taken_times")
    told = await moved(desk, visit, Notes="Parking is behind the house")
    told = await moved(desk, told, TreatmentIDs=["treatment_002"])
    await moved(desk, told, ProspectID=other)
    kept = await owner.fetch("select notes, treatment_ids, patient_id from booking_steps order by id")
    assert [tuple(step) for step in kept] == [
        ("", [], desk.person), (note := "Parking is behind the house", [], desk.person),
        (note, ["treatment_002"], desk.person), (note, ["treatment_002"], other),
    ]  # fmt: skip
    assert await owner.fetchval("select xmin::text from taken_times") == taken


async def test_the_past_can_be_noted_about_but_not_moved_into(desk: Desk, owner: asyncpg.Connection) -> None:
    """Who comes and what is noted does not ask for a free time."""
    past = await staff.put_down(owner, desk.provider, staff.at(staff.ahead(-3), "10:00"), patient=desk.person)
    visit = await desk.show({"VisitID": past})
    await moved(desk, visit, Notes="late")
    assert (await desk.change(visit, {"Time": "11:00"})).fault == NOT_OFFERED
    await moved(desk, visit, Date=LATER, Notes="late")
