"""The demo's rows: what real orders would have left behind, and nobody who exists."""

import re
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from client import Client

from openmedspa.demo.constants import DOCUMENTED_PROCESSING
from openmedspa.demo.people import people
from openmedspa.exams.status import MAY_BECOME, Step
from openmedspa.exams.visits import DECIDES_FOR_THEMSELVES, INVITATION_LIVES
from openmedspa.patients import matching

JOHN = DOCUMENTED_PROCESSING  # has no match keys: an order for the documents' John Doe makes a new patient

PHONE = re.compile(r"\+1[2-9]\d\d55501\d\d")


@pytest.fixture
async def rows(demo_emr: Client) -> list[Any]:
    """Every visit with its history, record, messages and patient."""
    return await demo_emr.house.system.unscoped_rows(
        """
        select v.*, p.first_name as p_first, p.last_name as p_last, p.email as p_email, p.phone as p_phone,
               p.dob as p_dob, r.signed_at, r.signed_by, now() as now,
               array(select key from match_keys k where (k.practice_id, k.patient_id) = (p.practice_id, p.id)) as keys,
               array(select step from visit_steps s where (s.practice_id, s.visit_id) = (v.practice_id, v.id)
                     order by s.id) as steps,
               array(select at from visit_steps s where (s.practice_id, s.visit_id) = (v.practice_id, v.id)
                     order by s.id) as moments,
               array(select channel || ' ' || notice from messages m
                     where (m.practice_id, m.visit_id) = (v.practice_id, v.id) and sent_at is not null
                     order by m.id) as messages
        from visits v
        join patients p on (p.practice_id, p.id) = (v.practice_id, v.patient_id)
        left join records r on (r.practice_id, r.visit_id, r.version) = (v.practice_id, v.id, v.record_version)
        """
    )


def test_people_have_no_real_addresses(rows: list[Any]) -> None:
    for row in rows:
        for email in filter(None, (row["email"], row["p_email"])):
            assert email.endswith("@example.com")
        for phone in filter(None, (row["phone"], row["p_phone"])):
            assert PHONE.fullmatch(phone)


def test_histories_are_ways_that_a_visit_may_take(rows: list[Any]) -> None:
    for row in rows:
        steps = [Step(step) for step in row["steps"]]
        assert steps[0] is Step.ORDERED
        assert steps[-1].value == row["step"]
        for before, after in pairwise(steps):
            assert after.status is before.status or after.status in MAY_BECOME[before.status]
        assert row["moments"] == sorted(row["moments"])
        assert (row["moments"][0], row["moments"][-1]) == (row["ordered_at"], row["updated_at"])
        assert row["updated_at"] < row["now"]


def test_visits_are_of_the_last_sixty_days_and_none_lapses_or_decides_soon(rows: list[Any]) -> None:
    for row in rows:
        age = row["now"] - row["ordered_at"]
        assert timedelta(hours=1) <= age
        assert age < timedelta(days=60) or row["gfe_id"] == "gfe_abc123xyz789"
        assert row["decides_at"] is None
        assert row["last_name"].casefold() not in DECIDES_FOR_THEMSELVES
        if row["step"] in ("ordered", "intake_started", "intake_done", "waiting"):
            assert age < INVITATION_LIVES - timedelta(days=10)
        if row["step"] == "scheduled":
            assert row["now"] < row["scheduled_at"] < row["now"] + timedelta(days=8)
        if row["step"] == "link_expired":
            assert row["updated_at"] - row["ordered_at"] >= INVITATION_LIVES


def test_only_what_happens_at_home_happens_at_home(rows: list[Any]) -> None:
    assert {row["kind"] for row in rows} == {"at_home", "in_person"}
    for row in rows:
        if row["kind"] == "in_person":
            assert row["dob"] is not None
            assert not {"scheduled", "cancelled_by_client", "link_expired"} & set(row["steps"])
            assert row["appointment_at"] is None
        else:
            assert row["email"] is not None
            assert row["phone"] is not None
            assert row["appointment_at"] is not None or row["gfe_id"].endswith(("xyz789", "uvw012"))


def test_the_patients_were_told(rows: list[Any]) -> None:
    for row in rows:
        notices = ["invited"] if row["kind"] == "at_home" else []
        notices += {"signed": ["completed"], "cancelled_by_client": ["cancelled"]}.get(row["step"], [])
        channels = [channel for channel, address in (("email", row["email"]), ("sms", row["phone"])) if address]
        expected = [f"{channel} {notice}" for notice in notices for channel in channels]
        assert sorted(row["messages"]) == sorted(expected)


def test_a_patient_is_found_by_the_keys_of_their_own_facts(rows: list[Any]) -> None:
    patients = {(row["practice_id"], row["patient_id"]): row for row in rows if row["gfe_id"] != JOHN}
    assert len(patients) < len(rows) - 30, "some come again"
    owner: dict[tuple[int, bytes], int] = {}
    for (practice_id, patient_id), row in patients.items():
        possible = set()
        if row["p_email"]:
            possible.add(matching.home_key(row["p_first"], row["p_last"], row["p_email"]))
        if row["p_dob"]:
            possible.add(matching.person_key(row["p_first"], row["p_last"], row["p_dob"]))
        assert row["keys"]
        assert set(row["keys"]) <= possible
        for key in row["keys"]:
            assert owner.setdefault((practice_id, key), patient_id) == patient_id


def test_a_visits_snapshot_agrees_with_its_patient(rows: list[Any]) -> None:
    for row in rows:
        assert (row["first_name"], row["last_name"]) == (row["p_first"], row["p_last"])
        assert row["email"] == row["p_email"]
        assert row["dob"] in (row["p_dob"], None)
        key = (
            matching.home_key(row["first_name"], row["last_name"], row["email"])
            if row["kind"] == "at_home"
            else matching.person_key(row["first_name"], row["last_name"], row["dob"])
        )
        assert key in row["keys"] or row["gfe_id"] == JOHN, "the visit's own order would find this patient again"


def test_about_a_third_came_with_intake_answers(rows: list[Any]) -> None:
    assert 0.25 < sum(row["intake_sent"] is not None for row in rows) / len(rows) < 0.42


async def test_a_record_is_signed_by_a_provider_at_the_visits_last_step(rows: list[Any]) -> None:
    for row in rows:
        assert (row["signed_at"] is not None) == (row["step"] == "signed")
        if row["step"] == "signed":
            assert row["signed_at"] == row["updated_at"]
            assert row["signed_by"].startswith("provider:")


def test_a_person_is_invented_the_same_way_each_time() -> None:
    assert people(10, seed=1) == people(20, seed=1)[:10]
