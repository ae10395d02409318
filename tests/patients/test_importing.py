"""People from files and people who are there: one person, whoever brought them first, and whole batches only."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest
from cast import at_home
from client import Client

from openmedspa.kit.bulk import Import, Totals
from openmedspa.kit.db import Database
from openmedspa.kit.files import Entry
from openmedspa.kit.house import House
from openmedspa.patients.importing import Prospects
from openmedspa.patients.queries import importing as queries

NOW = datetime(2026, 3, 9, 17, tzinfo=UTC)
ANA = {"FirstName": "ana", "LastName": " Lopez ", "EMail": "ANA.LOPEZ@example.com", "Phone": "555-0123"}


def entries(*rows: dict[str, Any]) -> list[Entry]:
    return [Entry(line, row, []) for line, row in enumerate(rows, 2)]


async def bring(db: Database, *rows: dict[str, Any], refused: list[str] | None = None) -> tuple[int, int, int]:
    """(created, updated, unchanged) at `glow`."""
    told = refused if refused is not None else list[str]()
    run = Import(
        db, Prospects(1, await queries.list_provider_ids(db, [1], 1), actor="cli:test", now=NOW), is_dry=False,
        refuse=lambda entry, faults: told.append(f"{entry.line}: {faults}"), tell=lambda _totals: None,
    )  # fmt: skip
    totals = await run.run(entries(*rows))
    assert refused is not None or told == []
    return totals.created, totals.updated, totals.unchanged


async def people(house: House) -> list[Any]:
    return await house.system.unscoped_rows("select * from patients order by id")


async def test_an_exam_patient_of_the_file_is_the_same_person(glow_emr: Client) -> None:
    answer = await glow_emr.post("/emr/appointments", at_home())
    assert answer.status == 201
    assert await bring(glow_emr.house.system, ANA) == (0, 1, 0)
    (ana,) = await people(glow_emr.house)
    assert (ana["first_name"], ana["phone"]) == ("ana", "555-0123")
    assert ana["prospect_since"] == NOW
    assert ana["added_by"] is None
    visit = await glow_emr.get(f"/emr/visits/{answer.json['gfe_id']}")
    assert visit.json["data"]["patient_details"]["first_name"] == "Ana", "the visit keeps what it was ordered with"
    assert await bring(glow_emr.house.system, ANA) == (0, 0, 1)


async def test_an_order_for_somebody_imported_is_for_that_person(glow_emr: Client) -> None:
    assert await bring(glow_emr.house.system, {**ANA, "LastName": "Lopez"}) == (1, 0, 0)
    assert (await glow_emr.post("/emr/appointments", at_home())).status == 201
    assert len(await people(glow_emr.house)) == 1


async def test_what_the_file_does_not_say_stays(house: House) -> None:
    await bring(house.system, {**ANA, "City": "Pasadena", "Notes": "x"})
    assert await bring(house.system, {**ANA, "Notes": "y"}) == (0, 1, 0)
    (ana,) = await people(house)
    assert (ana["city"], ana["notes"]) == ("Pasadena", "y")
    (change,) = await house.system.unscoped_rows("select before, after, actor from patient_changes where id > 1")
    assert (change["before"], change["after"], change["actor"]) == ('{"notes": "x"}', '{"notes": "y"}', "cli:test")


async def test_two_lines_that_find_one_person_are_told(house: House) -> None:
    """By e-mail the one, by date of birth the other: or each run would undo the other line's words."""
    await bring(house.system, {"FirstName": "A", "LastName": "B", "EMail": "a@example.com", "DOB": "1990-01-02"})
    refused: list[str] = []
    by_mail = {"FirstName": "A", "LastName": "B", "EMail": "a@example.com", "Notes": "1"}
    by_birth = {"FirstName": "A", "LastName": "B", "DOB": "1990-01-02", "Notes": "2"}
    assert await bring(house.system, by_mail, by_birth, refused=refused) == (0, 1, 0)
    assert refused == ["3: {'': 'means the same person as line 2'}"]


async def test_without_mail_and_birthday_the_phone_tells_people_of_one_name_apart(house: House) -> None:
    one, two = ({"FirstName": "A", "LastName": "B", "Phone": phone} for phone in ("555-0101", "555-0102"))
    assert await bring(house.system, one, two) == (2, 0, 0)
    assert await bring(house.system, one, {**two, "Phone": "(555) 0102"}) == (0, 1, 1)


async def test_a_practice_knows_nothing_of_another(house: House) -> None:
    await bring(house.system, ANA)
    run = Import(
        house.system, Prospects(2, [], actor="cli:test", now=NOW), is_dry=False, refuse=lambda *_: None,
        tell=lambda _totals: None,
    )  # fmt: skip
    assert (await run.run(entries(ANA))).created == 1


async def test_a_provider_has_to_be_of_the_practice(house: House, owner: asyncpg.Connection) -> None:
    await owner.execute("insert into providers (practice_id, id, name) values (1, 7, 'x'), (2, 8, 'y')")
    refused: list[str] = []
    foreign, own = ({**ANA, "FirstName": name, "ProviderID": number} for name, number in (("a", 8), ("b", 7)))
    assert await bring(house.system, foreign, own, refused=refused) == (1, 0, 0)
    assert refused == ["2: {'ProviderID': 'is not a provider of this practice'}"]


async def test_two_runs_at_once_bring_everybody_once(house: House) -> None:
    crowd = [{"FirstName": f"F{n}", "LastName": "L", "EMail": f"{n}@example.com"} for n in range(2_500)]
    runs = await asyncio.gather(bring(house.system, *crowd), bring(house.system, *crowd))
    assert sum(created for created, _, _ in runs) == len(crowd)
    assert len(await people(house)) == len(crowd)


async def test_who_is_stopped_between_has_whole_batches_and_goes_on(house: House) -> None:
    crowd = [{"FirstName": f"F{n}", "LastName": "L", "EMail": f"{n}@example.com"} for n in range(3_500)]
    done: list[Totals] = []

    def stop(totals: Totals) -> None:
        done.append(totals)
        if totals.created == 2_000:
            raise asyncio.CancelledError

    run = Import(
        house.system, Prospects(1, [], actor="cli:test", now=NOW), is_dry=False, refuse=lambda *_: None, tell=stop
    )
    with pytest.raises(asyncio.CancelledError):
        await run.run(entries(*crowd))
    assert run.totals.line == 2_001
    assert len(await people(house)) == 2_000
    assert await bring(house.system, *crowd) == (1_500, 0, 2_000)


async def test_a_batch_that_fails_leaves_nothing_of_itself(house: House, owner: asyncpg.Connection) -> None:
    await owner.execute("alter table patients add constraint no_bo check (first_name <> 'Bo')")
    crowd = [{"FirstName": name, "LastName": "L", "EMail": f"{name}@example.com"} for name in ("Al", "Bo", "Cy")]
    with pytest.raises(asyncpg.CheckViolationError):
        await bring(house.system, *crowd)
    assert await people(house) == []
