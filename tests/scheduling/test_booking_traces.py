"""What bookings and holds leave behind: steps, audit rows, answers kept for a replay; and their round trips."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import msgspec
import pytest
from cast import Cast
from client import Answer, Client, open_client
from exams.test_round_trips import Wire
from scheduling import staff
from scheduling.asking import HOLDS, PROVIDERS, TAKEN, VISITS, Desk

from openmedspa.settings import Settings

AUDIT = "select action, subject, actor, request_id from audit where action not like '%.read' order by id"


def once(key: str) -> dict[str, Any]:
    return {"headers": {"Idempotency-Key": key}}


async def actor_of(owner: asyncpg.Connection) -> str:
    number = await owner.fetchval("select k.id from api_keys k join partners p on p.id = k.partner_id"
                                  " where p.name = 'Glow Partner' and 'Visits' = any(k.scopes)")  # fmt: skip
    return f"key:{number}"


def looks(partner: Client) -> list[tuple[object, object]]:
    return [(row[3], row[4]) for row in partner.house.reads]


async def test_each_state_of_a_visit_is_a_step_with_who_and_when(desk: Desk, owner: asyncpg.Connection) -> None:
    visit = await desk.booked()
    for body in ({"Time": "12:00"}, {"Notes": "n"}, {"Duration": 60}, {"Status": "Cancelled"}):
        assert (await desk.change(visit, body)).status == 200
    steps = await owner.fetch("select * from booking_steps order by id")
    day = staff.ahead()
    assert [(step["status"], step["starts_at"], step["minutes"]) for step in steps] == [
        ("Booked", staff.at(day, "10:00"), 30), ("Booked", staff.at(day, "12:00"), 30),
        ("Booked", staff.at(day, "12:00"), 30),
        ("Booked", staff.at(day, "12:00"), 60), ("Cancelled", staff.at(day, "12:00"), 60),
    ]  # fmt: skip
    assert {step["actor"] for step in steps} == {await actor_of(owner)}
    moments = [step["at"] for step in steps]
    assert moments == sorted(moments) and len({*moments}) == 5
    kept = await owner.fetchrow("select created_at, updated_at from bookings")
    assert kept is not None and (kept["created_at"], kept["updated_at"]) == (moments[0], moments[-1])


async def test_every_write_leaves_its_row_with_who_and_which_request(desk: Desk, owner: asyncpg.Connection) -> None:
    past = await staff.put_down(owner, desk.provider, staff.at(staff.ahead(-1), "10:00"))
    answers: list[tuple[str, Answer]] = [("booking.made", await desk.book())]
    visit = answers[0][1].json["data"]
    for action, body in (
        ("booking.moved", {"Time": "12:00"}), ("booking.changed", {"Notes": "n"}),
        ("booking.cancelled", {"Status": "Cancelled"}),
    ):  # fmt: skip
        answers.append((action, await desk.change(visit, body)))
    for action, status in (("booking.missed", "NoShow"), ("booking.completed", "Completed")):
        answers.append((action, await desk.change({"VisitID": past}, {"Status": status})))
    answers.append(("hold.made", await desk.hold()))
    hold = answers[-1][1].json["data"]["HoldID"]
    answers.append(("hold.released", await desk.partner.delete(f"{HOLDS}/{hold}")))
    subjects = [f"booking:{visit['VisitID']}"] * 4 + [f"booking:{past}"] * 2 + [f"hold:{hold}"] * 2
    actor = await actor_of(owner)
    assert [tuple(row) for row in await owner.fetch(AUDIT)] == [
        (action, subject, actor, answer.headers["x-request-id"])
        for (action, answer), subject in zip(answers, subjects, strict=True)
    ]


async def test_what_is_refused_leaves_no_row(desk: Desk, owner: asyncpg.Connection) -> None:
    visit = await desk.booked()
    before = await owner.fetch(AUDIT)
    for answer in (await desk.book(), await desk.hold(), await desk.book("12:00", ProspectID=999)):
        assert answer.status in (409, 422)
    await desk.change(visit, {"Status": "Completed"})
    await desk.partner.delete(f"{HOLDS}/999")
    assert await owner.fetch(AUDIT) == before
    assert await owner.fetchval("select count(*) from booking_steps") == 1


async def test_a_look_leaves_its_row_and_so_does_a_change_that_changes_nothing(desk: Desk) -> None:
    visit = await desk.booked()
    look = ("booking.read", f"booking:{visit['VisitID']}")
    desk.partner.house.reads.clear()
    await desk.show(visit)
    assert looks(desk.partner) == [look]
    await desk.change(visit, {"Notes": "new"})
    assert looks(desk.partner) == [look]  # the change has its own row
    await desk.change(visit, {"Notes": "new"})
    assert looks(desk.partner) == [look] * 2
    assert (await desk.partner.get(f"{VISITS}/999")).status == 404
    assert looks(desk.partner) == [look] * 2


async def test_who_is_free_says_nothing_of_whose_visit_it_is_and_leaves_no_row(desk: Desk) -> None:
    await desk.booked()
    desk.partner.house.reads.clear()
    await desk.slots(staff.ahead())
    await desk.is_free("10:00")
    await desk.ask("next-slot", duration=30)
    await desk.partner.get(PROVIDERS)
    assert looks(desk.partner) == []


async def test_the_same_key_and_body_book_once(desk: Desk, owner: asyncpg.Connection) -> None:
    first = await desk.partner.post(VISITS, desk.body(), **once("booking"))
    await desk.change(first.json["data"], {"Time": "12:00"})
    again = await desk.partner.post(VISITS, desk.body(), **once("booking"))
    assert (again.status, again.json) == (201, first.json)
    assert await owner.fetchval("select count(*) from bookings") == 1
    other = await desk.partner.post(VISITS, desk.body("14:00"), **once("booking"))
    assert other.fault == (409, "idempotency_mismatch", {})
    assert await desk.is_free("14:00")


async def test_only_the_key_replays(desk: Desk) -> None:
    assert (await desk.partner.post(VISITS, desk.body(), **once("one"))).status == 201
    assert (await desk.book()).fault == TAKEN
    assert (await desk.partner.post(VISITS, desk.body(), **once("another"))).fault == TAKEN


async def test_a_refusal_is_not_kept_for_a_replay(desk: Desk) -> None:
    visit = await desk.booked()
    assert (await desk.partner.post(VISITS, desk.body(), **once("later"))).fault == TAKEN
    await desk.change(visit, {"Status": "Cancelled"})
    assert (await desk.partner.post(VISITS, desk.body(), **once("later"))).status == 201


async def test_a_hold_a_move_and_a_release_are_replayed_too(desk: Desk, owner: asyncpg.Connection) -> None:
    visit, body = await desk.booked("08:00"), desk.body(ProspectID=...)
    hold = await desk.partner.post(HOLDS, body, **once("hold"))
    for method, path, told in (
        ("POST", HOLDS, body), ("PATCH", f"{VISITS}/{visit['VisitID']}", {"Time": "12:00"}),
        ("DELETE", f"{HOLDS}/{hold.json['data']['HoldID']}", None),
    ):  # fmt: skip
        key = once("hold" if method == "POST" else method)
        first, again = [await desk.partner.request(method, path, json=told, **key) for _ in range(2)]
        assert first.status in (200, 201) and (again.status, again.json) == (first.status, first.json)
    assert await owner.fetchval("select count(*) from holds") == 1
    assert await owner.fetchval("select count(*) from booking_steps") == 2


async def test_sixteen_at_once_with_one_key_are_one_visit(desk: Desk, owner: asyncpg.Connection) -> None:
    answers = await asyncio.gather(*(desk.partner.post(VISITS, desk.body(), **once("same")) for _ in range(16)))
    assert {answer.status for answer in answers} == {201}
    assert len({answer.json["data"]["VisitID"] for answer in answers}) == 1
    assert await owner.fetchval("select count(*) from bookings") == 1


async def test_the_app_can_neither_rewrite_nor_erase_a_step(desk: Desk, owner: asyncpg.Connection) -> None:
    await desk.booked()
    for statement in ("update booking_steps set actor = 'x'", "delete from booking_steps"):
        for role in ("openmedspa_app", "openmedspa_system"):
            await owner.execute(f"set role {role}")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await owner.execute(statement)
            await owner.execute("reset role")


@pytest.fixture
async def wired(settings: Settings, owner: asyncpg.Connection) -> AsyncIterator[tuple[Desk, Wire]]:
    """A desk at a server with one database connection, which goes through the wire."""
    parts = urlsplit(settings.database_url)
    wire = Wire(f"{parse_qs(parts.query)['host'][0]}/.s.PGSQL.5432")
    proxy = await asyncio.start_server(wire.carry, "127.0.0.1")
    port = proxy.sockets[0].getsockname()[1]
    address = f"postgresql://openmedspa@127.0.0.1:{port}{parts.path}"
    through = msgspec.structs.replace(settings, database_url=address, pool_size=1)
    provider = await staff.hire(owner)
    await staff.offer(owner)
    async with open_client(through, None) as client:
        partner = await client.as_partner(Cast.PARTNER_KEY, "GlowOffice")
        yield Desk(partner, provider, await staff.know(owner)), wire
    proxy.close()


async def test_every_question_is_one_round_trip(wired: tuple[Desk, Wire]) -> None:
    desk, wire = wired
    visit, day = await desk.booked(), staff.ahead().isoformat()
    paths = [
        PROVIDERS, f"{PROVIDERS}/{desk.provider}", f"{VISITS}/{visit['VisitID']}",
        *(f"{PROVIDERS}/{desk.provider}/{question}" for question in (
            f"schedule?startDate={day}&endDate={day}", f"check?date={day}&time=10:00&duration=30",
            f"slots?date={day}&duration=30", "next-slot?duration=30&maxDays=730")),
    ]  # fmt: skip
    for path in paths:
        counts = []
        for _ in range(6):  # the first prepares, and a heartbeat may come in between
            before = wire.trips
            assert (await desk.partner.get(path)).status == 200
            counts.append(wire.trips - before)
        assert min(counts) == 1, path


async def test_a_booking_takes_few_round_trips(wired: tuple[Desk, Wire]) -> None:
    desk, wire = wired
    counts = []
    for hour in range(8, 16):
        before = wire.trips
        await desk.booked(f"{hour:02}:00")
        counts.append(wire.trips - before)
    assert min(counts) <= 8
