"""A key that takes over from another: both work for a while, then one; on both APIs and in every process."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from cast import Cast
from client import Client, open_client
from partners.watching import until

from openmedspa.kit.db import Row
from openmedspa.kit.errors import Conflict, Invalid, NotFound
from openmedspa.kit.house import House
from openmedspa.partners import keys, queries, registry, rotation
from openmedspa.partners.status import status_of, wire_status
from openmedspa.settings import Settings

NOW = datetime(2026, 3, 9, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def row(**changes: object) -> Mapping[str, object]:
    return {"revoked_at": None, "expires_at": None, "replaced_by": None, **changes}


@pytest.mark.parametrize(
    ("key", "status", "wire"),
    [
        (row(), "Active", "Active"),
        (row(expires_at=NOW + 8 * DAY), "Active", "Active"),
        (row(expires_at=NOW + 7 * DAY), "Expires soon", "Active"),
        (row(expires_at=NOW + DAY, replaced_by=2), "Replaced", "Active"),
        (row(expires_at=NOW, replaced_by=2), "Expired", "Expired"),
        (row(expires_at=NOW), "Expired", "Expired"),
        (row(expires_at=NOW - DAY, revoked_at=NOW), "Revoked", "Revoked"),
        (row(revoked_at=NOW, replaced_by=2), "Revoked", "Revoked"),
    ],
)
def test_a_key_is_in_one_state(key: Mapping[str, object], status: str, wire: str) -> None:
    assert (status_of(key, NOW), wire_status(key, NOW)) == (status, wire)


async def number_of(house: House, raw: str) -> int:
    found = await queries.find_grant(house.system, keys.digest(raw))
    assert found is not None
    return found.key_id


async def rotate(house: House, key_id: int, overlap: timedelta = DAY) -> tuple[str, Row]:
    return await house.system.write(
        (),
        lambda tx: rotation.rotate_key(
            tx, key_id, overlap=overlap, environment="staging", actor="test", now=house.now()
        ),
    )


async def test_the_new_key_is_as_the_old_one_and_both_work(glow_emr: Client, house: House) -> None:
    old_id = await number_of(house, Cast.NARROW_KEY)
    raw, new = await rotate(house, old_id)
    old = await registry.get_key(house.system, old_id)
    for field in ("name", "partner_id", "scopes", "location_ids", "per_second", "burst"):
        assert new[field] == old[field], field
    assert new["location_ids"] == [Cast.GLOW] and new["expires_at"] is None
    assert (new["replaces"], old["replaced_by"]) == (old_id, new["id"])
    assert (status_of(old, house.now()), status_of(new, house.now())) == ("Replaced", "Active")
    for key in (raw, Cast.NARROW_KEY):
        assert (await glow_emr.with_key(key).get(f"/emr/gfes/{Cast.GLOW}")).status == 200
        assert (await glow_emr.with_key(key).get(f"/emr/gfes/{Cast.GLOW_SECOND}")).status == 403


async def test_the_old_one_never_lives_longer_and_the_new_one_as_long_as_it_was_meant_to(
    house: House, owner: asyncpg.Connection
) -> None:
    old_id = await number_of(house, Cast.GLOW_KEY)
    await owner.execute(
        "update api_keys set created_at = now() - interval '89 days', expires_at = now() + interval '1 day'"
        " where id = $1",
        old_id,
    )
    before = await owner.fetchval("select expires_at from api_keys where id = $1", old_id)
    _, new = await rotate(house, old_id, 7 * DAY)
    assert await owner.fetchval("select expires_at from api_keys where id = $1", old_id) == before
    assert 89 * DAY < new["expires_at"] - house.now() <= 90 * DAY


async def test_without_overlap_the_old_one_ends_in_every_process_within_a_second(
    glow_emr: Client, house: House, settings: Settings
) -> None:
    async with open_client(settings, Cast.GLOW_KEY) as other:
        assert (await other.get("/emr/treatments")).status == 200
        raw, _ = await rotate(house, await number_of(house, Cast.GLOW_KEY), timedelta(0))
        await until(other, 401, path="/emr/treatments")
        assert (await other.with_key(raw).get("/emr/treatments")).status == 200


async def test_tokens_of_the_old_key_end_with_it(glow_partner: Client, house: House, settings: Settings) -> None:
    async with open_client(settings, None) as other:
        token = other.with_token(glow_partner.token)
        assert (await token.get("/v1/me")).status == 200
        raw, _ = await rotate(house, await number_of(house, Cast.PARTNER_KEY), timedelta(0))
        await until(token, 401)
        fresh = await other.as_partner(raw, "GlowOffice")
        me = (await fresh.get("/v1/me")).json["data"]
    assert [key["Status"] for key in me["Keys"]] == ["Expired", "Active", "Active"]


async def test_in_its_overlap_a_key_is_active_on_the_wire(glow_partner: Client, house: House) -> None:
    await rotate(house, await number_of(house, Cast.PARTNER_KEY))
    me = (await glow_partner.get("/v1/me")).json["data"]
    assert {key["Status"] for key in me["Keys"]} == {"Active"}


async def test_what_is_over_or_replaced_is_not_rotated(house: House, owner: asyncpg.Connection) -> None:
    key_id = await number_of(house, Cast.GLOW_KEY)
    await rotate(house, key_id)
    revoked = await owner.fetchval("select id from api_keys where key_sha256 = $1", keys.digest(Cast.REVOKED_KEY))
    expired = await owner.fetchval("select id from api_keys where key_sha256 = $1", keys.digest(Cast.EXPIRED_KEY))
    count = await owner.fetchval("select count(*) from api_keys")
    for number, why in ((key_id, "replaced by key"), (revoked, "is revoked"), (expired, "is expired")):
        with pytest.raises(Conflict, match=why):
            await rotate(house, number)
    with pytest.raises(NotFound):
        await rotate(house, 999_999)
    with pytest.raises(Invalid):
        await rotate(house, key_id, timedelta(seconds=-1))
    assert await owner.fetchval("select count(*) from api_keys") == count


async def test_the_database_keeps_a_key_from_being_replaced_twice(owner: asyncpg.Connection) -> None:
    copy = """
    insert into api_keys (partner_id, name, key_sha256, prefix, last_four, scopes, replaces)
    select partner_id, name, $1, prefix, last_four, scopes, id from api_keys where key_sha256 = $2
    """
    await owner.execute(copy, b"1" * 32, keys.digest(Cast.GLOW_KEY))
    with pytest.raises(asyncpg.UniqueViolationError, match="api_keys_replaces_key"):
        await owner.execute(copy, b"2" * 32, keys.digest(Cast.GLOW_KEY))


async def test_a_rotation_is_written_down(house: House, owner: asyncpg.Connection) -> None:
    key_id = await number_of(house, Cast.GLOW_KEY)
    _, new = await rotate(house, key_id)
    subject = await owner.fetchval("select subject from audit where action = 'key.rotated'")
    assert subject == f"key:{key_id} by key:{new['id']}"


async def test_a_partner_that_is_switched_off_is_refused_and_comes_back(
    glow_emr: Client, house: House, settings: Settings, owner: asyncpg.Connection
) -> None:
    async def switch(*, is_on: bool) -> None:
        await house.system.write(
            (), lambda tx: registry.switch_partner(tx, "Glow EMR", is_on=is_on, actor="test", now=house.now())
        )

    async with open_client(settings, Cast.GLOW_KEY) as other:
        assert (await other.get("/emr/treatments")).status == 200
        await switch(is_on=False)
        await until(other, 401, path="/emr/treatments")
        key = await registry.get_key(house.system, 1)
        assert status_of(key, house.now()) == "Revoked" and key["is_partner_off"]
        await switch(is_on=True)
        await switch(is_on=True)
        await until(other, 200, path="/emr/treatments")
    actions = [row["action"] for row in await owner.fetch("select action from audit order by id")]
    assert actions == ["partner.switched_off", "partner.switched_on"]
