"""POST /emr/in-person: an order at the medspa, its link, and what it refuses. Contract: Endpoints, Request fields."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cast import Cast, in_person
from client import Client


async def test_an_order_answers_both_ids_and_the_link(glow_emr: Client) -> None:
    answer = await glow_emr.post("/emr/in-person", in_person())
    gfe_id, link = answer.json["gfe_id"], answer.json["visit_link"]
    assert (answer.status, answer.json) == (
        201,
        {"success": True, "visit_id": gfe_id, "gfe_id": gfe_id, "visit_link": link},
    )
    assert re.fullmatch(rf"http://exams\.example\.com/visit/{gfe_id.removeprefix('gfe_')}\.[A-Za-z0-9_-]{{22}}", link)


async def test_the_patient_at_the_medspa_is_sent_no_message(glow_emr: Client) -> None:
    order = in_person(patient={"email": "ana.lopez@example.com", "phone": "+12025550123"})
    assert (await glow_emr.post("/emr/in-person", order)).status == 201
    assert await glow_emr.house.system.unscoped_rows("select * from messages") == []


async def test_fields_we_do_not_know_are_ignored(glow_emr: Client) -> None:
    order = in_person(colour="red", appointment_time="later", patient={"middle_name": "M", "nested": [{"a": None}]})
    assert (await glow_emr.post("/emr/in-person", order)).status == 201


@pytest.mark.parametrize("dob", ["02/03/1990", "02-03-1990", "1990-02-03"])
async def test_dob_is_taken_in_three_forms_and_answered_in_one(glow_emr: Client, dob: str) -> None:
    gfe_id = (await glow_emr.post("/emr/in-person", in_person(patient={"dob": dob}))).json["gfe_id"]
    assert (await glow_emr.get(f"/emr/visits/{gfe_id}")).json["data"]["patient_details"] == {
        "name": "Ana Lopez",
        "first_name": "Ana",
        "last_name": "Lopez",
        "dob": "02-03-1990",
        "email": "",
    }


async def test_dob_is_a_real_day_of_the_last_130_years(glow_emr: Client) -> None:
    today = datetime.now(UTC).date()
    form = "MM/DD/YYYY, MM-DD-YYYY or YYYY-MM-DD"
    bad = {
        "": f"must be {form}",
        "1990": f"must be {form}",
        "10/27/90": f"must be {form}",
        "10/27-1990": f"must be {form}",
        "1990/10/27": f"must be {form}",
        "27.10.1990": f"must be {form}",
        " 10/27/1990": f"must be {form}",
        "10/27/1990\n": f"must be {form}",
        "١٠/٢٧/١٩٩٠": f"must be {form}",
        "02/30/1990": "is not a date of the calendar",
        "02/29/1999": "is not a date of the calendar",
        "13/01/1990": "is not a date of the calendar",
        "0000-01-01": "is not a date of the calendar",
        f"{today + timedelta(days=2):%m/%d/%Y}": "must not be in the future",
        f"01/01/{today.year - 131}": "must be at most 130 years ago",
        "0001-01-01": "must be at most 130 years ago",
    }
    for dob, why in bad.items():
        answer = await glow_emr.post("/emr/in-person", in_person(patient={"dob": dob}))
        assert answer.error == (400, "patient_details.dob is invalid", f"patient_details.dob {why}"), dob


async def test_a_leap_day_and_an_age_of_129_are_fine(glow_emr: Client) -> None:
    for dob in ("02/29/2000", f"01/01/{datetime.now(UTC).year - 129}"):
        assert (await glow_emr.post("/emr/in-person", in_person(patient={"dob": dob}))).status == 201


@pytest.mark.parametrize(
    ("order", "field"),
    [
        (in_person(location_id=None), "location_id"),
        (in_person(requested_treatments=None), "requested_treatments"),
        ({**in_person(), "patient_details": {}}, "patient_details.first_name"),
        (in_person(patient={"last_name": None}), "patient_details.last_name"),
        (in_person(patient={"dob": None}), "patient_details.dob"),
    ],
)
async def test_each_missing_field_is_named(glow_emr: Client, order: dict[str, Any], field: str) -> None:
    answer = await glow_emr.post("/emr/in-person", order)
    assert answer.error == (400, f"{field} is required", f"{field} is required")


@pytest.mark.parametrize("field", ["email", "phone", "first_name", "last_name", "dob"])
async def test_what_is_there_must_be_right(glow_emr: Client, field: str) -> None:
    answer = await glow_emr.post("/emr/in-person", in_person(patient={field: "?\n"}))
    assert answer.error[:2] == (400, f"patient_details.{field} is invalid")


async def test_email_and_phone_may_be_given_or_null(glow_emr: Client) -> None:
    for value in ({"email": "ana@example.com", "phone": "12025550123"}, {}):
        assert (await glow_emr.post("/emr/in-person", in_person(patient=value))).status == 201
    order = in_person()
    order["patient_details"] |= {"email": None, "phone": None}
    assert (await glow_emr.post("/emr/in-person", order)).status == 201


async def test_an_unknown_location_is_not_found_and_a_rivals_forbidden(glow_emr: Client) -> None:
    unknown = await glow_emr.post("/emr/in-person", in_person(location_id="loc_nowhere"))
    assert (unknown.status, unknown.json) == (
        404,
        {"success": False, "error": "Not Found", "message": "Location not found"},
    )
    foreign = await glow_emr.post("/emr/in-person", in_person(location_id=Cast.RIVAL))
    assert (foreign.status, foreign.json) == (
        403,
        {"success": False, "error": "EMR is not authorized for this location"},
    )
