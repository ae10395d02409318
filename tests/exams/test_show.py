"""GET /emr/visits/{gfe_id}: the Visit of the contract, field by field, for each status and both kinds."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from cast import Cast, make_visit
from client import Client

PERSON = {"name": "Ana Lopez", "first_name": "Ana", "last_name": "Lopez", "email": "ana.lopez@example.com"}
OPEN_OR_ENDED = [
    "Processing", "Scheduled", "Pending Review", "Not Completed", "Cancelled by client", "Cancelled", "Rejected"
]  # fmt: skip
OUTCOME = {
    "approved": ["Botox Injection"],
    "conditionally_approved": ["Dermal Filler"],
    "deferred": ["Chemical Peel"],
}


@pytest.mark.parametrize("status", OPEN_OR_ENDED)
async def test_a_visit_not_completed_has_four_fields(glow_emr: Client, status: str) -> None:
    gfe_id = await make_visit(glow_emr, status=status)
    answer = await glow_emr.get(f"/emr/visits/{gfe_id}")
    assert (answer.status, answer.json) == (
        200,
        {
            "success": True,
            "data": {
                "gfe_id": gfe_id,
                "status": status,
                "requested_treatments": ["Botox Injection", "Dermal Filler"],
                "patient_details": PERSON,
            },
        },
    )


async def completed(emr: Client, owner: asyncpg.Connection, at: datetime = datetime(2024, 5, 2, 14, tzinfo=UTC)) -> str:
    """A completed visit, its signature moved to a known moment."""
    gfe_id = await make_visit(emr)
    assert (await emr.post(f"/emr/staging/visits/{gfe_id}/outcome", OUTCOME)).status == 200
    await owner.execute("update records set signed_at = $1", at)
    return gfe_id


def data_of(gfe_id: str, **more: Any) -> dict[str, Any]:
    return {
        "success": True,
        "data": {
            "gfe_id": gfe_id,
            "status": "Completed",
            "requested_treatments": ["Botox Injection", "Dermal Filler"],
            "approved_treatments": ["Botox Injection"],
            "conditionally_approved_treatments": ["Dermal Filler"],
            "deferred_treatments": ["Chemical Peel"],
            "evaluation_completed": "2024-05-02T07:00:00-07:00",
            "patient_details": PERSON,
            **more,
        },
    }


async def test_a_completed_visit_has_its_outcome_too(glow_emr: Client, owner: asyncpg.Connection) -> None:
    gfe_id = await completed(glow_emr, owner)
    answer = await glow_emr.get(f"/emr/visits/{gfe_id}")
    assert (answer.status, answer.json) == (200, data_of(gfe_id))


async def test_evaluation_completed_is_pacific_standard_time_in_winter(
    glow_emr: Client, owner: asyncpg.Connection
) -> None:
    gfe_id = await completed(glow_emr, owner, datetime(2025, 1, 1, 7, 59, 59, 999999, tzinfo=UTC))
    assert (await glow_emr.get(f"/emr/visits/{gfe_id}")).json == data_of(
        gfe_id, evaluation_completed="2024-12-31T23:59:59-08:00"
    )


async def test_decisions_come_when_asked_for(glow_emr: Client, owner: asyncpg.Connection) -> None:
    gfe_id = await completed(glow_emr, owner)
    until = (datetime.now(ZoneInfo("America/Los_Angeles")).date() + timedelta(days=365)).isoformat()
    answer = (await glow_emr.get(f"/emr/visits/{gfe_id}?include=decisions")).json
    sentences = [decision[field] for decision in answer["data"]["decisions"] for field in ("conditions", "reason")]
    assert [bool(sentence) for sentence in sentences] == [False, False, True, False, False, True]
    assert answer == data_of(
        gfe_id,
        decisions=[
            _decision("Botox Injection", "approved", valid_until=until),
            _decision("Dermal Filler", "conditionally_approved", conditions=sentences[2], valid_until=until),
            _decision("Chemical Peel", "deferred", reason=sentences[5]),
        ],
    )


def _decision(treatment: str, outcome: str, **more: str) -> dict[str, Any]:
    empty = {"conditions": None, "reason": None, "valid_until": None}
    return {"treatment": treatment, "outcome": outcome, **empty, **more}


async def test_decisions_of_an_open_visit_are_none(glow_emr: Client) -> None:
    gfe_id = await make_visit(glow_emr)
    assert (await glow_emr.get(f"/emr/visits/{gfe_id}?include=decisions")).json["data"]["decisions"] == []


async def test_approved_with_precaution_stands_in_approved(glow_emr: Client, owner: asyncpg.Connection) -> None:
    gfe_id = await completed(glow_emr, owner)
    await owner.execute(
        """update records set decisions = jsonb_set(decisions, '{0,outcome}', '"approved_with_precaution"')"""
    )
    answer = (await glow_emr.get(f"/emr/visits/{gfe_id}?include=decisions")).json["data"]
    assert answer["approved_treatments"] == ["Botox Injection"]
    assert answer["decisions"][0]["outcome"] == "approved_with_precaution"


async def test_an_unknown_visit_is_not_found(glow_emr: Client) -> None:
    for gfe_id in ("gfe_nowhere", "x", "a" * 5000, "%F0%9F%98%80", "%ff"):
        answer = await glow_emr.get(f"/emr/visits/{gfe_id}")
        assert (answer.status, answer.json) == (404, {"success": False, "error": "GFE not found"}), gfe_id


async def test_a_rivals_visit_is_forbidden(glow_emr: Client, rival_emr: Client) -> None:
    gfe_id = await make_visit(rival_emr, location_id=Cast.RIVAL)
    answer = await glow_emr.get(f"/emr/visits/{gfe_id}")
    assert (answer.status, answer.json) == (
        403,
        {"success": False, "error": "EMR is not authorized to access this GFE"},
    )


async def test_a_key_narrowed_to_one_location_may_not_see_the_other(glow_emr: Client) -> None:
    gfe_id = await make_visit(glow_emr, location_id=Cast.GLOW_SECOND)
    narrow = glow_emr.with_key(Cast.NARROW_KEY)
    assert (await narrow.get(f"/emr/visits/{gfe_id}")).error == (403, "EMR is not authorized to access this GFE", None)


async def test_include_knows_decisions_only(glow_emr: Client) -> None:
    gfe_id = await make_visit(glow_emr)
    for include in ("", "record", "decisions,record"):
        assert (await glow_emr.get(f"/emr/visits/{gfe_id}?include={include}")).error[:2] == (400, "include is invalid")
