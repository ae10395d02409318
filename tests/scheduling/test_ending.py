"""A visit ends: cancelled, which gives its time back, completed, or nobody came."""

from typing import Any

import asyncpg
import pytest
from cast import Cast
from scheduling import staff
from scheduling.asking import TAKEN, Desk, rows

STEPS = "select status, actor, at from booking_steps order by id"


async def begun(desk: Desk, owner: asyncpg.Connection, time: str = "10:00") -> dict[str, Any]:
    """A visit of yesterday."""
    return await desk.show(
        {"VisitID": await staff.put_down(owner, desk.provider, staff.at(staff.ahead(-1), time), patient=desk.person)}
    )


async def test_a_cancelled_visit_is_free_again(desk: Desk, owner: asyncpg.Connection) -> None:
    await staff.offer(owner, code="WIDE", before=15, after=30)
    visit = await desk.booked(Type="WIDE")
    answer = await desk.change(visit, {"Status": "Cancelled"})
    assert answer.status == 200
    assert answer.json["data"] == {**visit, "Status": "Cancelled", "UpdatedAt": answer.json["data"]["UpdatedAt"]}
    assert await desk.show(visit) == answer.json["data"]
    assert await owner.fetchval("select count(*) from taken_times") == 0
    again = await desk.booked("09:45")
    assert again["VisitID"] != visit["VisitID"]
    day = staff.ahead().isoformat()
    told = (await desk.ask("schedule", startDate=day, endDate=day)).json["data"]
    assert [one["VisitID"] for one in told["schedule"][day]] == [again["VisitID"]]


@pytest.mark.parametrize("status", ["Completed", "NoShow"])
async def test_what_took_place_keeps_its_time_and_its_place_in_the_schedule(
    desk: Desk, owner: asyncpg.Connection, status: str
) -> None:
    visit = await begun(desk, owner)
    answer = await desk.change(visit, {"Status": status})
    assert (answer.status, answer.json["data"]["Status"]) == (200, status)
    assert await owner.fetchval("select count(*) from taken_times") == 1
    told = (await desk.ask("schedule", startDate=visit["Date"], endDate=visit["Date"])).json["data"]
    assert told["totalVisits"] == 1


@pytest.mark.parametrize("status", ["Completed", "NoShow"])
async def test_what_has_not_begun_has_not_taken_place(desk: Desk, owner: asyncpg.Connection, status: str) -> None:
    visit = await desk.booked()
    before = await rows(owner)
    refused = await desk.change(visit, {"Status": status})
    assert refused.fault == (409, "status_conflict", {})
    assert refused.json["error"]["message"] == f"This visit has not begun: it cannot be {status} yet."
    assert await rows(owner) == before


async def test_who_came_late_is_said_to_have_come_and_the_other_way_round(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    visit = await begun(desk, owner)
    for status in ("NoShow", "Completed", "Completed", "NoShow"):
        assert (await desk.change(visit, {"Status": status})).json["data"]["Status"] == status
    assert [row["status"] for row in await owner.fetch(STEPS)] == ["Booked", "NoShow", "Completed", "NoShow"]


@pytest.mark.parametrize("status", ["Completed", "NoShow"])
async def test_what_took_place_is_neither_cancelled_nor_moved(
    desk: Desk, owner: asyncpg.Connection, status: str
) -> None:
    visit = await begun(desk, owner)
    await desk.change(visit, {"Status": status})
    before = await rows(owner)
    for body in ({"Status": "Cancelled"}, {"Time": "12:00"}, {"Date": staff.ahead().isoformat()}, {"Duration": 60}):
        refused = await desk.change(visit, body)
        assert refused.fault == (409, "status_conflict", {}), body
        assert refused.json["error"]["message"] == f"This visit is {status} already."
    assert await rows(owner) == before


async def test_cancelled_is_final(desk: Desk, owner: asyncpg.Connection) -> None:
    visit = await begun(desk, owner)
    assert (await desk.change(visit, {"Status": "Cancelled"})).status == 200
    before = await rows(owner)
    for body in ({"Status": "Completed"}, {"Status": "NoShow"}, {"Time": "12:00"}, {"Duration": 60}):
        assert (await desk.change(visit, body)).fault == (409, "status_conflict", {}), body
    assert (await desk.change(visit, {"Status": "Booked"})).fault[2].keys() == {"Status"}
    assert await rows(owner) == before
    assert (await desk.change(visit, {"Notes": "rang at nine"})).json["data"]["Notes"] == "rang at nine"


async def test_cancelling_twice_is_once(desk: Desk, owner: asyncpg.Connection) -> None:
    visit = await desk.booked()
    first = await desk.change(visit, {"Status": "Cancelled"})
    before = await rows(owner)
    again = await desk.change(visit, {"Status": "Cancelled"})
    assert (again.status, again.json) == (200, first.json)
    assert await rows(owner) == before


async def test_an_ending_may_come_with_a_note(desk: Desk, owner: asyncpg.Connection) -> None:
    visit = await desk.booked()
    body = {"Status": "Cancelled", "Notes": "ill", "Time": "10:00"}
    told = (await desk.change(visit, body)).json["data"]
    assert (told["Status"], told["Notes"]) == ("Cancelled", "ill")
    assert await owner.fetchval("select count(*) from booking_steps") == 2


async def test_a_cancelled_visits_time_can_be_held(desk: Desk) -> None:
    visit = await desk.booked()
    assert (await desk.hold()).fault == TAKEN
    await desk.change(visit, {"Status": "Cancelled"})
    await desk.held()


async def test_without_the_scope_nothing_ends(desk: Desk, owner: asyncpg.Connection) -> None:
    visit = await desk.booked()
    before = await rows(owner)
    narrow = await desk.partner.as_partner(Cast.PROSPECTS_KEY, "GlowOffice")
    path = f"/v1/GlowOffice/visits/{visit['VisitID']}"
    assert (await narrow.patch(path, json={"Status": "Cancelled"})).fault == (403, "scope_missing", {})
    assert await rows(owner) == before


async def test_a_visit_that_has_begun_becomes_longer_where_it_stands_until_the_next_one(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    visit = await begun(desk, owner, "10:05")  # between the steps, as a file may have brought it
    await staff.put_down(owner, desk.provider, staff.at(staff.ahead(-1), "11:00"))
    longer = await desk.change(visit, {"Duration": 55})
    assert (longer.status, longer.json["data"]["Duration"]) == (200, 55)
    before = await rows(owner)
    assert (await desk.change(visit, {"Duration": 60})).fault == TAKEN
    assert await rows(owner) == before
    await staff.offer(owner, code="WIDE", after=30)
    assert (await desk.change(visit, {"Type": "WIDE"})).fault == TAKEN
    shorter = await desk.change(visit, {"Duration": 25, "Type": "WIDE"})
    assert (shorter.status, shorter.json["data"]["Time"]) == (200, "10:05:00")
    assert await staff.overlaps(owner) == 0


@pytest.mark.parametrize(
    "moved", [{"Time": "12:00"}, {"Date": staff.ahead(-2).isoformat()}, {"Time": "10:00", "Duration": 45}]
)
async def test_a_visit_that_has_begun_is_not_moved_to_another_past_time(
    desk: Desk, owner: asyncpg.Connection, moved: dict[str, Any]
) -> None:
    visit = await begun(desk, owner, "10:05")
    before = await rows(owner)
    assert (await desk.change(visit, moved)).fault == (409, "slot_not_offered", {})
    assert await rows(owner) == before


async def test_a_visit_that_is_to_come_becomes_longer_only_as_far_as_that_is_offered(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    await owner.execute("update provider_hours set until_minute = 660")
    visit = await desk.booked("10:00")
    assert (await desk.change(visit, {"Duration": 60})).status == 200
    assert (await desk.change(visit, {"Duration": 65})).fault == (409, "slot_not_offered", {})
