"""Forms of pages: sent by our own page, by the one who is signed in; and where one goes after signing in."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from cast import Cast
from client import Client
from portals.signing import SECRET, Browser, as_partner, open_admin

from openmedspa.portals.entries import next_page
from openmedspa.settings import Settings

from .signing_in import another_browser, make_operator, signed_in

PAGE = "/admin/partners"
SNEAKY = {"name": "Sneaky EMR"}


@pytest.fixture
async def admin(settings: Settings) -> AsyncIterator[tuple[Browser, Client]]:
    async with open_admin(settings) as opened:
        yield opened


async def made(owner: asyncpg.Connection) -> int:
    count: int = await owner.fetchval("select count(*) from partners where name = 'Sneaky EMR'")
    return count


@pytest.mark.parametrize("csrf", ["", "x" * 43, "ä"])
async def test_a_form_without_its_token_is_refused(
    admin: tuple[Browser, Client], owner: asyncpg.Connection, csrf: str
) -> None:
    browser, _ = admin
    await browser.get(PAGE)
    answer = await browser.post(PAGE, SNEAKY, csrf=csrf)
    assert answer.status_code == 403 and "no longer valid" in answer.text
    assert await made(owner) == 0
    assert (await browser.post(PAGE, SNEAKY)).status_code == 303
    assert await made(owner) == 1


async def test_another_sessions_token_is_refused(admin: tuple[Browser, Client], owner: asyncpg.Connection) -> None:
    browser, client = admin
    other = await signed_in(client, await make_operator(client.house))
    await other.get(PAGE)
    visitor = another_browser(client)
    await visitor.get("/admin/sign-in")
    for foreign in (other.csrf, visitor.csrf):
        assert (await browser.post(PAGE, SNEAKY, csrf=foreign)).status_code == 403
    assert await made(owner) == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://test.evil.example"},
        {"origin": "http://evil.example", "sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {},
    ],
)
async def test_a_form_from_elsewhere_is_refused(
    admin: tuple[Browser, Client], owner: asyncpg.Connection, headers: dict[str, str]
) -> None:
    browser, _ = admin
    await browser.get(PAGE)
    answer = await browser.http.post(PAGE, data={**SNEAKY, "csrf": browser.csrf}, headers=headers)
    assert answer.status_code == 403 and "another site" in answer.text
    assert await made(owner) == 0


async def test_a_sign_in_form_from_elsewhere_is_refused(admin: tuple[Browser, Client]) -> None:
    """Or somebody could be signed in as another without noticing."""
    visitor = another_browser(admin[1])
    await visitor.get("/admin/sign-in")
    form = {"secret": SECRET, "csrf": visitor.csrf}
    answer = await visitor.http.post("/admin/sign-in/secret", data=form, headers={"origin": "http://evil.example"})
    assert answer.status_code == 403 and "set-cookie" not in answer.headers


async def test_a_body_that_is_no_form_is_refused(admin: tuple[Browser, Client], owner: asyncpg.Connection) -> None:
    browser, _ = admin
    await browser.get(PAGE)
    answer = await browser.http.post(PAGE, json={**SNEAKY, "csrf": browser.csrf}, headers={"origin": "http://test"})
    assert answer.status_code == 415
    assert await made(owner) == 0


@pytest.mark.parametrize(
    ("asked", "goes"),
    [
        ("/admin/keys?search=x&page=2", "/admin/keys?search=x&page=2"),
        ("/admin?days=30", "/admin?days=30"),
        ("", "/admin"),
        ("/", "/admin"),
        ("/partner/keys", "/admin"),
        ("/adminevil", "/admin"),
        ("//evil.example/admin", "/admin"),
        ("https://evil.example/admin/", "/admin"),
        ("/admin\\@evil.example", "/admin"),
        ("/admin/\\evil.example", "/admin"),
        ("/admin/\r\nset-cookie: x=y", "/admin"),
        ("/admin/\u2028", "/admin"),
        ("javascript:alert(1)", "/admin"),
        ("https:", "/admin"),
        (" /admin/keys", "/admin"),
    ],
)
async def test_after_signing_in_one_stays_on_this_site(admin: tuple[Browser, Client], asked: str, goes: str) -> None:
    assert next_page("/admin", asked) == goes
    visitor = another_browser(admin[1])
    await visitor.get("/admin/sign-in")
    answer = await visitor.post("/admin/sign-in/secret", {"secret": SECRET, "next": asked})
    assert (answer.status_code, answer.headers["location"]) == (303, goes)


async def test_signing_in_leads_back_to_the_page_that_was_asked_for(admin: tuple[Browser, Client]) -> None:
    visitor = another_browser(admin[1])
    sent_to = (await visitor.get("/admin/keys?search=glow")).headers["location"]
    assert sent_to == "/admin/sign-in?next=/admin/keys%3Fsearch%3Dglow"
    assert 'name="next" value="/admin/keys?search=glow"' in (await visitor.get(sent_to)).text


async def test_a_part_of_a_page_that_needs_signing_in_takes_the_whole_page_there(
    admin: tuple[Browser, Client],
) -> None:
    answer = await another_browser(admin[1]).get(PAGE, headers={"hx-request": "true"})
    assert answer.headers["hx-redirect"] == "/admin/sign-in?next=/admin/partners"


async def test_operators_cookies_open_no_partners_page_and_the_other_way_round(
    admin: tuple[Browser, Client],
) -> None:
    browser, client = admin
    partner = await as_partner(client, Cast.PARTNER_KEY)
    ours, theirs = browser.http.cookies["admin_session"], partner.http.cookies["partner_session"]
    for path, name, value in (
        ("/partner/keys", "partner_session", ours), ("/partner/keys", "admin_session", ours),
        (PAGE, "admin_session", theirs), (PAGE, "partner_session", theirs),
    ):  # fmt: skip
        answer = await another_browser(client).get(path, headers={"cookie": f"{name}={value}"})
        assert answer.status_code == 303, (path, name)
    answer = await another_browser(client).get("/partner/keys", headers={"authorization": f"Bearer {SECRET}"})
    assert answer.status_code == 303
