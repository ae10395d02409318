"""One row of a product list, judged: what fits becomes a ProductIn, what does not says why. Pure."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from decimal import InvalidOperation as UnreadableNumber
from typing import Any

import msgspec
from msgspec import UNSET
from msgspec.structs import asdict, replace

from openmedspa.catalog.shapes import ProductIn
from openmedspa.kit import parsing
from openmedspa.kit.errors import Invalid

CENT = Decimal("0.01")
HIGHEST_PRICE = Decimal("9999999999.99")

Faults = dict[str, str]  # field: why
# As mappings first: a struct's Decimal would take text as well.
_mapping: Callable[[bytes], Any] = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal).decode


def read(raw: bytes) -> ProductIn | Faults:
    """A row of a JSON list; its numbers are never binary floats."""
    try:
        return judge(_mapping(raw))
    except msgspec.ValidationError:
        return {"": 'must be an object such as {"VendorCode": …, "ProductCode": …, "Product": …}'}
    except (*parsing.UNREADABLE, UnreadableNumber):
        return {"": "has a number or a nesting beyond all reason"}


def judge(given: Mapping[str, Any]) -> ProductIn | Faults:
    """A row by its wire names, whoever brings it; prices are Decimals or whole numbers."""
    faults = _wrong_texts(given)
    try:
        row = msgspec.convert(given, ProductIn)
    except msgspec.ValidationError as trouble:
        return parsing.explain(trouble, ProductIn).fields | parsing.mistakes(given, ProductIn) | faults
    if isinstance(row.retail_price, Decimal):
        if why := _wrong_price(row.retail_price):
            return faults | {"RetailPrice": why}
        row = replace(row, retail_price=row.retail_price.quantize(CENT).copy_abs())  # -0.0 is 0.00
    return faults or row


def columns(row: ProductIn) -> dict[str, object]:
    """The columns given, and no others."""
    return {name: value for name, value in asdict(row).items() if value is not UNSET}


def say(faults: Faults) -> str:
    """All that is wrong with a row, as one sentence."""
    return "; ".join(f"{name[:100]} {why}" if name else f"The row {why}" for name, why in faults.items())


def _wrong_texts(given: Mapping[str, Any]) -> Faults:
    faults: Faults = {}
    for name in ("VendorCode", "ProductCode", "Product"):
        value = given.get(name)
        if isinstance(value, str) and not value.strip():
            faults[name] = "must not be blank"
        elif isinstance(value, str) and name != "Product" and (value != value.strip() or not value.isprintable()):
            faults[name] = "must not begin or end with a space, nor hold control characters"
    if isinstance(given.get("RetailPrice"), str):
        faults["RetailPrice"] = "must be a number such as 99.99, not text"
    try:
        parsing.refuse_nul(given)
    except Invalid as refused:
        faults |= refused.fields
    return faults


def _wrong_price(price: Decimal) -> str:
    if not price.is_finite():
        return "must be a number"
    if price < 0:
        return "must be at least 0"
    if price > HIGHEST_PRICE:
        return f"must be at most {HIGHEST_PRICE}"
    return "" if price == price.quantize(CENT) else "may have at most two decimal places"
