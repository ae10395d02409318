"""Exam groups, their agreements, time zones of locations and visit types, set up at a prompt."""

import json
from typing import Any

import asyncpg
import pytest

from .conftest import Prompt


def listed(desk: Prompt, *words: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(desk(*words, "--json").out)
    return rows


async def audited(owner: asyncpg.Connection) -> list[tuple[str, str]]:
    rows = await owner.fetch(
        "select action, subject from audit where actor like 'cli:%' and action <> 'practice.created' order by at, id"
    )
    return [(row["action"], row["subject"]) for row in rows]


@pytest.fixture
def group(desk: Prompt) -> str:
    assert desk("practices", "create", "FarExams", "--exam-group").code == 0
    return "FarExams"


def test_an_exam_group_is_a_tenant_of_its_own_kind(desk: Prompt, group: str) -> None:
    kinds = {row["ppass"]: row["kind"] for row in listed(desk, "practices", "list")}
    assert kinds == {"GlowOffice": "practice", "RivalOffice": "practice", "FarExams": "exam_group"}


async def test_agreements_are_made_ended_and_made_again(desk: Prompt, group: str, owner: asyncpg.Connection) -> None:
    for action, said in (
        ("add", "GlowOffice and FarExams agreed"), ("add", "GlowOffice and FarExams had agreed already"),
        ("end", "GlowOffice and FarExams ended"), ("end", "GlowOffice and FarExams had no agreement"),
    ):  # fmt: skip
        assert desk("agreements", action, "GlowOffice", "FarExams").out == f"{said}\n"
    (ended,) = listed(desk, "agreements", "list")
    assert (ended["practice"], ended["exam_group"]) == ("GlowOffice", "FarExams") and ended["ended_at"]
    desk("agreements", "add", "GlowOffice", "FarExams")
    assert listed(desk, "agreements", "list")[0]["ended_at"] is None
    assert [action for action, _ in await audited(owner)] == ["agreement.made", "agreement.ended", "agreement.made"]


def test_parties_turned_round_are_turned_back_by_the_hint(desk: Prompt, group: str) -> None:
    for action in "add", "end":
        ran = desk("agreements", action, "FarExams", "GlowOffice")
        assert ran.code == 2 and f"openmedspa agreements {action} GlowOffice FarExams" in ran.err


@pytest.mark.parametrize(
    ("words", "code", "what"),
    [
        ("FarExams FarExams", 2, "FarExams is an exam group, and the practice comes first."),
        ("GlowOffice RivalOffice", 2, "RivalOffice is no exam group."),
        ("GlowOfice FarExams", 3, "There is no practice GlowOfice."),
        ("GlowOffice Far", 3, "There is no practice Far."),
    ],
)
async def test_an_agreement_is_between_a_practice_and_an_exam_group(
    desk: Prompt, group: str, owner: asyncpg.Connection, words: str, code: int, what: str
) -> None:
    ran = desk("agreements", "add", *words.split())
    assert (ran.code, ran.out) == (code, "") and what in ran.err
    assert await owner.fetchval("select count(*) from agreements") == 0


def test_a_location_may_lie_in_another_time_zone(desk: Prompt) -> None:
    assert desk("locations", "create", "GlowOffice", "loc_east", "--time-zone", "America/New_York").code == 0
    zones = {row["id"]: row["time_zone"] for row in listed(desk, "locations", "list", "GlowOffice")}
    assert (zones["loc_east"], zones["loc_glow"]) == ("America/New_York", "America/Los_Angeles")
    ran = desk("locations", "create", "GlowOffice", "--time-zone", "America/New_Yrk")
    assert ran.code == 2 and "Did you mean America/New_York?" in ran.err


async def test_visit_types_are_set_and_listed(desk: Prompt, owner: asyncpg.Connection) -> None:
    words = ("--practice", "glowoffice", "--name", "Peel", "--minutes", "45", "--after", "10", "--treatment", "Peel")
    assert desk("visit-types", "set", "peel", *words).out == "PEEL added\n"
    assert desk("visit-types", "set", "PEEL", "--practice", "GlowOffice", "--before", "5").out == "PEEL set\n"
    (row,) = listed(desk, "visit-types", "list", "GlowOffice")
    assert row == {
        "ppass": "GlowOffice", "code": "PEEL", "name": "Peel", "minutes": 45, "before_minutes": 5, "after_minutes": 10,
        "treatments": ["Chemical Peel"],
    }  # fmt: skip
    assert listed(desk, "visit-types", "list", "RivalOffice") == []
    assert await audited(owner) == [("visit_type.set", "visit_type:PEEL")] * 2


@pytest.mark.parametrize(
    ("words", "code", "what", "hint"),
    [
        ("X --practice Glow --minutes 30", 3, "There is no practice Glow.", "GlowOffice"),
        ("X --practice GlowOffice", 2, "X is new", "openmedspa visit-types set X --practice GlowOffice --minutes 30"),
        ("X --practice GlowOffice --minutes 3", 2, "--minutes 3 does not fit", "--minutes 10"),
        ("X --practice GlowOffice --minutes 30 --treatment Pell", 3, "no treatment “Pell”", ""),
    ],
)
def test_visit_types_that_do_not_fit(desk: Prompt, words: str, code: int, what: str, hint: str) -> None:
    ran = desk("visit-types", "set", *words.split())
    assert (ran.code, ran.out) == (code, "")
    assert what in ran.err and hint in ran.err
