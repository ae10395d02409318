"""/admin/partners: companies as operators see them; added, changed, granted to, switched off and on."""

import csv
import io
from collections.abc import AsyncIterator

import asyncpg
import pytest
from cast import Cast
from client import Client
from portals.signing import AS_VIEWER, Browser, open_admin

from openmedspa.portals.admin.partners import latest
from openmedspa.settings import Settings

ONE = "/admin/partners/1"  # Glow EMR


@pytest.fixture
async def admin(settings: Settings) -> AsyncIterator[tuple[Browser, Client]]:
    async with open_admin(settings) as opened:
        yield opened


@pytest.fixture
async def browser(admin: tuple[Browser, Client]) -> Browser:
    """With a page open, whose token its forms carry."""
    await admin[0].get("/admin/partners")
    return admin[0]


async def granted(owner: asyncpg.Connection, partner_id: int = 1) -> list[str]:
    rows = await owner.fetch("select location_id from grants where partner_id = $1 order by 1", partner_id)
    return [row["location_id"] for row in rows]


async def test_the_list_and_its_csv_agree(browser: Browser) -> None:
    page = (await browser.get("/admin/partners?search=glow&sort=-name")).text
    assert page.index("Glow Partner") < page.index("Glow EMR") and "Rival" not in page
    rows = list(csv.DictReader(io.StringIO((await browser.get("/admin/partners.csv?search=glow&sort=-name")).text)))
    assert [row["Name"] for row in rows] == ["Glow Partner", "Glow EMR"]
    assert rows[1] | {"PPass": "GlowOffice", "Live keys": "3", "Status": "Active"} == rows[1]


async def test_a_partner_is_added_and_reaches_nothing(browser: Browser, owner: asyncpg.Connection) -> None:
    answer = await browser.post("/admin/partners", {"name": " New EMR ", "contact_email": "robin@emr.example.com"})
    number = await owner.fetchval("select id from partners where name = 'New EMR'")
    assert answer.headers["location"] == f"/admin/partners/{number}?done=created"
    page = (await browser.get(answer.headers["location"])).text
    assert "Partner added" in page and "Nothing is granted yet" in page and "robin@emr.example.com" in page


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ({"name": ""}, "not of digits only"),
        ({"name": "123"}, "not of digits only"),
        ({"name": "glow emr"}, "There is a partner glow emr already"),
        ({"name": "New EMR", "contact_email": "robin"}, "is no e-mail address"),
    ],
)
async def test_a_mistake_comes_back(
    browser: Browser, owner: asyncpg.Connection, form: dict[str, str], why: str
) -> None:
    count = await owner.fetchval("select count(*) from partners")
    answer = await browser.post("/admin/partners", form)
    assert answer.status_code in (400, 409) and why in answer.text
    assert f'value="{form["name"]}"' in answer.text
    assert await owner.fetchval("select count(*) from partners") == count


async def test_name_and_contact_are_changed_and_written_down(browser: Browser, owner: asyncpg.Connection) -> None:
    form = {
        "name": "Glow Software",
        "contact_name": "Robin",
        "contact_email": "r@emr.example.com",
        "phone": "",
        "website": "",
    }
    assert (await browser.post(ONE, form)).status_code == 303
    row = await owner.fetchrow("select name, contact_name, contact_email, phone from partners where id = 1")
    assert row is not None and tuple(row) == ("Glow Software", "Robin", "r@emr.example.com", None)
    assert await owner.fetchval("select actor from audit where action = 'partner.changed'") == "admin-secret"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"name": "Rival EMR"}, "There is a partner of this name already"),
        ({"name": ""}, "must be a name"),
        ({"contact_email": "robin"}, "must be an e-mail address"),
        ({"phone": "1" * 201}, "is too long"),
    ],
)
async def test_a_change_that_is_wrong_changes_nothing(
    browser: Browser, owner: asyncpg.Connection, changes: dict[str, str], why: str
) -> None:
    answer = await browser.post(ONE, {"name": "Glow EMR", **changes})
    assert answer.status_code in (400, 409) and why in answer.text, answer.text
    assert await owner.fetchval("select name from partners where id = 1") == "Glow EMR"


async def test_grants_are_given_by_location_and_by_practice_and_withdrawn(
    browser: Browser, owner: asyncpg.Connection
) -> None:
    for place in (Cast.RIVAL, "GlowOffice"):
        assert (await browser.post(f"{ONE}/grant", {"place": place})).status_code == 303
    assert await granted(owner) == [Cast.GLOW, Cast.GLOW_SECOND, Cast.RIVAL]
    await browser.post(f"{ONE}/withdraw", {"place": "glowoffice"})
    await browser.post(f"{ONE}/withdraw", {"place": "no such place"})
    assert await granted(owner) == [Cast.RIVAL]
    await browser.post("/admin/partners/2/grant", {"place": "GlowOffice"})
    assert await granted(owner, 2) == [Cast.GLOW, Cast.GLOW_SECOND, Cast.RIVAL]


@pytest.mark.parametrize("place", ["", "loc_none", "Glow", "%"])
async def test_a_place_that_there_is_not_is_not_granted(browser: Browser, place: str) -> None:
    answer = await browser.post("/admin/partners/2/grant", {"place": place})
    assert answer.status_code == 400 and 'id="place-wrong"' in answer.text


async def test_switched_off_its_keys_are_refused_until_it_is_on(
    admin: tuple[Browser, Client], browser: Browser
) -> None:
    _, client = admin
    emr = client.with_key(Cast.GLOW_KEY)
    for to, wanted, word in (("off", 401, "Switched off"), ("on", 200, "Active")):
        await browser.post(f"{ONE}/switch", {"to": to})
        client.house.db.fresh.forget_all()  # within a second it would be; tests/partners/test_rotation.py waits
        assert (await emr.get("/emr/treatments")).status == wanted
        assert word in (await browser.get(ONE)).text


@pytest.mark.parametrize("number", ["0", "999999", "9" * 30, "x"])
async def test_a_partner_that_there_is_not_has_no_page(browser: Browser, number: str) -> None:
    for door in ("", "/grant", "/withdraw", "/switch"):
        assert (await browser.post(f"/admin/partners/{number}{door}", {"place": "x"})).status_code == 404, door
    assert (await browser.get(f"/admin/partners/{number}")).status_code == 404


async def test_a_viewer_sees_partners_and_no_buttons(browser: Browser, owner: asyncpg.Connection) -> None:
    await owner.execute(AS_VIEWER)
    for path in ("/admin/partners", ONE):
        assert 'method="post"' not in (await browser.get(path)).text.partition("<main")[2], path


async def test_names_are_harmless(browser: Browser, owner: asyncpg.Connection) -> None:
    await owner.execute(
        "update partners set name = '<img src=x onerror=alert(1)>', contact_name = '=cmd()' where id = 1"
    )
    for path in ("/admin/partners", ONE):
        assert "<img" not in (await browser.get(path)).text
    assert "'=cmd()" in (await browser.get("/admin/partners.csv")).text


async def test_the_dashboard_gets_the_newest_uses_first(
    admin: tuple[Browser, Client], owner: asyncpg.Connection
) -> None:
    await owner.execute("update api_keys set last_used_at = now() where partner_id = 2")
    found = await latest(admin[1].house.system, limit=3)
    assert len(found.rows) == 3 and found.rows[0]["name"] == "Rival EMR"
