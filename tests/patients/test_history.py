"""Who changed what about a person, when: kept with the change, and told on the command line."""

import json
from pathlib import Path

import asyncpg
import pytest
from cli.conftest import Prompt, desk, prompt
from client import Client
from patients.offices import FULL, JOHN, PEOPLE, TAGS, make_person, make_provider, make_tag

__all__ = ["desk", "prompt"]  # fixtures


async def test_a_change_keeps_what_was_there_before_and_after(glow_partner: Client, owner: asyncpg.Connection) -> None:
    person = await make_person(glow_partner)
    answer = await glow_partner.put(f"{PEOPLE}/{person['ID']}", {"City": "Reno", "Phone": None, "LastName": "Doe"})
    made, changed = await owner.fetch("select * from patient_changes order by id")
    added_by = await owner.fetchval("select added_by from patients")
    assert {row["actor"] for row in (made, changed)} == {added_by}
    assert json.loads(made["before"]) == {}
    assert json.loads(made["after"])["last_name"] == "Doe"
    assert json.loads(changed["before"]) == {"city": None, "phone": "555-0123"}
    assert json.loads(changed["after"]) == {"city": "Reno", "phone": None}
    assert changed["request_id"] == answer.headers["x-request-id"]
    assert changed["at"] > made["at"]


async def test_a_change_and_its_row_are_rolled_back_together(glow_partner: Client, owner: asyncpg.Connection) -> None:
    person = await make_person(glow_partner)
    await owner.execute("alter table patient_changes add constraint no check (actor = '') not valid")
    glow_partner.http._transport.raise_app_exceptions = False  # type: ignore[attr-defined]
    assert (await glow_partner.put(f"{PEOPLE}/{person['ID']}", {"City": "Reno"})).status == 500
    assert (await glow_partner.post(PEOPLE, JOHN)).status == 500
    assert [(row["ID"], row["City"]) for row in (await glow_partner.get(PEOPLE)).json["data"]] == [(person["ID"], None)]


async def test_the_app_can_neither_rewrite_nor_erase_the_past(owner: asyncpg.Connection) -> None:
    for statement in ("update patient_changes set actor = 'x'", "delete from patient_changes"):
        for role in ("openmedspa_app", "openmedspa_system"):
            await owner.execute(f"set role {role}")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await owner.execute(statement)
            await owner.execute("reset role")


async def test_the_command_tells_field_by_field(glow_partner: Client, owner: asyncpg.Connection, desk: Prompt) -> None:
    person, tag_id = await make_person(glow_partner), await make_tag(glow_partner)
    await glow_partner.put(f"{PEOPLE}/{person['ID']}", {"Notes": "esc \x1b[2J\r\nline", "Prospect": 0})
    await glow_partner.post(f"{TAGS}/prospects/{person['ID']}", {"tagId": tag_id})
    ran = desk("history", "prospect", str(person["ID"]), "--json")
    assert ran.code == 0
    told = [(row["field"], row["before"], row["after"]) for row in json.loads(ran.out)]
    assert told[-3:] == [
        ("Prospect", 1, 0),
        ("Notes", None, "esc \x1b[2J\r\nline"),
        ("Tags", [], ["VIP"]),
    ] or told[-3:] == [("Notes", None, "esc \x1b[2J\r\nline"), ("Prospect", 1, 0), ("Tags", [], ["VIP"])]
    assert ("EMail", None, "john@example.com") in told
    plain = desk("history", "prospect", str(person["ID"]))
    assert "\x1b" not in plain.out and "esc ?[2J??line" in plain.out
    looked = await owner.fetch("select subject from audit where action = 'prospect.history_read'")
    assert [row["subject"] for row in looked] == [f"patient:{person['ID']}"] * 2


async def test_all_33_fields_are_told_by_their_names(glow_partner: Client, desk: Prompt) -> None:
    await make_provider(glow_partner)
    person = await make_person(glow_partner, **FULL)
    ran = desk("history", "prospect", str(person["ID"]), "--json")
    assert {row["field"]: row["after"] for row in json.loads(ran.out)} == FULL


@pytest.mark.usefixtures("glow_emr")
def test_nobody_has_no_history(desk: Prompt, tmp_path: Path) -> None:
    for number in ("999999", "0", "99999999999999999999"):
        ran = desk("history", "prospect", number)
        assert ran.code == 3 and "There is no person" in ran.err
    assert desk("history", "prospect", "x").code == 2
