"""PATCH /emr/appointments/{gfe_id}/cancel: who may, when, and what becomes of the patient's messages."""

import asyncio

import pytest
from cast import Cast, in_person, make_visit
from client import Client

ENDED = ["Pending Review", "Completed", "Cancelled by client", "Cancelled", "Rejected"]


@pytest.mark.parametrize("status", ["Processing", "Scheduled", "Not Completed"])
async def test_cancel_ends_an_open_visit_at_home(glow_emr: Client, status: str) -> None:
    gfe_id = await make_visit(glow_emr, status=status)
    answer = await glow_emr.patch(f"/emr/appointments/{gfe_id}/cancel")
    assert (answer.status, answer.json) == (200, {"gfe_id": gfe_id, "status": "Cancelled by client"})
    assert (await glow_emr.get(f"/emr/visits/{gfe_id}")).json["data"]["status"] == "Cancelled by client"


@pytest.mark.parametrize("status", ENDED)
async def test_cancel_refuses_any_other_status_and_names_it(glow_emr: Client, status: str) -> None:
    gfe_id = await make_visit(glow_emr, status=status)
    answer = await glow_emr.patch(f"/emr/appointments/{gfe_id}/cancel")
    assert (answer.status, answer.json) == (
        400,
        {"success": False, "error": f"A visit with status {status} cannot be cancelled"},
    )
    assert (await glow_emr.get(f"/emr/visits/{gfe_id}")).json["data"]["status"] == status


async def test_cancel_refuses_a_visit_in_person_and_says_so(glow_emr: Client) -> None:
    gfe_id = (await glow_emr.post("/emr/in-person", in_person())).json["gfe_id"]
    answer = await glow_emr.patch(f"/emr/appointments/{gfe_id}/cancel")
    assert (answer.status, answer.json) == (
        400,
        {"success": False, "error": "In-person visits cannot be cancelled through this endpoint"},
    )


@pytest.mark.parametrize("body", [b"", b"{}", b"not json at all", b"\x00"])
async def test_cancel_needs_no_body_and_minds_none(glow_emr: Client, body: bytes) -> None:
    gfe_id = await make_visit(glow_emr)
    answer = await glow_emr.patch(f"/emr/appointments/{gfe_id}/cancel", content=body)
    assert (answer.status, answer.json) == (200, {"gfe_id": gfe_id, "status": "Cancelled by client"})


async def test_cancel_of_an_unknown_visit_is_not_found(glow_emr: Client) -> None:
    answer = await glow_emr.patch("/emr/appointments/gfe_nowhere/cancel")
    assert (answer.status, answer.json) == (404, {"success": False, "error": "GFE not found"})


async def test_cancel_of_a_rivals_visit_is_forbidden_and_changes_nothing(glow_emr: Client, rival_emr: Client) -> None:
    gfe_id = await make_visit(rival_emr, location_id=Cast.RIVAL)
    answer = await glow_emr.patch(f"/emr/appointments/{gfe_id}/cancel")
    assert (answer.status, answer.json) == (
        403,
        {"success": False, "error": "EMR is not authorized to access this GFE"},
    )
    assert (await rival_emr.get(f"/emr/visits/{gfe_id}")).json["data"]["status"] == "Processing"


async def test_cancel_withdraws_the_invitations_and_tells_the_patient(glow_emr: Client) -> None:
    gfe_id = await make_visit(glow_emr)
    await glow_emr.patch(f"/emr/appointments/{gfe_id}/cancel")
    rows = await glow_emr.house.system.unscoped_rows(
        "select notice, channel, address, withdrawn_at is not null from messages order by notice, channel"
    )
    assert [tuple(row) for row in rows] == [
        ("cancelled", "email", "ana.lopez@example.com", False),
        ("cancelled", "sms", "+12025550123", False),
        ("invited", "email", "ana.lopez@example.com", True),
        ("invited", "sms", "+12025550123", True),
    ]


async def test_a_message_that_was_sent_is_not_withdrawn(glow_emr: Client) -> None:
    gfe_id = await make_visit(glow_emr)
    db = glow_emr.house.system
    await db.unscoped_row("update messages set sent_at = now(), due_at = null where channel = 'email'")
    await glow_emr.patch(f"/emr/appointments/{gfe_id}/cancel")
    rows = await db.unscoped_rows("select channel from messages where withdrawn_at is not null")
    assert [row["channel"] for row in rows] == ["sms"]


async def test_cancel_writes_its_step_and_its_audit_row(glow_emr: Client) -> None:
    gfe_id = await make_visit(glow_emr)
    answer = await glow_emr.patch(f"/emr/appointments/{gfe_id}/cancel")
    db = glow_emr.house.system
    steps = await db.unscoped_rows("select step from visit_steps order by id")
    assert [row["step"] for row in steps] == ["ordered", "cancelled_by_client"]
    audit = await db.unscoped_rows(
        "select subject, request_id from audit where action = 'visit.cancelled' and actor like 'key:%'"
    )
    assert [tuple(row) for row in audit] == [(gfe_id, answer.headers["x-request-id"])]


async def test_twelve_who_cancel_at_once_have_one_winner(glow_emr: Client) -> None:
    gfe_id = await make_visit(glow_emr)
    answers = await asyncio.gather(*(glow_emr.patch(f"/emr/appointments/{gfe_id}/cancel") for _ in range(12)))
    assert sorted(answer.status for answer in answers) == [200] + [400] * 11


async def test_cancel_and_outcome_at_once_have_one_winner(glow_emr: Client) -> None:
    for _ in range(5):
        gfe_id = await make_visit(glow_emr)
        outcome = {"approved": ["Botox Injection", "Dermal Filler"]}
        answers = await asyncio.gather(
            glow_emr.patch(f"/emr/appointments/{gfe_id}/cancel"),
            glow_emr.post(f"/emr/staging/visits/{gfe_id}/outcome", outcome),
        )
        assert sorted(answer.status for answer in answers) == [200, 400]
        status = (await glow_emr.get(f"/emr/visits/{gfe_id}")).json["data"]["status"]
        assert status == ("Cancelled by client" if answers[0].status == 200 else "Completed")
