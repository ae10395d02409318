"""/admin/keys: partners' keys as operators see them; made, shown once, limited, rotated, revoked."""

import csv
import io
import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import asyncpg
import httpx2
import pytest
from cast import Cast
from client import Client
from portals.signing import AS_VIEWER, Browser, open_admin

from openmedspa.partners import keys, queries
from openmedspa.portals.admin.keys import COLUMNS, latest
from openmedspa.settings import Settings

ONCE = re.compile(r'name="once" value="([^"]+)"')
SECRET = re.compile(r'<code class="secret"[^>]*>([^<]+)</code>')
FORM = {"name": "website", "scope.Exams": "on", "per_second": "100", "burst": "500", "ends": "", "where": "all"}


@pytest.fixture
async def admin(settings: Settings) -> AsyncIterator[tuple[Browser, Client]]:
    async with open_admin(settings) as opened:
        yield opened


@pytest.fixture
def browser(admin: tuple[Browser, Client]) -> Browser:
    return admin[0]


async def number_of(owner: asyncpg.Connection, raw: str) -> int:
    number: int = await owner.fetchval("select id from api_keys where key_sha256 = $1", keys.digest(raw))
    return number


async def opened(browser: Browser, partner: int = 1) -> dict[str, str]:
    """The form for a new key, as it stands on the page."""
    found = ONCE.search((await browser.get(f"/admin/keys?partner={partner}")).text)
    assert found
    return {**FORM, "partner": str(partner), "once": found[1]}


def shown(answer: httpx2.Response) -> str:
    """The key on the page that shows it."""
    assert answer.status_code == 200 and answer.headers["cache-control"] == "no-store", answer.text
    found = SECRET.search(answer.text)
    assert found
    return found[1]


async def test_the_table_is_the_documents(browser: Browser) -> None:
    text = (await browser.get("/admin/keys")).text
    assert [column.title for column in COLUMNS] == ["Name", "Partner", "PPass", "Scopes", "Last Used", "Status"]
    for word in ("Glow EMR", "GlowOffice", "Prospects", "Active", "Revoked", "Expired", "oms_test_Glo…"):
        assert word in text, word
    assert Cast.GLOW_KEY not in text


async def test_search_sort_and_csv_agree(browser: Browser) -> None:
    page, _, _ = (await browser.get("/admin/keys?search=rival&sort=-partner")).text.partition('id="new"')
    assert "Glow EMR" not in page and page.index("Rival Partner") < page.index("Rival EMR")
    answer = await browser.get("/admin/keys.csv?search=rival&sort=-partner")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["Partner"] for row in rows] == ["Rival Partner", "Rival EMR"]
    assert rows[0]["PPass"] == "RivalOffice" and rows[0]["Status"] == "Active"
    assert "keys.csv" in answer.headers["content-disposition"]


async def test_names_are_harmless_on_the_page_and_in_the_csv(browser: Browser, owner: asyncpg.Connection) -> None:
    await owner.execute("update api_keys set name = '<img src=x onerror=alert(1)>' where id = 1")
    await owner.execute("update partners set name = '=cmd()' where id = 1")
    for path in ("/admin/keys", "/admin/keys/1", "/admin/partners/1", "/admin/keys?partner=1"):
        assert "<img" not in (await browser.get(path)).text, path
    assert "'=cmd()" in (await browser.get("/admin/keys.csv")).text


async def test_a_key_is_shown_once_and_works(admin: tuple[Browser, Client], owner: asyncpg.Connection) -> None:
    browser, client = admin
    answer = await browser.post("/admin/keys", await opened(browser))
    raw = shown(answer)
    assert "shown this once" in answer.text
    assert (await client.with_key(raw).get(f"/emr/gfes/{Cast.GLOW}")).status == 200
    number = await number_of(owner, raw)
    for path in (f"/admin/keys/{number}", "/admin/keys", "/admin/keys.csv"):
        assert raw not in (await browser.get(path)).text, path
    actor = await owner.fetchval("select actor from audit where action = 'key.created'")
    assert actor == "admin-secret"


async def test_a_form_sent_again_makes_no_second_key(browser: Browser, owner: asyncpg.Connection) -> None:
    form = await opened(browser)
    raw = shown(await browser.post("/admin/keys", form))
    count = await owner.fetchval("select count(*) from api_keys")
    again = await browser.post("/admin/keys", form)
    assert again.status_code == 409 and "No second key was made" in again.text and raw not in again.text
    assert await owner.fetchval("select count(*) from api_keys") == count


async def test_a_key_can_be_narrow_and_end(admin: tuple[Browser, Client], owner: asyncpg.Connection) -> None:
    browser, client = admin
    form = await opened(browser) | {"where": "only", f"location.{Cast.GLOW}": "on", "ends": "30", "per_second": "0"}
    raw = shown(await browser.post("/admin/keys", form))
    assert (await client.with_key(raw).get(f"/emr/gfes/{Cast.GLOW}")).status == 200
    assert (await client.with_key(raw).get(f"/emr/gfes/{Cast.GLOW_SECOND}")).status == 403
    row = await owner.fetchrow("select * from api_keys where id = $1", await number_of(owner, raw))
    assert row is not None
    assert (row["location_ids"], row["per_second"], row["burst"]) == ([Cast.GLOW], 0, 500)
    assert timedelta(days=29) < row["expires_at"] - row["created_at"] < timedelta(days=31)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"name": "  "}, "A key needs a name"),
        ({"name": "x" * 201}, "A key needs a name"),
        ({"scope.Exams": None}, "at least one scope"),
        ({"scope.Everything": "on"}, "is no scope"),
        ({"where": "only"}, "Choose at least one location"),
        ({"where": "only", "location.loc_rival": "on"}, "is not granted to Glow EMR"),
        ({"where": "only", "location.loc_none": "on"}, "There is no location"),
        ({"per_second": "many"}, "must be a whole number"),
        ({"burst": "0"}, "0 calls at once"),
        ({"ends": "date", "day": "soon"}, "Say on which day"),
        ({"ends": "date", "day": "2020-01-01"}, "is past"),
        ({"once": ""}, "not complete"),
    ],
)
async def test_a_mistake_comes_back_with_what_was_typed(
    browser: Browser, owner: asyncpg.Connection, changes: dict[str, str | None], why: str
) -> None:
    count = await owner.fetchval("select count(*) from api_keys")
    form = {**await opened(browser), "name": "front desk", **changes}
    answer = await browser.post("/admin/keys", {name: value for name, value in form.items() if value is not None})
    assert answer.status_code in (400, 404, 409) and why in answer.text, answer.text
    assert await owner.fetchval("select count(*) from api_keys") == count
    if answer.status_code != 404 and "name" not in changes:
        assert 'value="front desk"' in answer.text
        found = ONCE.search(answer.text)
        assert found and found[1] != form["once"]  # mended, it is sent as a new form


async def test_rotating_shows_the_new_key_and_names_both(
    admin: tuple[Browser, Client], owner: asyncpg.Connection
) -> None:
    browser, client = admin
    old = await number_of(owner, Cast.GLOW_KEY)
    await browser.get(f"/admin/keys/{old}")
    answer = await browser.post(f"/admin/keys/{old}/rotate", {"overlap": "24"})
    raw = shown(answer)
    assert "X-Signature" in answer.text and "goes on until" in answer.text
    new = await number_of(owner, raw)
    for key in (raw, Cast.GLOW_KEY):
        assert (await client.with_key(key).get("/emr/treatments")).status == 200
    page = (await browser.get(f"/admin/keys/{old}")).text
    assert f'href="/admin/keys/{new}"' in page and "Replaced" in page
    assert f'href="/admin/keys/{old}"' in (await browser.get(f"/admin/keys/{new}")).text
    again = await browser.post(f"/admin/keys/{old}/rotate", {"overlap": "24"})
    assert again.status_code == 409 and f"replaced by key {new}" in again.text and raw not in again.text


async def test_revoking_ends_a_key(admin: tuple[Browser, Client], owner: asyncpg.Connection) -> None:
    browser, _ = admin
    number = await number_of(owner, Cast.GLOW_KEY)
    await browser.get(f"/admin/keys/{number}")
    answer = await browser.post(f"/admin/keys/{number}/revoke")
    assert answer.headers["location"] == f"/admin/keys/{number}?done=revoked"
    page = (await browser.get(answer.headers["location"])).text
    assert "refused from now on" in page and "Rotate" not in page
    assert await owner.fetchval("select revoked_at is not null from api_keys where id = $1", number)


async def test_limits_are_set_and_wrong_ones_come_back(browser: Browser, owner: asyncpg.Connection) -> None:
    await browser.get("/admin/keys/1")
    assert (await browser.post("/admin/keys/1/limit", {"per_second": "7", "burst": "9"})).status_code == 303
    answer = await browser.post("/admin/keys/1/limit", {"per_second": "7777777", "burst": "9"})
    assert answer.status_code == 400 and 'value="7777777"' in answer.text
    row = await owner.fetchrow("select per_second, burst from api_keys where id = 1")
    assert row is not None and tuple(row) == (7, 9)


@pytest.mark.parametrize("number", ["0", "999999", "9" * 30, "x", "-1", "１"])
async def test_a_key_that_there_is_not_has_no_page(browser: Browser, number: str) -> None:
    assert (await browser.get(f"/admin/keys/{number}")).status_code == 404
    await browser.get("/admin/keys")
    for door in ("rotate", "revoke", "limit"):
        form = {"overlap": "1", "per_second": "1", "burst": "1"}
        assert (await browser.post(f"/admin/keys/{number}/{door}", form)).status_code == 404, door


async def test_a_viewer_sees_keys_and_no_buttons(browser: Browser, owner: asyncpg.Connection) -> None:
    await owner.execute(AS_VIEWER)
    for path in ("/admin/keys", "/admin/keys/1", "/admin/keys?partner=1"):
        answer = await browser.get(path)
        assert answer.status_code == 200
        assert 'method="post"' not in answer.text.partition("<main")[2], path


async def test_the_dashboard_gets_the_newest_uses_first(
    admin: tuple[Browser, Client], owner: asyncpg.Connection
) -> None:
    house = admin[1].house
    await owner.execute("update api_keys set last_used_at = now() where id = 3")
    found = await latest(house.system, now=datetime.now().astimezone(), limit=4)
    assert len(found.rows) == 4 and found.rows[0]["id"] == 3
    last = (await queries.list_latest_keys(house.system, 100))[-2:]
    assert all(row["revoked_at"] or row["expires_at"] for row in last)  # what is over stands at the end
