"""Products: found by words or codes, and written many at once by whoever owns them. Knows no HTTP."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from openmedspa.catalog import queries, rows
from openmedspa.catalog.rows import Faults
from openmedspa.catalog.shapes import ProductIn, ProductQuery
from openmedspa.kit.db import Again, Reads, Row, Tx
from openmedspa.kit.errors import Invalid
from openmedspa.partners.wire import MOST_COUNTED
from openmedspa.usage import audit

MOST_WORDS = 10
MOST_TOLD = 100
AT_A_TIME = 200  # rows judged before others get their turn
TWICE = "comes twice in this call: first at index {first}"
FOREIGN: Faults = {"": "belongs to another partner"}
_json = msgspec.json.Encoder(decimal_format="number").encode


class Written(Struct, frozen=True):
    """What became of a list: how many rows each way, and by position what is wrong with the others."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    failed: dict[int, Faults] = {}


async def find(db: Reads, query: ProductQuery) -> tuple[int, list[Row]]:
    """How many there are and the page asked for: by codes, or the best first when there is something to search."""
    search = (query.search or "").strip()
    if not search:
        return await queries.list_products(
            db, vendor_code=query.vendorCode or None, limit=query.limit, offset=query.offset, most_counted=MOST_COUNTED
        )
    words = sorted(set(search.split()), key=len, reverse=True)[:MOST_WORDS]
    return await queries.search_products(
        db, search, patterns=[f"%{_literally(word)}%" for word in words], vendor_code=query.vendorCode or None,
        limit=query.limit, offset=query.offset, most_counted=MOST_COUNTED,
    )  # fmt: skip


async def read(raw: Iterable[bytes]) -> list[ProductIn | Faults]:
    """Judge the rows of a request, letting others through in between."""
    judged = []
    for number, row in enumerate(raw, start=1):
        judged.append(rows.read(row))
        if number % AT_A_TIME == 0:
            await asyncio.sleep(0)
    return judged


async def upsert(
    tx: Tx, judged: Sequence[ProductIn | Faults], *, partner_id: int | None, actor: str, request_id: str | None,
    now: datetime, is_atomic: bool = False,
) -> Written:  # fmt: skip
    """Write the rows that are right, in one statement; no partner: the operator's own.

    With `is_atomic`, Invalid if a single row fails: then nothing is written.
    """
    good, failed = _sift(judged)
    if failed and is_atomic:
        raise _refused(failed)
    written = await _write(tx, good, failed, partner_id=partner_id, now=now) if good else Written(failed=failed)
    if written.failed and is_atomic:
        raise _refused(written.failed)
    if written.created or written.updated:
        await audit.record(
            tx, audit.PLATFORM, actor=actor, action="products.written",
            subject=f"{written.created} created, {written.updated} updated", request_id=request_id, now=now,
        )  # fmt: skip
    return written


def _sift(judged: Sequence[ProductIn | Faults]) -> tuple[dict[int, ProductIn], dict[int, Faults]]:
    """By position: what can be written, and what cannot; of two with the same codes the first counts."""
    good: dict[int, ProductIn] = {}
    failed: dict[int, Faults] = {}
    first: dict[tuple[str, str], int] = {}
    for index, row in enumerate(judged):
        if isinstance(row, dict):
            failed[index] = row
        elif (at := first.setdefault((row.vendor_code, row.product_code), index)) != index:
            failed[index] = {"ProductCode": TWICE.format(first=at)}
        else:
            good[index] = row
    return good, failed


async def _write(
    tx: Tx, good: dict[int, ProductIn], failed: dict[int, Faults], *, partner_id: int | None, now: datetime
) -> Written:
    done = await queries.upsert_products(
        tx, partner_id, _json([rows.columns(row) for row in good.values()]).decode(), now=now
    )
    if done["newer"]:
        raise Again
    positions = list(good)
    failed = failed | {positions[at]: FOREIGN for at in done["foreign"]}
    return Written(done["created"], done["updated"], done["unchanged"], dict(sorted(failed.items())))


def _refused(failed: dict[int, Faults]) -> Invalid:
    """Each wrong field by its place; a list of thousands is cut."""
    fields = {
        f"products[{index}].{name[:100]}" if name else f"products[{index}]": why
        for index, faults in failed.items()
        for name, why in faults.items()
    }
    told = dict(list(fields.items())[:MOST_TOLD])
    more = f" The first {MOST_TOLD} faults are named." if len(fields) > MOST_TOLD else ""
    rows_are = "row is" if len(failed) == 1 else "rows are"
    return Invalid(
        "Nothing was written", f"Nothing was written: {len(failed)} {rows_are} wrong.{more}", code="field_invalid",
        fields=told,
    )  # fmt: skip


def _literally(word: str) -> str:
    """With nothing that `like` would take for a sign of its own."""
    return word.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
