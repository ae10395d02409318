"""What a tag's end, its new name and a look at somebody's tags leave behind on the people who carry it."""

import asyncio
import json
from datetime import datetime

import asyncpg
from client import Client
from patients.offices import PEOPLE, TAGS, make_person, make_tag, narrow_partner

CHANGES = """
select patient_id, before -> 'tags', after -> 'tags', actor, request_id from patient_changes
where before ? 'tags' order by id offset $1
"""


async def crowd(partner: Client) -> tuple[list[int], int, int]:
    """Three people, the first two with a tag, the second with another one too."""
    people = [(await make_person(partner, FirstName=name))["ID"] for name in ("Ana", "Ben", "Cleo")]
    vip, lead = await make_tag(partner, "VIP"), await make_tag(partner, "lead")
    for person_id, tag_id in ((people[0], vip), (people[1], vip), (people[1], lead)):
        assert (await partner.post(f"{TAGS}/prospects/{person_id}", {"tagId": tag_id})).status == 200
    return people, vip, lead


async def moments(owner: asyncpg.Connection) -> list[datetime]:
    return [row["updated_at"] for row in await owner.fetch("select updated_at from patients order by id")]


def looks(partner: Client) -> list[tuple[object, object]]:
    return [(row[3], row[4]) for row in partner.house.reads]


async def test_a_tag_that_is_deleted_leaves_a_trace_on_each_who_carried_it(
    glow_partner: Client, owner: asyncpg.Connection
) -> None:
    people, vip, _ = await crowd(glow_partner)
    before = await moments(owner)
    gone = await glow_partner.delete(f"{TAGS}/{vip}")
    after = await moments(owner)
    assert [new > old for old, new in zip(before, after, strict=True)] == [True, True, False]
    actor = await owner.fetchval("select added_by from patients limit 1")
    request_id = gone.headers["x-request-id"]
    assert [tuple(row) for row in await owner.fetch(CHANGES, 3)] == [
        (people[0], '["VIP"]', "[]", actor, request_id),
        (people[1], '["lead", "VIP"]', '["lead"]', actor, request_id),
    ]


async def test_who_carries_a_tag_with_a_new_name_counts_as_changed(
    glow_partner: Client, owner: asyncpg.Connection
) -> None:
    people, vip, _ = await crowd(glow_partner)
    before = await moments(owner)
    assert (await glow_partner.put(f"{TAGS}/{vip}", {"name": "a star"})).status == 200
    after = await moments(owner)
    assert [new > old for old, new in zip(before, after, strict=True)] == [True, True, False]
    assert [tuple(row)[:3] for row in await owner.fetch(CHANGES, 3)] == [
        (people[0], '["VIP"]', '["a star"]'),
        (people[1], '["lead", "VIP"]', '["a star", "lead"]'),
    ]
    assert (await glow_partner.put(f"{TAGS}/{vip}", {"name": "a star"})).status == 200
    assert await moments(owner) == after


async def test_another_practices_people_are_not_touched(
    glow_partner: Client, rival_partner: Client, owner: asyncpg.Connection
) -> None:
    _, vip, _ = await crowd(glow_partner)
    before = await moments(owner)
    assert (await rival_partner.delete(f"/v1/RivalOffice/tags/{vip}")).status == 404
    assert (await rival_partner.put(f"/v1/RivalOffice/tags/{vip}", {"name": "x"})).status == 404
    assert (await moments(owner), await owner.fetch(CHANGES, 3)) == (before, [])


async def test_a_tag_that_is_put_on_people_while_it_goes_leaves_a_true_trace(
    glow_partner: Client, owner: asyncpg.Connection
) -> None:
    """Whoever got it, in whatever order, has a last change that says so."""
    people, vip, _ = await crowd(glow_partner)
    others = [(await make_person(glow_partner))["ID"] for _ in range(4)]
    gone, *answers = await asyncio.gather(
        glow_partner.delete(f"{TAGS}/{vip}"),
        *(glow_partner.post(f"{TAGS}/prospects/{one}", {"tagId": vip}) for one in others),
        *(glow_partner.delete(f"{TAGS}/prospects/{one}/{vip}") for one in people),
    )
    assert gone.status == 200 and {answer.status for answer in answers} <= {200, 404, 422}
    last = {row["patient_id"]: json.loads(row[2]) for row in await owner.fetch(CHANGES, 0)}
    assert not [names for names in last.values() if "VIP" in names]


async def test_a_look_at_somebodys_tags_leaves_its_row(glow_partner: Client) -> None:
    people, vip, _ = await crowd(glow_partner)
    path, row = f"{TAGS}/prospects/{people[2]}", ("prospect.read", f"patient:{people[2]}")
    glow_partner.house.reads.clear()
    await glow_partner.post(path, {"tagId": vip})
    assert looks(glow_partner) == []  # the change has its own row
    await glow_partner.post(path, {"tagId": vip})
    assert looks(glow_partner) == [row]


async def test_a_replay_leaves_its_row(glow_partner: Client) -> None:
    people, vip, _ = await crowd(glow_partner)
    path = f"{TAGS}/prospects/{people[0]}"
    for number, (method, at, body) in enumerate((
        ("PUT", f"{PEOPLE}/{people[0]}", {"City": "Reno"}), ("POST", path, {"tagId": vip}),
        ("DELETE", f"{path}/{vip}", None), ("DELETE", path, None),
    )):  # fmt: skip
        once = {"Idempotency-Key": f"look {number}"}
        first = await glow_partner.request(method, at, json=body, headers=once)
        glow_partner.house.reads.clear()
        again = await glow_partner.request(method, at, json=body, headers=once)
        assert (again.status, again.json) == (200, first.json)
        assert looks(glow_partner) == [("prospect.read", f"patient:{people[0]}")]


async def test_a_replay_tells_nobody_of_who_is_no_prospect_any_longer(glow_partner: Client) -> None:
    """Two keys of one partner: the wider one takes the flag away, and the narrower one asks for the answers again."""
    narrow = await narrow_partner(glow_partner)
    made = {"FullName": "Nora Narrow"}
    person_id = (await narrow.post(PEOPLE, made, headers={"Idempotency-Key": "made"})).json["data"]["ID"]
    tag_id = await make_tag(narrow)
    path = f"{TAGS}/prospects/{person_id}"
    requests = [
        ("PUT", f"{PEOPLE}/{person_id}", {"City": "Reno"}, "changed"), ("POST", path, {"tagId": tag_id}, "tagged"),
        ("DELETE", f"{path}/{tag_id}", None, "taken"), ("DELETE", path, None, "bare"),
    ]  # fmt: skip
    for method, at, body, key in requests:
        assert (await narrow.request(method, at, json=body, headers={"Idempotency-Key": key})).status == 200
    await glow_partner.put(f"{PEOPLE}/{person_id}", {"Prospect": 0})
    glow_partner.house.reads.clear()
    for method, at, body, key in [("POST", PEOPLE, made, "made"), *requests]:
        answer = await narrow.request(method, at, json=body, headers={"Idempotency-Key": key})
        assert answer.fault == (404, "prospect_not_found", {}), (method, at)
        assert (await glow_partner.request(method, at, json=body, headers={"Idempotency-Key": key})).status < 300
