"""What ends a token, or makes it narrower, counts within a second on every process, although it is kept in memory."""

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from cast import Cast
from client import Client, open_client
from partners.watching import SECOND, beside, claims_of, until, until_kept

from openmedspa.partners import keys, tokens
from openmedspa.settings import Settings

DIGEST = keys.digest(Cast.PARTNER_KEY)
OF_PARTNER = "(select partner_id from api_keys where key_sha256 = $1)"
ENDS = {
    "key revoked": "update api_keys set revoked_at = now() where key_sha256 = $1",
    "key deleted": "with gone as (delete from api_keys where key_sha256 = $1 returning 1) select from gone",
    "key expired": "update api_keys set expires_at = now() - interval '1 second' where key_sha256 = $1",
    "partner revoked": f"update partners set revoked_at = now() where id = {OF_PARTNER}",
    "grant removed": f"delete from grants where partner_id = {OF_PARTNER}",
    "key narrowed to another practice": "update api_keys set location_ids = '{loc_rival}' where key_sha256 = $1",
    "key narrowed to nowhere": "update api_keys set location_ids = '{}' where key_sha256 = $1",
}


@pytest.mark.parametrize("what", ENDS)
async def test_it_ends_a_kept_token_on_both_processes(
    glow_partner: Client, settings: Settings, owner: asyncpg.Connection, what: str
) -> None:
    async with open_client(settings, None) as second:
        there = beside(glow_partner, second)
        await until_kept(glow_partner)
        await until_kept(there)
        await owner.execute(ENDS[what], DIGEST)
        await until(glow_partner, 401)
        await until(there, 401)
        expected = "token_expired" if what == "key expired" else "token_invalid"
        assert (await there.get("/v1/me")).fault == (401, expected, {})


async def test_another_keys_end_is_not_this_ones(
    glow_emr: Client, glow_partner: Client, owner: asyncpg.Connection
) -> None:
    other = await glow_emr.as_partner(Cast.PROSPECTS_KEY, "GlowOffice")
    await until_kept(other)
    await owner.execute(ENDS["key revoked"], DIGEST)
    await until(glow_partner, 401)
    assert (await other.get("/v1/me")).status == 200


async def test_a_narrower_key_counts_at_once_and_a_wider_one_takes_a_new_token(
    glow_emr: Client, glow_partner: Client, owner: asyncpg.Connection
) -> None:
    await until_kept(glow_partner)
    await owner.execute("update api_keys set scopes = '{Prospects,Exams}' where key_sha256 = $1", DIGEST)
    async with asyncio.timeout(SECOND):
        while (await glow_partner.get("/v1/me")).json["data"]["Scopes"] != ["Prospects"]:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    newer = await glow_emr.as_partner(Cast.PARTNER_KEY, "GlowOffice")
    assert (await newer.get("/v1/me")).json["data"]["Scopes"] == ["Exams", "Prospects"]


async def test_a_token_reaches_one_practice_and_ends_with_its_grant(
    glow_emr: Client, owner: asyncpg.Connection
) -> None:
    """A partner of both practices: each has a token of its own, and neither lives on the other's grant."""
    await owner.execute(
        f"insert into grants select {OF_PARTNER}, practice_id, id from locations where id = 'loc_rival'",
        DIGEST,
    )
    at_glow, at_rival = [await glow_emr.as_partner(Cast.PARTNER_KEY, ppass) for ppass in ("GlowOffice", "RivalOffice")]
    assert [(await one.get("/v1/me")).json["data"]["PPass"] for one in (at_glow, at_rival)] == [
        "GlowOffice", "RivalOffice",
    ]  # fmt: skip
    await until_kept(at_glow)
    await until_kept(at_rival)
    await owner.execute("delete from grants where location_id = 'loc_glow'")
    await until(at_glow, 401)
    assert (await at_rival.get("/v1/me")).status == 200


async def test_a_renamed_practice_takes_a_new_token(glow_partner: Client, owner: asyncpg.Connection) -> None:
    await owner.execute("update practices set ppass = 'Renamed' where ppass = 'GlowOffice'")
    fresh = glow_partner.house.db.fresh
    fresh.forget_all()
    assert (await glow_partner.get("/v1/me")).fault == (401, "token_invalid", {})


async def test_a_key_that_expires_while_its_token_is_kept_ends_it_on_time(
    glow_partner: Client, owner: asyncpg.Connection
) -> None:
    await owner.execute(
        "update api_keys set expires_at = now() + interval '700 milliseconds' where key_sha256 = $1", DIGEST
    )
    await until_kept(glow_partner)
    assert (await glow_partner.get("/v1/me")).status == 200
    await until(glow_partner, 401)


async def test_a_kept_token_ends_on_its_own_time(glow_partner: Client) -> None:
    house, now = glow_partner.house, datetime.now(UTC)
    said = claims_of(glow_partner.token or "")
    short = tokens.issue(
        await tokens.signing_keys(house.db, house.vault), key_id=int(said["sub"]), ppass=said["ppass"],
        scopes=said["scopes"], now=now, ends=now + timedelta(seconds=2),
    )  # fmt: skip
    client = glow_partner.with_token(short)
    await until_kept(client)
    async with asyncio.timeout(2 + SECOND):
        while (await client.get("/v1/me")).status == 200:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert (await client.get("/v1/me")).fault == (401, "token_expired", {})
    assert claims_of(short)["exp"] <= datetime.now(UTC).timestamp()


async def test_while_nobody_listens_nothing_is_kept(glow_partner: Client, owner: asyncpg.Connection) -> None:
    await until_kept(glow_partner)
    await owner.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where application_name = 'openmedspa_listen' and datname = current_database()"
    )
    await owner.execute(ENDS["key revoked"], DIGEST)
    await until(glow_partner, 401)
