"""POST /emr/appointments/{gfe_id}/invitation: the link that was not received, or was closed, is sent anew."""

from urllib.parse import urlsplit

import pytest
from cast import Cast, in_person, make_visit
from client import Answer, Client

from openmedspa.exams.links import visit_link


async def invite(emr: Client, gfe_id: str) -> Answer:
    return await emr.post(f"/emr/appointments/{gfe_id}/invitation")


async def pass_ten_minutes(emr: Client) -> None:
    assert (await emr.post("/emr/staging/clock", {"advance_seconds": 600})).status == 200


async def opens(emr: Client, gfe_id: str, generation: int) -> bool:
    path = urlsplit(visit_link(emr.house, gfe_id, generation)).path
    return (await emr.http.get(path)).status_code == 200


async def test_a_new_link_is_sent_and_the_old_one_ends(glow_emr: Client) -> None:
    gfe_id = await make_visit(glow_emr)
    assert await opens(glow_emr, gfe_id, 1)
    await pass_ten_minutes(glow_emr)
    answer = await invite(glow_emr, gfe_id)
    assert (answer.status, answer.json) == (200, {"gfe_id": gfe_id, "status": "Processing"})
    assert not await opens(glow_emr, gfe_id, 1)
    assert await opens(glow_emr, gfe_id, 2)
    rows = await glow_emr.house.system.unscoped_rows(
        "select notice, channel, due_at is not null, withdrawn_at is not null from messages order by id"
    )
    assert [tuple(row) for row in rows] == [
        ("invited", "email", False, True), ("invited", "sms", False, True),
        ("invited", "email", True, False), ("invited", "sms", True, False),
    ]  # fmt: skip


async def test_not_twice_within_ten_minutes(glow_emr: Client) -> None:
    gfe_id = await make_visit(glow_emr)
    answer = await invite(glow_emr, gfe_id)
    assert answer.error == (
        409, "This patient was invited a moment ago", "Mail may take that long. Try again in 10 minutes"
    )  # fmt: skip
    assert 590 <= int(answer.headers["retry-after"]) <= 600
    assert answer.headers["link"] == '</docs/errors/invited_just_now>; rel="help"'
    assert await opens(glow_emr, gfe_id, 1)


async def test_at_most_three_times(glow_emr: Client) -> None:
    gfe_id = await make_visit(glow_emr)
    for _ in range(3):
        await pass_ten_minutes(glow_emr)
        assert (await invite(glow_emr, gfe_id)).status == 200
    await pass_ten_minutes(glow_emr)
    assert (await invite(glow_emr, gfe_id)).error[:2] == (409, "This patient was invited 4 times")
    assert await opens(glow_emr, gfe_id, 4)


async def test_a_link_that_wrong_guesses_closed_is_replaced(glow_emr: Client) -> None:
    gfe_id = await make_visit(glow_emr)
    await glow_emr.house.system.unscoped_row(
        """
        insert into identity_guesses (practice_id, visit_id, generation, wrong_in_row, wrong_in_all)
        select practice_id, id, 1, 5, 15 from visits
        """
    )
    closed = await glow_emr.http.get(urlsplit(visit_link(glow_emr.house, gfe_id, 1)).path)
    assert "This page is closed" in closed.text
    await pass_ten_minutes(glow_emr)
    await invite(glow_emr, gfe_id)
    anew = await glow_emr.http.get(urlsplit(visit_link(glow_emr.house, gfe_id, 2)).path)
    assert "Your date of birth" in anew.text


@pytest.mark.parametrize("status", ["Not Completed", "Pending Review", "Completed", "Cancelled by client", "Rejected"])
async def test_a_visit_that_takes_no_patient_is_refused_and_its_status_named(glow_emr: Client, status: str) -> None:
    gfe_id = await make_visit(glow_emr, status=status)
    await pass_ten_minutes(glow_emr)
    assert (await invite(glow_emr, gfe_id)).error == (
        400,
        f"A visit with status {status} cannot be invited again",
        None,
    )


async def test_a_visit_in_person_has_no_invitation(glow_emr: Client) -> None:
    gfe_id = (await glow_emr.post("/emr/in-person", in_person())).json["gfe_id"]
    assert (await invite(glow_emr, gfe_id)).error[0] == 400


async def test_a_rivals_visit_is_forbidden_and_an_unknown_one_not_found(glow_emr: Client, rival_emr: Client) -> None:
    gfe_id = await make_visit(rival_emr, location_id=Cast.RIVAL)
    assert (await invite(glow_emr, gfe_id)).error == (403, "EMR is not authorized to access this GFE", None)
    assert (await invite(glow_emr, "gfe_nowhere")).error == (404, "GFE not found", None)
