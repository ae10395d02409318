"""The OpenAPI document: its examples fit their schemas, and are what the server really takes and says."""

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import pytest
from cast import Cast
from client import Client
from openapi_schema_validator import OAS31Validator

from openmedspa.app import exam_openapi
from openmedspa.settings import Settings

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


@lru_cache
def document() -> dict[str, Any]:
    return exam_openapi(Settings.read({}, environment="staging", secret_key="x"))


def operation(method: str, path: str) -> dict[str, Any]:
    found: dict[str, Any] = document()["paths"][path][method.lower()]
    return found


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document()["paths"].items():
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


def test_every_example_fits_its_schema() -> None:
    found = list(examples(document()))
    assert len(found) > 300
    for where, schema, example in found:
        whole = {**schema, "components": document()["components"]}
        assert not list(OAS31Validator(whole).iter_errors(example)), where


def test_no_example_is_a_placeholder() -> None:
    assert not [where for where, _, example in examples(document()) if example in ("text", "string", 1, {}, None, "")
                and not where.endswith(("Retry-After", "count", "conditions", "reason", "next_try_at"))]  # fmt: skip


def test_the_order_shown_is_the_documents_own() -> None:
    shown = operation("POST", "/emr/appointments")["requestBody"]["content"]["application/json"]["example"]
    assert shown == DOCUMENTED_ORDER


def test_every_answer_has_its_headers() -> None:
    for name, found in operations():
        for status, answer in found["responses"].items():
            headers = set(answer["headers"])
            assert "X-Request-Id" in headers, name
            assert ("Retry-After" in headers) == (status in {"409", "503"}), (name, status)
            assert ("Allow" in headers) == (status == "405"), (name, status)
        assert "429" not in found["responses"]
    assert "Link" in operation("GET", "/emr/gfes/{location_id}")["responses"]["200"]["headers"]


def test_the_webhooks_headers_are_described() -> None:
    parameters = document()["webhooks"]["visit.completed"]["post"]["parameters"]
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
    for name, _ in operations():
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


async def test_the_document_served_is_this_one(glow_emr: Client) -> None:
    served = await glow_emr.with_key(None).get("/emr/openapi.json")
    assert {**served.json, "servers": []} == {**json.loads(json.dumps(document())), "servers": []}
