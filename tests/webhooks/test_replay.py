"""GET /emr/webhooks/deliveries and POST /emr/webhooks/replay: a partner's own, and no other's."""

from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest
from cast import Cast, make_visit
from client import Client
from receiver import fail_first, receiver
from webhooks.sending import later, send_due, subscribe

from openmedspa.kit.house import House
from openmedspa.partners import keys, queries

LIST, REPLAY = "/emr/webhooks/deliveries", "/emr/webhooks/replay"
OTHER_KEY = keys.with_checksum("oms_test_" + "OtherEmr".ljust(30, "1"))


async def listed(emr: Client, query: str = "") -> list[dict[str, Any]]:
    answer = await emr.get(LIST + query)
    assert (answer.status, answer.json["success"]) == (200, True)
    found: list[dict[str, Any]] = answer.json["deliveries"]
    return found


@pytest.fixture
async def neighbour(glow_emr: Client, house: House) -> Client:
    """Another partner of the same practice, at the same locations."""
    partner = await queries.insert_partner(house.system, "Neighbour EMR")
    for location in (Cast.GLOW, Cast.GLOW_SECOND):
        await queries.insert_grant(house.system, partner["id"], location)
    await queries.insert_key(
        house.system, partner["id"], name="test", key_sha256=keys.digest(OTHER_KEY), prefix=OTHER_KEY[:12],
        last_four=OTHER_KEY[-4:], scopes=["Exams"], location_ids=None, expires_at=None,
    )  # fmt: skip
    return glow_emr.with_key(OTHER_KEY)


async def test_deliveries_are_listed_with_what_came_of_them(glow_emr: Client, house: House) -> None:
    async with receiver(fail_first(1)) as partner:
        await subscribe(glow_emr, partner.url)
        first = await make_visit(glow_emr, status="Completed")
        await send_due(house)
        (waiting,) = await listed(glow_emr)
        assert (waiting["state"], waiting["tries"], waiting["last_status"]) == ("waiting", 1, 500)
        assert waiting["next_try_at"] > waiting["created_at"]
        second = await make_visit(glow_emr, status="Completed")
        await send_due(later(house, seconds=7))
        await send_due(later(house, seconds=7))
    newest, oldest = await listed(glow_emr)
    assert (oldest["gfe_id"], newest["gfe_id"]) == (first, second)
    assert set(newest) == {
        "event_id", "gfe_id", "endpoint", "url", "state", "tries", "created_at", "next_try_at", "delivered_at",
        "last_status", "last_duration_ms", "last_cause",
    }  # fmt: skip
    assert (oldest["state"], oldest["tries"], oldest["next_try_at"], oldest["last_cause"]) == (
        "delivered", 2, None, "HTTP 200"
    )  # fmt: skip
    assert (oldest["endpoint"], oldest["url"]) == ("api", partner.url)
    assert oldest["delivered_at"].endswith("Z") and datetime.fromisoformat(oldest["delivered_at"]).tzinfo == UTC
    assert await listed(glow_emr, f"?event_id={oldest['event_id']}") == [oldest]
    assert await listed(glow_emr, "?limit=1") == [newest]
    assert await listed(glow_emr, "?event_id=evt_nothing") == []
    await glow_emr.post("/emr/webhooks", {"url": "https://moved.example.com/hook"})
    assert {line["url"] for line in await listed(glow_emr)} == {partner.url}  # where it went stays true


async def test_one_event_is_sent_again_under_its_id(glow_emr: Client, house: House) -> None:
    async with receiver() as partner:
        await subscribe(glow_emr, partner.url)
        for _ in range(2):
            await make_visit(glow_emr, status="Completed")
        await send_due(house)
        event_id = partner.received[0].headers["webhook-id"]
        answer = await glow_emr.post(REPLAY, {"event_id": event_id})
        assert (answer.status, answer.json) == (200, {"success": True, "replayed": 1})
        assert await send_due(house) == 1
    assert [event.headers["webhook-id"] for event in partner.received].count(event_id) == 2


async def test_all_since_a_moment_are_sent_again(glow_emr: Client, house: House, owner: asyncpg.Connection) -> None:
    async with receiver() as partner:
        await subscribe(glow_emr, partner.url)
        for _ in range(3):
            await make_visit(glow_emr, status="Completed")
        await send_due(house)
        await owner.execute(
            "update deliveries d set created_at = created_at - interval '2 hours' "
            "where id = (select min(id) from deliveries)"
        )
        hour_ago = int(house.now().timestamp()) - 3600
        assert (await glow_emr.post(REPLAY, {"since": hour_ago})).json == {"success": True, "replayed": 2}
        assert (await glow_emr.post(REPLAY, {"since": hour_ago + 7200})).json == {"success": True, "replayed": 0}
        assert await send_due(house) == 2
    assert await owner.fetchval("select count(*) from audit where action = 'webhook.replayed'") == 2


async def test_nobody_else_sees_or_sends_them(
    glow_emr: Client, rival_emr: Client, neighbour: Client, house: House, owner: asyncpg.Connection
) -> None:
    async with receiver() as partner:
        await subscribe(glow_emr, partner.url)
        await subscribe(neighbour, "http://127.0.0.1:9/hook", Cast.GLOW_SECOND)
        await make_visit(glow_emr, status="Completed")
        await send_due(house)
        event_id = partner.received[0].headers["webhook-id"]
        for other in (rival_emr, neighbour):
            assert await listed(other) == []
            assert await listed(other, f"?event_id={event_id}") == []
            assert (await other.post(REPLAY, {"event_id": event_id})).error == (404, "Event not found", None)
            assert (await other.post(REPLAY, {"since": 1})).json["replayed"] == 0
    assert await owner.fetchval("select count(due_at) from deliveries") == 0


async def test_a_narrowed_key_sees_its_locations_only(glow_emr: Client, house: House) -> None:
    await subscribe(glow_emr, "http://127.0.0.1:9/hook")
    await subscribe(glow_emr, "http://127.0.0.1:9/hook", Cast.GLOW_SECOND)
    await make_visit(glow_emr, status="Completed", location_id=Cast.GLOW_SECOND)
    narrow = glow_emr.with_key(Cast.NARROW_KEY)
    (delivery,) = await listed(glow_emr)
    assert await listed(narrow) == []
    assert (await narrow.post(REPLAY, {"event_id": delivery["event_id"]})).status == 404
    assert (await glow_emr.post(REPLAY, {"event_id": delivery["event_id"]})).status == 200


async def test_a_url_that_is_off_is_said_and_nothing_promised(glow_emr: Client, owner: asyncpg.Connection) -> None:
    await subscribe(glow_emr, "http://127.0.0.1:9/hook")
    await owner.execute("update endpoints set switched_off_at = now()")
    await make_visit(glow_emr, status="Completed")
    (missed,) = await listed(glow_emr)
    assert (missed["state"], missed["last_cause"], missed["tries"]) == ("failed", "the endpoint is switched off", 0)
    answer = await glow_emr.post(REPLAY, {"event_id": missed["event_id"]})
    assert answer.error == (409, "The webhook URL is switched off", "POST /emr/webhooks switches it on again")
    assert await owner.fetchval("select due_at from deliveries") is None


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, "event_id or since is required"),
        ({"event_id": "evt_1", "since": 5}, "event_id or since is required"),
        ({"since": 0}, "since is invalid"),
        ({"since": 1700000000000}, "since must be"),
        ({"since": "yesterday"}, "since is invalid"),
        ({"since": None}, "since is invalid"),
        ({"event_id": 5}, "event_id is invalid"),
        ({"event": "evt_1"}, "event is not a known field"),
    ],
)
async def test_what_to_replay_is_said_clearly(glow_emr: Client, body: dict[str, Any], error: str) -> None:
    status, said, detail = (await glow_emr.post(REPLAY, body)).error
    assert status == 400
    assert said.startswith(error) or (detail or "").startswith(error)


@pytest.mark.parametrize("query", ["?limit=0", "?limit=1001", "?limit=x"])
async def test_a_limit_is_a_number_from_1_to_1000(glow_emr: Client, query: str) -> None:
    assert (await glow_emr.get(LIST + query)).error[:2] == (400, "limit is invalid")


async def test_with_an_idempotency_key_a_replay_happens_once(glow_emr: Client, house: House) -> None:
    async with receiver() as partner:
        await subscribe(glow_emr, partner.url)
        await make_visit(glow_emr, status="Completed")
        await send_due(house)
        for _ in range(2):
            answer = await glow_emr.post(REPLAY, {"since": 1}, headers={"idempotency-key": "once"})
            assert answer.json == {"success": True, "replayed": 1}
            await send_due(house)
    assert len(partner.received) == 2
