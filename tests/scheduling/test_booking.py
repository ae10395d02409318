"""A visit is booked: a time that is offered is taken, any other is refused with the reason."""

import re
from typing import Any

import asyncpg
import pytest
from cast import Cast
from client import Client
from injections import PAYLOADS
from scheduling import staff
from scheduling.asking import NO_DAYS, NO_TIMES, NOT_OFFERED, TAKEN, VISITS, Desk, rows

FIELDS = ["VisitID", "ProviderID", "ProspectID", "LocationID", "Date", "Time", "Duration", "Type", "Status",
          "TreatmentIDs", "Notes", "CreatedAt", "UpdatedAt"]  # fmt: skip
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
BLOCKED = "The provider is booked or held then, counting the time kept free around a visit."
NO_PROVIDER = "is no active provider of this practice"
NOBODY = "is nobody of this practice"


async def test_what_is_offered_is_booked(desk: Desk) -> None:
    assert "10:00:00" in await desk.slots(staff.ahead())
    answer = await desk.book()
    assert answer.status == 201
    visit = answer.json["data"]
    assert list(visit) == FIELDS
    told = {
        **desk.body(), "LocationID": Cast.GLOW, "Status": "Booked", "TreatmentIDs": [], "Notes": "",
        "VisitID": visit["VisitID"], "CreatedAt": visit["CreatedAt"], "UpdatedAt": visit["CreatedAt"],
    }  # fmt: skip
    assert visit == told and MOMENT.fullmatch(visit["CreatedAt"])
    assert await desk.show(visit) == visit
    day = staff.ahead().isoformat()
    schedule = (await desk.ask("schedule", startDate=day, endDate=day)).json["data"]["schedule"]
    assert [entry["VisitID"] for entry in schedule[day]] == [visit["VisitID"]]


async def test_everything_that_may_be_said_comes_back(desk: Desk, owner: asyncpg.Connection) -> None:
    await staff.work(owner, desk.provider, Cast.GLOW_SECOND, staff.ALWAYS)
    told: dict[str, Any] = {
        "LocationID": Cast.GLOW_SECOND, "TreatmentIDs": ["treatment_002", "treatment_001"], "Notes": "Line\r\n🙂",
        "Time": "10:15",
    }  # fmt: skip
    visit = await desk.booked(**told)
    assert visit | told | {"Time": "10:15:00"} == visit
    none: dict[str, Any] = {"LocationID": None, "TreatmentIDs": None, "HoldID": None, "Duration": None}
    assert (await desk.booked("12:00", **none))["LocationID"] == Cast.GLOW


async def test_notes_come_back_as_they_are(desk: Desk, owner: asyncpg.Connection) -> None:
    for number, text in enumerate(PAYLOADS):
        hour, quarter = divmod(number, 4)
        day = staff.ahead(7 + hour // 24)
        visit = await desk.booked(f"{hour % 24:02}:{quarter * 15:02}", Date=day.isoformat(), Duration=5, Notes=text)
        assert visit["Notes"] == text
    assert await owner.fetchval("select count(*) from bookings") == len(PAYLOADS)


async def test_the_duration_is_the_types_unless_given(desk: Desk, owner: asyncpg.Connection) -> None:
    await staff.offer(owner, code="NEW", minutes=55)
    assert (await desk.booked("08:00", Type="NEW", Duration=...))["Duration"] == 55
    assert (await desk.booked("09:00", Type="NEW", Duration=20))["Duration"] == 20
    for minutes, time in ((5, "10:00"), (480, "11:00")):
        assert (await desk.booked(time, Duration=minutes))["Duration"] == minutes


async def test_a_booked_time_is_no_longer_free_and_refused(desk: Desk, owner: asyncpg.Connection) -> None:
    await desk.booked("10:00")
    before = await rows(owner)
    for time, minutes in (("10:00", 30), ("09:45", 30), ("10:15", 15), ("09:00", 180), ("10:15", 60)):
        assert not await desk.is_free(time, duration=minutes)
        refused = await desk.book(time, Duration=minutes)
        assert refused.fault == TAKEN and refused.json["error"]["message"] == BLOCKED
    assert await rows(owner) == before
    for time in ("09:30", "10:30"):
        await desk.booked(time)
    assert await staff.overlaps(owner) == 0


async def test_the_same_booking_twice_is_a_conflict_also_for_the_same_prospect(desk: Desk) -> None:
    await desk.booked()
    assert (await desk.book()).fault == TAKEN


async def test_the_time_around_a_visit_is_kept_free_by_its_type(desk: Desk, owner: asyncpg.Connection) -> None:
    await staff.offer(owner, code="WIDE", before=15, after=30)
    await desk.booked("10:00", Type="WIDE")
    for time in ("09:30", "10:30", "10:45"):
        assert (await desk.book(time)).fault == TAKEN
    await desk.booked("09:15")
    await desk.booked("11:00")
    assert (await desk.book("11:30", Type="WIDE")).fault == TAKEN
    await desk.booked("11:45", Type="WIDE")
    assert await staff.overlaps(owner) == 0


async def test_what_is_not_offered_is_refused_with_the_reason(desk: Desk, owner: asyncpg.Connection) -> None:
    office = await staff.hire(owner, hours=staff.OFFICE, window=60)
    monday = staff.ahead(weekday=1).isoformat()
    before = await rows(owner)
    for date, time, why in (
        (monday, "12:00", "a break"), (monday, "16:45", "outside"), (monday, "09:05", "at this minute"),
        (monday, "09:00:30", "at this minute"), (staff.ahead(weekday=7).isoformat(), "09:00", "does not work"),
        (staff.ahead(-1).isoformat(), "09:00", "in the past"), ("0001-01-01", "09:00", "in the past"),
        ("9999-12-31", "09:00", "further ahead"), (staff.ahead(61).isoformat(), "09:00", "further ahead"),
    ):  # fmt: skip
        refused = await desk.book(time, Date=date, ProviderID=office)
        assert refused.fault == NOT_OFFERED and why in refused.json["error"]["message"], (date, time)
    assert await rows(owner) == before


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"Duration": 4}, {"Duration": "must be at least 5"}),
        ({"Duration": 481}, {"Duration": "must be at most 480"}),
        ({"Duration": "30", "Notes": 5}, {"Duration": "must be a whole number, not text",
                                           "Notes": "must be text, not a whole number"}),
        ({"Duration": 30.5}, {"Duration": "must be a whole number, not a number"}),
        ({"ProviderID": "1", "ProspectID": 0}, {"ProviderID": "must be a whole number, not text",
                                                 "ProspectID": "must be at least 1"}),
        ({"ProviderID": None}, {"ProviderID": "must be a whole number, not null"}),
        ({"Date": None, "Time": None}, {"Date": "must be a date, not null", "Time": "must be text, not null"}),
        ({"Type": ""}, {"Type": "must have at least 1 characters"}),
        ({"Type": "x" * 33, "LocationID": "x" * 69}, {"Type": "must have at most 32 characters",
                                                        "LocationID": "must have at most 68 characters"}),
        ({"TreatmentIDs": "treatment_001"}, {"TreatmentIDs": "must be a list, not text"}),
        ({"TreatmentIDs": ["x"] * 51}, {"TreatmentIDs": "must have at most 50 items"}),
        ({"TreatmentIDs": ["treatment_001", 5]}, {"TreatmentIDs[1]": "must be text, not a whole number"}),
        ({"Notes": "x" * 65_537}, {"Notes": "must have at most 65536 characters"}),
        ({"Notes": "a\x00"}, {"Notes": "contains the character U+0000"}),
        ({"VisitID": 1, "Status": "Booked", "CreatedAt": "x", "UpdatedAt": "x"},
         dict.fromkeys(("VisitID", "Status", "CreatedAt", "UpdatedAt"), "is read-only")),
        ({"providerID": 1, "Nonsense": 1}, dict.fromkeys(("providerID", "Nonsense"), "is not a known field")),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_named_and_writes_nothing(
    desk: Desk, owner: asyncpg.Connection, body: dict[str, Any], fields: dict[str, str]
) -> None:
    before = await rows(owner)
    assert (await desk.book(**body)).fault == (422, "field_invalid", fields)
    assert await rows(owner) == before


@pytest.mark.parametrize("date", NO_DAYS)
async def test_what_is_no_day_is_refused(desk: Desk, date: str) -> None:
    why = "must be a date of the calendar, such as 2026-03-09"
    assert (await desk.book(Date=date)).fault == (422, "field_invalid", {"Date": why})


@pytest.mark.parametrize("time", NO_TIMES)
async def test_what_is_no_time_is_refused(desk: Desk, time: str) -> None:
    why = "must be a time of the day, such as 09:00:00"
    assert (await desk.book(time)).fault == (422, "field_invalid", {"Time": why})


async def test_what_is_missing_is_named_at_once(desk: Desk) -> None:
    for answer in (await desk.partner.post(VISITS, {}), await desk.partner.post(VISITS)):
        assert answer.fault == (
            422, "field_invalid", dict.fromkeys(("ProviderID", "Date", "Time", "ProspectID", "Type"), "is required")
        )  # fmt: skip


@pytest.mark.parametrize("body", [[], 5, "x", None, [{"ProviderID": 1}]])
async def test_a_body_that_is_no_object_is_refused(desk: Desk, body: Any) -> None:
    answer = await desk.partner.request("POST", VISITS, json=body)
    assert answer.fault[:2] == (422, "field_invalid")
    assert (await desk.partner.post(f"{VISITS}?dryRun=1", desk.body())).fault[2].keys() == {"dryRun"}


async def test_everything_that_is_nobodys_is_named_together(desk: Desk, owner: asyncpg.Connection) -> None:
    before = await rows(owner)
    wrong: dict[str, Any] = {
        "ProspectID": 999, "TreatmentIDs": ["treatment_001", "no", "nor"], "HoldID": 999, "Type": "NOTHING",
        "LocationID": "loc_nowhere",
    }  # fmt: skip
    about_people = {
        "ProspectID": NOBODY,
        "TreatmentIDs": "names no treatment: no, nor",
        "HoldID": "is no hold of yours",
    }
    assert (await desk.book(**wrong)).fault == (422, "field_invalid", about_people | {
        "Type": "is no visit type of this practice (FOLLOWUP)", "LocationID": "is no location of this practice",
    })  # fmt: skip
    assert (await desk.book(ProviderID=999, **wrong)).fault == (
        422, "field_invalid", about_people | {"ProviderID": NO_PROVIDER}
    )  # fmt: skip
    assert await rows(owner) == before


async def test_a_foreign_one_is_named_like_an_unknown_one(desk: Desk, owner: asyncpg.Connection) -> None:
    provider, person = await staff.hire(owner, "RivalOffice"), await staff.know(owner, "RivalOffice")
    await staff.offer(owner, "RivalOffice", code="RIVALS")
    hold = await staff.keep(owner, provider, staff.at(staff.ahead(), "09:00"), key=Cast.RIVAL_PARTNER_KEY)
    before = await rows(owner)
    pairs: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"ProviderID": provider}, {"ProviderID": 999}), ({"ProspectID": person}, {"ProspectID": 999}),
        ({"Type": "RIVALS"}, {"Type": "UNKNOWN"}), ({"LocationID": Cast.RIVAL}, {"LocationID": "loc_x"}),
        ({"HoldID": hold}, {"HoldID": 999}),
    ]  # fmt: skip
    for foreign, unknown in pairs:
        told, expected = await desk.book(**foreign), await desk.book(**unknown)
        assert told.fault == expected.fault and told.status == 422
        assert told.json == expected.json
    assert await rows(owner) == before


async def test_who_has_ended_or_has_no_home_cannot_be_booked_so(desk: Desk, owner: asyncpg.Connection) -> None:
    await owner.execute("update providers set home_location_id = null")
    why = "is required: nobody said where they work"
    assert (await desk.book()).fault == (422, "field_invalid", {"LocationID": why})
    assert (await desk.booked(LocationID=Cast.GLOW))["LocationID"] == Cast.GLOW
    await owner.execute("update providers set ended_at = now()")
    assert (await desk.book("12:00")).fault == (422, "field_invalid", {"ProviderID": NO_PROVIDER})


async def test_where_they_do_not_work_they_are_not_booked(desk: Desk) -> None:
    refused = await desk.book(LocationID=Cast.GLOW_SECOND)
    assert refused.fault == NOT_OFFERED and "does not work there" in refused.json["error"]["message"]


async def test_an_id_of_no_visit_is_not_found(desk: Desk) -> None:
    for id_ in ("0", "-1", "abc", "9" * 30, "1.0", "999999999", "²"):
        assert (await desk.partner.get(f"{VISITS}/{id_}")).fault == (404, "visit_not_found", {})
        assert (await desk.partner.patch(f"{VISITS}/{id_}", json={})).fault == (404, "visit_not_found", {})


async def test_another_practice_learns_nothing(desk: Desk, rival_partner: Client, owner: asyncpg.Connection) -> None:
    visit = await desk.booked()
    before = await rows(owner)
    path = f"/v1/RivalOffice/visits/{visit['VisitID']}"
    assert (await rival_partner.get(path)).fault == (404, "visit_not_found", {})
    assert (await rival_partner.patch(path, json={"Status": "Cancelled"})).fault == (404, "visit_not_found", {})
    assert (await desk.book(partner=rival_partner)).fault == (403, "practice_foreign", {})
    assert await rows(owner) == before


async def test_without_the_scope_no_door_opens(desk: Desk) -> None:
    narrow = await desk.partner.as_partner(Cast.PROSPECTS_KEY, "GlowOffice")
    visit = await desk.booked()
    for method, path in (("POST", ""), ("GET", f"/{visit['VisitID']}"), ("PATCH", f"/{visit['VisitID']}")):
        refused = await narrow.request(method, VISITS + path, json={})
        assert refused.fault == (403, "scope_missing", {}) and "Visits" in refused.json["error"]["message"]
