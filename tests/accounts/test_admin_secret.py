"""The admin secret opens the operators' pages, in a browser and for programs, until it is switched off or changed."""

from collections.abc import AsyncIterator

import asyncpg
import httpx2
import msgspec
import pytest
from client import Client, open_client
from portals.signing import SECRET, Browser, open_admin, sign_in

from openmedspa.accounts import operators
from openmedspa.kit.errors import Invalid
from openmedspa.kit.house import House
from openmedspa.settings import Settings

from .signing_in import another_browser, make_operator

PAGE = "/admin/partners"
BEARER = {"authorization": f"Bearer {SECRET}"}


@pytest.fixture
async def admin(settings: Settings) -> AsyncIterator[tuple[Browser, Client]]:
    async with open_admin(settings) as opened:
        yield opened


async def switch(house: House, *, is_on: bool) -> None:
    await house.system.write((), lambda tx: operators.switch_secret(tx, is_on=is_on, actor="test", now=house.now()))


async def try_it(browser: Browser, secret: str = SECRET) -> httpx2.Response:
    await browser.get("/admin/sign-in")
    return await browser.post("/admin/sign-in/secret", {"secret": secret})


async def test_it_signs_in_as_an_admin(admin: tuple[Browser, Client], owner: asyncpg.Connection) -> None:
    browser, _ = admin
    await browser.get(PAGE)
    assert (await browser.post(PAGE, {"name": "New EMR"})).status_code == 303
    assert await owner.fetchval("select actor from audit where action = 'partner.created'") == "admin-secret"


@pytest.mark.parametrize("secret", ["", "wrong", SECRET[:-1], SECRET + "x", "ä"])
async def test_another_one_opens_nothing(admin: tuple[Browser, Client], secret: str) -> None:
    _, client = admin
    browser = another_browser(client)
    assert (await try_it(browser, secret)).status_code == 403
    assert (await browser.get(PAGE)).status_code == 303


async def test_without_a_secret_in_the_settings_nobody_has_it(settings: Settings) -> None:
    async with open_client(msgspec.structs.replace(settings, demo=False), None) as client:
        browser = another_browser(client)
        assert "Admin secret" not in (await browser.get("/admin/sign-in")).text
        assert (await try_it(browser, "")).status_code == 403
        assert (await browser.http.get(PAGE, headers={"authorization": "Bearer "})).status_code == 303


async def test_switched_off_it_is_refused_and_its_sessions_end(admin: tuple[Browser, Client]) -> None:
    browser, client = admin
    await make_operator(client.house)
    assert (await browser.get(PAGE)).status_code == 200
    await switch(client.house, is_on=False)
    assert (await browser.get(PAGE)).status_code == 303
    assert (await try_it(another_browser(client))).status_code == 403
    assert (await another_browser(client).http.get(PAGE, headers=BEARER)).status_code == 303
    await switch(client.house, is_on=True)
    assert (await browser.get(PAGE)).status_code == 303  # what has ended stays so
    assert (await try_it(another_browser(client))).status_code == 303


async def test_it_stays_on_while_nobody_else_could_open_the_pages(admin: tuple[Browser, Client]) -> None:
    browser, client = admin
    await make_operator(client.house, role="viewer")
    await make_operator(client.house, email="off@example.com")
    await client.house.system.write(
        (), lambda tx: operators.switch(tx, "off@example.com", is_on=False, actor="test", now=client.house.now())
    )
    with pytest.raises(Invalid, match="Nobody could open"):
        await switch(client.house, is_on=False)
    assert (await browser.get(PAGE)).status_code == 200


async def test_another_secret_ends_the_sessions_of_the_one_before(
    admin: tuple[Browser, Client], settings: Settings
) -> None:
    browser, _ = admin
    await browser.get(PAGE)
    cookie = {"cookie": f"admin_session={browser.http.cookies['admin_session']}"}
    changed = msgspec.structs.replace(settings, admin_secret="quite another admin secret, as long")
    async with open_client(msgspec.structs.replace(settings, admin_secret=SECRET), None) as same:
        assert (await same.http.get(PAGE, headers=cookie)).status_code == 200
    async with open_client(changed, None) as client:
        assert (await client.http.get(PAGE, headers=cookie)).status_code == 303


async def test_a_program_reads_and_posts_with_it_and_needs_no_form(
    admin: tuple[Browser, Client], owner: asyncpg.Connection
) -> None:
    http = another_browser(admin[1]).http
    assert "Glow EMR" in (await http.get(PAGE, headers=BEARER)).text
    answer = await http.post(PAGE, data={"name": "Scripted EMR"}, headers=BEARER)
    assert answer.status_code == 303, answer.text
    assert await owner.fetchval("select count(*) from partners where name = 'Scripted EMR'") == 1
    assert not http.cookies


async def test_a_wrong_bearer_is_not_helped_by_a_cookie(admin: tuple[Browser, Client]) -> None:
    browser, _ = admin
    answer = await browser.http.get(PAGE, headers={"authorization": "Bearer wrong"})
    assert answer.status_code == 303


async def test_guesses_are_limited_and_the_one_who_has_it_goes_on(admin: tuple[Browser, Client]) -> None:
    browser, client = admin
    guesser = another_browser(client)
    answers = [await try_it(guesser, "wrong") for _ in range(6)]
    assert answers[-1].status_code == 429 and int(answers[-1].headers["retry-after"]) > 0
    assert (await guesser.http.get(PAGE, headers={"authorization": "Bearer wrong"})).status_code == 429
    assert (await browser.get(PAGE)).status_code == 200
    assert (await guesser.http.get(PAGE, headers=BEARER)).status_code == 429  # none is looked at from there


async def test_sign_out_everywhere_ends_each_session_of_the_secret(admin: tuple[Browser, Client]) -> None:
    browser, client = admin
    other = another_browser(client)
    await sign_in(other, "/admin/sign-in", "/admin/sign-in/secret", {"secret": SECRET})
    await browser.get(PAGE)
    await browser.post("/admin/sign-out-everywhere")
    assert [(await one.get(PAGE)).status_code for one in (browser, other)] == [303, 303]
