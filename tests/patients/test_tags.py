"""A practice's tags: made, renamed, deleted; put on people and taken from them."""

import asyncio

import asyncpg
import pytest
from cast import at_home
from client import Client
from patients.offices import PEOPLE, TAGS, make_person, make_tag, narrow_partner

AUDIT = """
select action, subject from audit where action ~ '^(tag|prospect)' and action <> 'prospect.created' order by id
"""


async def tags_of(partner: Client, person_id: int) -> list[str]:
    person = (await partner.get(f"{PEOPLE}/{person_id}")).json["data"]
    return [tag["name"] for tag in person["Tags"]]


async def test_a_tag_is_made_renamed_and_deleted(glow_partner: Client, owner: asyncpg.Connection) -> None:
    made = await glow_partner.post(TAGS, {"name": "VIP"})
    assert made.status == 201
    tag = made.json["data"]
    assert tag == {"id": tag["id"], "name": "VIP"}
    path = f"{TAGS}/{tag['id']}"
    renamed = await glow_partner.put(path, {"name": "vip!"})
    assert (renamed.status, renamed.json) == (200, {"data": {"id": tag["id"], "name": "vip!"}})
    gone = await glow_partner.delete(path)
    assert (gone.status, gone.json) == (200, {"data": {"deleted": [{"id": tag["id"], "name": "vip!"}]}})
    for answer in (await glow_partner.delete(path), await glow_partner.put(path, {"name": "x"})):
        assert answer.fault == (404, "tag_not_found", {})
    subject = f"tag:{tag['id']}"
    assert [tuple(row) for row in await owner.fetch(AUDIT)] == [
        ("tag.created", subject), ("tag.renamed", subject), ("tag.deleted", subject),
    ]  # fmt: skip


async def test_tags_are_listed_by_name_page_by_page(glow_partner: Client, rival_partner: Client) -> None:
    for name in ("beta", "Alpha", "gamma"):
        await make_tag(glow_partner, name)
    await rival_partner.post("/v1/RivalOffice/tags", {"name": "theirs"})
    answer = (await glow_partner.get(TAGS)).json
    assert [tag["name"] for tag in answer["data"]] == ["Alpha", "beta", "gamma"]
    assert answer["pagination"] == {"page": 1, "limit": 25, "total": 3, "totalPages": 1}
    second = (await glow_partner.get(f"{TAGS}?limit=2&page=2")).json
    assert ([tag["name"] for tag in second["data"]], second["pagination"]["totalPages"]) == (["gamma"], 2)
    beyond = (await glow_partner.get(f"{TAGS}?page=9")).json
    assert (beyond["data"], beyond["pagination"]["total"]) == ([], 3)


async def test_a_name_is_there_once_whatever_its_case(glow_partner: Client, rival_partner: Client) -> None:
    first, second = await make_tag(glow_partner, "VIP"), await make_tag(glow_partner, "Élan")
    assert (await glow_partner.post(TAGS, {"name": "vip"})).fault == (409, "tag_taken", {})
    assert (await glow_partner.put(f"{TAGS}/{second}", {"name": "vIp"})).fault == (409, "tag_taken", {})
    assert (await glow_partner.post(TAGS, {"name": "éLAN"})).fault == (409, "tag_taken", {})
    assert (await glow_partner.put(f"{TAGS}/{first}", {"name": "vip"})).json["data"]["name"] == "vip"
    assert (await rival_partner.post("/v1/RivalOffice/tags", {"name": "VIP"})).status == 201


async def test_of_many_who_want_a_name_at_once_one_gets_it(glow_partner: Client) -> None:
    made = await asyncio.gather(*(glow_partner.post(TAGS, {"name": name}) for name in ("VIP", "vip", "Vip", "vIP")))
    assert sorted(answer.status for answer in made) == [201, 409, 409, 409]
    others = [await make_tag(glow_partner, f"other {n}") for n in range(4)]
    renamed = await asyncio.gather(*(glow_partner.put(f"{TAGS}/{one}", {"name": "Wanted"}) for one in others))
    assert sorted(answer.status for answer in renamed) == [200, 409, 409, 409]
    assert {answer.fault[1] for answer in renamed if answer.status == 409} == {"tag_taken"}


async def test_a_name_taken_in_the_same_moment_is_a_conflict(glow_partner: Client, owner: asyncpg.Connection) -> None:
    """The other one has not committed when we look, so that only the index knows."""
    mine, theirs = await make_tag(glow_partner, "mine"), await make_tag(glow_partner, "theirs")
    async with owner.transaction():
        await owner.execute("update tags set name = 'Wanted' where id = $1", theirs)
        renaming = asyncio.create_task(glow_partner.put(f"{TAGS}/{mine}", {"name": "wanted"}))
        async with asyncio.timeout(5):
            while not await owner.fetchval("select count(*) from pg_locks where not granted"):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    assert (await renaming).fault == (409, "tag_taken", {})


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"name": "is required"}),
        ({"name": ""}, {"name": "must not be blank"}),
        ({"name": " \u3000\n"}, {"name": "must not be blank"}),
        ({"name": "x" * 256}, {"name": "must have at most 255 characters"}),
        ({"name": None}, {"name": "must be text, not null"}),
        ({"name": "x", "id": 5}, {"id": "is read-only"}),
        ({"name": "x", "colour": "red"}, {"colour": "is not a known field"}),
    ],
)
async def test_a_wrong_tag_is_refused_by_field(
    glow_partner: Client, body: dict[str, object], fields: dict[str, str]
) -> None:
    tag_id = await make_tag(glow_partner)
    for answer in (await glow_partner.post(TAGS, body), await glow_partner.put(f"{TAGS}/{tag_id}", body)):
        assert answer.fault == (422, "field_invalid", fields)
    assert (await glow_partner.get(TAGS)).json["data"] == [{"id": tag_id, "name": "VIP"}]


async def test_a_tag_is_put_on_a_person_once_however_often(glow_partner: Client, owner: asyncpg.Connection) -> None:
    person = await make_person(glow_partner)
    vip, lead = await make_tag(glow_partner, "VIP"), await make_tag(glow_partner, "lead")
    both = [{"id": lead, "name": "lead"}, {"id": vip, "name": "VIP"}]
    path = f"{TAGS}/prospects/{person['ID']}"
    assert (await glow_partner.post(path, {"tagId": lead})).json == {"data": both[:1]}
    for _ in range(2):
        answer = await glow_partner.post(path, {"tagId": vip})
        assert (answer.status, answer.json) == (200, {"data": both})
    assert (await glow_partner.get(f"{PEOPLE}/{person['ID']}")).json["data"]["Tags"] == both
    assert (await glow_partner.get(PEOPLE)).json["data"][0]["Tags"] == both
    subject = f"patient:{person['ID']}"
    assert [tuple(row) for row in await owner.fetch(AUDIT)][2:] == [("prospect.tagged", subject)] * 2


async def test_one_tag_or_all_are_taken_from_a_person(glow_partner: Client, owner: asyncpg.Connection) -> None:
    person, other = await make_person(glow_partner), await make_person(glow_partner)
    tags = {name: await make_tag(glow_partner, name) for name in ("a", "b", "c")}
    for one in (person, other):
        for tag_id in tags.values():
            await glow_partner.post(f"{TAGS}/prospects/{one['ID']}", {"tagId": tag_id})
    path = f"{TAGS}/prospects/{person['ID']}"
    for expected in ([{"id": tags["b"], "name": "b"}], []):
        taken = await glow_partner.delete(f"{path}/{tags['b']}")
        assert (taken.status, taken.json) == (200, {"data": {"deleted": expected}})
    assert await tags_of(glow_partner, person["ID"]) == ["a", "c"]
    for names in (["a", "c"], []):
        every = await glow_partner.delete(path)
        assert [tag["name"] for tag in every.json["data"]["deleted"]] == names
    assert await tags_of(glow_partner, person["ID"]) == []
    assert await tags_of(glow_partner, other["ID"]) == ["a", "b", "c"]
    await glow_partner.delete(f"{TAGS}/{tags['c']}")
    assert await tags_of(glow_partner, other["ID"]) == ["a", "b"]
    actions = [row["action"] for row in await owner.fetch(AUDIT)]
    assert actions.count("prospect.untagged") == 2


async def test_tags_count_as_a_change_of_the_person(glow_partner: Client, owner: asyncpg.Connection) -> None:
    person, tag_id = await make_person(glow_partner), await make_tag(glow_partner)
    moments = [await owner.fetchval("select updated_at from patients")]
    path = f"{TAGS}/prospects/{person['ID']}"
    for method, at, body in (("POST", path, {"tagId": tag_id}), ("DELETE", f"{path}/{tag_id}", None)):
        for _ in range(2):
            await glow_partner.request(method, at, json=body)
        moments.append(await owner.fetchval("select updated_at from patients"))
    assert moments == sorted({*moments}) and len(moments) == 3
    rows = await owner.fetch("select before, after from patient_changes order by id offset 1")
    assert [tuple(row) for row in rows] == [
        ('{"tags": []}', '{"tags": ["VIP"]}'), ('{"tags": ["VIP"]}', '{"tags": []}'),
    ]  # fmt: skip


async def test_what_is_not_there_is_told_apart(glow_partner: Client) -> None:
    person, tag_id = await make_person(glow_partner), await make_tag(glow_partner)
    path = f"{TAGS}/prospects/{person['ID']}"
    unknown = (422, "field_invalid", {"tagId": "is no tag of this practice"})
    assert (await glow_partner.post(path, {"tagId": 999_999})).fault == unknown
    assert (await glow_partner.post(path, {"tagId": "1"})).fault[2] == {"tagId": "must be a whole number, not text"}
    assert (await glow_partner.post(path, {})).fault[2] == {"tagId": "is required"}
    for nobody in ("999999", "abc", "0"):
        path = f"{TAGS}/prospects/{nobody}"
        for answer in (
            await glow_partner.post(path, {"tagId": tag_id}),
            await glow_partner.delete(path),
            await glow_partner.delete(f"{path}/{tag_id}"),
        ):
            assert answer.fault == (404, "prospect_not_found", {})
    for none in ("999999", "abc"):
        answer = await glow_partner.delete(f"{TAGS}/prospects/{person['ID']}/{none}")
        assert answer.fault == (404, "tag_not_found", {})


async def test_another_practices_people_and_tags_are_out_of_reach(glow_partner: Client, rival_partner: Client) -> None:
    person, tag_id = await make_person(glow_partner), await make_tag(glow_partner)
    await glow_partner.post(f"{TAGS}/prospects/{person['ID']}", {"tagId": tag_id})
    theirs = "/v1/RivalOffice/tags"
    own = (await rival_partner.post(theirs, {"name": "own"})).json["data"]["id"]
    somebody = (await rival_partner.post("/v1/RivalOffice/prospects", {"FullName": "Ria Rival"})).json["data"]["ID"]
    assert (await rival_partner.put(f"{theirs}/{tag_id}", {"name": "x"})).fault[:2] == (404, "tag_not_found")
    assert (await rival_partner.delete(f"{theirs}/{tag_id}")).fault[:2] == (404, "tag_not_found")
    assert (await rival_partner.post(f"{theirs}/prospects/{person['ID']}", {"tagId": own})).fault[0] == 404
    assert (await rival_partner.post(f"{theirs}/prospects/{somebody}", {"tagId": tag_id})).fault[0] == 422
    assert (await rival_partner.delete(f"{theirs}/prospects/{person['ID']}")).fault[0] == 404
    assert (await rival_partner.delete(f"{theirs}/prospects/{somebody}/{tag_id}")).fault[0] == 404
    assert (await rival_partner.get(TAGS)).fault[:2] == (403, "practice_foreign")
    assert await tags_of(glow_partner, person["ID"]) == ["VIP"]


async def test_who_may_see_prospects_only_tags_nobody_else(glow_partner: Client, glow_emr: Client) -> None:
    await glow_emr.post("/emr/appointments", at_home())
    patient = (await glow_partner.get(PEOPLE)).json["data"][0]["ID"]
    narrow = await narrow_partner(glow_partner)
    tag_id = await make_tag(narrow)
    path = f"{TAGS}/prospects/{patient}"
    once = {"Idempotency-Key": "tag"}
    assert (await glow_partner.post(path, {"tagId": tag_id}, headers=once)).status == 200
    for answer in (
        await narrow.post(path, {"tagId": tag_id}),
        await narrow.post(path, {"tagId": tag_id}, headers=once),
        await narrow.delete(path),
        await narrow.delete(f"{path}/{tag_id}"),
    ):
        assert answer.fault == (404, "prospect_not_found", {})
    assert await tags_of(glow_partner, patient) == ["VIP"]


async def test_a_tag_deleted_while_it_is_put_on_somebody_is_no_trouble(
    glow_partner: Client, owner: asyncpg.Connection
) -> None:
    person, tag_id = await make_person(glow_partner), await make_tag(glow_partner)
    async with owner.transaction():
        await owner.execute("delete from tags")
        tagging = asyncio.create_task(glow_partner.post(f"{TAGS}/prospects/{person['ID']}", {"tagId": tag_id}))
        async with asyncio.timeout(5):
            while not await owner.fetchval("select count(*) from pg_locks where not granted"):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    assert (await tagging).fault == (422, "field_invalid", {"tagId": "is no tag of this practice"})


async def test_the_same_key_and_body_make_one_tag(glow_partner: Client) -> None:
    answers = [await glow_partner.post(TAGS, {"name": "VIP"}, headers={"Idempotency-Key": "tag"}) for _ in range(2)]
    assert [answer.status for answer in answers] == [201, 201]
    assert answers[0].json == answers[1].json
