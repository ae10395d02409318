"""Prices are exact: what a partner writes is what comes back, digit by digit, and no binary float stands between."""

from decimal import Decimal

import asyncpg
import msgspec
from catalog.shelves import write
from client import Client
from hypothesis import given
from hypothesis import strategies as st

from openmedspa.catalog import rows
from openmedspa.catalog.shapes import ProductIn

CODES = '"VendorCode": "V", "ProductCode": "P{n}", "Product": "x"'
WRITTEN = ["0.1", "0.2", "0.3", "1e2", "99.990", "99.99", "0", "-0.0", "9999999999.99", "4503599627370497.5e-6", "1e-2"]
AS_NUMBERS = ["0.10", "0.20", "0.30", "100.00", "99.99", "99.99", "0.00", "0.00", "9999999999.99", "", "0.01"]


def one(price: str) -> object:
    return rows.read(f'{{{CODES.replace("{n}", "1")}, "RetailPrice": {price}}}'.encode())


@given(st.decimals(min_value=0, max_value=Decimal("9999999999.99"), places=2))
def test_any_price_of_two_places_is_read_exactly(price: Decimal) -> None:
    read = one(str(price))
    assert isinstance(read, ProductIn)
    assert read.retail_price == price
    assert msgspec.json.encode(rows.columns(read)).count(str(read.retail_price).encode()) == 1


@given(st.decimals(min_value=0, max_value=10**9, places=3).filter(lambda price: price != round(price, 2)))
def test_a_third_place_is_refused_however_small(price: Decimal) -> None:
    assert one(str(price)) == {"RetailPrice": "may have at most two decimal places"}


def test_what_a_binary_float_would_round_away_is_seen() -> None:
    assert isinstance(one("99.99000000000000000000"), ProductIn)
    assert one("99.99000000000000000001") == {"RetailPrice": "may have at most two decimal places"}
    assert one("9" * 30) == {"RetailPrice": "must be at most 9999999999.99"}
    assert one("1e400") == {"RetailPrice": "must be at most 9999999999.99"}
    assert isinstance(one("1e" + "9" * 30), dict)


async def test_prices_are_stored_and_shown_to_the_last_digit(glow_partner: Client, owner: asyncpg.Connection) -> None:
    texts = [
        f'{{{CODES.replace("{n}", f"{number:02}")}, "RetailPrice": {price}}}' for number, price in enumerate(WRITTEN)
    ]
    raw = '{"products": [' + ", ".join(texts) + "]}"
    answer = await glow_partner.request(
        "POST", "/v1/products", content=raw.encode(), headers={"content-type": "application/json"}
    )
    assert [failure["index"] for failure in answer.json["data"]["failed"]] == [WRITTEN.index("4503599627370497.5e-6")]
    expected = [price for price in AS_NUMBERS if price]
    stored = await owner.fetch("select retail_price::text as price from products order by product_code")
    assert [row["price"] for row in stored] == expected
    response = await glow_partner.http.get("/v1/products", headers={"authorization": f"Bearer {glow_partner.token}"})
    shown = msgspec.json.decode(response.content, type=dict[str, msgspec.Raw])
    prices = [
        bytes(found["RetailPrice"]).decode()
        for found in msgspec.json.decode(shown["data"], type=list[dict[str, msgspec.Raw]])
    ]
    assert prices == expected


async def test_the_same_price_written_otherwise_changes_nothing(glow_partner: Client) -> None:
    codes = {"VendorCode": "V", "ProductCode": "P", "Product": "x"}
    await write(glow_partner, codes | {"RetailPrice": 5})
    assert (await write(glow_partner, codes | {"RetailPrice": 5.0}))["unchanged"] == 1
