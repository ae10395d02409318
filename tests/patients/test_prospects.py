"""People by the partner API: added, shown, changed; who may, who may not, and what is written down."""

import asyncio
from typing import Any

import asyncpg
import pytest
from cast import at_home
from client import Client
from patients.offices import ADDED, FULL, JOHN, PEOPLE, make_person, make_provider, narrow_partner

from openmedspa.usage import audit

READ = "select action, subject, actor from audit where action like 'prospect.%' order by id"


async def test_the_documents_example_is_taken_as_it_stands(glow_partner: Client) -> None:
    answer = await glow_partner.post(PEOPLE, JOHN)
    assert answer.status == 201
    person = answer.json["data"]
    assert person.keys() == FULL.keys() | ADDED
    told = {**JOHN, "FullName": "John Doe", "Prospect": 1, "Tags": []}
    assert {field: person[field] for field in told} == told
    assert all(person[field] is None for field in person.keys() - told.keys() - ADDED)
    assert person["CreatedAt"] == person["UpdatedAt"] and person["CreatedAt"].endswith("Z")
    assert (await glow_partner.get(f"{PEOPLE}/{person['ID']}")).json == answer.json


async def test_a_change_changes_the_fields_given_and_leaves_the_others(glow_partner: Client) -> None:
    person = await make_person(glow_partner, City="Reno", Notes="")
    changes = {"Phone": "(202) 555-0199", "Notes": None, "Unit": ""}
    answer = await glow_partner.put(f"{PEOPLE}/{person['ID']}", changes)
    assert answer.status == 200
    assert answer.json["data"] == {**person, **changes, "UpdatedAt": answer.json["data"]["UpdatedAt"]}
    assert (await glow_partner.get(f"{PEOPLE}/{person['ID']}")).json == answer.json


async def test_a_change_that_changes_nothing_writes_nothing(glow_partner: Client, owner: asyncpg.Connection) -> None:
    await make_provider(glow_partner)
    person = await make_person(glow_partner, **FULL)
    rows = await owner.fetch("select xmin::text, * from patients")
    same = {field: value for field, value in person.items() if field not in ADDED}
    for body in (same, {}, {"FirstName": person["FirstName"]}):
        assert (await glow_partner.put(f"{PEOPLE}/{person['ID']}", body)).json["data"] == person
    assert await owner.fetch("select xmin::text, * from patients") == rows
    assert await owner.fetchval("select count(*) from patient_changes") == 1


@pytest.mark.parametrize("id_", ["0", "-1", "abc", "9" * 30, "1.0", "%31%32x", "999999999", "²"])
async def test_an_id_of_nobody_is_not_found(glow_partner: Client, id_: str) -> None:
    assert (await glow_partner.get(f"{PEOPLE}/{id_}")).fault == (404, "prospect_not_found", {})
    assert (await glow_partner.put(f"{PEOPLE}/{id_}", {"City": "x"})).fault == (404, "prospect_not_found", {})


async def test_another_practice_learns_nothing(glow_partner: Client, rival_partner: Client) -> None:
    person = await make_person(glow_partner)
    theirs = f"/v1/RivalOffice/prospects/{person['ID']}"
    assert (await rival_partner.get(theirs)).fault == (404, "prospect_not_found", {})
    assert (await rival_partner.put(theirs, {"City": "x"})).fault == (404, "prospect_not_found", {})
    assert (await rival_partner.get("/v1/RivalOffice/prospects")).json["data"] == []
    assert (await rival_partner.get(f"{PEOPLE}/{person['ID']}")).fault == (403, "practice_foreign", {})
    assert (await glow_partner.get(f"{PEOPLE}/{person['ID']}")).json["data"] == person


async def test_who_may_see_prospects_only_knows_of_nobody_else(glow_partner: Client, glow_emr: Client) -> None:
    await glow_emr.post("/emr/appointments", at_home())
    patient = (await glow_partner.get(PEOPLE)).json["data"][0]
    assert (patient["EMail"], patient["Prospect"]) == ("ana.lopez@example.com", 0)
    narrow = await narrow_partner(glow_partner)
    unflagged = f"{PEOPLE}/{patient['ID']}"
    assert (await narrow.get(unflagged)).fault == (404, "prospect_not_found", {})
    for body in ({"City": "x"}, {"Prospect": 1}, {"Prospect": 0}):
        assert (await narrow.put(unflagged, body)).fault == (404, "prospect_not_found", {})
    assert (await narrow.get(PEOPLE)).json["pagination"]["total"] == 0
    assert (await glow_partner.get(unflagged)).json["data"] == patient

    flagged = await make_person(narrow)
    assert (await narrow.get(f"{PEOPLE}/{flagged['ID']}")).json["data"] == flagged
    assert [person["ID"] for person in (await narrow.get(PEOPLE)).json["data"]] == [flagged["ID"]]


async def test_only_who_sees_everybody_takes_the_flag_away(glow_partner: Client) -> None:
    narrow = await narrow_partner(glow_partner)
    person = await make_person(narrow)
    refused = await narrow.put(f"{PEOPLE}/{person['ID']}", {"Prospect": 0})
    assert refused.fault == (403, "scope_missing", {}) and "Patients" in refused.json["error"]["message"]
    assert (await narrow.post(PEOPLE, {**JOHN, "Prospect": 0})).fault[:2] == (403, "scope_missing")
    assert (await narrow.get(f"{PEOPLE}?prospect=false")).fault[:2] == (403, "scope_missing")
    assert (await glow_partner.get(PEOPLE)).json["pagination"]["total"] == 1
    changed = await glow_partner.put(f"{PEOPLE}/{person['ID']}", {"Prospect": 0})
    assert changed.json["data"]["Prospect"] == 0
    assert (await narrow.get(f"{PEOPLE}/{person['ID']}")).fault == (404, "prospect_not_found", {})


async def test_a_key_without_either_scope_is_refused(glow_partner: Client, owner: asyncpg.Connection) -> None:
    await owner.execute("update api_keys set scopes = '{Tickets}' where scopes <> '{Exams}'")
    for method, path in (("GET", PEOPLE), ("POST", PEOPLE), ("GET", f"{PEOPLE}/1"), ("PUT", f"{PEOPLE}/1")):
        async with asyncio.timeout(5):  # the other scopes count within a second
            while (answer := await glow_partner.request(method, path, json={})).status != 403:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert answer.fault[1] == "scope_missing"


async def test_the_same_key_and_body_add_one_person(glow_partner: Client, owner: asyncpg.Connection) -> None:
    first = await glow_partner.post(PEOPLE, JOHN, headers={"Idempotency-Key": "once"})
    await glow_partner.put(f"{PEOPLE}/{first.json['data']['ID']}", {"City": "Reno"})
    again = await glow_partner.post(PEOPLE, JOHN, headers={"Idempotency-Key": "once"})
    assert (again.status, again.json) == (201, first.json)
    assert await owner.fetchval("select count(*) from patients") == 1
    other = await glow_partner.post(PEOPLE, {**JOHN, "City": "x"}, headers={"Idempotency-Key": "once"})
    assert other.fault == (409, "idempotency_mismatch", {})


async def test_a_replay_tells_nobody_of_whom_they_may_not_see(glow_partner: Client) -> None:
    """Two keys of one partner: what the wider one was answered is not the narrow one's to read."""
    narrow, once = await narrow_partner(glow_partner), {"Idempotency-Key": "wide"}
    patient = (await glow_partner.post(PEOPLE, {**JOHN, "Prospect": 0}, headers=once)).json["data"]
    assert (await narrow.post(PEOPLE, {**JOHN, "Prospect": 0}, headers=once)).fault[:2] == (403, "scope_missing")
    once = {"Idempotency-Key": "wide too"}
    await glow_partner.put(f"{PEOPLE}/{patient['ID']}", {"City": "Reno"}, headers=once)
    assert (await narrow.put(f"{PEOPLE}/{patient['ID']}", {"City": "Reno"}, headers=once)).fault[0] in (403, 404)


async def test_a_likely_double_is_added_and_named_also_to_a_replay(glow_partner: Client) -> None:
    first = await glow_partner.post(PEOPLE, JOHN)
    assert "x-possible-duplicates" not in first.headers
    for _ in range(2):
        second = await glow_partner.post(PEOPLE, JOHN, headers={"Idempotency-Key": "twin"})
        assert second.status == 201 and second.json["data"]["ID"] != first.json["data"]["ID"]
        assert second.headers["x-possible-duplicates"] == str(first.json["data"]["ID"])


async def test_a_double_is_named_only_to_who_may_see_them(glow_partner: Client) -> None:
    narrow = await narrow_partner(glow_partner)
    hidden, shown = await make_person(glow_partner, Prospect=0), await make_person(glow_partner)
    assert (await narrow.post(PEOPLE, JOHN)).headers["x-possible-duplicates"] == str(shown["ID"])
    named = (await glow_partner.post(PEOPLE, JOHN)).headers["x-possible-duplicates"].split(",")
    assert {str(hidden["ID"]), str(shown["ID"])} < {*named}


async def test_of_two_changes_at_once_none_is_lost(glow_partner: Client, owner: asyncpg.Connection) -> None:
    """Both wait until the row is free, so both have read nothing newer than what was there at first."""
    person = await make_person(glow_partner)
    path = f"{PEOPLE}/{person['ID']}"
    async with owner.transaction():
        await owner.execute("select from patients for update")
        both = [asyncio.create_task(glow_partner.put(path, body)) for body in ({"City": "Reno"}, {"Unit": "4"})]
        async with asyncio.timeout(5):
            while await owner.fetchval("select count(*) from pg_locks where not granted") < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    await asyncio.gather(*both)
    now = (await glow_partner.get(path)).json["data"]
    assert (now["City"], now["Unit"]) == ("Reno", "4")
    assert await owner.fetchval("select count(*) from patient_changes") == 3


async def test_many_changes_at_once_all_arrive(glow_partner: Client, owner: asyncpg.Connection) -> None:
    person = await make_person(glow_partner)
    bodies: list[dict[str, Any]] = [{field: f"{field} now"} for field in FULL if field.startswith("Sh_")] * 3
    answers = await asyncio.gather(*(glow_partner.put(f"{PEOPLE}/{person['ID']}", body) for body in bodies))
    assert {answer.status for answer in answers} == {200}
    now = (await glow_partner.get(f"{PEOPLE}/{person['ID']}")).json["data"]
    assert all(now[field] == f"{field} now" for body in bodies for field in body)
    assert await owner.fetchval("select count(*) from patient_changes") == 1 + len(bodies) / 3


async def test_changes_of_one_field_at_once_follow_one_another(glow_partner: Client, owner: asyncpg.Connection) -> None:
    """Each knows what the one before it has left: without the lock, several would say that they changed the first."""
    person = await make_person(glow_partner, City="start")
    cities = [f"city {n}" for n in range(8)]
    await asyncio.gather(*(glow_partner.put(f"{PEOPLE}/{person['ID']}", {"City": city}) for city in cities))
    rows = await owner.fetch("select before ->> 'city', after ->> 'city' from patient_changes order by id")
    before, after = zip(*(tuple(row) for row in rows), strict=True)
    assert before[1:] == after[:-1]
    assert sorted(after[1:]) == cities


async def test_every_look_and_every_change_leaves_its_row(glow_partner: Client, owner: asyncpg.Connection) -> None:
    person = await make_person(glow_partner)
    path, subject = f"{PEOPLE}/{person['ID']}", f"patient:{person['ID']}"
    await glow_partner.put(path, {"City": "Reno"})
    await glow_partner.get(path)
    await glow_partner.put(path, {"City": "Reno"})
    await glow_partner.get(f"{PEOPLE}?prospect=true&limit=5")
    await audit.flush(glow_partner.house)
    rows = [tuple(row) for row in await owner.fetch(READ)]
    actor = await owner.fetchval("select added_by from patients")
    assert actor.startswith("key:") and {row[2] for row in rows} == {actor}
    assert [row[:2] for row in rows] == [
        ("prospect.created", subject),
        ("prospect.changed", subject),
        ("prospect.read", subject),
        ("prospect.read", subject),
        ("prospect.listed", "page=1&limit=5&prospect=True"),
    ]
