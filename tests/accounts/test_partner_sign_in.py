"""A partner signs in with a key that is good, and is in for as long as the key is."""

from datetime import timedelta

import asyncpg
import httpx2
import pytest
from cast import Cast
from client import Client
from portals.signing import Browser, as_partner

from openmedspa.kit.house import House
from openmedspa.partners import keys, registry, rotation

from .signing_in import another_browser

PAGE = "/partner/keys"


async def try_it(browser: Browser, key: str) -> httpx2.Response:
    await browser.get("/partner/sign-in")
    return await browser.post("/partner/sign-in", {"key": key})


async def number_of(owner: asyncpg.Connection, raw: str) -> int:
    number: int = await owner.fetchval("select id from api_keys where key_sha256 = $1", keys.digest(raw))
    return number


@pytest.mark.parametrize("key", [Cast.GLOW_KEY, f"  {Cast.PARTNER_KEY}\n"], ids=["exam key", "pasted with blanks"])
async def test_a_good_key_signs_in(glow_emr: Client, key: str) -> None:
    browser = another_browser(glow_emr)
    answer = await try_it(browser, key)
    assert (answer.status_code, answer.headers["location"]) == (303, "/partner")
    said = set(answer.headers["set-cookie"].split("; "))
    assert {"HttpOnly", "SameSite=Lax", "Path=/partner"} <= said
    assert (await browser.get(PAGE)).status_code == 200


async def test_a_key_that_opens_nothing_is_answered_alike(glow_emr: Client) -> None:
    bad = (Cast.REVOKED_KEY, Cast.EXPIRED_KEY, Cast.UNKNOWN_KEY, Cast.LIVE_KEY, "")
    answers = [await try_it(another_browser(glow_emr), key) for key in bad]
    assert {answer.status_code for answer in answers} == {403}
    assert len({answer.text.split('<div class="note bad"')[1].partition("</div>")[0] for answer in answers}) == 1
    assert not any("set-cookie" in answer.headers for answer in answers)


async def test_no_page_says_the_key(glow_emr: Client) -> None:
    answer = await try_it(another_browser(glow_emr), Cast.REVOKED_KEY)
    assert Cast.REVOKED_KEY not in answer.text


async def test_a_revoked_key_ends_its_session_with_the_next_page(
    glow_emr: Client, house: House, owner: asyncpg.Connection
) -> None:
    browser = await as_partner(glow_emr, Cast.PARTNER_KEY)
    number = await number_of(owner, Cast.PARTNER_KEY)
    await house.system.write((), lambda tx: registry.revoke_key(tx, number, actor="test", now=house.now()))
    assert (await browser.get(PAGE)).status_code == 303


async def test_a_rotated_key_ends_its_session_when_its_overlap_does(
    glow_emr: Client, house: House, owner: asyncpg.Connection
) -> None:
    browser = await as_partner(glow_emr, Cast.PARTNER_KEY)
    number = await number_of(owner, Cast.PARTNER_KEY)
    raw, _ = await house.system.write(
        (),
        lambda tx: rotation.rotate_key(
            tx, number, overlap=timedelta(hours=1), environment="staging", actor="test", now=house.now()
        ),
    )
    assert (await browser.get(PAGE)).status_code == 200
    await owner.execute("update api_keys set expires_at = now() where id = $1", number)
    assert (await browser.get(PAGE)).status_code == 303
    assert (await (await as_partner(glow_emr, raw)).get(PAGE)).status_code == 200


async def test_a_partner_that_is_switched_off_is_out(glow_emr: Client, house: House) -> None:
    browser = await as_partner(glow_emr, Cast.PARTNER_KEY)
    await house.system.write(
        (), lambda tx: registry.switch_partner(tx, "Glow Partner", is_on=False, actor="test", now=house.now())
    )
    assert (await browser.get(PAGE)).status_code == 303


async def test_it_ends_after_30_idle_minutes_and_after_12_hours(glow_emr: Client, owner: asyncpg.Connection) -> None:
    for field in ("idle_at", "ends_at"):
        browser = await as_partner(glow_emr, Cast.PARTNER_KEY)
        assert (await browser.get(PAGE)).status_code == 200
        await owner.execute(f"update page_sessions set {field} = now()")
        assert (await browser.get(PAGE)).status_code == 303


async def test_sign_out_everywhere_ends_the_sessions_of_all_its_keys_and_of_nobody_else(glow_emr: Client) -> None:
    one, other = await as_partner(glow_emr, Cast.PARTNER_KEY), await as_partner(glow_emr, Cast.PROSPECTS_KEY)
    rival = await as_partner(glow_emr, Cast.RIVAL_PARTNER_KEY)
    await one.get(PAGE)
    await one.post("/partner/sign-out-everywhere")
    assert [(await browser.get(PAGE)).status_code for browser in (one, other, rival)] == [303, 303, 200]
