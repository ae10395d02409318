"""`POST /v1/products` with 10,000 rows, beside its one statement sent by hand: how long a whole catalogue takes.

`python -m benchmarks.products` measures by itself, prints, and writes its part of docs/benchmarks.md.
"""

import asyncio
import json
import os
import tempfile
import time
from datetime import UTC, datetime
from statistics import median

import aiohttp
from msgspec import Struct
from rich.console import Console
from rich.table import Table

from benchmarks import parts, stage
from benchmarks.measure import fetch
from benchmarks.sides import serving
from openmedspa.app import open_house
from openmedspa.catalog import queries
from openmedspa.kit.db import APP_ROLE, Database, connect_pool
from openmedspa.kit.fresh import Fresh
from openmedspa.partners import keys
from openmedspa.partners.queries import keys as key_queries
from openmedspa.settings import Settings

ROWS = 10_000
AIM_SECONDS = 1.0
KEY = keys.with_checksum("oms_live_" + "BenchmarkPartner".ljust(30, "1"))
WORK = ("created", "updated", "unchanged")
NAMES = ("VendorCode", "ProductCode", "Product", "RetailPrice", "Category", "Brand", "Unit")
COLUMNS = ("vendor_code", "product_code", "name", "retail_price", "category", "brand", "unit")


class Found(Struct, frozen=True):
    """What a list of 10,000 did, and the seconds of each round: the whole call, and its statement alone."""

    work: str
    ours: list[float]
    bare: list[float]

    @property
    def seconds(self) -> float:
        return median(self.ours)

    @property
    def ratio(self) -> float:
        """The call's time as so many times its statement's."""
        return median(self.ours) / median(self.bare)


async def measure(settings: Settings, base: str, rounds: int) -> list[Found]:
    """By turns: a list that is new, the same with other prices, the same again; each side under its own vendor."""
    token_path = "/v1/Bench1/auth/token"
    pool = await connect_pool(settings.database_url, role=APP_ROLE, size=1)
    seconds: dict[str, tuple[list[float], list[float]]] = {work: ([], []) for work in WORK}
    async with aiohttp.ClientSession(base) as http, http.post(token_path, json={"apiKey": KEY}) as answer:
        bearer = {"authorization": f"Bearer {(await answer.json())['accessToken']}"}
        for number in range(rounds + 1):
            for work in WORK:
                ours = await _by_http(http, bearer, number, work)
                bare = await _by_hand(Database(pool, Fresh()), number, work)
                if number:  # the first round warms both up
                    seconds[work][0].append(ours)
                    seconds[work][1].append(bare)
    await pool.close()
    return [Found(work, *seconds[work]) for work in WORK]


async def prepare(settings: Settings) -> None:
    """A key of the partner API for the EMR that the stage holds."""
    async with open_house(settings) as house:
        await key_queries.insert_key(
            house.system, 1, name="products", key_sha256=keys.digest(KEY), prefix=KEY[:12], last_four=KEY[-4:],
            scopes=["ProductPro.Products"], location_ids=None, expires_at=None, per_second=0,
        )  # fmt: skip


async def _by_http(http: aiohttp.ClientSession, bearer: dict[str, str], number: int, work: str) -> float:
    body = json.dumps({"products": _rows(NAMES, f"HTTP{number}", work)}).encode()
    headers = {**bearer, "content-type": "application/json"}
    began = time.perf_counter()
    async with http.post("/v1/products", data=body, headers=headers) as answer:
        told = (await answer.json()).get("data", {})
    took = time.perf_counter() - began
    if told.get(work) != ROWS:
        raise RuntimeError(f"{ROWS} rows should be {work}: {answer.status} {str(told)[:500]}")
    return took


async def _by_hand(db: Database, number: int, work: str) -> float:
    products = json.dumps(_rows(COLUMNS, f"HAND{number}", work))
    began = time.perf_counter()
    told = await db.write((), lambda tx: queries.upsert_products(tx, 1, products, now=datetime.now(UTC)))
    took = time.perf_counter() - began
    if told[work] != ROWS:
        raise RuntimeError(f"of {ROWS} rows {told[work]} were {work} by hand")
    return took


def _rows(names: tuple[str, ...], vendor: str, work: str) -> list[dict[str, object]]:
    cents = 99 if work == "created" else 49
    return [
        dict(
            zip(
                names,
                (vendor, f"P{row:05}", f"Product {row}", row + cents / 100, "Skin care", "Lumen", "30 ml"),
                strict=True,
            )
        )
        for row in range(ROWS)
    ]


def table(found: list[Found]) -> Table:
    """Ratios first, as everywhere."""
    shown = Table("10,000 products", "of the statement", "seconds", "aim", title="POST /v1/products")
    for one in found:
        style = "green" if one.seconds <= AIM_SECONDS else "red"
        shown.add_row(one.work, f"{one.ratio:.2f}×", f"[{style}]{one.seconds:.2f}[/]", f"≤ {AIM_SECONDS:g}")
    return shown


def main(rounds: int = 5) -> None:
    """A database of its own, filled; the server on the first core."""
    with tempfile.TemporaryDirectory(prefix="oms"), stage.cluster() as dsn:
        settings = Settings(database_url=dsn, secret_key="benchmark" * 4)
        asyncio.run(stage.fill(settings, 1_000))
        asyncio.run(prepare(settings))
        gfe_id = fetch(settings, "select gfe_id from visits limit 1")[0][0]
        cores = {min(os.sched_getaffinity(0))}
        with serving("ours", settings, cores=cores, probe=f"/emr/visits/{gfe_id}") as server:
            found = asyncio.run(measure(settings, server.base, rounds))
    Console().print(table(found))
    if rounds >= 5:
        words = f"Medians of {rounds} rounds, over HTTP; beside it the same statement sent by hand."
        parts.keep("products", table(found), words)


if __name__ == "__main__":
    main()
