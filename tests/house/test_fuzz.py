"""The served OpenAPI documents against the server itself: thousands of requests, right and wrong, and no surprise."""

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
from scheduling import staff
from schemathesis import Case, GenerationMode, checks
from schemathesis.core.parameters import ParameterLocation

from openmedspa.app import build_app
from openmedspa.routes import exam
from openmedspa.routes.partner import PARTNER_API

CASES_EACH = {GenerationMode.POSITIVE: 80, GenerationMode.NEGATIVE: 45}
ALWAYS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]
OPERATIONS = [f"{route.method} {route.path}" for route in [*exam.routes("staging"), *PARTNER_API]]
PRACTICES = ["GlowOffice", "glowoffice", "RivalOffice", "Nobodys"]
TOKEN_CALL = "/v1/GlowOffice/auth/token"


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


async def _hire(cluster: str) -> list[int]:
    """Providers with visits: no door adds them."""
    connection = await asyncpg.connect(named(cluster, "fuzzed"))
    providers = [await staff.hire(connection) for _ in range(3)]
    await staff.offer(connection)
    await connection.close()
    return providers


@pytest.fixture(scope="module")
def session(url: str) -> Iterator[requests.Session]:
    """With a key for the exam API and a token for the partner API, both without a limit."""
    with requests.Session() as session:
        answer = session.post(url + TOKEN_CALL, json={"apiKey": Cast.PARTNER_KEY}).json()
        session.headers.update({"x-api-key": Cast.GLOW_KEY, "Authorization": f"Bearer {answer['accessToken']}"})
        yield session


@pytest.fixture(scope="module")
def schemas(url: str) -> dict[str, Any]:
    return {prefix: schemathesis.openapi.from_url(f"{url}/{prefix}/openapi.json") for prefix in ("emr", "v1")}


@pytest.fixture(scope="module")
def known(cluster: str, url: str, session: requests.Session) -> dict[str, dict[str, list[Any]]]:
    """Ids that exist, so that not every guess ends at "not found": by the path's second word, and by their name."""
    visits = [session.post(f"{url}/emr/appointments", json=at_home()).json()["gfe_id"] for _ in range(40)]
    practice = f"{url}/v1/GlowOffice"
    made = {
        "prospects": ({"FirstName": "Vera", "LastName": "Testcase"}, "ID"),
        "tickets": ({"Subject": "Broken"}, "TicketID"),
        "tags": ({"name": "known"}, "id"),
    }
    ids = {
        word: [session.post(f"{practice}/{word}", json=body | named_anew(word, number)).json()["data"][name]
               for number in range(10)]
        for word, (body, name) in made.items()
    }  # fmt: skip
    providers, day = asyncio.run(_hire(cluster)), staff.ahead().isoformat()
    place: dict[str, Any] = {"Date": day, "Duration": 30, "Type": "FOLLOWUP", "ProviderID": providers[0]}
    booked, held = [
        [session.post(f"{practice}/{word}", json=place | {"Time": f"{hour:02}:00"} | who).json()["data"][name]
         for hour in hours]
        for word, name, hours, who in (
            ("visits", "VisitID", range(10), {"ProspectID": ids["prospects"][0]}),
            ("holds", "HoldID", range(10, 20), {}),
        )
    ]  # fmt: skip
    asked = {
        "ProviderID": providers, "ProspectID": ids["prospects"], "HoldID": held, "Type": ["FOLLOWUP"],
        "LocationID": [Cast.GLOW], "Date": [day, staff.ahead(8).isoformat()], "TreatmentIDs": [[], ["treatment_001"]],
    }  # fmt: skip
    return {
        "availability": {
            "id": providers,
            "locationId": [Cast.GLOW],
            "visitType": ["FOLLOWUP"],
            "date": [day],
            "startDate": [day],
            "endDate": [staff.ahead(30).isoformat()],
        },
        "visits": {"id": booked, **asked},
        "holds": {"id": held, **asked},
        "emr": {"gfe_id": visits, "location_id": [Cast.GLOW, Cast.RIVAL]},
        "prospects": {"id": ids["prospects"]},
        "tags": {"id": ids["tags"], "tagId": ids["tags"]},
        "tags/prospects": {"id": ids["prospects"], "tagId": ids["tags"]},
        "tickets": {"id": ids["tickets"]},
        "ticket": {"id": ids["tickets"]},
        "kb": {"id": [1]},
    }


def named_anew(word: str, number: int) -> dict[str, str]:
    """Two tags are never of one name."""
    return {"name": f"known {number}"} if word == "tags" else {}


def kind(label: str) -> str:
    """What a path's ids are of."""
    parts = label.partition(" ")[2].split("/")
    if parts[1] == "emr":
        return "emr"
    words = [part for part in parts[2:] if not part.startswith("{")]
    return "tags/prospects" if words[:2] == ["tags", "prospects"] else words[0]


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["right", "wrong"])
@pytest.mark.parametrize("label", OPERATIONS)
def test_every_answer_is_one_that_the_document_describes(
    url: str,
    session: requests.Session,
    schemas: dict[str, Any],
    known: dict[str, dict[str, list[Any]]],
    label: str,
    mode: GenerationMode,
) -> None:
    is_right = mode is GenerationMode.POSITIVE
    operation = schemas[label.partition(" ")[2].split("/")[1]].find_operation_by_label(label)
    ids = known.get(kind(label), {})
    seen: list[int] = []

    @settings(
        max_examples=CASES_EACH[mode], derandomize=True, database=None, deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode), data=st.data())
    def run(case: Case[Any], data: st.DataObject) -> None:
        if "PPass" in (case.path_parameters or {}) and (is_right or data.draw(st.booleans())):
            case.path_parameters["PPass"] = data.draw(st.sampled_from(PRACTICES))
        for name in set(case.path_parameters or {}) & set(ids) if is_right else ():
            case.path_parameters[name] = data.draw(st.sampled_from(ids[name]) | st.just(case.path_parameters[name]))
        parts: list[Any] = [case.body, case.query] if is_right else []
        for part in parts:
            for name in sorted(set(part) & set(ids)) if isinstance(part, dict) else ():
                part[name] = data.draw(st.sampled_from(ids[name]))
        # Unknown names in a query are ignored on purpose; what is wrong in a body must be refused.
        body = (case.meta.components if case.meta else {}).get(ParameterLocation.BODY)
        further = [checks.negative_data_rejection] if body and body.mode is GenerationMode.NEGATIVE else []
        response = case.call_and_validate(
            base_url=url, session=session, headers=dict(session.headers), checks=ALWAYS + further
        )
        assert response.headers["x-request-id"][0].startswith("req_")
        seen.append(response.status_code)

    run()
    assert len(seen) >= 20
