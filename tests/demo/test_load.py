"""Loading the demo: once, whole, and never into production."""

import asyncio
from typing import Any

import asyncpg
import pytest
from client import open_client

from openmedspa.demo import queries
from openmedspa.demo.constants import DEMO_KEY, LOCATION
from openmedspa.demo.load import load
from openmedspa.kit.errors import Stopped
from openmedspa.settings import Settings

TABLES = [
    "practices", "locations", "treatments", "favourites", "partners", "api_keys", "grants", "patients", "match_keys",
    "visits", "visit_directory", "visit_steps", "records", "messages", "endpoints",
    "providers", "provider_licences", "provider_hours", "date_hours", "time_off", "visit_types", "agreements",
    "bookings", "booking_steps", "taken_times",
    "tags", "patient_tags", "products", "articles", "tickets", "ticket_steps", "ticket_comments",
    "calls", "call_hours", "call_days", "call_totals", "call_gaps", "access_requests",
    "events", "deliveries", "delivery_tries",
]  # fmt: skip


async def fetch(settings: Settings, sql: str) -> list[Any]:
    connection = await asyncpg.connect(settings.database_url)
    try:
        rows: list[Any] = await connection.fetch(sql)
        return rows
    finally:
        await connection.close()


async def contents(settings: Settings) -> str:
    """Every row of every table that the demo fills, and its marks."""
    parts = [f"(select json_agg(t order by t::text) from {table} t)" for table in ("installation", *TABLES)]
    return str((await fetch(settings, f"select {', '.join(parts)}"))[0])


async def test_a_second_load_changes_nothing(demo: Settings) -> None:
    before, said = await contents(demo), list[str]()
    await load(demo, said.append)
    assert said == []
    assert await contents(demo) == before


async def test_two_loaders_at_once_load_it_once(empty: Settings) -> None:
    await asyncio.gather(load(empty), load(empty))
    assert [row["ppass"] for row in await fetch(empty, "select ppass from practices order by id")] == [
        "DemoOffice", "RivalOffice", "ClearviewExams",
    ]  # fmt: skip


async def test_a_load_that_breaks_off_leaves_nothing_but_its_mark(
    empty: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def killed(*_: object, **__: object) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patch:
        patch.setattr(queries, "update_loaded", killed)
        with pytest.raises(asyncio.CancelledError):
            await load(empty)
    counts = ", ".join(f"(select count(*) from {table})" for table in TABLES)
    assert set((await fetch(empty, f"select {counts}"))[0].values()) == {0}
    async with open_client(empty, DEMO_KEY) as emr:
        assert (await emr.get("/readyz")).status == 503
        await load(empty)
        assert (await emr.get("/readyz")).status == 200
        assert (await emr.get(f"/emr/gfes/{LOCATION}")).json["count"] > 140


async def test_production_refuses(production: Settings) -> None:
    with pytest.raises(Stopped, match="does not load into a production database") as refused:
        await load(production)
    assert refused.value.exit_code == 4
    assert await fetch(production, "select from installation where demo_loading_since is not null") == []


async def test_the_database_itself_refuses_production(production: Settings) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await fetch(production, "update installation set demo_loading_since = now()")


async def test_a_staging_that_somebody_uses_is_not_opened_to_public_keys(settings: Settings) -> None:
    """The cast's own database."""
    with pytest.raises(Stopped, match="new database only") as refused:
        await load(settings)
    assert refused.value.exit_code == 4
    assert await fetch(settings, "select from installation where demo_loading_since is not null") == []
