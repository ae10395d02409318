"""The demo through the exam API's doors, with the demo's key: what a developer sees first."""

from collections import Counter
from typing import Any, get_args

import msgspec
import pytest
from client import Client

from openmedspa.demo import constants
from openmedspa.exams.shapes import OneVisit, StatusWord, VisitList
from openmedspa.exams.status import Status

# What the documents answer for their own example id, to the letter.
JANE = {
    "gfe_id": "gfe_abc123xyz789",
    "status": "Completed",
    "requested_treatments": ["Botox Injection"],
    "approved_treatments": ["Botox Injection"],
    "conditionally_approved_treatments": ["Dermal Filler"],
    "deferred_treatments": ["Chemical Peel"],
    "evaluation_completed": "2024-05-02T07:00:00-07:00",
    "patient_details": {
        "name": "Jane Smith",
        "first_name": "Jane",
        "last_name": "Smith",
        "dob": "05-15-1985",
        "email": "jane.smith@example.com",
    },
}
JOHN = {
    "gfe_id": "gfe_def456uvw012",
    "status": "Processing",
    "requested_treatments": ["Chemical Peel"],
    "patient_details": {
        "name": "John Doe",
        "first_name": "John",
        "last_name": "Doe",
        "dob": "10-27-1990",
        "email": "john.doe@example.com",
    },
}


async def listed(emr: Client, location_id: str) -> list[Any]:
    answer = await emr.get(f"/emr/gfes/{location_id}?include=decisions")
    assert answer.status == 200, answer.json
    msgspec.convert(answer.json, VisitList)
    gfes: list[Any] = answer.json["gfes"]
    return gfes


@pytest.fixture
def rival(demo_emr: Client) -> Client:
    return demo_emr.with_key(constants.RIVAL_KEY)


async def test_about_two_hundred_visits_most_at_the_documents_location(demo_emr: Client, rival: Client) -> None:
    counts = [
        len(await listed(demo_emr, constants.LOCATION)),
        len(await listed(demo_emr, constants.SECOND_LOCATION)),
        len(await listed(rival, constants.FOREIGN_LOCATION)),
    ]
    assert counts == [150, 30, 20]


async def test_every_status_is_there_to_look_at(demo_emr: Client) -> None:
    counts = Counter(visit["status"] for visit in await listed(demo_emr, constants.LOCATION))
    assert counts.keys() == set(get_args(StatusWord)) == {status.word for status in Status}
    assert min(counts.values()) >= 5


async def test_every_visit_opens_and_has_the_fields_of_the_contract_and_no_others(demo_emr: Client) -> None:
    for location_id in (constants.LOCATION, constants.SECOND_LOCATION):
        for visit in await listed(demo_emr, location_id):
            answer = await demo_emr.get(f"/emr/visits/{visit['gfe_id']}?include=decisions")
            assert answer.status == 200
            msgspec.convert(answer.json, OneVisit)
            assert answer.json["data"] == visit


async def test_every_completed_visit_has_decided_all_that_was_asked(demo_emr: Client) -> None:
    outcomes = Counter[str]()
    extra = 0
    for visit in await listed(demo_emr, constants.LOCATION):
        if visit["status"] != "Completed":
            assert "evaluation_completed" not in visit
            continue
        decided = [decision["treatment"] for decision in visit["decisions"]]
        assert set(visit["requested_treatments"]) <= set(decided)
        assert len(decided) == len(set(decided))
        extra += len(decided) > len(visit["requested_treatments"])
        for decision in visit["decisions"]:
            outcomes[decision["outcome"]] += 1
            assert (decision["valid_until"] is None) == (decision["outcome"] == "deferred")
            assert (decision["reason"] is not None) == (decision["outcome"] == "deferred")
            assert (decision["conditions"] is not None) == (
                decision["outcome"] in ("approved_with_precaution", "conditionally_approved")
            )
    assert outcomes.keys() == {"approved", "approved_with_precaution", "conditionally_approved", "deferred"}
    assert extra >= 3


async def test_the_documents_ids_answer_as_the_documents_do(demo_emr: Client) -> None:
    for gfe_id, expected in ((constants.DOCUMENTED_COMPLETED, JANE), (constants.DOCUMENTED_PROCESSING, JOHN)):
        answer = await demo_emr.get(f"/emr/visits/{gfe_id}")
        assert answer.json == {"success": True, "data": expected}


async def test_the_rivals_location_and_visits_are_forbidden(demo_emr: Client, rival: Client) -> None:
    answer = await demo_emr.get(f"/emr/gfes/{constants.FOREIGN_LOCATION}")
    assert answer.error == (403, "EMR is not authorized for this location", None)
    theirs = [visit["gfe_id"] for visit in await listed(rival, constants.FOREIGN_LOCATION)]
    assert constants.FOREIGN_GFE in theirs
    for gfe_id in theirs:
        answer = await demo_emr.get(f"/emr/visits/{gfe_id}")
        assert answer.error == (403, "EMR is not authorized to access this GFE", None)
    answer = await rival.get(f"/emr/visits/{constants.DOCUMENTED_COMPLETED}")
    assert answer.error == (403, "EMR is not authorized to access this GFE", None)


async def test_catalogue_and_favourites_hold_the_documents_treatments(demo_emr: Client) -> None:
    first_three = [
        {"id": "treatment_001", "name": "Botox Injection"},
        {"id": "treatment_002", "name": "Dermal Filler"},
        {"id": "treatment_003", "name": "Chemical Peel"},
    ]
    catalogue = (await demo_emr.get("/emr/treatments")).json["data"]
    assert catalogue[:3] == first_three
    assert len(catalogue) > 50
    favourites = await demo_emr.get(f"/emr/treatments?type=favorites&location_id={constants.LOCATION}")
    assert favourites.json["data"][:3] == first_three
