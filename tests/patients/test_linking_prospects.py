"""One person on both sides: an order finds somebody a partner added, and no change of a partner's touches a visit."""

import asyncio
from typing import Any

import asyncpg
import pytest
from cast import Cast, at_home, in_person
from client import Client
from patients.offices import FULL, PEOPLE, make_person, make_provider
from portals.visiting import WRONG, make_in_person, visiting

ANA = {"FirstName": "Ana", "LastName": "Lopez", "EMail": "ana.lopez@example.com", "Phone": ..., "DOB": "1990-10-27"}


async def order(emr: Client, body: dict[str, Any]) -> str:
    path = "/emr/in-person" if "dob" in body["patient_details"] else "/emr/appointments"
    answer = await emr.post(path, body)
    assert answer.status == 201, answer.json
    gfe_id: str = answer.json["gfe_id"]
    return gfe_id


async def patient_of(owner: asyncpg.Connection, gfe_id: str) -> tuple[int, bool]:
    row = await owner.fetchrow("select patient_id, flagged_at is not null from visits where gfe_id = $1", gfe_id)
    return tuple(row)


@pytest.mark.parametrize("body", [at_home(), in_person()], ids=["at home", "in person"])
async def test_an_order_for_a_prospect_links_to_that_person(
    glow_partner: Client, glow_emr: Client, owner: asyncpg.Connection, body: dict[str, Any]
) -> None:
    prospect = await make_person(glow_partner, **ANA)
    assert await patient_of(owner, await order(glow_emr, body)) == (prospect["ID"], False)
    people = (await glow_partner.get(PEOPLE)).json["data"]
    assert [person["ID"] for person in people] == [prospect["ID"]]
    assert (people[0]["Prospect"], people[0]["DOB"]) == (1, "1990-10-27")


async def test_who_was_ordered_for_is_seen_and_flagged_by_the_partner(
    glow_partner: Client, glow_emr: Client, owner: asyncpg.Connection
) -> None:
    gfe_id = await order(glow_emr, at_home())
    patient_id, _ = await patient_of(owner, gfe_id)
    person = (await glow_partner.get(f"{PEOPLE}/{patient_id}")).json["data"]
    told = {"FirstName": "Ana", "EMail": "ana.lopez@example.com", "Phone": "+12025550123", "Prospect": 0, "DOB": None}
    assert {field: person[field] for field in told} == told
    flagged = await glow_partner.put(f"{PEOPLE}/{patient_id}", {"Prospect": 1, "DOB": "1990-10-27"})
    assert flagged.json["data"]["Prospect"] == 1
    assert await patient_of(owner, await order(glow_emr, in_person())) == (patient_id, False)


async def test_missing_facts_are_filled_in_and_what_a_partner_said_stays(
    glow_partner: Client, glow_emr: Client
) -> None:
    person = await make_person(glow_partner, **{**ANA, "DOB": None, "EMail": "ANA.Lopez@example.com", "Phone": ""})
    await order(glow_emr, at_home())
    now = (await glow_partner.get(f"{PEOPLE}/{person['ID']}")).json["data"]
    assert (now["EMail"], now["Phone"]) == ("ANA.Lopez@example.com", "")
    other = await make_person(glow_partner, **{**ANA, "FirstName": "Ben", "EMail": "ben@example.com"})
    await order(glow_emr, at_home(patient={"first_name": "Ben", "email": "ben@example.com"}))
    assert (await glow_partner.get(f"{PEOPLE}/{other['ID']}")).json["data"]["Phone"] == "+12025550123"


async def test_new_facts_bring_keys_and_those_of_old_ones_go(
    glow_partner: Client, glow_emr: Client, owner: asyncpg.Connection
) -> None:
    person = await make_person(glow_partner, **{**ANA, "DOB": None})
    path = f"{PEOPLE}/{person['ID']}"
    await glow_partner.put(path, {"LastName": "Diaz", "EMail": "new@example.com", "DOB": "1990-10-27"})
    assert (await patient_of(owner, await order(glow_emr, at_home())))[0] != person["ID"]
    for body in (
        at_home(patient={"last_name": "Diaz", "email": "new@example.com"}),
        in_person(patient={"last_name": "Diaz"}),
    ):
        assert await patient_of(owner, await order(glow_emr, body)) == (person["ID"], False)
    other, _ = await patient_of(owner, await order(glow_emr, in_person()))  # never said of her: Lopez with a birthday
    assert other != person["ID"]


async def test_who_holds_a_key_keeps_it_and_orders_are_flagged(
    glow_partner: Client, glow_emr: Client, owner: asyncpg.Connection
) -> None:
    later = await make_person(glow_partner, FirstName="Bea", EMail="bea@example.com")
    holder, _ = await patient_of(owner, await order(glow_emr, at_home()))
    double = await make_person(glow_partner, **ANA)
    assert double["ID"] > holder
    assert await patient_of(owner, await order(glow_emr, at_home())) == (holder, True)
    # Somebody older who becomes her namesake takes nothing away either.
    await glow_partner.put(f"{PEOPLE}/{later['ID']}", {field: ANA[field] for field in ("FirstName", "LastName", "DOB")})
    assert await patient_of(owner, await order(glow_emr, in_person())) == (double["ID"], True)


async def test_the_same_fact_said_twice_makes_no_double(glow_partner: Client, owner: asyncpg.Connection) -> None:
    person = await make_person(glow_partner, **ANA)
    for changes in ({"EMail": "x@example.com"}, {"EMail": ANA["EMail"]}, {"FirstName": " ana "}):
        await glow_partner.put(f"{PEOPLE}/{person['ID']}", changes)
    assert await owner.fetchval("select max(doubles) from match_keys") == 0


async def test_a_partner_and_an_emr_at_once_agree_on_one_person_or_flag(
    glow_partner: Client, glow_emr: Client, owner: asyncpg.Connection
) -> None:
    calls = [make_person(glow_partner, **ANA) if n % 2 else order(glow_emr, at_home()) for n in range(16)]
    await asyncio.gather(*calls)
    assert await owner.fetchval("select count(distinct patient_id) from visits") == 1
    assert await owner.fetchval("select count(*) from patients where added_by is null") <= 1
    people, doubles = await owner.fetchrow(
        "select (select count(*) from patients), (select max(doubles) from match_keys)"
    )
    assert people == 1 + doubles


async def test_no_change_of_a_partner_touches_a_visit(
    glow_partner: Client, glow_emr: Client, owner: asyncpg.Connection
) -> None:
    """Everything of the person is changed; visit, record, messages, steps and the second fact are as they were."""
    await make_provider(glow_partner)
    gfe_id = await make_in_person(glow_emr, patient={"email": "ana.lopez@example.com", "phone": "+12025550123"})
    signed = await make_in_person(glow_emr)
    await glow_emr.post(f"/emr/staging/visits/{signed}/outcome", {"approved": ["Botox Injection"]})
    patient_id, _ = await patient_of(owner, gfe_id)
    tables = ("visits", "visit_steps", "records", "messages", "events", "deliveries", "visit_directory")
    before = {table: await owner.fetch(f"select xmin::text, * from {table}") for table in tables}
    shown = [(await glow_emr.get(f"/emr/visits/{one}")).json for one in (gfe_id, signed)]

    changes = {**FULL, "DOB": "1990-10-26", "EMail": "evil@example.com", "Phone": "+19995550000", "Prospect": 0}
    assert (await glow_partner.put(f"{PEOPLE}/{patient_id}", changes)).status == 200
    assert {table: await owner.fetch(f"select xmin::text, * from {table}") for table in tables} == before
    assert [(await glow_emr.get(f"/emr/visits/{one}")).json for one in (gfe_id, signed)] == shown
    async with visiting(glow_emr, gfe_id) as visitor:
        await visitor.confirm(WRONG)  # the day that the partner now says
        assert "Hello Ana" not in visitor.text
        await visitor.confirm()
        assert "Hello Ana" in visitor.text and "Zoë" not in visitor.text


async def test_the_second_fact_goes_to_a_record_that_has_none_only(
    glow_partner: Client, glow_emr: Client, owner: asyncpg.Connection
) -> None:
    """The first opening of the link keeps the patient's day for this visit, whatever a partner says of the person."""
    gfe_id = await order(glow_emr, at_home())
    patient_id, _ = await patient_of(owner, gfe_id)
    await glow_partner.put(f"{PEOPLE}/{patient_id}", {"DOB": "1980-01-01"})
    async with visiting(glow_emr, gfe_id) as visitor:
        await visitor.confirm()
        assert "Hello Ana" in visitor.text
    assert (await glow_partner.get(f"{PEOPLE}/{patient_id}")).json["data"]["DOB"] == "1980-01-01"
    assert str(await owner.fetchval("select dob from visits")) == "1990-10-27"


async def test_another_practices_prospect_is_never_linked(
    rival_partner: Client, glow_emr: Client, owner: asyncpg.Connection
) -> None:
    answer = await rival_partner.post("/v1/RivalOffice/prospects", {**ANA, "Phone": None})
    linked, flagged = await patient_of(owner, await order(glow_emr, at_home(location_id=Cast.GLOW)))
    assert linked != answer.json["data"]["ID"] and not flagged


async def test_a_reset_of_the_emr_keeps_a_partners_people(
    glow_partner: Client, glow_emr: Client, owner: asyncpg.Connection
) -> None:
    person = await make_person(glow_partner, **ANA)
    await order(glow_emr, at_home())
    await order(glow_emr, at_home(patient={"first_name": "Ben"}))
    assert (await glow_emr.post("/emr/staging/reset")).status == 200
    assert [row["id"] for row in await owner.fetch("select id from patients")] == [person["ID"]]
