"""The served OpenAPI document against the server itself: thousands of requests, right and wrong, and no surprise."""

import asyncio
import threading
import time
from collections.abc import Iterator
from typing import Any

import asyncpg
import msgspec
import pytest
import requests
import schemathesis
import uvicorn
from cast import Cast, at_home
from conftest import named, settings_for
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode, checks
from schemathesis.core.parameters import ParameterLocation

from openmedspa.app import build_app
from openmedspa.routes import exam

CASES_EACH = {GenerationMode.POSITIVE: 150, GenerationMode.NEGATIVE: 80}
ALWAYS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]
KEY = {"x-api-key": Cast.GLOW_KEY}
OPERATIONS = [f"{route.method} {route.path}" for route in exam.routes("staging")]


@pytest.fixture(scope="module")
def url(cluster: str, template: str) -> Iterator[str]:
    """A real server on a free loopback port, with a database of its own."""
    asyncio.run(_copy(cluster, template))
    app = build_app(msgspec.structs.replace(settings_for(named(cluster, "fuzzed")), public_url="http://127.0.0.1"))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", ws="none", access_log=False))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


async def _copy(cluster: str, template: str) -> None:
    connection = await asyncpg.connect(named(cluster, "postgres"))
    await connection.execute(f"create database fuzzed template {template}")
    await connection.close()


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.headers.update(KEY)
        yield session


@pytest.fixture(scope="module")
def schema(url: str) -> Any:
    return schemathesis.openapi.from_url(f"{url}/emr/openapi.json")


@pytest.fixture(scope="module")
def known(url: str, session: requests.Session) -> dict[str, list[str]]:
    """Ids that exist, so that not every guess ends at "not found"."""
    made = [session.post(f"{url}/emr/appointments", json=at_home()).json()["gfe_id"] for _ in range(40)]
    return {"gfe_id": made, "location_id": [Cast.GLOW, Cast.RIVAL]}


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["right", "wrong"])
@pytest.mark.parametrize("label", OPERATIONS)
def test_every_answer_is_one_that_the_document_describes(
    url: str, session: requests.Session, schema: Any, known: dict[str, list[str]], label: str, mode: GenerationMode
) -> None:
    operation = schema.find_operation_by_label(label)
    seen: list[int] = []

    @settings(
        max_examples=CASES_EACH[mode], derandomize=True, database=None, deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode), data=st.data())
    def run(case: Case[Any], data: st.DataObject) -> None:
        for name in set(case.path_parameters or {}) & set(known):
            if mode is GenerationMode.POSITIVE:
                case.path_parameters[name] = data.draw(
                    st.sampled_from(known[name]) | st.just(case.path_parameters[name])
                )
        if isinstance(case.body, dict) and "location_id" in case.body and mode is GenerationMode.POSITIVE:
            case.body["location_id"] = data.draw(st.sampled_from(known["location_id"]))
        # Unknown names in a query are ignored on purpose; what is wrong in a body must be refused.
        body = (case.meta.components if case.meta else {}).get(ParameterLocation.BODY)
        further = [checks.negative_data_rejection] if body and body.mode is GenerationMode.NEGATIVE else []
        response = case.call_and_validate(base_url=url, session=session, headers=KEY, checks=ALWAYS + further)
        assert response.headers["x-request-id"][0].startswith("req_")
        seen.append(response.status_code)

    run()
    assert len(seen) >= 20
