"""`POST /v1/products`: rows are created, changed or left, one by one, and each is its owner's."""

from typing import Any

import asyncpg
import pytest
from cast import Cast
from catalog.shelves import listed, row, send, write
from client import Client
from injections import PAYLOADS

from openmedspa.catalog import queries


def counts(told: dict[str, Any]) -> tuple[int, int, int, int]:
    return told["created"], told["updated"], told["unchanged"], len(told["failed"])


async def test_the_documents_example_creates_a_product(glow_partner: Client) -> None:
    example = {
        "products": [{"VendorCode": "V001", "ProductCode": "P001", "Product": "Example Product", "RetailPrice": 99.99}]
    }
    answer = await glow_partner.post("/v1/products", example)
    assert (answer.status, answer.json) == (
        200, {"data": {"created": 1, "updated": 0, "unchanged": 0, "failed": []}}
    )  # fmt: skip
    (found,) = await listed(glow_partner)
    assert found | example["products"][0] == found
    assert (found["Active"], found["Writable"], found["Category"]) == (True, True, None)


async def test_rows_are_counted_as_created_updated_and_unchanged(
    glow_partner: Client, owner: asyncpg.Connection
) -> None:
    assert counts(await write(glow_partner, row(1), row(2), row(3))) == (3, 0, 0, 0)
    assert counts(await write(glow_partner, row(2, RetailPrice=1), row(3), row(4))) == (1, 1, 1, 0)
    assert counts(await write(glow_partner, row(1), row(2, RetailPrice=1), row(3), row(4))) == (0, 0, 4, 0)
    actions = await owner.fetch("select subject from audit where action = 'products.written' order by id")
    assert [action["subject"] for action in actions] == ["3 created, 0 updated", "1 created, 1 updated"]


async def test_what_a_row_leaves_out_stays_and_null_empties_it(glow_partner: Client) -> None:
    whole: dict[str, Any] = {
        "Description": "d",
        "Category": "c",
        "Brand": "b",
        "UPC": "u",
        "Unit": "30 ml",
        "Active": False,
    }
    await write(glow_partner, row(**whole))
    short = {"VendorCode": "V001", "ProductCode": "P001", "Product": "New name"}
    assert counts(await write(glow_partner, short)) == (0, 1, 0, 0)
    (found,) = await listed(glow_partner)
    assert found | whole | {"Product": "New name", "RetailPrice": 99.99} == found
    empty: dict[str, Any] = dict.fromkeys(("RetailPrice", "Description", "Category", "Brand", "UPC", "Unit"))
    assert counts(await write(glow_partner, short | empty)) == (0, 1, 0, 0)
    assert (await listed(glow_partner))[0] | empty | {"Active": False} == (await listed(glow_partner))[0]


async def test_what_get_gives_can_be_sent_back(glow_partner: Client) -> None:
    await write(glow_partner, row(1, Brand="b", Active=False), row(2, RetailPrice=None))
    read_only = {"Writable", "CreatedAt", "UpdatedAt"}
    shown = await listed(glow_partner)
    again = [{name: value for name, value in one.items() if name not in read_only} for one in shown]
    assert counts(await write(glow_partner, *again)) == (0, 0, 2, 0)
    (failed,) = (await write(glow_partner, shown[0]))["failed"]
    assert failed["error"] == "Writable is read-only; CreatedAt is read-only; UpdatedAt is read-only"


BAD: list[tuple[Any, str]] = [
    ("x", "must be an object"),
    (None, "must be an object"),
    ([], "must be an object"),
    ({}, "VendorCode is required; ProductCode is required; Product is required"),
    ({"VendorCode": 5}, "VendorCode must be text, not a whole number"),
    ({"VendorCode": "  "}, "VendorCode must not be blank"),
    ({"VendorCode": "V1 "}, "VendorCode must not begin or end with a space"),
    ({"ProductCode": "P\r\n1"}, "ProductCode must not"),
    ({"ProductCode": ""}, "ProductCode must not be blank"),
    ({"ProductCode": "x" * 101}, "ProductCode must have at most 100 characters"),
    ({"Product": " "}, "Product must not be blank"),
    ({"Product": None}, "Product must be text, not null"),
    ({"Product": "a\x00b"}, "Product contains the character U+0000"),
    ({"RetailPrice": -0.01}, "RetailPrice must be at least 0"),
    ({"RetailPrice": 1.001}, "RetailPrice may have at most two decimal places"),
    ({"RetailPrice": 1e10}, "RetailPrice must be at most 9999999999.99"),
    ({"RetailPrice": "9.99"}, "RetailPrice must be a number such as 99.99, not text"),
    ({"RetailPrice": True}, "RetailPrice must be a number, not true or false"),
    ({"Active": "yes"}, "Active must be true or false, not text"),
    ({"Brand": 1}, "Brand must be text, not a whole number"),
    ({"Colour": "red"}, "Colour is not a known field"),
    ({"vendorCode": "V1"}, "vendorCode is not a known field"),
]


async def test_a_bad_row_is_told_by_index_and_field_and_stops_no_other(glow_partner: Client) -> None:
    rows = [row(1), *(row(9) | bad if isinstance(bad, dict) and bad else bad for bad, _ in BAD), row(2)]
    told = await write(glow_partner, *rows)
    assert counts(told) == (2, 0, 0, len(BAD))
    assert [failure["index"] for failure in told["failed"]] == list(range(1, len(BAD) + 1))
    for failure, (bad, why) in zip(told["failed"], BAD, strict=True):
        assert why in failure["error"], bad
    assert [one["ProductCode"] for one in await listed(glow_partner)] == ["P001", "P002"]


async def test_a_pair_that_comes_twice_fails_at_its_later_index(glow_partner: Client) -> None:
    told = await write(glow_partner, row(1), row(2), row(1, RetailPrice=5), row(1))
    assert counts(told) == (2, 0, 0, 2)
    assert [(failure["index"], failure["error"]) for failure in told["failed"]] == [
        (2, "ProductCode comes twice in this call: first at index 0"),
        (3, "ProductCode comes twice in this call: first at index 0"),
    ]
    assert (await listed(glow_partner))[0]["RetailPrice"] == 99.99


async def test_a_row_of_another_partner_or_of_the_operator_fails_and_stays(
    glow_partner: Client, rival_partner: Client, owner: asyncpg.Connection
) -> None:
    await write(rival_partner, row(1))
    await owner.execute("insert into products (vendor_code, product_code, name) values ('V001', 'P002', 'Ours')")
    before = await owner.fetch("select * from products order by id")
    told = await write(glow_partner, row(1, RetailPrice=1), row(2), row(3))
    assert counts(told) == (1, 0, 0, 2)
    assert [(failure["index"], failure["error"]) for failure in told["failed"]] == [
        (0, "The row belongs to another partner"),
        (1, "The row belongs to another partner"),
    ]
    assert await owner.fetch("select * from products order by id limit 2") == before
    assert [one["Writable"] for one in await listed(glow_partner)] == [False, False, True]
    assert [one["Writable"] for one in await listed(rival_partner)] == [True, False, False]


@pytest.mark.parametrize("rows", [[], [row()] * 10_001])
async def test_a_call_takes_one_to_ten_thousand_rows(glow_partner: Client, rows: list[Any]) -> None:
    status, code, fields = (await send(glow_partner, *rows)).fault
    assert (status, code, set(fields)) == (422, "field_invalid", {"products"})


@pytest.mark.parametrize(
    ("body", "fields"),
    [({}, {"products"}), ({"products": {}}, {"products"}), ({"products": [row()], "x": 1}, {"x"}), ([], {"The body"})],
)
async def test_a_body_that_is_no_list_of_products_is_refused(
    glow_partner: Client, body: object, fields: set[str]
) -> None:
    answer = await glow_partner.post("/v1/products", body)
    assert (answer.fault[0], set(answer.fault[2])) == (422, fields)


async def test_ten_thousand_rows_in_one_call_and_one_statement(
    glow_partner: Client, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    await owner.execute("vacuum analyze products")  # it is known to be empty: plans for one row are not to stay
    asked = []
    ask = queries.upsert_products

    async def counting(*args: Any, **options: Any) -> Any:
        asked.append(args)
        return await ask(*args, **options)

    monkeypatch.setattr(queries, "upsert_products", counting)
    rows = [row(number, ProductCode=f"P{number}", RetailPrice=number / 100) for number in range(10_000)]
    assert counts(await write(glow_partner, *rows)) == (10_000, 0, 0, 0)
    rows[5]["Brand"] = "b"
    assert counts(await write(glow_partner, *rows)) == (0, 1, 9_999, 0)
    assert len(asked) == 2
    assert (await glow_partner.get("/v1/products?search=example")).json["pagination"]["total"] == 10_000
    answer = await glow_partner.get("/v1/products?limit=200&page=50")
    assert (answer.json["pagination"], len(answer.json["data"])) == (
        {"page": 50, "limit": 200, "total": 10_000, "totalPages": 50}, 200
    )  # fmt: skip


async def test_a_body_may_reach_16_mib_and_no_more(glow_partner: Client) -> None:
    filling = "x" * 10_000
    rows = [row(number, ProductCode=f"P{number}", Description=filling) for number in range(1_600)]
    assert counts(await write(glow_partner, *rows)) == (1_600, 0, 0, 0)
    answer = await send(glow_partner, *(rows + rows[:100]))
    assert answer.fault[:2] == (413, "body_too_large")


async def test_the_same_idempotency_key_answers_as_the_first_time(glow_partner: Client) -> None:
    headers = {"idempotency-key": "products-1"}
    first, second = [await send(glow_partner, row(1), headers=headers) for _ in range(2)]
    assert first.json == second.json and second.json["data"]["created"] == 1
    assert (await send(glow_partner, row(2), headers=headers)).fault[:2] == (409, "idempotency_mismatch")


async def test_without_the_scope_nothing_is_shown_or_written(glow_partner: Client, owner: asyncpg.Connection) -> None:
    narrow = await glow_partner.as_partner(Cast.PROSPECTS_KEY, "GlowOffice")
    for answer in (await narrow.get("/v1/products"), await send(narrow, row())):
        assert answer.fault[:2] == (403, "scope_missing")
        assert "ProductPro.Products" in answer.json["error"]["message"]
    assert await owner.fetchval("select count(*) from products") == 0


async def test_hostile_texts_come_back_as_they_are(glow_partner: Client) -> None:
    names = ("Description", "Category", "Brand", "UPC", "Unit")
    rows = [row(n, Product=text, **dict.fromkeys(names, text)) for n, text in enumerate(PAYLOADS) if text.strip()]
    rows += [row(n, VendorCode=text, ProductCode=text) for n, text in enumerate(PAYLOADS) if text.isprintable()]
    told = await write(glow_partner, *rows)
    assert told["failed"] == []
    shown = await listed(glow_partner, "?limit=200")
    by_code = {(one["VendorCode"], one["ProductCode"]): one for one in shown}
    for sent in rows:
        found = by_code[sent["VendorCode"], sent["ProductCode"]]
        assert found | sent == found
    for text in PAYLOADS:
        answer = await glow_partner.get("/v1/products", params={"search": text, "vendorCode": text})
        assert answer.status == 200, text
