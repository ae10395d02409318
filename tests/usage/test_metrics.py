"""GET /metrics: who may read it, and that it says what the tables say, whichever process answers."""

import re
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx2
import pytest
from cast import make_visit
from client import Client, open_client
from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families

from openmedspa.settings import Settings
from openmedspa.usage import calls

TOKEN, SECRET = "a token for Prometheus, in tests", "an admin secret of tests, long enough"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, metrics_token=TOKEN, admin_secret=SECRET)


@pytest.fixture
async def emr(settings: Settings) -> AsyncIterator[Client]:
    async with open_client(settings, None) as client:
        yield client


async def scrape(client: Client, secret: str | None = TOKEN) -> httpx2.Response:
    headers = {} if secret is None else {"authorization": f"Bearer {secret}"}
    return await client.http.get("/metrics", headers=headers)


async def figures(client: Client) -> dict[str, float]:
    """Each sample by its name and labels, as Prometheus's own parser reads them."""
    answer = await scrape(client)
    assert answer.status_code == 200, answer.text
    return {
        " ".join([sample.name, *map(str, sorted(sample.labels.values()))]): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


@pytest.mark.parametrize("secret", [TOKEN, SECRET])
async def test_either_secret_reads_it(emr: Client, secret: str) -> None:
    answer = await scrape(emr, secret)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("secret", [None, "", "another one", TOKEN + "x", TOKEN[:-1]])
async def test_nobody_else_does(emr: Client, secret: str | None) -> None:
    answer = await scrape(emr, secret)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert "openmedspa_" not in answer.text


async def test_an_empty_token_is_no_token(settings: Settings) -> None:
    async with open_client(replace(settings, metrics_token=""), None) as client:
        for secret in (None, "", TOKEN):
            assert (await scrape(client, secret)).status_code == 401
        assert (await scrape(client, SECRET)).status_code == 200


async def test_the_secret_that_is_switched_off_reads_nothing(emr: Client, owner: asyncpg.Connection) -> None:
    await owner.execute("update installation set admin_secret_off_at = now()")
    assert (await scrape(emr, SECRET)).status_code == 401
    assert (await scrape(emr)).status_code == 200


async def test_without_any_secret_there_is_nothing_here(settings: Settings) -> None:
    bare = replace(settings, metrics_token="", admin_secret="", demo=False)
    async with open_client(bare, None) as client:
        for secret in (None, "", TOKEN):
            answer = await scrape(client, secret)
            assert answer.status_code == 404 and "<h1>Page not found</h1>" in answer.text


async def test_guesses_are_limited_and_the_token_is_not(emr: Client) -> None:
    answers = [(await scrape(emr, f"guess {number}")).status_code for number in range(8)]
    assert answers[0] == 401 and answers[-1] == 429
    assert (await scrape(emr)).status_code == 200


async def test_it_is_read_and_never_posted(emr: Client) -> None:
    answer = await emr.http.post("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


async def test_calls_are_counted_by_route_and_status(glow_emr: Client) -> None:
    await make_visit(glow_emr)
    await glow_emr.get("/emr/visits/gfe_none")
    await glow_emr.get("/emr/nothing")
    await calls.write(glow_emr.house)
    found = await figures(glow_emr)
    assert found["openmedspa_calls_total /emr/appointments 201 POST"] == 1
    assert found["openmedspa_calls_total /emr/visits/{gfe_id} 404 GET"] == 1
    assert found["openmedspa_calls_total  404 GET"] == 1
    assert found["openmedspa_call_duration_seconds_count /emr/appointments POST"] == 1
    assert found["openmedspa_process_calls_waiting"] == 0


async def test_buckets_hold_all_that_were_quicker(emr: Client, owner: asyncpg.Connection) -> None:
    values = [("GET", "/a", 200, 10, 4_000_000, 1, 2, 3, 4, 9), ("GET", "/a", 404, 5, 1_000_000, 5, 5, 5, 5, 5)]
    await owner.executemany(
        "insert into call_totals (method, route, status, calls, duration_us, in_5ms, in_25ms, in_100ms, in_500ms, "
        "in_2500ms, slowest_us) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0)",
        values,
    )
    found, name = await figures(emr), "openmedspa_call_duration_seconds"
    buckets = {key: value for key, value in found.items() if key.startswith(f"{name}_bucket")}
    told = {re.sub(r"\S+_bucket ", "", key): value for key, value in buckets.items()}
    assert told == {
        "+Inf /a GET": 15, "/a 0.005 GET": 6, "/a 0.025 GET": 7, "/a 0.1 GET": 8, "/a 0.5 GET": 9, "/a 2.5 GET": 14,
    }  # fmt: skip
    assert (found[f"{name}_sum /a GET"], found[f"{name}_count /a GET"]) == (5, 15)


async def test_what_waits_and_what_was_lost(glow_emr: Client, owner: asyncpg.Connection) -> None:
    before = await figures(glow_emr)
    assert before["openmedspa_messages_waiting"] == before["openmedspa_messages_oldest_seconds"] == 0
    await make_visit(glow_emr)
    await owner.execute("update messages set queued_at = now() - interval '1 hour'")
    await owner.execute("insert into call_gaps values (now(), 3), (now() - interval '1 year', 4)")
    await owner.execute("update api_keys set expires_at = now() - interval '1 minute' where name = $1", "glow")
    found = await figures(glow_emr)
    assert found["openmedspa_messages_waiting"] == 2
    assert 3_600 <= found["openmedspa_messages_oldest_seconds"] < 4_600
    assert found["openmedspa_deliveries_waiting"] == 0
    assert found["openmedspa_calls_not_recorded_total"] == 7


async def test_keys_that_open_nothing_are_not_counted(emr: Client, owner: asyncpg.Connection) -> None:
    live = (await figures(emr))["openmedspa_live_keys"]
    ids: list[Any] = await owner.fetch(
        "select id from api_keys where revoked_at is null and expires_at is null limit 2"
    )
    await owner.execute("update api_keys set revoked_at = now() where id = $1", ids[0]["id"])
    await owner.execute("update api_keys set expires_at = now() where id = $1", ids[1]["id"])
    assert (await figures(emr))["openmedspa_live_keys"] == live - 2


async def test_two_processes_say_the_same(settings: Settings, emr: Client) -> None:
    async with open_client(settings, None) as other:
        for client in (emr, other, other):
            await client.get("/emr/nothing")
            await calls.write(client.house)
        first, second = await figures(emr), await figures(other)
    assert first["openmedspa_calls_total  401 GET"] == 3
    shared = [name for name in first if "_process_" not in name]
    assert {name: first[name] for name in shared} == {name: second[name] for name in shared}


async def test_it_names_no_partner_practice_or_key(glow_emr: Client) -> None:
    await make_visit(glow_emr)
    await calls.write(glow_emr.house)
    text = (await scrape(glow_emr)).text
    assert "openmedspa_info{environment=" in text
    for name in ("partner", "practice=", "key=", "Glow", "gfe_1", "address"):
        assert name not in text, name


async def test_without_a_database_it_says_so(emr: Client) -> None:
    emr.house.system.pool.terminate()
    answer = await scrape(emr)
    assert answer.status_code == 503 and "openmedspa_" not in answer.text
