"""`Idempotency-Key` on every POST and PATCH: the first answer again, 409 for another request, once even if at once."""

import asyncio
from datetime import datetime
from typing import Any

import asyncpg
import pytest
from cast import Cast, at_home, in_person, make_visit
from client import Answer, Client

KEY = {"idempotency-key": "order-1"}
MISMATCH = {
    "success": False,
    "error": "Idempotency-Key was used for another request",
    "message": "This Idempotency-Key came before with another method, path or body; use a new key for a new request",
}


async def order(emr: Client, key: str = "order-1", **changes: Any) -> Answer:
    return await emr.post("/emr/appointments", at_home(**changes), headers={"idempotency-key": key})


async def visits(owner: asyncpg.Connection) -> int:
    return int(await owner.fetchval("select count(*) from visits"))


async def test_the_same_key_and_body_replay_the_first_answer(glow_emr: Client, owner: asyncpg.Connection) -> None:
    first, second = await order(glow_emr), await order(glow_emr)
    assert (second.status, second.json) == (201, first.json)
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    assert await visits(owner) == 1


async def test_another_key_is_another_order(glow_emr: Client, owner: asyncpg.Connection) -> None:
    assert (await order(glow_emr)).json != (await order(glow_emr, "order-2")).json
    assert await visits(owner) == 2


async def test_the_same_key_with_another_body_conflicts(glow_emr: Client, owner: asyncpg.Connection) -> None:
    first = await order(glow_emr)
    answer = await order(glow_emr, appointment_time=1640995201)
    assert (answer.status, answer.json) == (409, MISMATCH)
    assert (await order(glow_emr)).json == first.json
    assert await visits(owner) == 1


async def test_the_same_key_at_another_path_conflicts(glow_emr: Client) -> None:
    gfe_ids = [await make_visit(glow_emr) for _ in range(2)]
    first, second = [await glow_emr.patch(f"/emr/appointments/{gfe_id}/cancel", headers=KEY) for gfe_id in gfe_ids]
    assert (first.status, second.status, second.json) == (200, 409, MISMATCH)


async def test_a_replayed_cancel_answers_200_where_a_second_one_is_refused(glow_emr: Client) -> None:
    gfe_id = await make_visit(glow_emr)
    answers = [await glow_emr.patch(f"/emr/appointments/{gfe_id}/cancel", headers=KEY) for _ in range(2)]
    assert [(answer.status, answer.json) for answer in answers] == [
        (200, {"gfe_id": gfe_id, "status": "Cancelled by client"})
    ] * 2
    assert (await glow_emr.patch(f"/emr/appointments/{gfe_id}/cancel")).status == 400


async def test_another_partners_key_of_the_same_name_is_its_own(
    glow_emr: Client, rival_emr: Client, owner: asyncpg.Connection
) -> None:
    assert (await order(glow_emr)).status == 201
    assert (await order(rival_emr, location_id=Cast.RIVAL)).status == 201
    assert await visits(owner) == 2


async def test_another_api_key_of_the_partner_replays(glow_emr: Client) -> None:
    first = await order(glow_emr)
    assert (await order(glow_emr.with_key(Cast.NARROW_KEY))).json == first.json


async def test_sixteen_at_once_make_one_visit(glow_emr: Client, owner: asyncpg.Connection) -> None:
    answers = await asyncio.gather(*(order(glow_emr) for _ in range(16)))
    assert {answer.status for answer in answers} == {201}
    assert len({answer.json["gfe_id"] for answer in answers}) == 1
    counts = await owner.fetchrow(
        "select (select count(*) from visits), (select count(*) from messages), (select count(*) from audit)"
    )
    assert tuple(counts) == (1, 2, 1)


async def test_sixteen_at_once_with_two_bodies_make_one_visit(glow_emr: Client, owner: asyncpg.Connection) -> None:
    answers = await asyncio.gather(*(order(glow_emr, appointment_time=1640995200 + n % 2) for n in range(16)))
    assert sorted(answer.status for answer in answers) == [201] * 8 + [409] * 8
    assert await visits(owner) == 1


async def test_a_refused_request_keeps_nothing(glow_emr: Client, owner: asyncpg.Connection) -> None:
    assert (await order(glow_emr, location_id="loc_nowhere")).status == 404
    assert (await order(glow_emr, location_id=Cast.RIVAL)).status == 403
    assert (await order(glow_emr, requested_treatments=["Nope"])).status == 400
    assert await owner.fetchval("select count(*) from idempotency_keys") == 0
    assert (await order(glow_emr)).status == 201


async def test_a_replay_in_person_has_the_link_that_is_stored_nowhere(
    glow_emr: Client, owner: asyncpg.Connection
) -> None:
    first, second = [await glow_emr.post("/emr/in-person", in_person(), headers=KEY) for _ in range(2)]
    assert (second.status, second.json) == (201, first.json)
    kept = bytes(await owner.fetchval("select answer from idempotency_keys")).decode()
    token = first.json["visit_link"].rpartition("/")[2]
    assert token
    assert token not in kept
    assert token.rpartition(".")[2] not in kept


async def test_a_replay_ends_with_the_access_it_was_made_with(glow_emr: Client, owner: asyncpg.Connection) -> None:
    for path, order in (("/emr/in-person", in_person()), ("/emr/appointments", at_home())):
        headers = {"idempotency-key": path}
        assert (await glow_emr.post(path, order, headers=headers)).status == 201
    await owner.execute("delete from grants where location_id = $1", Cast.GLOW)
    await asyncio.sleep(0.2)
    for path, order in (("/emr/in-person", in_person()), ("/emr/appointments", at_home())):
        answer = await glow_emr.post(path, order, headers={"idempotency-key": path})
        assert answer.error == (403, "EMR is not authorized for this location", None)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/emr/subscriptions", {"location_id": Cast.GLOW}),
        ("POST", "/emr/webhooks", {"url": "https://emr.example.com/hook"}),
    ],
)
async def test_subscriptions_and_webhooks_replay_too(glow_emr: Client, method: str, path: str, body: Any) -> None:
    first, second = [await glow_emr.request(method, path, json=body, headers=KEY) for _ in range(2)]
    assert (first.status, second.status) == (200, 200)
    assert second.json == first.json


async def test_staging_calls_replay_too(glow_emr: Client) -> None:
    for name, body in (("schedule", {"time": 1900000000}), ("no-show", None), ("outcome", {"approved": ["Botox"]})):
        gfe_id = await make_visit(glow_emr, requested_treatments=["Botox"])
        path, headers = f"/emr/staging/visits/{gfe_id}/{name}", {"idempotency-key": name}
        first, second = [await glow_emr.post(path, body, headers=headers) for _ in range(2)]
        assert (second.status, second.json) == (200, first.json)


@pytest.mark.parametrize("hours", [71, 73])
async def test_a_key_is_kept_for_72_hours(glow_emr: Client, owner: asyncpg.Connection, hours: int) -> None:
    first = await order(glow_emr)
    await owner.execute("update idempotency_keys set created_at = now() - make_interval(hours => $1)", hours)
    assert ((await order(glow_emr)).json == first.json) is (hours < 72)


async def test_a_key_is_up_to_255_printable_characters(glow_emr: Client) -> None:
    assert (await order(glow_emr, "k" * 255)).status == 201
    for bad in ("k" * 256, "a\tb", "é"):
        answer = await glow_emr.post("/emr/appointments", at_home(), headers={"idempotency-key": bad.encode()})
        assert (answer.status, answer.json) == (
            400,
            {
                "success": False,
                "error": "Idempotency-Key is invalid",
                "message": "Idempotency-Key must be 1 to 255 printable ASCII characters",
            },
        )


async def test_while_the_first_still_runs_a_twin_waits_and_then_conflicts(
    glow_emr: Client, owner: asyncpg.Connection, dsn: str
) -> None:
    """The first request is played by a transaction that holds the key and does not end."""
    await set_lock_timeout(glow_emr, "300ms")
    began = datetime.now().astimezone()
    async with owner.transaction():
        await owner.execute(
            "insert into idempotency_keys (partner_id, key, request_hash) select partner_id, $2, '' from api_keys "
            "where last_four = $1 limit 1",
            Cast.GLOW_KEY[-4:],
            "order-1",
        )
        answer = await order(glow_emr)
    assert (datetime.now().astimezone() - began).total_seconds() > 0.25
    assert answer.status == 409
    assert answer.json.keys() == {"success", "error", "message"}


async def set_lock_timeout(emr: Client, wait: str) -> None:
    """On every connection of the pool; they are never reset."""
    pool = emr.house.db.pool
    held = [await pool.acquire() for _ in range(8)]
    for connection in held:
        await connection.execute(f"set lock_timeout = '{wait}'")
        await pool.release(connection)
