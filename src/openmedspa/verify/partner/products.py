"""Checks of the catalogue of products: created and changed in bulk, found, each row judged by itself, prices exact."""

import json
from decimal import Decimal
from typing import Any

from openmedspa.verify.answer import Answer, require
from openmedspa.verify.checks import Chapter
from openmedspa.verify.partner.trial import Trial, data, entries, word
from openmedspa.verify.partner.words import COUNT, PAGE, names, refuses
from openmedspa.verify.shape import TEXT, Each, Is

chapter = Chapter("products", section="Products", needs=("products",))
DOCUMENTED = {"VendorCode": "V001", "ProductCode": "P001", "Product": "Example Product", "RetailPrice": 99.99}
WRITTEN = {"created": COUNT, "updated": COUNT, "unchanged": COUNT, "failed": Each({"index": COUNT, "error": TEXT})}

_SOME = Is("a product", lambda value: isinstance(value, dict) and {*DOCUMENTED} <= value.keys())


def _row(**fields: Any) -> dict[str, Any]:
    """A row in the documents' form, of a vendor that nobody has."""
    return {**DOCUMENTED, "VendorCode": f"VERIFY-{word()}", **fields}


async def _write(trial: Trial, *rows: Any, query: str = "") -> Answer:
    return await trial.post(f"/products{query}", {"products": list(rows)})


async def _counts(trial: Trial, *rows: Any) -> tuple[int, int, int, list[int]]:
    """created, updated, unchanged, and the places of what failed."""
    done = (await _write(trial, *rows)).is_(200, {"data": WRITTEN})["data"]
    return done["created"], done["updated"], done["unchanged"], [one["index"] for one in done["failed"]]


async def _of_vendor(trial: Trial, vendor: str) -> list[dict[str, Any]]:
    return entries(await trial.get(f"/products?vendorCode={vendor}"))


@chapter.documented()
async def works(trial: Trial) -> None:
    """A row in the documents' form creates a product, which then stands in the list as it was sent."""
    row = _row()
    (await _write(trial, row)).has_status(200, 201)
    found = await _of_vendor(trial, row["VendorCode"])
    came = [{name: one.get(name) for name in row} for one in found]
    require(came == [row], f"{[row]}", came)


@chapter.documented()
async def listed(trial: Trial) -> None:
    """The list is answered in `data`."""
    await _write(trial, _row())
    require(entries(await trial.get("/products")), "some product", "an empty list")


@chapter.extension()
async def list_form(trial: Trial) -> None:
    """The list comes by pages."""
    await _write(trial, _row(), _row())
    body = (await trial.get("/products?limit=2&page=1")).is_(200, {"data": [_SOME, _SOME], "pagination": PAGE})
    require(body["pagination"]["limit"] == 2, "limit 2", body["pagination"])


@chapter.documented()
async def searched(trial: Trial) -> None:
    """?search finds by the product's name and code, and nothing that has neither."""
    row = _row(Product=f"Serum {word()}", ProductCode=word())
    other = _row(Product=f"Cream {word()}", ProductCode=word())
    await _write(trial, row, other)
    for text in (row["Product"].split()[1], row["ProductCode"]):
        found = [one["ProductCode"] for one in entries(await trial.get(f"/products?search={text}"))]
        require(found == [row["ProductCode"]], row["ProductCode"], found)


@chapter.documented()
async def of_a_vendor(trial: Trial) -> None:
    """?vendorCode lists this vendor's products only."""
    row, other = _row(), _row()
    await _write(trial, row, other)
    found = [one["VendorCode"] for one in await _of_vendor(trial, row["VendorCode"])]
    require(found == [row["VendorCode"]], row["VendorCode"], found)


@chapter.documented()
async def changed(trial: Trial) -> None:
    """The same vendor and product code again change the product, and make no other."""
    row = _row()
    await _write(trial, row)
    (await _write(trial, {**row, "Product": "Another name", "RetailPrice": 5})).has_status(200, 201)
    found = [(one["Product"], one["RetailPrice"]) for one in await _of_vendor(trial, row["VendorCode"])]
    require(found == [("Another name", 5)], "one product, changed", found)


@chapter.extension()
async def counted(trial: Trial) -> None:
    """The answer counts what was created, updated and left unchanged."""
    first, second = _row(), _row()
    for rows, wanted in (
        ((first,), (1, 0, 0, [])),
        ((first, second), (1, 0, 1, [])),
        (({**first, "RetailPrice": 1}, second), (0, 1, 1, [])),
    ):
        came = await _counts(trial, *rows)
        require(came == wanted, f"created, updated, unchanged, failed: {wanted}", str(came))


@chapter.extension()
async def bad_rows(trial: Trial) -> None:
    """A bad row stops no good one: it is named by its place, and why."""
    good = [_row(), _row()]
    bad = [
        {"VendorCode": "V"}, _row(RetailPrice=-1), _row(RetailPrice=1.234), _row(RetailPrice="much"), _row(Product=5),
        _row(ShoeSize=38), "row", None, _row(VendorCode=""),
    ]  # fmt: skip
    came = await _counts(trial, good[0], *bad, good[1])
    wanted = (2, 0, 0, list(range(1, len(bad) + 1)))
    require(came == wanted, f"created, updated, unchanged, failed: {wanted}", str(came))


@chapter.extension()
async def twice_in_one(trial: Trial) -> None:
    """A pair of codes that comes twice in one call fails at its later place, and the first is taken."""
    row = _row()
    came = await _counts(trial, row, {**row, "Product": "Another name"})
    require(came == (1, 0, 0, [1]), "one created, one failed at 1", str(came))
    found = [one["Product"] for one in await _of_vendor(trial, row["VendorCode"])]
    require(found == [row["Product"]], row["Product"], found)


@chapter.extension()
async def atomic(trial: Trial) -> None:
    """?atomic=true takes all or none: with a bad row 422 that names it, and nothing is written."""
    row = _row()
    refuses(await _write(trial, row, _row(RetailPrice=-1), query="?atomic=true"), 422)
    require(await _of_vendor(trial, row["VendorCode"]) == [], "no product", "one")
    data(await _write(trial, row, query="?atomic=true"))
    require(len(await _of_vendor(trial, row["VendorCode"])) == 1, "one product", "none")


@chapter.extension()
async def prices_exact(trial: Trial) -> None:
    """Prices are decimals: what comes back is what was sent, to the cent."""
    for price in ("0", "0.01", "0.10", "19.99", "1234567.89", "99999999.99"):
        vendor = f"VERIFY-{word()}"
        row = json.dumps({**_row(VendorCode=vendor), "RetailPrice": "@"}).replace('"@"', price)
        data(await trial.post("/products", raw=f'{{"products": [{row}]}}'.encode()))
        answer = await trial.get(f"/products?vendorCode={vendor}")
        came = json.loads(answer.body, parse_float=Decimal, parse_int=Decimal)["data"][0]["RetailPrice"]
        require(came == Decimal(price), price, str(came))


@chapter.extension()
async def rows_needed(trial: Trial) -> None:
    """No list, an empty one and one of more than 10,000 rows are refused with 422 that names products."""
    for body in list[Any](({}, {"products": []}, {"products": "x"}, {"products": [_row()] * 10_001})):
        names(await trial.post("/products", body), "products")


@chapter.extension()
async def many(trial: Trial) -> None:
    """A thousand rows are taken in one call."""
    vendor = f"VERIFY-{word()}"
    came = await _counts(trial, *(_row(VendorCode=vendor, ProductCode=f"P{number}") for number in range(1000)))
    require(came == (1000, 0, 0, []), "1000 created", str(came))
    total = (await trial.get(f"/products?vendorCode={vendor}&limit=1")).json["pagination"]["total"]
    require(total == 1000, "a total of 1000", total)
