"""Doors on products: parse, call, answer."""

from openmedspa.catalog import products, rows
from openmedspa.catalog.shapes import Failure, Product, ProductList, Upserted, UpsertedOut
from openmedspa.kit.db import Row
from openmedspa.kit.http import Call
from openmedspa.partners.keys import Grant
from openmedspa.partners.wire import moment, pagination


async def list_products(call: Call[Grant]) -> ProductList:
    """The catalogue of all vendors, by words, vendor or as it stands.

    An exact product code or UPC comes first, then exact names, then the rest.
    """
    counted, found = await products.find(call.db, call.query)
    own = call.grant.partner_id
    return ProductList([_to_product(row, own) for row in found], pagination(call.query, counted))


async def upsert_products(call: Call[Grant]) -> UpsertedOut:
    """Create products, or change those of yours, by vendor and product code.

    A row that is wrong, comes twice or belongs to another partner is told in `failed`, and stops no other.
    """
    written = await products.upsert(
        call.tx, await products.read(call.body.products), partner_id=call.grant.partner_id, actor=call.grant.actor,
        request_id=call.request_id, now=call.now, is_atomic=call.query.atomic,
    )  # fmt: skip
    failed = [Failure(index, rows.say(faults)) for index, faults in written.failed.items()]
    return UpsertedOut(Upserted(written.created, written.updated, written.unchanged, failed))


def _to_product(row: Row, own: int) -> Product:
    return Product(
        vendor_code=row["vendor_code"],
        product_code=row["product_code"],
        name=row["name"],
        retail_price=row["retail_price"],
        description=row["description"],
        category=row["category"],
        brand=row["brand"],
        upc=row["upc"],
        unit=row["unit"],
        active=row["retired_at"] is None,
        writable=row["partner_id"] == own,
        created_at=moment(row["created_at"]),
        updated_at=moment(row["updated_at"]),
    )
