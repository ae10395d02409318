"""Who may call what of the partner API: its route table × every kind of token, by the contract's table of scopes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from cast import PARTNER_SCOPES, Cast
from client import Client
from partners.partner_calls import BODIES, ROUTES, SCOPES, WITHOUT_BODY, name, plant, send, word

from openmedspa.kit.http import Open, Route
from openmedspa.partners import keys, tokens
from openmedspa.partners.bearer import Scopes

TAKING_TOKENS = [route for route in ROUTES if not isinstance(route.access, Open)]
OF_A_PRACTICE = [route for route in TAKING_TOKENS if "{PPass}" in route.path]
GLOBAL = [route for route in TAKING_TOKENS if route not in OF_A_PRACTICE]
TABLES = """
select table_name as name from information_schema.tables
where table_schema = 'public' and table_type = 'BASE TABLE' and table_name <> 'api_keys' and table_name not like 'call%'
order by 1
"""


def test_every_route_of_the_table_has_its_request_here() -> None:
    assert {name(route) for route in ROUTES} == {*BODIES, *WITHOUT_BODY}
    assert {name(route) for route in ROUTES if route.body} == {*BODIES}
    open_routes = {name(route) for route in ROUTES if isinstance(route.access, Open)}
    assert open_routes == {"POST /v1/{PPass}/auth/token", "POST /v1/access-requests"}


def test_the_routes_ask_for_the_contracts_scopes() -> None:
    for route in TAKING_TOKENS:
        assert isinstance(route.access, Scopes)
        assert {*route.access.any_of} == SCOPES[word(route)], name(route)
    assert set().union(*SCOPES.values()) == {*keys.SCOPES} - {"Exams"}


async def issued(client: Client, owner: asyncpg.Connection, key: str, **changes: Any) -> Client:
    """With a token that really is ours, whatever became of its key."""
    key_id = await owner.fetchval("select id from api_keys where key_sha256 = $1", keys.digest(key))
    now = changes.pop("now", datetime.now(UTC))
    said = {"key_id": key_id, "ppass": "GlowOffice", "scopes": PARTNER_SCOPES, "ends": now + tokens.LIVES, **changes}
    house = client.house
    return client.with_token(tokens.issue(await tokens.signing_keys(house.db, house.vault), now=now, **said))


async def everything(owner: asyncpg.Connection) -> dict[str, str]:
    """A digest of each table's rows."""
    return {
        row["name"]: await owner.fetchval(f"select md5(string_agg(t::text, '|' order by t::text)) from {row['name']} t")
        for row in await owner.fetch(TABLES)
    }


@pytest.mark.parametrize("route", TAKING_TOKENS, ids=name)
async def test_every_bad_token_is_refused_alike_and_nothing_happens(
    glow_emr: Client, owner: asyncpg.Connection, route: Route
) -> None:
    seed, nobody = await plant(owner, "GlowOffice"), glow_emr.with_key(None)
    past = datetime.now(UTC) - timedelta(hours=25)
    callers: dict[str, tuple[Client, str]] = {
        "no token": (nobody, "token_missing"),
        "malformed": (nobody.with_token("x.y.z"), "token_invalid"),
        "expired": (await issued(nobody, owner, Cast.PARTNER_KEY, now=past), "token_expired"),
        "revoked key": (await issued(nobody, owner, Cast.REVOKED_KEY), "token_invalid"),
        "expired key": (await issued(nobody, owner, Cast.EXPIRED_KEY), "token_expired"),
        "foreign key": (await issued(nobody, owner, Cast.RIVAL_PARTNER_KEY), "token_invalid"),
        "exam key": (glow_emr, "token_missing"),
        "exam key as a token": (nobody.with_token(Cast.GLOW_KEY), "token_invalid"),
        "its own key as a token": (nobody.with_token(Cast.PARTNER_KEY), "token_invalid"),
    }
    before = await everything(owner)
    answers = {label: await send(caller, route, seed) for label, (caller, _) in callers.items()}
    assert {label: answer.fault for label, answer in answers.items()} == {
        label: (401, code, {}) for label, (_, code) in callers.items()
    }
    assert {answer.headers["www-authenticate"][:25] for answer in answers.values()} == {
        'Bearer realm="openmedspa"'[:25]
    }
    assert await everything(owner) == before


@pytest.mark.parametrize("route", OF_A_PRACTICE, ids=name)
async def test_a_token_of_another_practice_is_refused_and_nothing_happens(
    glow_partner: Client, rival_partner: Client, owner: asyncpg.Connection, route: Route
) -> None:
    seed, foreign = await plant(owner, "GlowOffice"), await plant(owner, "RivalOffice", surname="Foreign")
    before = await everything(owner)
    for caller, what, ppass in (
        (rival_partner, seed, "GlowOffice"),
        (glow_partner, foreign, "RivalOffice"),
        (glow_partner, seed, "NowhereOffice"),
    ):
        answer = await send(caller, route, what, ppass=ppass)
        assert answer.fault == (403, "practice_foreign", {}), answer.json
    if "{id}" in route.path:
        answer = await send(glow_partner, route, foreign)
        assert answer.status == 404, answer.json
    assert await everything(owner) == before


@pytest.mark.parametrize("route", TAKING_TOKENS, ids=name)
async def test_a_token_without_the_scope_is_told_which_and_nothing_happens(
    glow_emr: Client, owner: asyncpg.Connection, route: Route
) -> None:
    """A narrow key, a narrow token of a wide key, and a wide token of a key that is narrow by now."""
    seed, needed = await plant(owner, "GlowOffice"), SCOPES[word(route)]
    others = [scope for scope in keys.SCOPES if scope not in needed]
    await owner.execute(
        "update api_keys set scopes = $2 where key_sha256 = $1", keys.digest(Cast.PROSPECTS_KEY), others
    )
    glow_emr.house.db.fresh.forget_all()
    callers = [
        await glow_emr.as_partner(Cast.PROSPECTS_KEY, "GlowOffice"),
        await issued(glow_emr, owner, Cast.PARTNER_KEY, scopes=others),
        await issued(glow_emr, owner, Cast.PARTNER_KEY, scopes=[]),
        await issued(glow_emr, owner, Cast.PROSPECTS_KEY),
    ]
    before = await everything(owner)
    for caller in callers:
        answer = await send(caller, route, seed)
        if not needed:
            assert answer.status == route.status
            continue
        assert answer.fault == (403, "scope_missing", {}), answer.json
        assert all(scope in answer.json["error"]["message"] for scope in needed)
    assert not needed or await everything(owner) == before


@pytest.mark.parametrize("route", TAKING_TOKENS, ids=name)
async def test_any_of_its_scopes_opens_it_and_the_practices_case_does_not_matter(
    glow_emr: Client, owner: asyncpg.Connection, route: Route
) -> None:
    for scope in sorted(SCOPES[word(route)]) or ["KB"]:
        seed = await plant(owner, "GlowOffice", surname=f"For {scope}")
        caller = await issued(glow_emr, owner, Cast.PARTNER_KEY, scopes=[scope])
        answer = await send(caller, route, seed, ppass="gLOWoFFICE")
        assert answer.status == route.status, answer.json
        await owner.execute("delete from tags where name in ('Another', 'Renamed')")


@pytest.mark.parametrize("route", GLOBAL, ids=name)
async def test_what_is_global_is_open_to_partners_of_every_practice(
    rival_partner: Client, owner: asyncpg.Connection, route: Route
) -> None:
    assert (await send(rival_partner, route, await plant(owner, "RivalOffice"))).status == route.status


async def test_token_then_path_then_practice_then_scope_then_body(glow_emr: Client, owner: asyncpg.Connection) -> None:
    narrow = await issued(glow_emr, owner, Cast.PARTNER_KEY, scopes=["KB"])
    broken: dict[str, Any] = {"content": b"{", "headers": {"content-type": "application/json"}}
    refused: list[tuple[Client, str, tuple[int, str]]] = [
        (glow_emr.with_key(None), "/v1/GlowOffice/nowhere", (401, "token_missing")),
        (glow_emr.with_key(None), "/v1/RivalOffice/tickets", (401, "token_missing")),
        (narrow, "/v1/RivalOffice/nowhere", (404, "endpoint_not_found")),
        (narrow, "/v1/RivalOffice/tickets/5/nowhere", (404, "endpoint_not_found")),
        (narrow, "/v1/RivalOffice/tickets", (403, "practice_foreign")),
        (narrow, "/v1/GlowOffice/tickets", (403, "scope_missing")),
    ]
    for client, path, fault in refused:
        assert (await client.post(path, **broken)).fault[:2] == fault, path
    wide = await issued(glow_emr, owner, Cast.PARTNER_KEY)
    assert (await wide.post("/v1/GlowOffice/tickets", **broken)).fault == (400, "json_invalid", {})
    assert (await narrow.request("DELETE", "/v1/RivalOffice/tickets", **broken)).fault[:2] == (
        405,
        "method_not_allowed",
    )
