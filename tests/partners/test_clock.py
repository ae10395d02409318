"""Staging's time control: one account's clock goes forward, and what is due on it happens."""

from datetime import datetime

import asyncpg
import pytest
from cast import Cast, at_home, make_visit, turn_to_production
from client import Client, open_client
from msgspec.structs import replace

from openmedspa.exams import jobs
from openmedspa.settings import Settings

DAY = 86_400


async def advance(emr: Client, seconds: int) -> int:
    answer = await emr.post("/emr/staging/clock", {"advance_seconds": seconds})
    assert answer.status == 200, answer.json
    ahead: int = answer.json["ahead_seconds"]
    return ahead


async def status(emr: Client, gfe_id: str) -> str:
    word: str = (await emr.get(f"/emr/visits/{gfe_id}")).json["data"]["status"]
    return word


async def test_the_clock_shows_how_far_it_is_ahead(glow_emr: Client) -> None:
    before = (await glow_emr.get("/emr/staging/clock")).json
    assert before["ahead_seconds"] == 0
    assert await advance(glow_emr, DAY) == DAY
    assert await advance(glow_emr, 5) == DAY + 5
    after = (await glow_emr.get("/emr/staging/clock")).json
    assert after["ahead_seconds"] == DAY + 5
    assert DAY + 5 <= after["now"] - before["now"] < DAY + 60


async def test_an_invitation_lapses_when_thirty_days_have_passed_on_the_accounts_clock(glow_emr: Client) -> None:
    gfe_id = await make_visit(glow_emr)
    await advance(glow_emr, 29 * DAY)
    assert await jobs.lapse(glow_emr.house) == 0
    await advance(glow_emr, DAY)
    assert await jobs.lapse(glow_emr.house) == 1
    assert await status(glow_emr, gfe_id) == "Not Completed"
    row = await glow_emr.house.system.unscoped_row(
        "select max(at) - min(at) as lasted from visit_steps s join visits v on v.id = s.visit_id where gfe_id = $1",
        gfe_id,
    )
    assert row is not None and row["lasted"].days == 30  # the step stands where the account's clock stood


async def test_patients_decide_by_their_accounts_clock(glow_emr: Client) -> None:
    gfe_id = await make_visit(glow_emr, patient={"last_name": "Approve"})
    assert await jobs.decide_for_themselves(glow_emr.house) == 0
    await advance(glow_emr, 4)
    assert await jobs.decide_for_themselves(glow_emr.house) == 1
    assert await status(glow_emr, gfe_id) == "Completed"


async def test_another_accounts_clock_stands_where_it_stood(glow_emr: Client, rival_emr: Client) -> None:
    theirs = await make_visit(rival_emr, location_id=Cast.RIVAL)
    await advance(glow_emr, 31 * DAY)
    assert await jobs.lapse(glow_emr.house) == 0
    assert await status(rival_emr, theirs) == "Processing"
    assert (await rival_emr.get("/emr/staging/clock")).json["ahead_seconds"] == 0


async def test_an_outcome_is_dated_by_the_accounts_clock(glow_emr: Client) -> None:
    await advance(glow_emr, 300 * DAY)
    gfe_id = await make_visit(glow_emr, status="Completed")
    shown = (await glow_emr.get("/emr/staging/clock")).json["now"]
    data = (await glow_emr.get(f"/emr/visits/{gfe_id}")).json["data"]
    assert abs(datetime.fromisoformat(data["evaluation_completed"]).timestamp() - shown) < 60


async def test_keys_expire_by_real_time(glow_emr: Client, owner: asyncpg.Connection) -> None:
    await owner.execute("update api_keys set expires_at = now() + interval '1 hour' where revoked_at is null")
    await advance(glow_emr, DAY)
    assert (await glow_emr.get("/emr/treatments")).status == 200


@pytest.mark.parametrize("seconds", [0, -1, 366 * DAY + 1, "60", 1.5, None, True])
async def test_an_impossible_step_is_refused_and_named(glow_emr: Client, seconds: object) -> None:
    answer = await glow_emr.post("/emr/staging/clock", {"advance_seconds": seconds})
    assert answer.status == 400
    assert "advance_seconds" in str(answer.json)


async def test_the_clock_does_not_leave_the_calendar(glow_emr: Client) -> None:
    for _ in range(5):
        await advance(glow_emr, 366 * DAY)
    answer = await glow_emr.post("/emr/staging/clock", {"advance_seconds": 1})
    assert answer.error == (
        400,
        "advance_seconds is too far",
        "advance_seconds may bring the clock at most 1830 days ahead; a reset sets it back",
    )
    assert (await glow_emr.get("/emr/staging/clock")).json["ahead_seconds"] == 5 * 366 * DAY


async def test_in_production_there_is_no_clock_and_the_database_has_none_either(
    settings: Settings, owner: asyncpg.Connection
) -> None:
    await turn_to_production(owner)
    live = replace(settings, environment="production", demo=False)
    async with open_client(live, Cast.LIVE_KEY) as emr:
        for method, path in [("GET", "clock"), ("POST", "clock"), ("POST", "reset")]:
            answer = await emr.request(method, f"/emr/staging/{path}", json={"advance_seconds": 5})
            assert answer.status == 404
        for statement in ["select advance_clock(1, '1 day')", "select reset_account(1)"]:
            with pytest.raises(asyncpg.RaiseError, match="no sandbox in production"):
                await emr.house.db.unscoped_row(statement)


async def test_orders_after_a_step_are_dated_by_it(glow_emr: Client) -> None:
    await advance(glow_emr, 10 * DAY)
    order = await glow_emr.post("/emr/appointments", at_home())
    row = await glow_emr.house.system.unscoped_row(
        "select ordered_at - now() > interval '9 days' as is_ahead from visits where gfe_id = $1", order.json["gfe_id"]
    )
    assert row is not None and row["is_ahead"]
