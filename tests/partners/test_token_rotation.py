"""The keys that sign tokens: a new one signs at once; an old one verifies for a token's life, or ends everywhere."""

import asyncpg
from cast import Cast
from client import Client, open_client
from partners.watching import beside, kid_of, until, until_kept

from openmedspa.kit.house import House
from openmedspa.partners import jobs, tokens
from openmedspa.settings import Settings


async def rotate(house: House, *, ends_all: bool = False) -> str:
    return await house.system.write(
        (), lambda tx: tokens.rotate(tx, house.vault, ends_all=ends_all, actor="test", now=house.now())
    )


async def asked_for(client: Client) -> str:
    return (await client.as_partner(Cast.PARTNER_KEY, "GlowOffice")).token or ""


async def until_signed_by(client: Client, kid: str) -> Client:
    """A token of the newest key, once this process has heard of it."""
    for _ in range(1_000):
        found = client.with_token(await asked_for(client))
        if kid_of(found.token or "") == kid:
            return found
    raise AssertionError("never signed by the new key")


async def test_a_new_key_signs_and_the_old_one_still_verifies(glow_partner: Client, settings: Settings) -> None:
    async with open_client(settings, None) as second:
        await until_kept(glow_partner)
        kid = await rotate(glow_partner.house)
        for server in (glow_partner, second):
            newer = await until_signed_by(server, kid)
            assert (await newer.get("/v1/me")).status == 200
            assert (await beside(glow_partner, server).get("/v1/me")).status == 200
        assert kid_of(glow_partner.token or "") != kid


async def test_ending_them_now_counts_within_a_second_on_both_processes(
    glow_partner: Client, settings: Settings
) -> None:
    async with open_client(settings, None) as second:
        there = beside(glow_partner, second)
        await until_kept(glow_partner)
        await until_kept(there)
        kid = await rotate(glow_partner.house, ends_all=True)
        await until(glow_partner, 401)
        await until(there, 401)
        assert (await there.get("/v1/me")).fault == (401, "token_invalid", {})
        for server in (glow_partner, second):
            assert (await (await until_signed_by(server, kid)).get("/v1/me")).status == 200


async def test_a_key_verifies_for_a_tokens_life_and_is_then_deleted(
    glow_partner: Client, owner: asyncpg.Connection
) -> None:
    old = kid_of(glow_partner.token or "")
    await rotate(glow_partner.house)
    await owner.execute("update token_keys set retired_at = now() - interval '23 hours' where kid = $1", old)
    await jobs.forget_old_token_keys(glow_partner.house)
    assert (await glow_partner.get("/v1/me")).status == 200
    await owner.execute("update token_keys set retired_at = now() - interval '26 hours' where kid = $1", old)
    await until(glow_partner, 401)
    assert await owner.fetchval("select count(*) from token_keys where kid = $1", old) == 1
    await jobs.forget_old_token_keys(glow_partner.house)
    assert await owner.fetchval("select count(*) from token_keys where kid = $1", old) == 0
    assert await owner.fetchval("select count(*) from token_keys") == 1


async def test_rotating_again_and_again_leaves_one_that_signs(glow_partner: Client, owner: asyncpg.Connection) -> None:
    first = kid_of(glow_partner.token or "")
    made = [first] + [await rotate(glow_partner.house) for _ in range(3)]
    assert (await glow_partner.get("/v1/me")).status == 200
    rows = await owner.fetch("select kid from token_keys where retired_at is null")
    assert [row["kid"] for row in rows] == [made[-1]]
    assert {row["kid"] for row in await owner.fetch("select kid from token_keys")} == set(made)


async def test_a_rotation_is_audited_by_the_keys_name(glow_partner: Client, owner: asyncpg.Connection) -> None:
    kids = [await rotate(glow_partner.house), await rotate(glow_partner.house, ends_all=True)]
    rows = await owner.fetch("select action, subject, actor from audit where action like 'token_keys.%' order by id")
    assert [tuple(row) for row in rows] == [
        ("token_keys.rotated", f"token_key:{kids[0]}", "test"),
        ("token_keys.ended", f"token_key:{kids[1]}", "test"),
    ]


async def test_a_second_server_signs_with_the_same_key(glow_partner: Client, settings: Settings) -> None:
    async with open_client(settings, None) as second:
        assert kid_of(await asked_for(second)) == kid_of(glow_partner.token or "")


async def test_keys_are_kept_sealed(glow_partner: Client, owner: asyncpg.Connection) -> None:
    signing = await tokens.signing_keys(glow_partner.house.db, glow_partner.house.vault)
    secret = signing.by_kid[signing.newest].as_dict(private=True)["k"]
    (row,) = await owner.fetch("select t::text, secret_sealed from token_keys t")
    assert str(secret) not in row["t"] and str(secret).encode() not in row["secret_sealed"]
