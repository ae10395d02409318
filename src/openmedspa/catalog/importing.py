"""Products from a file, by the rules of the partner API. Knows neither files nor HTTP."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from openmedspa.catalog import products, rows
from openmedspa.catalog.shapes import ProductIn
from openmedspa.kit import files
from openmedspa.kit.bulk import Faults, Judged, Outcome
from openmedspa.kit.db import Tx
from openmedspa.kit.seen import Seen

KINDS: dict[str, files.Kind] = {"RetailPrice": "decimal", "Active": "flag"}
FIELDS: files.Fields = {name: KINDS.get(name, "text") for name in ProductIn.__struct_encode_fields__}
NEEDED: files.Needed = (("VendorCode", "ProductCode", "Product"),)


class Products:
    """A partner's, or without one the operator's own."""

    def __init__(self, partner_id: int | None, *, actor: str, now: datetime) -> None:
        self.fields = FIELDS
        self.needed = NEEDED
        self._partner_id = partner_id
        self._actor = actor
        self._now = now

    def judge(self, given: dict[str, Any]) -> ProductIn | Faults:
        wrong = files.unprintable(given)
        judged = rows.judge(given)
        return {**judged, **wrong} if isinstance(judged, dict) else wrong or judged

    def identities(self, row: ProductIn) -> list[bytes]:
        return [f"{row.vendor_code}\x1f{row.product_code}".encode()]

    async def write(self, tx: Tx, batch: Sequence[Judged[ProductIn]], seen: Seen) -> Outcome:  # noqa: ARG002
        written = await products.upsert(
            tx, [judged.row for judged in batch], partner_id=self._partner_id, actor=self._actor, request_id=None,
            now=self._now,
        )  # fmt: skip
        return Outcome(written.created, written.updated, written.unchanged, written.failed)
