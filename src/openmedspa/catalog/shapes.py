"""The wire of products: what a row may carry, what comes back. No I/O."""

from decimal import Decimal
from typing import Annotated, Any, ClassVar

from msgspec import UNSET, Meta, Raw, Struct, UnsetType, field

from openmedspa.partners.wire import PageQuery, Pagination

MOST_ROWS = 10_000
MOST_BYTES = 16 * 1024 * 1024
A_NUMBER: dict[str, Any] = {"anyOf": [{"type": "number", "minimum": 0}, {"type": "null"}]}

Code = Annotated[str, Meta(min_length=1, max_length=100)]
Short = Annotated[str, Meta(max_length=255)]
Search = Annotated[str, Meta(max_length=200)]

ROWS = f"""Up to {MOST_ROWS:,} rows, each judged by itself. VendorCode, ProductCode and Product are required;
RetailPrice is a number ≥ 0 with at most two places; Description, Category, Brand, UPC and Unit are text; Active is
true or false. A field that is left out stays as it is, null empties it."""


class ProductQuery(PageQuery, frozen=True, kw_only=True):
    search: Annotated[Search | None, Meta(description="Words of name, codes, brand or UPC; an exact code first.")] = (
        None
    )
    vendorCode: Annotated[Search | None, Meta(description="Exactly this vendor's, without case.")] = None  # noqa: N815


class UpsertQuery(Struct, frozen=True, forbid_unknown_fields=True):
    atomic: Annotated[bool, Meta(description="All rows or none: any failure is a 422.")] = False


class ProductIn(Struct, frozen=True, forbid_unknown_fields=True, rename="pascal", kw_only=True):
    """A row as a partner sends it. Left out on a known product: stays; null: emptied."""

    read_only: ClassVar = frozenset({"Writable", "CreatedAt", "UpdatedAt"})

    vendor_code: Code
    product_code: Code
    name: Annotated[str, Meta(min_length=1, max_length=255)] = field(name="Product")
    retail_price: Decimal | UnsetType | None = UNSET
    description: Annotated[str, Meta(max_length=10_000)] | UnsetType | None = UNSET
    category: Short | UnsetType | None = UNSET
    brand: Short | UnsetType | None = UNSET
    upc: Annotated[str, Meta(max_length=64)] | UnsetType | None = field(name="UPC", default=UNSET)
    unit: Annotated[str, Meta(max_length=64)] | UnsetType | None = UNSET
    active: bool | UnsetType = UNSET


class ProductsIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Rows are read one by one, so that a bad one never stops a good one."""

    judges_nul: ClassVar = True

    products: Annotated[
        list[Raw],
        Meta(
            min_length=1,
            max_length=MOST_ROWS,
            description=" ".join(ROWS.split()),
            examples=[
                [{"VendorCode": "V001", "ProductCode": "P001", "Product": "Example Product", "RetailPrice": 99.99}]
            ],
        ),
    ]


class Failure(Struct, frozen=True):
    """A row that was not taken: where it stands in the list, and why."""

    index: Annotated[int, Meta(description="From 0.", examples=[3])]
    error: Annotated[str, Meta(examples=["RetailPrice may have at most two decimal places"])]


class Upserted(Struct, frozen=True):
    created: Annotated[int, Meta(examples=[1])]
    updated: Annotated[int, Meta(examples=[0])]
    unchanged: Annotated[int, Meta(examples=[0])]
    failed: Annotated[list[Failure], Meta(examples=[[]])]


class UpsertedOut(Struct, frozen=True):
    data: Upserted


class Product(Struct, frozen=True, rename="pascal", kw_only=True):
    """A product of the catalogue; null: never given."""

    vendor_code: Annotated[str, Meta(examples=["V001"])]
    product_code: Annotated[str, Meta(examples=["P001"])]
    name: Annotated[str, Meta(examples=["Example Product"])] = field(name="Product")
    retail_price: Annotated[
        Decimal | None,
        Meta(examples=[99.99], description="Exact, at most two places.", extra_json_schema=A_NUMBER),
    ]
    description: Annotated[str | None, Meta(examples=[None])]
    category: Annotated[str | None, Meta(examples=["Skin care"])]
    brand: Annotated[str | None, Meta(examples=["Example Brand"])]
    upc: Annotated[str | None, Meta(examples=["012345678905"])] = field(name="UPC")
    unit: Annotated[str | None, Meta(examples=["30 ml"])]
    active: Annotated[bool, Meta(examples=[True])]
    writable: Annotated[bool, Meta(description="Whether it is yours to change.", examples=[True])]
    created_at: Annotated[str, Meta(examples=["2026-03-09T17:00:00Z"])]
    updated_at: Annotated[str, Meta(examples=["2026-03-09T17:00:00Z"])]


class ProductList(Struct, frozen=True):
    data: list[Product]
    pagination: Pagination
