"""A database that goes away under a running server: 503 with `Retry-After`, never a 500; and back as if nothing was."""

import asyncio
import time
from pathlib import Path

import asyncpg
from cast import Cast, at_home, cast_the_play
from client import Client, open_client
from conftest import settings_for

from openmedspa import installation
from openmedspa.kit import embedded_postgres

AWAY = {
    "success": False,
    "error": "Service unavailable",
    "message": "The database did not answer. Try again in a moment.",
}


async def test_while_the_database_is_away_each_call_is_a_503(tmp_path: Path) -> None:
    server = embedded_postgres.serve(tmp_path, settings={"fsync": "off"})
    dsn = await asyncio.to_thread(server.__enter__)
    is_up = True
    try:
        settings = settings_for(dsn)
        await installation.upgrade(settings)
        await cast_the_play(settings)
        async with open_client(settings, Cast.GLOW_KEY) as emr:
            assert (await emr.post("/emr/appointments", at_home())).status == 201
            await asyncio.to_thread(server.__exit__, None, None, None)
            is_up = False
            for _ in range(3):
                for answer in (
                    await emr.get("/emr/treatments"),
                    await emr.get("/emr/visits/gfe_x"),
                    await emr.get(f"/emr/gfes/{Cast.GLOW}"),
                    await emr.post("/emr/appointments", at_home()),
                    await emr.patch("/emr/appointments/gfe_x/cancel"),
                ):
                    assert (answer.status, answer.json) == (503, AWAY)
                    assert int(answer.headers["retry-after"]) >= 1
                    assert "x-request-id" in answer.headers
            assert (await emr.get("/readyz")).status == 503
            assert (await emr.get("/healthz")).status == 200
    finally:
        if is_up:
            await asyncio.to_thread(server.__exit__, None, None, None)


async def test_cut_connections_cost_one_503_at_most_each(glow_emr: Client, owner: asyncpg.Connection) -> None:
    await owner.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity "
        "where datname = current_database() and pid <> pg_backend_pid()"
    )
    statuses = [(await glow_emr.post("/emr/appointments", at_home())).status for _ in range(12)]
    assert set(statuses) <= {201, 503}
    assert statuses[-3:] == [201] * 3


async def test_a_pool_that_is_used_up_answers_503_in_a_few_seconds(glow_emr: Client) -> None:
    pool = glow_emr.house.db.pool
    held = [await pool.acquire() for _ in range(8)]
    began = time.monotonic()
    answer = await glow_emr.get("/emr/visits/gfe_x")
    assert (answer.status, answer.json["message"]) == (503, "The server is busy. Try again in a moment.")
    assert int(answer.headers["retry-after"]) >= 1
    assert time.monotonic() - began < 10
    for connection in held:
        await pool.release(connection)
    assert (await glow_emr.get("/emr/visits/gfe_x")).status == 404


async def test_a_request_that_waits_for_a_lock_too_long_is_a_503(glow_emr: Client, owner: asyncpg.Connection) -> None:
    gfe_id = (await glow_emr.post("/emr/appointments", at_home())).json["gfe_id"]
    pool = glow_emr.house.db.pool
    held = [await pool.acquire() for _ in range(8)]
    for connection in held:
        await connection.execute("set lock_timeout = '200ms'")
        await pool.release(connection)
    async with owner.transaction():
        await owner.execute("select from visits where gfe_id = $1 for update", gfe_id)
        answer = await glow_emr.patch(f"/emr/appointments/{gfe_id}/cancel")
    assert answer.status == 503
    assert (await glow_emr.patch(f"/emr/appointments/{gfe_id}/cancel")).status == 200
