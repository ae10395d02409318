"""How often a key may call, and an address without a good key: headers, 429, settings that count at once."""

import asyncio
from time import monotonic
from typing import Any

import asyncpg
import pytest
from cast import Cast, at_home
from client import Answer, Client, open_client
from partners.watching import SECOND, beside, from_address, statements, until_kept

from openmedspa.partners import keys, limits
from openmedspa.settings import Settings

HEADERS = {"ratelimit", "ratelimit-policy", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"}
LIMIT = "update api_keys set per_second = $2, burst = $3 where key_sha256 = $1"
OUT = {"error": {"code": "too_many", "message": "This key may make 1 call a second, 2 at once."}}
OUT_EMR = {"success": False, "error": "Too many requests", "message": "This key may make 1 call a second, 2 at once."}


def shown(answer: Answer) -> set[str]:
    return {name for name in answer.headers if name.startswith("ratelimit")}


async def limit(owner: asyncpg.Connection, client: Client, key: str, per_second: int, burst: int) -> None:
    """Set it as the command line does, and wait until this server shows it."""
    await owner.execute(LIMIT, keys.digest(key), per_second, burst)
    path = "/v1/me" if client.token else "/emr/treatments"
    async with asyncio.timeout(SECOND):
        while (await client.get(path)).headers.get("ratelimit-limit") != (str(burst) if per_second else None):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def use_up(client: Client, path: str) -> Answer:
    """Call until there is nothing left."""
    for _ in range(50):
        answer = await client.get(path)
        if answer.status == 429:
            return answer
    raise AssertionError("never refused")


async def test_every_answer_to_a_good_key_says_what_is_left(
    glow_emr: Client, glow_partner: Client, owner: asyncpg.Connection
) -> None:
    await owner.execute("update api_keys set per_second = 100, burst = 500")
    glow_emr.house.db.fresh.forget_all()
    calls: list[tuple[Client, str, str, int]] = [
        (glow_emr, "GET", "/emr/treatments", 200), (glow_emr, "GET", "/emr/nowhere", 404),
        (glow_emr, "DELETE", "/emr/treatments", 405), (glow_emr, "GET", "/emr/gfes/loc_rival", 403),
        (glow_emr, "POST", "/emr/appointments", 400), (glow_partner, "GET", "/v1/me", 200),
        (glow_partner, "GET", "/v1/GlowOffice/nowhere", 404), (glow_partner, "PUT", "/v1/me", 405),
        (glow_partner, "GET", "/v1/RivalOffice/nowhere", 404),
    ]  # fmt: skip
    for client, method, path, status in calls:
        answer = await client.request(method, path)
        assert (answer.status, shown(answer)) == (status, HEADERS), path
        left = int(answer.headers["ratelimit-remaining"])
        assert 480 < left < 500 and answer.headers["ratelimit-limit"] == "500"
        assert answer.headers["ratelimit-policy"] == '"key";q=500;w=5'
        assert answer.headers["ratelimit"] == f'"key";r={left};t={answer.headers["ratelimit-reset"]}'


async def test_who_has_no_good_key_and_who_asks_for_the_reference_sees_no_limit(
    glow_emr: Client, glow_partner: Client
) -> None:
    for path in ("/emr/openapi.json", "/v1/openapi.json"):
        answer = await glow_emr.with_key(None).get(path)
        assert (answer.status, shown(answer)) == (200, set())
    for nobody in (glow_emr.with_key("x"), glow_partner.with_token("x.y.z")):
        for path in ("/emr/treatments", "/v1/me"):
            answer = await nobody.get(path)
            assert (answer.status, shown(answer)) == (401, set())


@pytest.mark.parametrize(("is_partner", "path", "said"), [(False, "/emr/treatments", OUT_EMR), (True, "/v1/me", OUT)])
async def test_a_key_that_is_out_is_told_when_to_come_again(
    glow_emr: Client, glow_partner: Client, owner: asyncpg.Connection, is_partner: bool, path: str, said: Any
) -> None:
    client, key = (glow_partner, Cast.PARTNER_KEY) if is_partner else (glow_emr, Cast.GLOW_KEY)
    await limit(owner, client, key, 1, 2)
    answer = await use_up(client, path)
    assert (answer.json, shown(answer)) == (said, HEADERS)
    assert answer.headers["retry-after"] == "1" and answer.headers["ratelimit-remaining"] == "0"
    assert "/docs/errors/too_many" in answer.headers["link"]
    async with asyncio.timeout(5):
        while (await client.get(path)).status == 429:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("path", ["/v1/me", "/v1/nowhere/at/all", "/v1/RivalOffice/auth/token"])
async def test_a_429_asks_nothing_of_the_database(
    glow_partner: Client, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    await until_kept(glow_partner)
    await limit(owner, glow_partner, Cast.PARTNER_KEY, 1, 2)
    still = monotonic()
    monkeypatch.setattr(limits, "monotonic", lambda: still)
    await use_up(glow_partner, "/v1/me")
    with statements(monkeypatch) as seen:
        answers = [await glow_partner.get(path) for _ in range(5)]
    assert {answer.status for answer in answers} == {429}
    assert seen == []


async def test_0_a_second_is_no_limit_and_each_change_counts_at_once(
    glow_partner: Client, owner: asyncpg.Connection
) -> None:
    assert shown(await glow_partner.get("/v1/me")) == set()
    await limit(owner, glow_partner, Cast.PARTNER_KEY, 1, 2)
    await use_up(glow_partner, "/v1/me")
    await limit(owner, glow_partner, Cast.PARTNER_KEY, 0, 2)
    assert {(await glow_partner.get("/v1/me")).status for _ in range(30)} == {200}


async def test_a_new_key_has_100_a_second_and_500_at_once(owner: asyncpg.Connection) -> None:
    row = await owner.fetchrow(
        """insert into api_keys (partner_id, name, key_sha256, prefix, last_four, scopes)
           values (1, 'x', sha256('x'), 'x', 'x', '{KB}') returning per_second, burst"""
    )
    assert tuple(row) == (100, 500) == (keys.PER_SECOND, keys.BURST)


async def test_a_noisy_key_takes_nothing_from_another_and_neither_from_its_other_token(
    glow_emr: Client, glow_partner: Client, owner: asyncpg.Connection
) -> None:
    quiet = await glow_emr.as_partner(Cast.PROSPECTS_KEY, "GlowOffice")
    second_token = await glow_emr.as_partner(Cast.PARTNER_KEY, "GlowOffice")
    await owner.execute(LIMIT, keys.digest(Cast.PROSPECTS_KEY), 1, 20)
    await limit(owner, glow_partner, Cast.PARTNER_KEY, 1, 2)
    await use_up(glow_partner, "/v1/me")
    assert (await second_token.get("/v1/me")).status == 429  # a key is a key, whichever of its tokens is sent
    answers = [await quiet.get("/v1/me") for _ in range(10)]
    assert {answer.status for answer in answers} == {200}
    assert int(answers[0].headers["ratelimit-remaining"]) == 19


async def test_each_process_counts_for_itself(
    glow_partner: Client, settings: Settings, owner: asyncpg.Connection
) -> None:
    async with open_client(settings, None) as second:
        await limit(owner, glow_partner, Cast.PARTNER_KEY, 1, 2)
        await use_up(glow_partner, "/v1/me")
        assert (await beside(glow_partner, second).get("/v1/me")).status == 200


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address has three calls without a good key, and none comes again soon."""
    monkeypatch.setattr(limits, "ADDRESS_BURST", 3)
    monkeypatch.setattr(limits, "ADDRESS_PER_SECOND", 0.01)


STRANGERS: list[tuple[str, str, Any]] = [
    ("GET", "/emr/treatments", {}),
    ("GET", "/emr/treatments", {"headers": {"x-api-key": "oms_test_x"}}),
    ("GET", "/emr/treatments", {"headers": {"x-api-key": Cast.UNKNOWN_KEY}}),
    ("GET", "/v1/me", {}),
    ("GET", "/v1/me", {"headers": {"authorization": "Bearer x.y.z"}}),
    ("POST", "/v1/GlowOffice/auth/token", {"json": {"apiKey": Cast.UNKNOWN_KEY}}),
]


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize("number", range(len(STRANGERS)))
async def test_a_stranger_is_refused_without_the_database_once_its_calls_are_used_up(
    glow_emr: Client, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    method, path, options = STRANGERS[number]
    nobody = glow_emr.with_key(None)
    answers = [await nobody.request(method, path, **options) for _ in range(3)]
    assert {answer.status for answer in answers} == {401}
    with statements(monkeypatch) as seen:
        over = [await nobody.request(*call[:2], **call[2]) for call in STRANGERS]
    assert [answer.status for answer in over] == [429] * len(STRANGERS)
    assert seen == []
    assert all(int(answer.headers["retry-after"]) >= 1 and shown(answer) == set() for answer in over)
    words = "Too many calls without a valid key came from your address."
    assert over[0].error == (429, "Too many requests", words)
    assert over[3].json == {"error": {"code": "too_many", "message": words}}


@pytest.mark.usefixtures("strict")
async def test_a_key_that_is_known_is_served_beside_strangers_of_its_address(
    glow_emr: Client, glow_partner: Client
) -> None:
    await until_kept(glow_partner)
    async with asyncio.timeout(5):
        while not glow_emr.house.db.fresh.kept("api_keys", keys.digest(Cast.GLOW_KEY)):
            assert (await glow_emr.get("/emr/treatments")).status == 200
    for _ in range(5):
        await glow_emr.with_key(None).get("/emr/treatments")
    assert (await glow_emr.with_key(None).get("/emr/treatments")).status == 429
    assert (await glow_emr.get("/emr/treatments")).status == 200
    assert (await glow_partner.get("/v1/me")).status == 200
    assert (await glow_emr.post("/emr/appointments", at_home())).status == 201


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize(
    ("address", "other", "is_shared"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("not an address", "", True),
    ],
)
async def test_whose_calls_an_address_counts(glow_emr: Client, address: str, other: str, is_shared: bool) -> None:
    with from_address(glow_emr.with_key(None), address) as one, from_address(glow_emr.with_key(None), other) as two:
        for _ in range(3):
            assert (await one.get("/emr/treatments")).status == 401
        assert (await one.get("/emr/treatments")).status == 429
        assert (await two.get("/emr/treatments")).status == (429 if is_shared else 401)
