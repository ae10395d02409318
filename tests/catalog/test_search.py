"""`GET /v1/products`: by words of names and codes, by vendor, in pages."""

import pytest
from catalog.shelves import listed, row, write
from client import Client


@pytest.fixture
async def shelf(glow_partner: Client) -> Client:
    await write(
        glow_partner,
        row(VendorCode="ACME", ProductCode="A-1", Product="Vitamin C Serum", Brand="Lumen"),
        row(VendorCode="ACME", ProductCode="A-2", Product="Serum", UPC="012345678905"),
        row(VendorCode="acme", ProductCode="A-3", Product="Night cream with Vitamin E"),
        row(VendorCode="Other", ProductCode="SERUM", Product="Something else"),
        row(VendorCode="Other", ProductCode="100%_x", Product="Émulsion 100%"),
    )
    return glow_partner


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("serum", ["SERUM", "A-2", "A-1"]),  # an exact code, an exact name, the rest
        ("SERUM vitamin", ["A-1"]),
        ("vitamin", ["A-1", "A-3"]),  # a name that begins so
        ("amin c", ["A-3", "A-1"]),
        ("a-2", ["A-2"]),
        ("012345678905", ["A-2"]),
        ("lumen", ["A-1"]),
        ("émulsion", ["100%_x"]),
        ("%", ["100%_x"]),
        ("_", ["100%_x"]),
        ("\\", []),
        ("nothing", []),
        ("acme A-1", ["A-1"]),
        ("   ", ["A-1", "A-2", "100%_x", "SERUM", "A-3"]),
    ],
)
async def test_every_word_counts_and_the_nearest_comes_first(shelf: Client, search: str, found: list[str]) -> None:
    answer = await shelf.get("/v1/products", params={"search": search})
    assert [one["ProductCode"] for one in answer.json["data"]] == found
    assert answer.json["pagination"]["total"] == len(found)


async def test_a_vendor_is_named_without_case(shelf: Client) -> None:
    assert [one["ProductCode"] for one in await listed(shelf, "?vendorCode=Acme")] == ["A-1", "A-2", "A-3"]
    assert [one["ProductCode"] for one in await listed(shelf, "?vendorCode=ACME&search=vitamin")] == ["A-1", "A-3"]
    assert await listed(shelf, "?vendorCode=acm") == []
    assert len(await listed(shelf, "?vendorCode=&search=")) == 5


@pytest.mark.parametrize("query", ["", "&search=a"])
async def test_pages_follow_each_other(shelf: Client, query: str) -> None:
    whole = [one["ProductCode"] for one in await listed(shelf, f"?limit=200{query}")]
    pages = [await shelf.get(f"/v1/products?limit=2&page={page}{query}") for page in (1, 2, 3, 4)]
    assert [one["ProductCode"] for page in pages for one in page.json["data"]] == whole
    total = len(whole)
    expected = {"page": 4, "limit": 2, "total": total, "totalPages": -(-total // 2)}
    assert (pages[3].json["data"], pages[3].json["pagination"]) == ([], expected)


@pytest.mark.parametrize("query", ["page=0", "limit=0", "limit=201", "page=x", "search=" + "x" * 201])
async def test_a_query_out_of_range_is_named(shelf: Client, query: str) -> None:
    status, code, fields = (await shelf.get(f"/v1/products?{query}")).fault
    assert (status, code, set(fields)) == (422, "field_invalid", {query.partition("=")[0]})


async def test_everybody_sees_the_same_catalogue(shelf: Client, rival_partner: Client) -> None:
    def told(rows: list[dict[str, object]]) -> list[dict[str, object]]:
        return [{name: value for name, value in one.items() if name != "Writable"} for one in rows]

    assert told(await listed(rival_partner)) == told(await listed(shelf))
