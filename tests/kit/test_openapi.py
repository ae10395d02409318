"""Both OpenAPI documents: their examples fit their schemas, and are what the server really takes and says."""

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import pytest
from cast import Cast
from client import Client
from openapi_schema_validator import OAS31Validator

from openmedspa.kit.http import Open
from openmedspa.routes.documents import exam_document, partner_document
from openmedspa.routes.partner import PARTNER_API

DOCUMENTED_ORDER = {
    "patient_details": {
        "first_name": "John",
        "last_name": "Doe",
        "email": "john.doe@example.com",
        "phone": "+1234567890",
    },
    "location_id": "loc_12345",
    "appointment_time": 1640995200,
    "requested_treatments": ["Botox Injection", "Dermal Filler"],
}
WEBHOOK_HEADERS = {
    "webhook-id", "webhook-timestamp", "webhook-signature", "X-Signature", "X-Webhook-Secret", "User-Agent",
    "Content-Type",
}  # fmt: skip
JSON = {"content-type": "application/json"}
LIMITS = {"RateLimit", "RateLimit-Policy", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"}
PREFIXES = ["/emr", "/v1"]
# Words that say all there is to say about such a field.
PLAIN = (
    "Retry-After", "RateLimit-Reset", "count", "conditions", "reason", "next_try_at",
)  # fmt: skip


@lru_cache
def document(prefix: str) -> dict[str, Any]:
    server = "http://127.0.0.1:8000"
    return exam_document("staging", server) if prefix == "/emr" else partner_document(server)


def operation(method: str, path: str) -> dict[str, Any]:
    found: dict[str, Any] = document("/" + path.split("/")[1])["paths"][path][method.lower()]
    return found


def operations(prefix: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document(prefix)["paths"].items():
        yield from ((f"{method} {path}", found) for method, found in methods.items())


def refused(method: str, path: str, status: int) -> Any:
    return operation(method, path)["responses"][str(status)]["content"]["application/json"]["example"]


def examples(node: Any, where: str = "") -> Iterator[tuple[str, dict[str, Any], Any]]:
    """(where, schema, example) of every example there is: of a media type, a header, a parameter, a schema."""
    if isinstance(node, dict):
        if "schema" in node and "example" in node:
            yield where, node["schema"], node["example"]
        if isinstance(node.get("examples"), list):
            yield from ((where, node, example) for example in node["examples"])
        for name, below in node.items():
            if name not in {"example", "examples"}:
                yield from examples(below, f"{where}/{name}")
    if isinstance(node, list):
        for index, below in enumerate(node):
            yield from examples(below, f"{where}/{index}")


@pytest.mark.parametrize("prefix", PREFIXES)
def test_every_example_fits_its_schema(prefix: str) -> None:
    found = list(examples(document(prefix)))
    assert len(found) > 40
    for where, schema, example in found:
        whole = {**schema, "components": document(prefix)["components"]}
        assert not list(OAS31Validator(whole).iter_errors(example)), where


@pytest.mark.parametrize("prefix", PREFIXES)
def test_no_example_is_a_placeholder(prefix: str) -> None:
    found = examples(document(prefix))
    placeholders = ("text", "string", {}, *((1, None, "") if prefix == "/emr" else ()))  # /v1 has fields left empty
    bare = [where for where, _, example in found if example in placeholders]
    assert [where for where in bare if not where.endswith(PLAIN)] == []


def test_the_order_shown_is_the_documents_own() -> None:
    shown = operation("POST", "/emr/appointments")["requestBody"]["content"]["application/json"]["example"]
    assert shown == DOCUMENTED_ORDER


@pytest.mark.parametrize("prefix", PREFIXES)
def test_what_a_query_must_say_comes_first_and_with_an_example(prefix: str) -> None:
    for methods in document(prefix)["paths"].values():
        for one in methods.values():
            asked = [parameter for parameter in one.get("parameters", []) if parameter["in"] == "query"]
            assert asked == sorted(asked, key=lambda parameter: not parameter["required"])
            assert all("example" in parameter for parameter in asked if parameter["required"])


def test_the_check_of_a_slot_is_asked_as_the_documents_ask_it() -> None:
    shown = operation("GET", "/v1/{PPass}/availability/providers/{id}/check")["parameters"]
    asked = {
        parameter["name"]: parameter for parameter in shown if "example" in parameter and parameter["in"] == "query"
    }
    assert {name: one["example"] for name, one in asked.items()} == {
        "date": "2026-03-09", "time": "10:15:00", "duration": 30,
    }  # fmt: skip
    assert [name for name, one in asked.items() if one["required"]] == ["date", "time"]


OPEN = {f"{route.method.lower()} {route.path}" for route in PARTNER_API if isinstance(route.access, Open)}


@pytest.mark.parametrize("prefix", PREFIXES)
def test_every_answer_has_its_headers(prefix: str) -> None:
    for name, found in operations(prefix):
        assert "429" in found["responses"], name
        for status, answer in found["responses"].items():
            headers = set(answer["headers"])
            assert "X-Request-Id" in headers, name
            assert ("Retry-After" in headers) == (status in {"409", "429", "503"}), (name, status)
            assert ("Allow" in headers) == (status == "405"), (name, status)
            is_limited = name not in OPEN and (status[0] == "2" or status == "429")
            assert headers & LIMITS == (LIMITS if is_limited else set()), (name, status)


def test_a_list_by_cursor_has_its_link() -> None:
    assert "Link" in operation("GET", "/emr/gfes/{location_id}")["responses"]["200"]["headers"]


def test_the_webhooks_headers_are_described() -> None:
    parameters = document("/emr")["webhooks"]["visit.completed"]["post"]["parameters"]
    assert {parameter["name"] for parameter in parameters} == WEBHOOK_HEADERS
    assert {parameter["in"] for parameter in parameters} == {"header"}


@pytest.mark.parametrize(
    ("method", "path", "status", "sent"),
    [
        ("POST", "/emr/appointments", 400, {"json": {**DOCUMENTED_ORDER, "patient_details": {
            **DOCUMENTED_ORDER["patient_details"], "email": "john"}}}),  # type: ignore[dict-item]
        ("POST", "/emr/appointments", 404, {"json": DOCUMENTED_ORDER}),
        ("POST", "/emr/appointments", 413, {"content": b" " * (1024 * 1024 + 1), "headers": JSON}),
        ("POST", "/emr/appointments", 415, {"content": b"{}", "headers": {"content-type": "text/plain"}}),
        ("POST", "/emr/appointments", 403, {"json": {**DOCUMENTED_ORDER, "location_id": Cast.RIVAL}}),
        ("PATCH", "/emr/appointments/{gfe_id}/cancel", 400, {"headers": {"idempotency-key": "x" * 256}}),
        ("PATCH", "/emr/appointments/{gfe_id}/cancel", 404, {}),
        ("GET", "/emr/visits/{gfe_id}", 400, {"params": {"include": "everything"}}),
        ("GET", "/emr/visits/{gfe_id}", 404, {}),
        ("GET", "/emr/gfes/{location_id}", 400, {"params": {"limit": "0"}}),
        ("GET", "/emr/gfes/{location_id}", 404, {}),
        ("GET", "/emr/treatments", 400, {"params": {"type": "favorites"}}),
        ("GET", "/emr/treatments", 403, {"params": {"type": "favorites", "location_id": Cast.RIVAL}}),
        ("GET", "/emr/treatments", 404, {"params": {"type": "favorites", "location_id": "loc_12345"}}),
        ("POST", "/emr/subscriptions", 400, {"json": {}}),
        ("POST", "/emr/webhooks", 400, {"json": {}}),
        ("POST", "/emr/webhooks/replay", 400, {"json": {}}),
        ("POST", "/emr/webhooks/replay", 404, {"json": {"event_id": "evt_2f6d1c0b9a8e47d3b5c4f1e0a9d8c7b6"}}),
        ("GET", "/emr/webhooks/deliveries", 400, {"params": {"limit": "0"}}),
        ("POST", "/emr/staging/webhooks/chaos", 400, {"json": {"fail_next": 101}}),
        ("POST", "/emr/staging/visits/{gfe_id}/outcome", 400, {"json": {"approved": "Botox Injection"}}),
        ("POST", "/emr/staging/visits/{gfe_id}/schedule", 400, {"json": {}}),
    ],
)  # fmt: skip
async def test_a_refusal_shown_is_what_the_server_says(
    glow_emr: Client, method: str, path: str, status: int, sent: dict[str, Any]
) -> None:
    filled = path.format(gfe_id="gfe_abc123xyz789", location_id="loc_12345")
    answer = await glow_emr.request(method, filled, **sent)
    assert (answer.status, answer.json) == (status, refused(method, path, status))


async def test_what_is_refused_anywhere_is_shown_as_it_is(glow_emr: Client) -> None:
    for name, _ in operations("/emr"):
        method, path = name.upper().split(" ")[0], name.split(" ")[1]
        filled = path.format(gfe_id="gfe_abc123xyz789", location_id="loc_12345")
        wrong = await glow_emr.request("DELETE", filled)
        shown = operation(method, path)["responses"]["405"]
        assert (wrong.status, wrong.json) == (405, shown["content"]["application/json"]["example"])
        assert wrong.headers["allow"] == shown["headers"]["Allow"]["example"]
        keyless = await glow_emr.with_key(None).request(method, filled)
        assert (keyless.status, keyless.json) == (401, refused(method, path, 401))


async def test_a_key_used_for_another_request_is_refused_as_shown(glow_emr: Client) -> None:
    key = {"idempotency-key": "once"}
    order = {**DOCUMENTED_ORDER, "location_id": Cast.GLOW}
    assert (await glow_emr.post("/emr/appointments", order, headers=key)).status == 201
    answer = await glow_emr.post("/emr/appointments", {**order, "appointment_time": 1640995201}, headers=key)
    assert (answer.status, answer.json) == (409, refused("POST", "/emr/appointments", 409))


async def test_what_is_refused_anywhere_in_v1_is_shown_as_it_is(glow_emr: Client, glow_partner: Client) -> None:
    """The documents' practice stands in for the token's own."""
    await glow_emr.house.system.unscoped_row("update practices set ppass = 'DemoOffice' where ppass = 'GlowOffice'")
    caller = await glow_emr.as_partner(Cast.PARTNER_KEY, "DemoOffice")
    for name, _ in operations("/v1"):
        method, path = name.upper().split(" ")[0], name.split(" ")[1]
        named = {one["name"]: one["example"] for one in operation(method, path)["parameters"] if one["in"] == "path"}
        filled = path.format(**named)
        if not name.endswith(("/auth/token", "/access-requests")):
            for nobody in (caller.with_token("x.y.z"), glow_partner):  # a token of a name that the practice had
                answer = await nobody.request(method, filled)
                assert (answer.status, answer.json) == (401, refused(method, path, 401)), name
        wrong = await caller.request("OPTIONS", filled)
        shown = operation(method, path)["responses"]["405"]
        assert (wrong.status, wrong.headers["allow"]) == (405, shown["headers"]["Allow"]["example"]), name
        assert wrong.json == shown["content"]["application/json"]["example"]


@pytest.mark.parametrize("prefix", PREFIXES)
async def test_the_document_served_is_this_one_and_anybody_may_read_it(glow_emr: Client, prefix: str) -> None:
    served = await glow_emr.with_key(None).get(f"{prefix}/openapi.json")
    assert {**served.json, "servers": []} == {**json.loads(json.dumps(document(prefix))), "servers": []}
    assert not [name for name in served.headers if name.startswith("ratelimit")]
