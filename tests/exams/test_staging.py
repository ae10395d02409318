"""/emr/staging/…: outcome, no-show and schedule as told; in production these paths do not exist."""

from typing import Any

import asyncpg
import msgspec
import pytest
from cast import Cast, in_person, make_visit, turn_to_production
from client import Client, open_client

from openmedspa.settings import Settings

OPEN = ["Processing", "Scheduled", "Pending Review", "Not Completed"]
ENDED = ["Completed", "Cancelled by client", "Cancelled", "Rejected"]
BOTH = {"approved": ["Botox Injection", "Dermal Filler"]}
CALLS: list[tuple[str, Any, str]] = [
    ("outcome", BOTH, "completed"),
    ("no-show", None, "missed"),
    ("schedule", {"time": 1900000000}, "scheduled"),
]


@pytest.mark.parametrize("status", OPEN)
async def test_an_outcome_completes_a_visit_from_any_open_state(glow_emr: Client, status: str) -> None:
    gfe_id = await make_visit(glow_emr, status=status)
    answer = await glow_emr.post(f"/emr/staging/visits/{gfe_id}/outcome", BOTH)
    assert (answer.status, answer.json) == (200, {"success": True, "gfe_id": gfe_id, "status": "Completed"})


async def test_an_outcome_completes_a_visit_at_any_open_step(glow_emr: Client, owner: asyncpg.Connection) -> None:
    steps = ["intake_started", "intake_done", "waiting", "in_exam", "writing", "missed", "broken_off", "link_expired"]
    for step in steps:
        gfe_id = await make_visit(glow_emr)
        await owner.execute("update visits set step = $2 where gfe_id = $1", gfe_id, step)
        assert (await glow_emr.post(f"/emr/staging/visits/{gfe_id}/outcome", BOTH)).status == 200, step


async def test_an_outcome_completes_a_visit_in_person(glow_emr: Client) -> None:
    gfe_id = (await glow_emr.post("/emr/in-person", in_person())).json["gfe_id"]
    answer = await glow_emr.post(f"/emr/staging/visits/{gfe_id}/outcome", {"deferred": ["botox"]})
    assert (answer.status, answer.json) == (200, {"success": True, "gfe_id": gfe_id, "status": "Completed"})


@pytest.mark.parametrize("status", ENDED)
@pytest.mark.parametrize(("name", "body", "done"), CALLS)
async def test_a_visit_that_has_ended_stays_so(glow_emr: Client, status: str, name: str, body: Any, done: str) -> None:
    gfe_id = await make_visit(glow_emr, status=status)
    answer = await glow_emr.post(f"/emr/staging/visits/{gfe_id}/{name}", body)
    assert (answer.status, answer.json) == (
        400,
        {"success": False, "error": f"A visit with status {status} cannot be {done}"},
    )


@pytest.mark.parametrize(
    ("outcome", "error", "message"),
    [
        (
            {},
            "Not decided: Botox Injection, Dermal Filler",
            "Every requested treatment must stand in approved, conditionally_approved or deferred",
        ),
        (
            {"approved": ["Botox"], "deferred": ["Chemical Peel"]},
            "Not decided: Dermal Filler",
            "Every requested treatment must stand in approved, conditionally_approved or deferred",
        ),
        (
            {"approved": ["Botox", "Filler"], "deferred": ["botox injection"]},
            "Botox Injection is decided twice",
            "Name each treatment in one list only",
        ),
        (
            {"approved": ["Botox", "Filler", "treatment_001"]},
            "Botox Injection is decided twice",
            "Name each treatment in one list only",
        ),
        (
            {**BOTH, "deferred": ["Chemical Peal"]},
            "Unknown treatment: Chemical Peal",
            "deferred[0] is not in the catalogue. Did you mean Chemical Peel?",
        ),
        ({"approved": "Botox"}, "approved is invalid", "approved must be a list, not text"),
        ({"aproved": []}, "aproved is not a known field", "aproved is not a known field"),
    ],
)
async def test_an_outcome_decides_each_treatment_once(
    glow_emr: Client, outcome: dict[str, Any], error: str, message: str
) -> None:
    gfe_id = await make_visit(glow_emr)
    answer = await glow_emr.post(f"/emr/staging/visits/{gfe_id}/outcome", outcome)
    assert answer.error == (400, error, message)
    assert (await glow_emr.get(f"/emr/visits/{gfe_id}")).json["data"]["status"] == "Processing"


async def test_no_show_makes_it_not_completed(glow_emr: Client) -> None:
    for status in OPEN:
        gfe_id = await make_visit(glow_emr, status=status)
        answer = await glow_emr.post(f"/emr/staging/visits/{gfe_id}/no-show")
        assert (answer.status, answer.json) == (200, {"success": True, "gfe_id": gfe_id, "status": "Not Completed"})


@pytest.mark.parametrize("status", ["Processing", "Scheduled", "Not Completed"])
async def test_schedule_makes_it_scheduled_at_that_time(
    glow_emr: Client, owner: asyncpg.Connection, status: str
) -> None:
    gfe_id = await make_visit(glow_emr, status=status)
    answer = await glow_emr.post(f"/emr/staging/visits/{gfe_id}/schedule", {"time": 1900000001})
    assert (answer.status, answer.json) == (200, {"success": True, "gfe_id": gfe_id, "status": "Scheduled"})
    assert await owner.fetchval("select extract(epoch from scheduled_at)::bigint from visits") == 1900000001


async def test_a_visit_under_review_is_not_scheduled(glow_emr: Client) -> None:
    gfe_id = await make_visit(glow_emr, status="Pending Review")
    answer = await glow_emr.post(f"/emr/staging/visits/{gfe_id}/schedule", {"time": 1900000000})
    assert answer.error == (400, "A visit with status Pending Review cannot be scheduled", None)


@pytest.mark.parametrize("time", [None, "1900000000", 0, 1.5, True, 1900000000000])
async def test_schedule_takes_unix_seconds(glow_emr: Client, time: Any) -> None:
    gfe_id = await make_visit(glow_emr)
    answer = await glow_emr.post(f"/emr/staging/visits/{gfe_id}/schedule", {"time": time})
    assert answer.error[:2] == (400, "time is invalid")


@pytest.mark.parametrize(("name", "body", "done"), CALLS)
async def test_a_visit_must_exist_and_be_the_partners(
    glow_emr: Client, rival_emr: Client, name: str, body: Any, done: str
) -> None:
    missing = await glow_emr.post(f"/emr/staging/visits/gfe_nowhere/{name}", body)
    assert (missing.status, missing.json) == (404, {"success": False, "error": "GFE not found"})
    gfe_id = await make_visit(rival_emr, location_id=Cast.RIVAL)
    foreign = await glow_emr.post(f"/emr/staging/visits/{gfe_id}/{name}", body)
    assert (foreign.status, foreign.json) == (
        403,
        {"success": False, "error": "EMR is not authorized to access this GFE"},
    )
    assert (await rival_emr.get(f"/emr/visits/{gfe_id}")).json["data"]["status"] == "Processing"


async def test_in_production_staging_does_not_exist_and_test_keys_are_refused(
    settings: Settings, owner: asyncpg.Connection
) -> None:
    await turn_to_production(owner)
    production = msgspec.structs.replace(settings, environment="production", demo=False)
    async with open_client(production, Cast.LIVE_KEY) as live:
        gfe_id = await make_visit(live)
        for name, body, _ in CALLS:
            answer = await live.post(f"/emr/staging/visits/{gfe_id}/{name}", body)
            assert (answer.status, answer.json) == (
                404,
                {
                    "success": False,
                    "error": "Not found",
                    "message": f"EMR endpoint /staging/visits/{gfe_id}/{name} not found",
                },
            )
        assert not [path for path in (await live.get("/emr/openapi.json")).json["paths"] if "staging" in path]
        refused = await live.with_key(Cast.GLOW_KEY).get("/emr/treatments")
        assert (refused.status, refused.json) == (
            401,
            {
                "success": False,
                "error": "Forbidden: Invalid API key.",
                "message": "This is a staging key; this server is production.",
            },
        )
        await make_visit(live, patient={"last_name": "Approve"})
    assert await owner.fetchval("select count(*) from visits where decides_at is not null") == 0
