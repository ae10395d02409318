"""An operator's session: how it ends, what counts at once, and what its cookie is like."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from hashlib import sha256

import asyncpg
import msgspec
import pytest
from client import Client, open_client
from portals.signing import Browser

from openmedspa.accounts import jobs, operators
from openmedspa.kit.db import Tx
from openmedspa.kit.house import House
from openmedspa.settings import Settings

from .signing_in import EMAIL, PASSWORD, another_browser, make_operator, signed_in, try_to_sign_in

PAGE = "/admin/partners"
Operation = Callable[[Tx, House], Awaitable[object]]


@pytest.fixture
async def browser(glow_emr: Client) -> Browser:
    return await signed_in(glow_emr, await make_operator(glow_emr.house))


async def status(browser: Browser) -> int:
    return (await browser.get(PAGE)).status_code


async def test_it_ends_when_nothing_was_opened_for_15_minutes(browser: Browser, owner: asyncpg.Connection) -> None:
    left = await owner.fetchval("select idle_at - now() from page_sessions")
    assert 14 * 60 < left.total_seconds() <= 15 * 60
    await owner.execute("update page_sessions set idle_at = now() + interval '1 minute'")
    assert await status(browser) == 200  # which puts it off again
    assert (await owner.fetchval("select idle_at - now() from page_sessions")).total_seconds() > 14 * 60
    await owner.execute("update page_sessions set idle_at = now()")
    answer = await browser.get(PAGE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/sign-in?next=/admin/partners")


async def test_it_ends_after_12_hours_however_busy(browser: Browser, owner: asyncpg.Connection) -> None:
    left = await owner.fetchval("select ends_at - now() from page_sessions")
    assert 11.9 * 3600 < left.total_seconds() <= 12 * 3600
    await owner.execute("update page_sessions set ends_at = now()")
    assert await status(browser) == 303


async def test_what_a_page_asks_by_itself_keeps_no_session_alive(browser: Browser, owner: asyncpg.Connection) -> None:
    before = await owner.fetchval("update page_sessions set idle_at = now() + interval '5 seconds' returning idle_at")
    with contextlib.suppress(TimeoutError):  # it goes on for ever
        async with asyncio.timeout(0.5):
            assert (await browser.http.get("/admin/activity/live")).status_code != 303
    assert await owner.fetchval("select idle_at from page_sessions") == before
    await browser.get(PAGE)
    assert await owner.fetchval("select idle_at from page_sessions") > before


async def test_signing_out_ends_this_one_and_everywhere_all(
    glow_emr: Client, house: House, owner: asyncpg.Connection
) -> None:
    totp = await make_operator(house)
    first, second = await signed_in(glow_emr, totp, steps=-1), await signed_in(glow_emr, totp)
    third = await signed_in(glow_emr, totp, steps=1)
    await third.get(PAGE)
    answer = await third.post("/admin/sign-out")
    assert answer.headers["location"] == "/admin/sign-in?out=here"
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert (await status(third), await status(first), await status(second)) == (303, 200, 200)
    await second.post("/admin/sign-out-everywhere")
    assert (await status(first), await status(second)) == (303, 303)
    assert await owner.fetchval("select count(*) from page_sessions") == 0


async def test_a_cookie_of_a_session_that_ended_opens_nothing(browser: Browser) -> None:
    await browser.get(PAGE)
    cookie = browser.http.cookies["admin_session"]
    await browser.post("/admin/sign-out")
    answer = await browser.http.get(PAGE, headers={"cookie": f"admin_session={cookie}"})
    assert answer.status_code == 303


OPERATIONS: dict[str, tuple[Operation, int]] = {
    "disabled": (lambda tx, house: operators.switch(tx, EMAIL, is_on=False, actor="test", now=house.now()), 303),
    "signed out": (lambda tx, house: operators.sign_out(tx, EMAIL, actor="test", now=house.now()), 303),
    "reset": (
        lambda tx, house: operators.reset(tx, house.vault, EMAIL, password=PASSWORD, actor="test", now=house.now()),
        303,
    ),
    "made a viewer": (lambda tx, house: operators.set_role(tx, EMAIL, "viewer", actor="test", now=house.now()), 403),
}


@pytest.mark.parametrize("what", OPERATIONS)
async def test_a_change_of_the_account_counts_with_the_next_form(
    browser: Browser, house: House, what: str, owner: asyncpg.Connection
) -> None:
    operation, wanted = OPERATIONS[what]
    await browser.get(PAGE)
    await house.system.write((), lambda tx: operation(tx, house))
    answer = await browser.post(PAGE, {"name": "Sneaky EMR"})
    assert answer.status_code == wanted, answer.text
    assert await owner.fetchval("select count(*) from partners where name = 'Sneaky EMR'") == 0


async def test_an_account_that_was_disabled_and_enabled_has_no_session(browser: Browser, house: House) -> None:
    async def switch(*, is_on: bool) -> None:
        await house.system.write((), lambda tx: operators.switch(tx, EMAIL, is_on=is_on, actor="test", now=house.now()))

    await switch(is_on=False)
    await switch(is_on=True)
    assert await status(browser) == 303


@pytest.mark.parametrize(
    ("public_url", "is_secure"), [("http://exams.example.com", False), ("https://x.example", True)]
)
async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(
    settings: Settings, public_url: str, is_secure: bool
) -> None:
    async with open_client(msgspec.structs.replace(settings, public_url=public_url), None) as client:
        totp = await make_operator(client.house)
        said = (await try_to_sign_in(another_browser(client), totp)).headers["set-cookie"]
    assert {"HttpOnly", "SameSite=Lax", "Path=/admin", "Max-Age=43200"} <= set(said.split("; "))
    assert ("Secure" in said.split("; ")) is is_secure


async def test_the_cookie_is_kept_as_its_digest(browser: Browser, owner: asyncpg.Connection) -> None:
    cookie = browser.http.cookies["admin_session"]
    assert len(cookie) >= 40
    assert await owner.fetchval("select id_sha256 from page_sessions") == sha256(cookie.encode()).digest()


async def test_ended_sessions_are_deleted(browser: Browser, house: House, owner: asyncpg.Connection) -> None:
    await jobs.forget_ended_sessions(house)
    assert await owner.fetchval("select count(*) from page_sessions") == 1
    await owner.execute("update page_sessions set idle_at = now()")
    await jobs.forget_ended_sessions(house)
    assert await owner.fetchval("select count(*) from page_sessions") == 0
