"""What operators find in the demo: three partners, keys in each state, five requests, and an owner to be asked."""

from datetime import UTC, datetime, timedelta

from demo.test_load import fetch

from openmedspa.demo import constants
from openmedspa.partners.access_shapes import status_of
from openmedspa.settings import Settings


async def test_keys_are_in_each_state(demo: Settings) -> None:
    keys = {row["name"]: row for row in await fetch(demo, "select * from api_keys")}
    now = datetime.now(UTC)
    assert keys["tablet in the lobby"]["revoked_at"] < now
    assert keys["spring campaign"]["expires_at"] < now
    assert now < keys["trial"]["expires_at"] < now + timedelta(days=7)
    assert keys["catalogue"]["expires_at"] is None and keys["catalogue"]["revoked_at"] is None
    assert keys["front desk, rotated"]["replaces"] == keys["front desk"]["id"]
    assert now < keys["front desk"]["expires_at"] and keys["front desk"]["last_used_at"] < now - timedelta(days=1)
    assert all(row["created_at"] < row["last_used_at"] for row in keys.values())


async def test_nobody_calls_with_a_key_that_is_over_or_not_yet_made(demo: Settings) -> None:
    wrong = """
        select k.name from calls c join api_keys k on k.id = c.key_id
        where c.at < k.created_at or c.at > coalesce(k.revoked_at, k.expires_at)
    """
    assert await fetch(demo, wrong) == []


async def test_the_third_partner_has_nothing_to_do_with_people(demo: Settings) -> None:
    (row,) = await fetch(
        demo,
        "select array_agg(distinct scope) as scopes from api_keys k, unnest(scopes) scope "
        "where partner_id = (select id from partners where name = 'Saltmarsh Supply')",
    )
    assert sorted(row["scopes"]) == ["KB", "ProductPro.Products"]


async def test_five_requests_stand_where_requests_can_stand(demo: Settings) -> None:
    taken, denied, waiting, new, unconfirmed = await fetch(demo, "select * from access_requests order by created_at")
    assert taken["key_shown_at"] and taken["key_id"] and taken["partner_id"] and taken["owner_email"] is None
    assert denied["denied_at"] and denied["reason"] and denied["approved_at"] is None
    assert waiting["approved_at"] and waiting["owner_email"] and waiting["owner_agreed_at"] is None
    assert new["confirmed_at"] and new["approved_at"] is None and new["denied_at"] is None
    assert unconfirmed["confirmed_at"] is None
    now = datetime.now(UTC)
    assert [status_of(row, now) for row in (taken, denied, waiting, new, unconfirmed)] == [
        "Key taken", "Denied", "Waits for the owner", "New", "Unconfirmed",
    ]  # fmt: skip
    (office,) = await fetch(demo, f"select * from practices where ppass = '{constants.DEMO_OFFICE.ppass}'")
    assert office["owner_email"] == waiting["owner_email"] and office["owner_email"].endswith("@example.com")
