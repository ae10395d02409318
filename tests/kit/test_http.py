"""The edge: unknown paths, methods, sizes, types, broken bodies; and what a failure of ours lets out."""

import json
import logging
from collections.abc import AsyncGenerator
from typing import Any

import httpx2
import pytest
from cast import Cast, in_person
from client import Client

from openmedspa.exams import wire
from openmedspa.exams.shapes import Refusal
from openmedspa.kit.api import Api
from openmedspa.kit.http import Call, Open, Route, Stream
from openmedspa.partners.access import ApiKey
from openmedspa.routes import exam

JSON = {"content-type": "application/json"}
MIB = 1024 * 1024
TOO_LARGE = {"success": False, "error": "Payload too large", "message": "The body may have at most 1048576 bytes"}
NOT_JSON = {
    "success": False,
    "error": "Unsupported media type",
    "message": "Send the body as Content-Type: application/json",
}
WITH_BODY = [route for route in exam.routes("staging") if route.body]


@pytest.mark.parametrize(
    "path",
    ["/invalid-path", "/", "/visits", "/visits/", "/visits/a/b", "/appointments/", "/APPOINTMENTS", "//visits/x"],
)
async def test_an_unknown_path_is_named_without_the_prefix(glow_emr: Client, path: str) -> None:
    for method in ("GET", "POST", "DELETE", "PROPFIND"):
        answer = await glow_emr.request(method, f"/emr{path}")
        assert (answer.status, answer.json) == (
            404,
            {"success": False, "error": "Not found", "message": f"EMR endpoint {path} not found"},
        )


async def test_a_line_feed_at_the_end_is_another_path(glow_emr: Client) -> None:
    assert (await glow_emr.get("/emr/treatments%0a")).status == 404


@pytest.mark.parametrize("route", exam.routes("staging"), ids=lambda route: f"{route.method} {route.path}")
async def test_a_wrong_method_names_the_right_one(glow_emr: Client, route: Route) -> None:
    path = route.path.format(gfe_id="gfe_x", location_id=Cast.GLOW)
    known = {other.method for other in exam.routes("staging") if other.path == route.path}
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"} - known:
        answer = await glow_emr.request(method, path, content=b"{")
        assert (answer.status, answer.json) == (
            405,
            {
                "success": False,
                "error": "Method not allowed",
                "message": f"EMR endpoint {path.removeprefix('/emr')} does not support {method}",
            },
        )
        assert answer.headers["allow"] == ", ".join(sorted(known))


async def test_head_answers_like_get_without_a_body(glow_emr: Client) -> None:
    head = await glow_emr.request("HEAD", "/emr/treatments")
    assert (head.status, head.json, head.headers["content-type"]) == (200, None, "application/json")


@pytest.mark.parametrize("route", WITH_BODY, ids=lambda route: str(route.path))
async def test_a_body_over_a_mebibyte_is_refused(glow_emr: Client, route: Route) -> None:
    path = route.path.format(gfe_id="gfe_x")

    async def chunks(count: int) -> AsyncGenerator[bytes]:
        for _ in range(count):
            yield b" " * 65536

    for content in (b" " * (MIB + 1), b"[" * 9_000_000, chunks(17), chunks(140)):
        answer = await glow_emr.request(route.method, path, content=content, headers=JSON)
        assert (answer.status, answer.json) == (413, TOO_LARGE)
    exact = await glow_emr.request(route.method, path, content=chunks(16), headers=JSON)
    assert exact.status == 400  # as large as may be, and only blanks


async def test_a_declared_length_is_refused_before_the_body_comes(glow_emr: Client) -> None:
    async def never() -> AsyncGenerator[bytes]:
        raise AssertionError("the body was read")
        yield b""

    headers = {**JSON, "content-length": "9000000"}
    answer = await glow_emr.request("POST", "/emr/appointments", content=never(), headers=headers)
    assert (answer.status, answer.json) == (413, TOO_LARGE)


@pytest.mark.parametrize(
    "kind",
    [
        "", "text/plain", "text/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
        "application/jsonx", "application/xml", "*/*", ";", "application/json+xml", "é",
    ],
)  # fmt: skip
async def test_a_body_that_is_not_json_by_its_type_is_refused(glow_emr: Client, kind: str) -> None:
    headers = {"content-type": kind.encode()} if kind else {}
    answer = await glow_emr.request("POST", "/emr/in-person", content=b"{}", headers=headers)
    assert (answer.status, answer.json) == (415, NOT_JSON)


@pytest.mark.parametrize(
    "kind", ["application/json", "APPLICATION/JSON", "application/json; charset=utf-8", "application/vnd.emr+json"]
)
async def test_json_goes_by_several_names(glow_emr: Client, kind: str) -> None:
    body = json.dumps(in_person()).encode()
    answer = await glow_emr.request("POST", "/emr/in-person", content=body, headers={"content-type": kind})
    assert answer.status == 201


def with_extra(text: str) -> bytes:
    """A valid in-person order with a field that nobody knows: it would be ignored, were it sound."""
    return json.dumps(in_person(extra=0)).replace('"extra": 0', f'"extra": {text}').encode()


BROKEN: dict[str, bytes] = {
    "no JSON": b"hello",
    "cut off": json.dumps(in_person()).encode()[:-1],
    "two values": json.dumps(in_person()).encode() + b"{}",
    "byte order mark": b"\xef\xbb\xbf" + json.dumps(in_person()).encode(),
    "UTF-16": json.dumps(in_person()).encode("utf-16"),
    "not UTF-8": with_extra('"@"').replace(b"@", b"\xff\xfe"),
    "not UTF-8, with NUL": with_extra('"@\\u0000"').replace(b"@", b"\xff"),
    "half a surrogate": with_extra('"\\ud800"'),
    "half a surrogate, with NUL": with_extra('"\\udc00\\u0000"'),
    "surrogates the wrong way": with_extra('"\\udc00\\ud800"'),
    "encoded surrogate": with_extra('"@"').replace(b"@", b"\xed\xa0\x80"),
    "bare NUL": with_extra('"@"').replace(b"@", b"\x00"),
    "NUL": with_extra('"a\\u0000b"'),
    "NUL in a name": with_extra('{"a\\u0000b": 1}'),
    "NUL in a list": with_extra('[1, ["a\\u0000"]]'),
    "NaN": with_extra("NaN"),
    "lists, 100,000 deep": with_extra("[" * 100_000 + "]" * 100_000),
    "objects, 100,000 deep": with_extra('{"a":' * 100_000 + "1" + "}" * 100_000),
    "never closed": b"[" * 1_000_000,
    "a list": b"[]",
    "null": b"null",
    "text": b'"order"',
    "blank": b"  \n",
    "nothing": b"",
}


@pytest.mark.parametrize("name", BROKEN)
async def test_a_broken_body_is_a_400(glow_emr: Client, name: str) -> None:
    answer = await glow_emr.request("POST", "/emr/in-person", content=BROKEN[name], headers=JSON)
    assert answer.error[0] == 400, answer.json


@pytest.mark.parametrize("depth", [100, 900, 990, 1000, 1100, 3000, 10_000, 30_000])
async def test_any_depth_is_taken_or_refused_never_an_error(glow_emr: Client, depth: int) -> None:
    for leaf in ("1", '"\\u0000"'):
        body = with_extra("[" * depth + leaf + "]" * depth)
        answer = await glow_emr.request("POST", "/emr/in-person", content=body, headers=JSON)
        assert answer.status == 400 or (answer.status == 201 and leaf == "1")


async def test_of_a_double_field_the_last_counts(glow_emr: Client) -> None:
    body = json.dumps(in_person())[:-1] + f', "location_id": "{Cast.RIVAL}"}}'
    answer = await glow_emr.request("POST", "/emr/in-person", content=body.encode(), headers=JSON)
    assert answer.status == 403


@pytest.mark.parametrize("path", ["visits/%00", "gfes/%00", "visits/a%00b", "gfes/loc_glow%00"])
async def test_a_nul_in_a_path_is_a_400(glow_emr: Client, path: str) -> None:
    name = "gfe_id" if path.startswith("visits") else "location_id"
    answer = await glow_emr.get(f"/emr/{path}")
    assert answer.error == (400, f"{name} is invalid", f"{name} contains the character U+0000")


async def test_odd_paths_and_queries_are_never_an_error(glow_emr: Client) -> None:
    odd = [
        "visits/%ff", "visits/a%0ab", "gfes/%0a",
        "visits/%ed%a0%80", "visits/%2e%2e", "visits/%2F", "visits/..%2f..", "gfes/%ff?limit=1",
        "visits/'%22;--", "gfes/loc_glow?limit=%00", "gfes/loc_glow?%00=1", "gfes/loc_glow?limit=%ff",
        "gfes/loc_glow?&&=&==&limit", "gfes/loc_glow?status=%ED%A0%80", "treatments?type=favorites&location_id=%00",
        "treatments?type=favorites&location_id=%ff", "gfes/loc_glow?limit=1&limit=2", "visits/" + "é" * 3000,
    ]  # fmt: skip
    for path in odd:
        answer = await glow_emr.get(f"/emr/{path}")
        assert answer.status in (200, 400, 404), path
        assert answer.headers["x-request-id"].startswith("req_")


async def test_every_answer_has_a_request_id_of_its_own_and_is_not_stored(glow_emr: Client) -> None:
    calls = [("GET", "treatments"), ("GET", "nowhere"), ("PUT", "visits/x"), ("GET", "visits/x"), ("POST", "webhooks")]
    answers = [await glow_emr.request(method, f"/emr/{path}", content=b"{") for method, path in calls]
    answers.append(await glow_emr.with_key(None).get("/emr/treatments"))
    assert [answer.status for answer in answers] == [200, 404, 405, 404, 415, 401]
    assert len({answer.headers["x-request-id"] for answer in answers}) == len(answers)
    assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}
    assert {answer.headers["content-type"] for answer in answers} == {"application/json"}


NAMES = ["Ana", "Lopez"]  # of a patient, in the message of some error


async def boom(_call: Call[None]) -> Any:
    raise ValueError(" ".join(NAMES))


async def broken_stream(_call: Call[None]) -> Stream:
    async def chunks() -> AsyncGenerator[bytes]:
        raise ValueError(" ".join(NAMES))
        yield b""

    return Stream(chunks())


@pytest.mark.parametrize("door", [boom, broken_stream])
async def test_a_mistake_of_ours_says_nothing_but_that_it_happened(
    glow_emr: Client, caplog: pytest.LogCaptureFixture, door: Any
) -> None:
    api = Api(
        dialect=wire,
        entrance=ApiKey("staging"),
        routes=[Route("GET", "/emr/boom", door, Open(), answer=Refusal)],
    )
    api.house = glow_emr.house
    transport = httpx2.ASGITransport(app=api)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as http:
        with caplog.at_level(logging.DEBUG):
            answer = await http.get("/emr/boom")
    assert (answer.status_code, answer.json()) == (500, {"success": False, "error": "Internal server error"})
    assert "ValueError" in caplog.text
    assert answer.headers["x-request-id"] in caplog.text
    assert "Ana Lopez" not in caplog.text
