"""`PUT /v1/kb/{id}`: the fields given change, and what an article said before is kept with who wrote it."""

import asyncio
from typing import Any

import asyncpg
import pytest
from cast import Cast
from client import Client
from injections import PAYLOADS
from knowledge.shelves import add, titles

from openmedspa.kit.db import Row
from openmedspa.knowledge import queries
from openmedspa.knowledge.shapes import MOST_CHARACTERS


async def versions(partner: Client, number: int) -> list[Row]:
    return await queries.list_versions(partner.house.system, number)


async def test_the_fields_given_change_and_the_others_stay(glow_partner: Client, owner: asyncpg.Connection) -> None:
    number = await add(glow_partner, title="Old", article="Text.", category="Billing", type="FAQ", tags="a, b")
    before = (await glow_partner.get(f"/v1/kb/{number}")).json["data"]
    changed = await glow_partner.put(f"/v1/kb/{number}", {"Title": "New", "Active": False})
    assert changed.status == 200
    assert changed.json["data"] == before | {"Title": "New", "Active": False}
    assert (await glow_partner.get(f"/v1/kb/{number}")).json == changed.json
    audited = await owner.fetchrow("select practice_id, actor from audit where action = 'article.changed'")
    assert audited["practice_id"] == 0 and audited["actor"].startswith("key:")


async def test_each_change_keeps_what_was_and_who_wrote_it(glow_partner: Client, rival_partner: Client) -> None:
    number = await add(glow_partner, title="One")
    for partner, title in ((glow_partner, "Two"), (rival_partner, "Three")):
        assert (await partner.put(f"/v1/kb/{number}", {"Title": title})).status == 200
    kept = await versions(glow_partner, number)
    assert [(one["version"], one["title"]) for one in kept] == [(2, "Two"), (1, "One")]
    writers = [one["written_by"] for one in kept]
    assert writers[1] == "operator" and writers[0].startswith("key:")
    now = await queries.find_article(glow_partner.house.system, number)
    assert now is not None
    assert (now["version"], now["title"]) == (3, "Three")
    assert now["written_by"] not in writers


async def test_a_change_that_changes_nothing_makes_no_version(glow_partner: Client) -> None:
    number = await add(glow_partner, title="One", active=False)
    shown = (await glow_partner.get(f"/v1/kb/{number}")).json["data"]
    same: list[dict[str, Any]] = [{}, {"Title": "One"}, {"Active": False}, {**shown}]
    same[3].pop("KBID")
    for body in same:
        answer = await glow_partner.put(f"/v1/kb/{number}", body)
        assert (answer.status, answer.json["data"]) == (200, shown)
    assert await versions(glow_partner, number) == []


async def test_active_goes_and_comes_back(glow_partner: Client) -> None:
    number = await add(glow_partner)
    for active in (False, True):
        answer = await glow_partner.put(f"/v1/kb/{number}", {"Active": active})
        assert answer.json["data"]["Active"] is active
    assert [one["retired_at"] is None for one in await versions(glow_partner, number)] == [False, True]


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"Title": ""}, {"Title"}),
        ({"Title": " \t"}, {"Title"}),
        ({"Title": None}, {"Title"}),
        ({"Title": "x" * 256}, {"Title"}),
        ({"KBID": 1, "Nonsense": 1, "Active": "yes"}, {"KBID", "Nonsense", "Active"}),
        ({"Article": "x" * (MOST_CHARACTERS + 1)}, {"Article"}),
        ({"Category": 5, "Type": [], "Tags": {}}, {"Category", "Type", "Tags"}),
        ({"Article": "a\x00b"}, {"Article"}),
        ([], {"The body"}),
    ],
)
async def test_what_is_wrong_is_named_and_changes_nothing(glow_partner: Client, body: Any, fields: set[str]) -> None:
    number = await add(glow_partner)
    before = (await glow_partner.get(f"/v1/kb/{number}")).json
    answer = await glow_partner.put(f"/v1/kb/{number}", body)
    assert (answer.fault[0], set(answer.fault[2])) == (422, fields)
    assert (await glow_partner.get(f"/v1/kb/{number}")).json == before
    assert await versions(glow_partner, number) == []


async def test_only_what_is_there_can_be_changed_and_only_with_the_scope(glow_partner: Client) -> None:
    number = await add(glow_partner)
    for path in ("/v1/kb/999", "/v1/kb/x"):
        assert (await glow_partner.put(path, {"Title": "x"})).fault == (404, "article_not_found", {})
    narrow = await glow_partner.as_partner(Cast.PROSPECTS_KEY, "GlowOffice")
    assert (await narrow.put(f"/v1/kb/{number}", {"Title": "x"})).fault[:2] == (403, "scope_missing")


async def test_a_replayed_change_is_made_once(glow_partner: Client) -> None:
    number = await add(glow_partner)
    headers = {"idempotency-key": "kb-1"}
    first = await glow_partner.put(f"/v1/kb/{number}", {"Title": "Two"}, headers=headers)
    await glow_partner.put(f"/v1/kb/{number}", {"Title": "Three"})
    assert (await glow_partner.put(f"/v1/kb/{number}", {"Title": "Two"}, headers=headers)).json == first.json
    assert (await glow_partner.get(f"/v1/kb/{number}")).json["data"]["Title"] == "Three"
    conflict = await glow_partner.put(f"/v1/kb/{number}", {"Title": "Four"}, headers=headers)
    assert conflict.fault[:2] == (409, "idempotency_mismatch")


async def test_changes_at_once_lose_nothing(glow_partner: Client) -> None:
    number = await add(glow_partner)
    bodies = [{"Title": "T"}, {"Article": "A"}, {"Category": "C"}, {"Type": "Y"}, {"Tags": "G"}]
    answers = await asyncio.gather(*(glow_partner.put(f"/v1/kb/{number}", body) for body in bodies))
    assert [answer.status for answer in answers] == [200] * 5
    found = (await glow_partner.get(f"/v1/kb/{number}")).json["data"]
    assert {name: found[name] for body in bodies for name in body} == {k: v for body in bodies for k, v in body.items()}
    assert [one["version"] for one in await versions(glow_partner, number)] == [5, 4, 3, 2, 1]


async def test_hostile_texts_come_back_as_they_are(glow_partner: Client) -> None:
    number = await add(glow_partner)
    for text in PAYLOADS:
        body = {"Article": text, "Category": text, "Type": text, "Tags": text} | (
            {"Title": text} if text.strip() else {}
        )
        answer = await glow_partner.put(f"/v1/kb/{number}", body)
        assert answer.status == 200, text
        assert (await glow_partner.get(f"/v1/kb/{number}")).json["data"] | body == answer.json["data"]


@pytest.mark.parametrize("unit", ["Ω-", "😀.com/", "a ", "x", "ﬀ-ﬀ@ﬀ.ﬀ "])
async def test_an_article_as_long_as_may_be_is_found_again(glow_partner: Client, unit: str) -> None:
    number = await add(glow_partner, title="Long one")
    numbered = "".join(f"{unit}{count} " for count in range(MOST_CHARACTERS))
    for text in (numbered[:MOST_CHARACTERS], (unit * MOST_CHARACTERS)[:MOST_CHARACTERS]):
        answer = await glow_partner.put(f"/v1/kb/{number}", {"Article": text})
        assert answer.status == 200, answer.json
    assert await titles(glow_partner, search="long") == ["Long one"]
