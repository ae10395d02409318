"""POST /emr/subscriptions: whose completed visits are sent."""

import asyncio
from typing import Any

import asyncpg
import pytest
from cast import Cast
from client import Client


async def test_the_first_call_subscribes_and_the_second_says_so(glow_emr: Client) -> None:
    for message in ("Successfully subscribed to location", "Already subscribed to this location"):
        answer = await glow_emr.post("/emr/subscriptions", {"location_id": Cast.GLOW})
        assert (answer.status, answer.json) == (200, {"success": True, "message": message})


async def test_a_subscription_is_the_partners_own(glow_emr: Client, owner: asyncpg.Connection) -> None:
    narrow = glow_emr.with_key(Cast.NARROW_KEY)
    assert (await narrow.post("/emr/subscriptions", {"location_id": Cast.GLOW})).status == 200
    answer = await glow_emr.post("/emr/subscriptions", {"location_id": Cast.GLOW})
    assert answer.json["message"] == "Already subscribed to this location"
    assert await owner.fetchval("select array_agg(location_id) from subscriptions") == [Cast.GLOW]


async def test_eight_at_once_subscribe_once(glow_emr: Client, owner: asyncpg.Connection) -> None:
    body = {"location_id": Cast.GLOW}
    answers = await asyncio.gather(*(glow_emr.post("/emr/subscriptions", body) for _ in range(8)))
    messages = sorted(answer.json["message"] for answer in answers)
    assert messages == ["Already subscribed to this location"] * 7 + ["Successfully subscribed to location"]
    assert await owner.fetchval("select count(*) from audit where action = 'location.subscribed'") == 1


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "location_id field is required in request body"),
        ({"location": Cast.GLOW}, None),
        ({"location_id": ""}, "location_id cannot be empty"),
        ({"location_id": "  "}, "location_id cannot be empty"),
        ({"location_id": 5}, "location_id must be text, not a whole number"),
        ({"location_id": None}, "location_id must be text, not null"),
    ],
)
async def test_a_location_id_is_needed(glow_emr: Client, body: dict[str, Any], message: str | None) -> None:
    answer = await glow_emr.post("/emr/subscriptions", body)
    assert answer.status == 400
    if message:
        assert answer.json == {"success": False, "error": "Bad Request", "message": message}


async def test_no_body_at_all_names_the_field_too(glow_emr: Client) -> None:
    answer = await glow_emr.request("POST", "/emr/subscriptions")
    assert (answer.status, answer.json) == (
        400,
        {"success": False, "error": "Bad Request", "message": "location_id field is required in request body"},
    )


async def test_an_unknown_location_is_not_found_and_a_rivals_forbidden(glow_emr: Client) -> None:
    unknown = await glow_emr.post("/emr/subscriptions", {"location_id": "loc_nowhere"})
    assert (unknown.status, unknown.json) == (
        404,
        {"success": False, "error": "Not Found", "message": "Location not found"},
    )
    foreign = await glow_emr.post("/emr/subscriptions", {"location_id": Cast.RIVAL})
    assert (foreign.status, foreign.json) == (
        403,
        {"success": False, "error": "EMR is not authorized for this location"},
    )
