"""Orders and the people they mean: linked, created, filled in, flagged; never across practices."""

import asyncio
from typing import Any

import asyncpg
import pytest
from cast import ANA, Cast, at_home, in_person
from client import Client

EMAIL = ANA["email"]


async def order(emr: Client, body: dict[str, Any]) -> str:
    """Place it where its fields say; the visit's id."""
    answer = await emr.post("/emr/appointments" if "appointment_time" in body else "/emr/in-person", body)
    assert answer.status == 201, answer.json
    return str(answer.json["gfe_id"])


async def patients(owner: asyncpg.Connection) -> list[tuple[Any, ...]]:
    rows = await owner.fetch("select first_name, last_name, email, phone, dob::text from patients order by id")
    return [tuple(row) for row in rows]


async def details(emr: Client, gfe_id: str) -> Any:
    return (await emr.get(f"/emr/visits/{gfe_id}")).json["data"]["patient_details"]


async def test_at_home_the_same_name_and_email_are_one_patient(glow_emr: Client, owner: asyncpg.Connection) -> None:
    await order(glow_emr, at_home())
    again = at_home(patient={"first_name": " ANA ", "last_name": "lopez", "email": "Ana.Lopez@Example.com"})
    linked = await order(glow_emr, again)
    assert await patients(owner) == [("Ana", "Lopez", EMAIL, "+12025550123", None)]
    assert await details(glow_emr, linked) == {
        "name": "Ana Lopez", "first_name": "Ana", "last_name": "Lopez", "email": EMAIL
    }  # fmt: skip


@pytest.mark.parametrize("other", [{"first_name": "Anna"}, {"last_name": "Lopes"}, {"email": "other@example.com"}])
async def test_at_home_another_name_or_email_is_another_patient(
    glow_emr: Client, owner: asyncpg.Connection, other: dict[str, str]
) -> None:
    await order(glow_emr, at_home())
    await order(glow_emr, at_home(patient=other))
    assert len(await patients(owner)) == 2


async def test_in_person_the_same_name_and_birthday_are_one_patient(
    glow_emr: Client, owner: asyncpg.Connection
) -> None:
    await order(glow_emr, in_person())
    await order(glow_emr, in_person(patient={"first_name": "ana", "dob": "1990-10-27"}))
    await order(glow_emr, in_person(patient={"dob": "10/28/1990"}))
    assert [row[4] for row in await patients(owner)] == ["1990-10-27", "1990-10-28"]


async def test_a_location_of_the_same_practice_finds_the_same_patient(
    glow_emr: Client, owner: asyncpg.Connection
) -> None:
    for location in (Cast.GLOW, Cast.GLOW_SECOND):
        await order(glow_emr, at_home(location_id=location))
    assert len(await patients(owner)) == 1


async def test_another_practice_never_finds_the_patient(
    glow_emr: Client, rival_emr: Client, owner: asyncpg.Connection
) -> None:
    await order(glow_emr, at_home())
    await order(rival_emr, at_home(location_id=Cast.RIVAL))
    assert await owner.fetchval("select count(distinct practice_id) from patients") == 2


async def test_missing_facts_are_filled_in_and_what_is_there_stays(glow_emr: Client, owner: asyncpg.Connection) -> None:
    await order(glow_emr, in_person())
    await order(glow_emr, in_person(patient={"phone": "+12025550999"}))
    await order(glow_emr, in_person(patient={"email": EMAIL, "phone": "+12025550111"}))
    await order(glow_emr, in_person(patient={"email": "other@example.com"}))
    assert await patients(owner) == [("Ana", "Lopez", EMAIL, "+12025550999", "1990-10-27")]


async def test_filling_in_one_fact_leaves_the_others(glow_emr: Client, owner: asyncpg.Connection) -> None:
    await order(glow_emr, in_person(patient={"email": EMAIL}))
    await order(glow_emr, in_person(patient={"email": "other@example.com", "phone": "+12025550123"}))
    assert await patients(owner) == [("Ana", "Lopez", EMAIL, "+12025550123", "1990-10-27")]
    await order(glow_emr, in_person(patient={"dob": "01/02/1960", "phone": "+12025550123"}))
    await order(glow_emr, in_person(patient={"dob": "01/02/1960", "phone": "+19995550000", "email": "b@example.com"}))
    assert (await patients(owner))[1] == ("Ana", "Lopez", "b@example.com", "+12025550123", "1960-01-02")


async def test_who_gave_an_email_in_person_is_found_at_home(glow_emr: Client, owner: asyncpg.Connection) -> None:
    await order(glow_emr, in_person())
    await order(glow_emr, in_person(patient={"email": EMAIL}))
    linked = await order(glow_emr, at_home())
    assert await patients(owner) == [("Ana", "Lopez", EMAIL, "+12025550123", "1990-10-27")]
    assert (await details(glow_emr, linked))["dob"] == "10-27-1990"


async def test_a_visit_keeps_its_snapshot_whatever_comes_later(glow_emr: Client, owner: asyncpg.Connection) -> None:
    first = await order(glow_emr, in_person())
    before = await details(glow_emr, first)
    await order(glow_emr, in_person(patient={"email": EMAIL, "phone": "+12025550123"}))
    await owner.execute("update patients set first_name = 'Anita', email = 'new@example.com', phone = '+19995550000'")
    assert await details(glow_emr, first) == before
    assert before["email"] == ""
    row = await owner.fetchrow("select email, phone from visits where gfe_id = $1", first)
    assert tuple(row) == (None, None)


async def test_messages_go_to_the_contact_of_this_order(glow_emr: Client, owner: asyncpg.Connection) -> None:
    await order(glow_emr, at_home())
    second = await order(glow_emr, at_home(patient={"phone": "+19995550000"}))
    rows = await owner.fetch(
        "select address from messages m join visits v on v.id = m.visit_id where gfe_id = $1 order by channel", second
    )
    assert [row["address"] for row in rows] == [EMAIL, "+19995550000"]
    assert [row[3] for row in await patients(owner)] == ["+12025550123"]


async def test_several_matches_link_the_oldest_and_flag_the_visit(glow_emr: Client, owner: asyncpg.Connection) -> None:
    oldest = await order(glow_emr, in_person(patient={"email": EMAIL}))
    await order(glow_emr, in_person(patient={"email": EMAIL, "dob": "01/02/1960"}))
    flagged = await order(glow_emr, at_home())
    rows = await owner.fetch("select gfe_id, patient_id, flagged_at is not null as flagged from visits order by id")
    by_id = {row["gfe_id"]: row for row in rows}
    assert by_id[flagged]["patient_id"] == by_id[oldest]["patient_id"]
    assert [row["flagged"] for row in rows] == [False, False, True]


async def test_somebody_older_at_home_stays_the_match_when_a_namesake_comes_in_person(
    glow_emr: Client, owner: asyncpg.Connection
) -> None:
    first = await order(glow_emr, at_home())
    await order(glow_emr, in_person(patient={"email": EMAIL}))
    again = await order(glow_emr, at_home())
    rows = {
        row["gfe_id"]: (row["patient_id"], row["flagged_at"] is not None)
        for row in await owner.fetch("select gfe_id, patient_id, flagged_at from visits")
    }
    assert rows[again] == (rows[first][0], True)


@pytest.mark.parametrize("body", [at_home(), in_person(patient={"email": EMAIL})], ids=["at home", "in person"])
async def test_48_identical_new_patients_at_once_are_one(
    glow_emr: Client, owner: asyncpg.Connection, body: dict[str, Any]
) -> None:
    gfe_ids = await asyncio.gather(*(order(glow_emr, body) for _ in range(48)))
    assert len(set(gfe_ids)) == 48
    assert len(await patients(owner)) == 1
    assert await owner.fetchval("select count(*) from visits where flagged_at is not null") == 0


async def test_different_orders_for_one_person_at_once_are_one_patient(
    glow_emr: Client, owner: asyncpg.Connection
) -> None:
    """In person, with and without e-mail and phone, all new at the same instant: facts fill in, nobody doubles."""
    bodies = [in_person(patient=more) for more in ({}, {"email": EMAIL}, {"phone": "+12025550123"}) for _ in range(8)]
    await asyncio.gather(*(order(glow_emr, body) for body in bodies))
    assert await patients(owner) == [("Ana", "Lopez", EMAIL, "+12025550123", "1990-10-27")]
    assert await owner.fetchval("select sum(doubles) from match_keys") == 0


async def test_two_who_fill_in_the_same_email_at_once_are_no_doubles(
    glow_emr: Client, owner: asyncpg.Connection
) -> None:
    """Both begin before either has committed: the patient's key is held until both wait for it."""
    await order(glow_emr, in_person())
    async with owner.transaction():
        await owner.execute("select from match_keys for update")
        both = [asyncio.create_task(order(glow_emr, in_person(patient={"email": EMAIL}))) for _ in range(2)]
        async with asyncio.timeout(5):
            while await owner.fetchval("select count(*) from pg_locks where not granted") < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    await asyncio.gather(*both)
    assert [row[2] for row in await patients(owner)] == [EMAIL]
    assert await owner.fetchval("select sum(doubles) from match_keys") == 0
