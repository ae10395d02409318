"""Who may call what: the matrix of the route table × every kind of key, and the order of the checks."""

from typing import Any

import pytest
from cast import Cast, at_home, in_person, make_visit
from client import Answer, Client

from openmedspa.kit.http import Route
from openmedspa.routes import exam

ROUTES = exam.routes("staging")
BODIES: dict[str, Any] = {
    "/emr/appointments": at_home(location_id=Cast.GLOW_SECOND),
    "/emr/in-person": in_person(location_id=Cast.GLOW_SECOND),
    "/emr/subscriptions": {"location_id": Cast.GLOW_SECOND},
    "/emr/webhooks": {"url": "https://emr.example.com/hook"},
    "/emr/webhooks/replay": {"since": 1700000000},
    "/emr/staging/clock": {"advance_seconds": 60},
    "/emr/staging/webhooks/chaos": {"fail_next": 1},
    "/emr/staging/visits/{gfe_id}/outcome": {"approved": ["Botox Injection", "Dermal Filler"]},
    "/emr/staging/visits/{gfe_id}/schedule": {"time": 1900000000},
}
# Calls about the caller's own account: there is no place in them that could be another's.
OF_THE_ACCOUNT = {
    "/emr/webhooks", "/emr/webhooks/deliveries", "/emr/webhooks/replay", "/emr/staging/clock", "/emr/staging/reset",
    "/emr/staging/webhooks/chaos",
}  # fmt: skip
INVALID = {"success": False, "error": "Forbidden: Invalid API key."}
REFUSALS: dict[str, tuple[str | None, int, dict[str, Any]]] = {
    "no key": (None, 401, {"success": False, "error": "Unauthorized: API key is missing."}),
    "empty key": ("", 401, {"success": False, "error": "Unauthorized: API key is missing."}),
    "malformed": ("x", 401, INVALID),
    "wrong checksum": (Cast.GLOW_KEY[:-1] + "!", 401, INVALID),
    "too long": (Cast.GLOW_KEY * 100, 401, INVALID),
    "unknown": (Cast.UNKNOWN_KEY, 401, INVALID),
    "revoked": (Cast.REVOKED_KEY, 401, INVALID),
    "expired": (Cast.EXPIRED_KEY, 401, INVALID),
    "other environment": (
        Cast.LIVE_KEY,
        401,
        {**INVALID, "message": "This is a production key; this server is staging."},
    ),
    "without scope": (
        Cast.SCOPELESS_KEY,
        403,
        {"success": False, "error": "EMR is not authorized for this endpoint"},
    ),
}
NOT_THIS_VISIT = {"success": False, "error": "EMR is not authorized to access this GFE"}
NOT_THIS_LOCATION = {"success": False, "error": "EMR is not authorized for this location"}


def name(route: Route) -> str:
    return f"{route.method} {route.path}"


async def send(emr: Client, route: Route, gfe_id: str) -> Answer:
    """A request that is right in everything but, perhaps, its key: about `glow`'s second location or a visit there."""
    path = route.path.format(gfe_id=gfe_id, location_id=Cast.GLOW_SECOND)
    query = "?type=favorites&location_id=" + Cast.GLOW_SECOND if path == "/emr/treatments" else ""
    return await emr.request(route.method, path + query, json=BODIES.get(route.path))


def test_every_route_declares_who_may_enter() -> None:
    assert [route for route in ROUTES if getattr(route.access, "scope", None) != "Exams"] == []
    assert {route.path for route in ROUTES if route.body} == set(BODIES)
    assert {route.path for route in ROUTES} > OF_THE_ACCOUNT


@pytest.mark.parametrize("route", ROUTES, ids=name)
async def test_every_route_refuses_every_bad_key_alike(glow_emr: Client, route: Route) -> None:
    gfe_id = await make_visit(glow_emr, location_id=Cast.GLOW_SECOND)
    expected = {label: (status, body) for label, (_, status, body) in REFUSALS.items()}
    answers = {label: await send(glow_emr.with_key(key), route, gfe_id) for label, (key, _, _) in REFUSALS.items()}
    assert {label: (answer.status, answer.json) for label, answer in answers.items()} == expected
    assert len({answer.headers["x-request-id"] for answer in answers.values()}) == len(answers)


@pytest.mark.parametrize("route", ROUTES, ids=name)
async def test_every_route_lets_the_right_key_in_and_an_ungranted_or_narrowed_one_not(
    glow_emr: Client, rival_emr: Client, route: Route
) -> None:
    gfe_id = await make_visit(glow_emr, location_id=Cast.GLOW_SECOND)
    assert (await glow_emr.post("/emr/webhooks", BODIES["/emr/webhooks"])).status == 200
    is_about_a_place = route.path not in OF_THE_ACCOUNT
    refusal = (403, NOT_THIS_VISIT if "{gfe_id}" in route.path else NOT_THIS_LOCATION)
    for other in (rival_emr, glow_emr.with_key(Cast.NARROW_KEY)):
        answer = await send(other, route, gfe_id)
        assert ((answer.status, answer.json) == refusal) is is_about_a_place, answer.json
    await glow_emr.house.system.unscoped_row("update messages set queued_at = queued_at - interval '1 hour'")
    assert (await send(glow_emr, route, gfe_id)).status == route.status


async def test_a_key_in_latin_1_is_invalid_not_an_error(glow_emr: Client) -> None:
    answer = await glow_emr.get("/emr/treatments", headers={"x-api-key": "oms_test_é".encode("latin-1")})
    assert (answer.status, answer.json) == (401, INVALID)


async def test_the_key_comes_before_the_path_and_the_body(glow_emr: Client) -> None:
    for method, path in (("GET", "/emr/invalid-path"), ("DELETE", "/emr/appointments"), ("POST", "/emr/appointments")):
        answer = await glow_emr.with_key(None).request(method, path, content=b"{")
        assert (answer.status, answer.json) == REFUSALS["no key"][1:]


async def test_the_path_comes_before_the_body(glow_emr: Client) -> None:
    unknown = await glow_emr.request("POST", "/emr/invalid-path", content=b"{" * 2_000_000)
    assert (unknown.status, unknown.json) == (
        404,
        {"success": False, "error": "Not found", "message": "EMR endpoint /invalid-path not found"},
    )
    wrong = await glow_emr.request("PUT", "/emr/appointments", content=b"{" * 2_000_000)
    assert (wrong.status, wrong.headers["allow"]) == (405, "POST")


async def test_the_body_comes_before_the_location(glow_emr: Client) -> None:
    for changes in ({"appointment_time": 0}, {"requested_treatments": ["Nope"]}):
        answer = await glow_emr.post("/emr/appointments", at_home(location_id="loc_nowhere", **changes))
        assert answer.status == 400
    assert (await glow_emr.get("/emr/gfes/loc_nowhere?limit=0")).status == 400
    assert (await glow_emr.post("/emr/staging/visits/gfe_nowhere/schedule", {"time": 0})).status == 400


async def test_the_location_comes_before_access_to_it(rival_emr: Client) -> None:
    for location, status in (("loc_nowhere", 404), (Cast.GLOW, 403)):
        assert (await rival_emr.post("/emr/appointments", at_home(location_id=location))).status == status
        assert (await rival_emr.get(f"/emr/gfes/{location}")).status == status


async def test_access_comes_before_state(glow_emr: Client, rival_emr: Client) -> None:
    gfe_id = await make_visit(glow_emr, status="Completed")
    for method, path, body in (
        ("PATCH", f"/emr/appointments/{gfe_id}/cancel", None),
        ("POST", f"/emr/staging/visits/{gfe_id}/no-show", None),
        ("POST", f"/emr/staging/visits/{gfe_id}/outcome", {"approved": []}),
    ):
        assert (await rival_emr.request(method, path, json=body)).error == (403, NOT_THIS_VISIT["error"], None)
        assert (await glow_emr.request(method, path, json=body)).status == 400


async def test_a_refused_key_writes_nothing(glow_emr: Client) -> None:
    gfe_id = await make_visit(glow_emr, location_id=Cast.GLOW_SECOND)
    count = (
        "select (select count(*) from visits) + (select count(*) from visit_steps) + (select count(*) from audit) as n"
    )
    before = await glow_emr.house.system.unscoped_row(count)
    for route in ROUTES:
        for key, _, _ in REFUSALS.values():
            if route.method != "GET":
                await send(glow_emr.with_key(key), route, gfe_id)
    after = await glow_emr.house.system.unscoped_row(count)
    assert before is not None
    assert after is not None
    assert after["n"] == before["n"]
