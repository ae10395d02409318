"""Products as tests send and read them."""

from typing import Any

from client import Answer, Client


def row(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A row as the documents show one."""
    return {
        "VendorCode": "V001",
        "ProductCode": f"P{number:03}",
        "Product": "Example Product",
        "RetailPrice": 99.99,
        **changes,
    }


async def send(partner: Client, *rows: Any, query: str = "", **options: Any) -> Answer:
    return await partner.post(f"/v1/products{query}", {"products": list(rows)}, **options)


async def write(partner: Client, *rows: Any) -> dict[str, Any]:
    """What became of the rows."""
    answer = await send(partner, *rows)
    assert answer.status == 200, answer.json
    told: dict[str, Any] = answer.json["data"]
    assert told.keys() == {"created", "updated", "unchanged", "failed"}
    return told


async def listed(partner: Client, query: str = "") -> list[dict[str, Any]]:
    answer = await partner.get(f"/v1/products{query}")
    assert answer.status == 200, answer.json
    found: list[dict[str, Any]] = answer.json["data"]
    return found
