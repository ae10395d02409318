"""`GET /v1/kb`: full text, best first; category and type; pages; one article."""

import json

import asyncpg
import pytest
from cast import Cast
from client import Client
from injections import PAYLOADS
from knowledge.shelves import DOCUMENTED, add, titles


@pytest.fixture
async def shelf(glow_partner: Client) -> Client:
    await add(
        glow_partner, title="Billing basics", article="How claims are verified.", category="Billing", type="HowTo"
    )
    await add(glow_partner, title="Insurance verification", article="Ask for the card.", category="billing", type="FAQ")
    await add(glow_partner, title="Opening hours", article="Insurance is not needed.", category="Desk", type="HowTo")
    await add(glow_partner, title="Tagged", article="Something.", category="Desk", type="Policy", tags="insurance")
    await add(
        glow_partner, title="Botox aftercare", article="Avoid heat. Fillers differ.", category="Care", active=False
    )
    return glow_partner


async def test_the_documents_example_word_for_word(glow_partner: Client, owner: asyncpg.Connection) -> None:
    await owner.execute(
        """insert into articles (id, title, article, category, type, tags, written_by) values
           (12, 'Insurance Verification Workflow', 'Step-by-step process...', 'Billing', 'HowTo',
            'insurance, verification', 'operator')"""
    )
    answer = await glow_partner.get("/v1/kb/12")
    assert answer.status == 200
    assert json.dumps(answer.json) == json.dumps({"data": DOCUMENTED})  # the order of the fields, too
    assert (await glow_partner.get("/v1/kb")).json["data"] == [DOCUMENTED]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("insurance", ["Insurance verification", "Tagged", "Opening hours"]),  # title, tags, text
        ("verifies", ["Billing basics"]),  # by the stem of the word
        ("insurance card", ["Insurance verification"]),
        ("insurance -card", ["Tagged", "Opening hours"]),
        ('"ask for the card"', ["Insurance verification"]),
        ("botox or hours", ["Botox aftercare", "Opening hours"]),
        ("Opening hours", ["Opening hours"]),
        ("insur", ["Insurance verification", "Tagged", "Opening hours"]),
        ("Botox aft", ["Botox aftercare"]),  # how a title begins
        ("aftercare bo", []),
        ("the", []),
        ("nothing", []),
    ],
)
async def test_the_best_comes_first(shelf: Client, search: str, found: list[str]) -> None:
    assert await titles(shelf, search=search) == found


async def test_of_equals_the_newest_comes_first_and_a_whole_title_before_all(glow_partner: Client) -> None:
    for title in ("Laser safety", "Laser notes", "Laser"):
        await add(glow_partner, title=title, article="x")
    await add(glow_partner, title="Laser and laser, laser", article="laser laser")
    assert (await titles(glow_partner, search="laser"))[0] == "Laser"
    assert await titles(glow_partner, search="notes or safety") == ["Laser notes", "Laser safety"]
    assert (await titles(glow_partner))[0] == "Laser and laser, laser"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"category": "BILLING"}, ["Insurance verification", "Billing basics"]),
        ({"type": "howto"}, ["Opening hours", "Billing basics"]),
        ({"category": "Billing", "type": "HowTo"}, ["Billing basics"]),
        ({"category": "Desk", "search": "insurance"}, ["Tagged", "Opening hours"]),
        ({"category": "Bill"}, []),
        ({"category": "", "type": "", "search": " "}, ["Botox aftercare", "Tagged", "Opening hours",
                                                       "Insurance verification", "Billing basics"]),
    ],
)  # fmt: skip
async def test_category_and_type_are_exact_without_case(shelf: Client, query: dict[str, str], found: list[str]) -> None:
    assert await titles(shelf, **query) == found


@pytest.mark.parametrize("query", ["", "&search=insurance or botox"])
async def test_pages_follow_each_other(shelf: Client, query: str) -> None:
    whole = (await shelf.get(f"/v1/kb?limit=200{query}")).json["data"]
    pages = [(await shelf.get(f"/v1/kb?limit=2&page={page}{query}")).json for page in (1, 2, 3, 9)]
    assert [article for page in pages for article in page["data"]] == whole
    total = len(whole)
    assert pages[3]["pagination"] == {"page": 9, "limit": 2, "total": total, "totalPages": -(-total // 2)}


@pytest.mark.parametrize("query", ["page=0", "limit=1000", "search=" + "x" * 201, "category=" + "x" * 101])
async def test_a_query_out_of_range_is_named(glow_partner: Client, query: str) -> None:
    status, code, fields = (await glow_partner.get(f"/v1/kb?{query}")).fault
    assert (status, code, set(fields)) == (422, "field_invalid", {query.partition("=")[0]})


@pytest.mark.parametrize("number", ["999", "0", "-1", "x", "9" * 30, "1.0"])
async def test_an_unknown_article_is_not_found(glow_partner: Client, number: str) -> None:
    assert (await glow_partner.get(f"/v1/kb/{number}")).fault == (404, "article_not_found", {})


async def test_the_scope_is_needed_and_the_practice_is_not(glow_partner: Client, rival_partner: Client) -> None:
    number = await add(glow_partner)
    narrow = await glow_partner.as_partner(Cast.PROSPECTS_KEY, "GlowOffice")
    for path in ("/v1/kb", f"/v1/kb/{number}"):
        assert (await narrow.get(path)).fault[:2] == (403, "scope_missing")
        assert (await rival_partner.get(path)).json == (await glow_partner.get(path)).json


async def test_no_search_can_harm(shelf: Client) -> None:
    for text in PAYLOADS:
        answer = await shelf.get("/v1/kb", params={"search": text, "category": text})
        assert answer.status == 200, text
