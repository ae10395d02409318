"""`POST /v1/products?atomic=true`: all rows or none."""

import asyncpg
import pytest
from catalog.shelves import row, send, write
from client import Client


async def test_right_rows_are_written_as_ever(glow_partner: Client) -> None:
    answer = await send(glow_partner, row(1), row(2), query="?atomic=true")
    assert (answer.status, answer.json["data"]["created"]) == (200, 2)


async def test_one_wrong_row_keeps_all_from_being_written(glow_partner: Client, owner: asyncpg.Connection) -> None:
    await write(glow_partner, row(1))
    answer = await send(
        glow_partner, row(1, RetailPrice=1), row(2), 5, row(3, RetailPrice=-1, Brand=7), row(2), query="?atomic=true"
    )
    assert answer.fault == (
        422,
        "field_invalid",
        {
            "products[2]": 'must be an object such as {"VendorCode": …, "ProductCode": …, "Product": …}',
            "products[3].Brand": "must be text, not a whole number",
            "products[4].ProductCode": "comes twice in this call: first at index 1",
        },
    )
    assert answer.json["error"]["message"] == "Nothing was written: 3 rows are wrong."
    assert await owner.fetchval("select array_agg(retail_price::text) from products") == ["99.99"]


async def test_a_foreign_row_keeps_all_from_being_written(
    glow_partner: Client, rival_partner: Client, owner: asyncpg.Connection
) -> None:
    await write(rival_partner, row(1))
    answer = await send(glow_partner, row(2), row(1), query="?atomic=true")
    assert answer.fault == (422, "field_invalid", {"products[1]": "belongs to another partner"})
    assert await owner.fetchval("select count(*) from products") == 1


async def test_thousands_of_faults_make_a_short_answer(glow_partner: Client) -> None:
    answer = await send(glow_partner, *[{}] * 5_000, query="?atomic=true")
    status, _, fields = answer.fault
    assert (status, len(fields)) == (422, 100)
    assert answer.json["error"]["message"] == (
        "Nothing was written: 5000 rows are wrong. The first 100 faults are named."
    )


@pytest.mark.parametrize(("query", "status"), [("?atomic=false", 200), ("?atomic=perhaps", 422)])
async def test_atomic_is_true_or_false(glow_partner: Client, query: str, status: int) -> None:
    assert (await send(glow_partner, row(1), 5, query=query)).status == status
