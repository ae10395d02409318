"""A key that was revoked, and a grant that was added or removed, count at once although keys are kept in memory."""

import asyncio
import time

import asyncpg
import pytest
from cast import Cast, at_home, make_visit
from client import Client

from openmedspa.partners import keys

SECOND = 1.0
LISTENER = """
select pg_terminate_backend(pid) from pg_stat_activity
where application_name = 'openmedspa_listen' and datname = current_database()
"""
REVOKE = "update api_keys set revoked_at = now() where key_sha256 = $1"


async def status_of(emr: Client) -> int:
    return (await emr.get("/emr/treatments")).status


async def until(emr: Client, path: str, wanted: int) -> float:
    """Seconds until the path answers so."""
    began = time.monotonic()
    while (await emr.get(path)).status != wanted:
        assert time.monotonic() - began < 5, f"never {wanted}"
        await asyncio.sleep(0.01)
    return time.monotonic() - began


async def keep(emr: Client, owner: asyncpg.Connection) -> None:
    """Call until the key is answered from memory: without the database's row it is still let in."""
    async with asyncio.timeout(5):
        while not await is_kept(emr, owner):  # noqa: ASYNC110 a poll is plain enough for a test
            await asyncio.sleep(0.05)


async def is_kept(emr: Client, owner: asyncpg.Connection) -> bool:
    await emr.get("/emr/treatments")
    digest = keys.digest(Cast.GLOW_KEY)
    await owner.execute("alter table api_keys disable trigger changed")
    await owner.execute(REVOKE, digest)
    kept = await status_of(emr) == 200
    await owner.execute("update api_keys set revoked_at = null where key_sha256 = $1", digest)
    await owner.execute("alter table api_keys enable trigger changed")
    if not kept:
        emr.house.db.fresh.forget_all()
    return kept


@pytest.mark.parametrize(
    "statement",
    [
        REVOKE,
        "update api_keys set expires_at = now() - interval '1 second' where key_sha256 = $1",
        "update partners set revoked_at = now() where id = (select partner_id from api_keys where key_sha256 = $1)",
        "with k as (delete from api_keys where key_sha256 = $1 returning 1) select from k",
    ],
    ids=["revoked", "expired", "partner revoked", "deleted"],
)
async def test_a_kept_key_is_refused_within_a_second(
    glow_emr: Client, owner: asyncpg.Connection, statement: str
) -> None:
    await keep(glow_emr, owner)
    await owner.execute(statement, keys.digest(Cast.GLOW_KEY))
    assert await until(glow_emr, "/emr/treatments", 401) < SECOND


async def test_a_key_that_expires_while_it_is_kept_is_refused_on_time(
    glow_emr: Client, owner: asyncpg.Connection
) -> None:
    digest = keys.digest(Cast.GLOW_KEY)
    await owner.execute(
        "update api_keys set expires_at = now() + interval '700 milliseconds' where key_sha256 = $1", digest
    )
    assert await until(glow_emr, "/emr/treatments", 200) < SECOND
    assert 0.2 < await until(glow_emr, "/emr/treatments", 401) < SECOND


async def test_while_nobody_listens_nothing_is_kept(glow_emr: Client, owner: asyncpg.Connection) -> None:
    await keep(glow_emr, owner)
    await owner.execute(LISTENER)
    await owner.execute(REVOKE, keys.digest(Cast.GLOW_KEY))
    assert await until(glow_emr, "/emr/treatments", 401) < SECOND


async def test_listening_begins_again_after_the_connection_was_lost(
    glow_emr: Client, owner: asyncpg.Connection
) -> None:
    await keep(glow_emr, owner)
    await owner.execute(LISTENER)
    await asyncio.sleep(0.1)
    await keep(glow_emr, owner)
    await owner.execute(REVOKE, keys.digest(Cast.GLOW_KEY))
    assert await until(glow_emr, "/emr/treatments", 401) < SECOND


GRANT = """
insert into grants (partner_id, practice_id, location_id)
select k.partner_id, l.practice_id, l.id from api_keys k, locations l where k.key_sha256 = $1 and l.id = $2
"""


@pytest.mark.parametrize("is_told", [True, False], ids=["after the NOTIFY", "before the NOTIFY"])
async def test_a_new_grant_counts_at_once(
    glow_emr: Client, rival_emr: Client, owner: asyncpg.Connection, is_told: bool
) -> None:
    """Without waiting: what is kept may be older than the grant by the time a NOTIFY takes."""
    await make_visit(rival_emr, location_id=Cast.RIVAL)
    await keep(glow_emr, owner)
    if not is_told:
        await owner.execute("alter table grants disable trigger changed")
    await owner.execute(GRANT, keys.digest(Cast.GLOW_KEY), Cast.RIVAL)
    assert (await glow_emr.get(f"/emr/gfes/{Cast.RIVAL}")).json["count"] == 1
    answer = await glow_emr.post("/emr/appointments", at_home(location_id=Cast.RIVAL))
    assert answer.status == 201, answer.json


async def test_a_removed_grant_ends_within_a_second(glow_emr: Client, owner: asyncpg.Connection) -> None:
    gfe_id = await make_visit(glow_emr)
    await keep(glow_emr, owner)
    await owner.execute("delete from grants where location_id = $1", Cast.GLOW)
    assert await until(glow_emr, f"/emr/gfes/{Cast.GLOW}", 403) < SECOND
    assert (await glow_emr.get(f"/emr/visits/{gfe_id}")).status == 403
    assert (await glow_emr.post("/emr/appointments", at_home())).status == 403


async def test_a_renamed_treatment_is_answered_by_its_new_name(glow_emr: Client, owner: asyncpg.Connection) -> None:
    await keep(glow_emr, owner)
    await owner.execute("update treatments set name = 'Botulinum' where id = 'treatment_001'")
    async with asyncio.timeout(SECOND):
        while (await glow_emr.get("/emr/treatments")).json["data"][0]["name"] != "Botulinum":  # noqa: ASYNC110
            await asyncio.sleep(0.01)
