"""Staging's patients who decide for themselves by their last name, and invitations that lapse: the worker's jobs."""

import asyncio
from datetime import datetime, timedelta

import asyncpg
import msgspec
import pytest
from cast import in_person, make_visit
from client import Client

from openmedspa.exams import jobs
from openmedspa.kit.house import House

THREE = ["Botox Injection", "Dermal Filler", "Chemical Peel"]


def later(house: House, **delta: float) -> House:
    """The same house, its clock standing so much ahead."""
    at = house.now() + timedelta(**delta)

    def now() -> datetime:
        return at

    return msgspec.structs.replace(house, now=now)


async def outcome(emr: Client, gfe_id: str) -> list[list[str]]:
    data = (await emr.get(f"/emr/visits/{gfe_id}")).json["data"]
    assert data["status"] == "Completed"
    return [data[f"{word}_treatments"] for word in ("approved", "conditionally_approved", "deferred")]


@pytest.mark.parametrize(
    ("last_name", "expected"),
    [
        ("Approve", [THREE, [], []]),
        ("Condition", [[], THREE, []]),
        ("Defer", [[], [], THREE]),
        ("Mixed", [["Botox Injection"], ["Dermal Filler"], ["Chemical Peel"]]),
        ("APPROVE", [THREE, [], []]),
    ],
)
async def test_a_last_name_decides_three_seconds_after_the_order(
    glow_emr: Client, last_name: str, expected: list[list[str]]
) -> None:
    gfe_id = await make_visit(glow_emr, patient={"last_name": last_name}, requested_treatments=THREE)
    assert await jobs.decide_for_themselves(later(glow_emr.house, seconds=2)) == 0
    assert (await glow_emr.get(f"/emr/visits/{gfe_id}")).json["data"]["status"] == "Processing"
    assert await jobs.decide_for_themselves(later(glow_emr.house, seconds=3)) == 1
    assert await outcome(glow_emr, gfe_id) == expected
    assert await jobs.decide_for_themselves(later(glow_emr.house, seconds=60)) == 0


async def test_mixed_begins_again_after_the_third_treatment(glow_emr: Client) -> None:
    four = [*THREE, "Lip Filler"]
    gfe_id = await make_visit(glow_emr, patient={"last_name": "Mixed"}, requested_treatments=four)
    await jobs.decide_for_themselves(later(glow_emr.house, seconds=3))
    assert await outcome(glow_emr, gfe_id) == [
        ["Botox Injection", "Lip Filler"],
        ["Dermal Filler"],
        ["Chemical Peel"],
    ]


async def test_noshow_does_not_come(glow_emr: Client) -> None:
    gfe_id = await make_visit(glow_emr, patient={"last_name": "Noshow"})
    await jobs.decide_for_themselves(later(glow_emr.house, seconds=3))
    assert (await glow_emr.get(f"/emr/visits/{gfe_id}")).json["data"]["status"] == "Not Completed"


async def test_they_decide_in_person_too_and_nobody_else_does(glow_emr: Client) -> None:
    await make_visit(glow_emr, patient={"last_name": "Approver"})
    order = in_person(patient={"last_name": "Defer"})
    gfe_id = (await glow_emr.post("/emr/in-person", order)).json["gfe_id"]
    assert await jobs.decide_for_themselves(later(glow_emr.house, seconds=3)) == 1
    assert await outcome(glow_emr, gfe_id) == [[], [], ["Botox Injection"]]


@pytest.mark.parametrize("status", ["Cancelled by client", "Completed", "Rejected"])
async def test_one_that_has_ended_before_stays_and_holds_up_nobody(glow_emr: Client, status: str) -> None:
    ended = await make_visit(glow_emr, patient={"last_name": "Noshow"}, status=status)
    other = await make_visit(glow_emr, patient={"last_name": "Approve"})
    await jobs.decide_for_themselves(later(glow_emr.house, seconds=3))
    assert (await glow_emr.get(f"/emr/visits/{ended}")).json["data"]["status"] == status
    assert (await glow_emr.get(f"/emr/visits/{other}")).json["data"]["status"] == "Completed"


async def test_two_workers_decide_each_visit_once(glow_emr: Client, owner: asyncpg.Connection) -> None:
    for _ in range(6):
        await make_visit(glow_emr, patient={"last_name": "Approve"})
    house = later(glow_emr.house, seconds=3)
    assert sum(await asyncio.gather(*(jobs.decide_for_themselves(house) for _ in range(4)))) == 6
    assert await owner.fetchval("select count(*) from records") == 6


async def test_an_invitation_lapses_after_thirty_days(glow_emr: Client) -> None:
    gfe_id = await make_visit(glow_emr)
    done = await make_visit(glow_emr, status="Completed")
    assert await jobs.lapse(later(glow_emr.house, days=29, hours=23)) == 0
    assert await jobs.lapse(later(glow_emr.house, days=30, seconds=1)) == 1
    assert (await glow_emr.get(f"/emr/visits/{gfe_id}")).json["data"]["status"] == "Not Completed"
    assert (await glow_emr.get(f"/emr/visits/{done}")).json["data"]["status"] == "Completed"
