"""/admin/requests: the document's seven columns, the page that decides, and what two operators do at once."""

import asyncio
import csv
import io

import asyncpg
import pytest
from cast import Cast
from msgspec.structs import replace as changed
from partners.asking_access import APPROVAL, ASKED, OWNER, approve, ask, confirmed, deny, name_owner, status, told
from portals.signing import open_admin

from openmedspa.portals.admin import requests
from openmedspa.portals.layout.listing import BOM
from openmedspa.settings import Settings

TITLES = ["Time", "Company", "Practice", "Contact", "Requested Scopes", "Status", "Action"]
GLOBAL = {name: value for name, value in APPROVAL.items() if name != "scope.Prospects"}


async def test_the_table_has_the_documents_columns_also_as_csv(settings: Settings) -> None:
    async with open_admin(settings) as (browser, client):
        await confirmed(browser, client.house)
        await ask(browser, Company="Later & Co", ContactEmail="later@example.com")
        assert [column.title for column in requests.COLUMNS] == TITLES
        page = (await browser.get("/admin/requests")).text
        assert page.index("Later &amp; Co") < page.index("Quillhaven Bookings")
        assert "Decide" in page and "Look" in page and "Unconfirmed" in page
        taken = (await browser.get("/admin/requests.csv?search=quillhaven")).text
        assert taken.startswith(BOM)  # so that Excel reads UTF-8
        rows = list(csv.DictReader(io.StringIO(taken.removeprefix(BOM))))
        assert [list(row) for row in rows] == [TITLES]
        assert (rows[0]["Status"], rows[0]["Requested Scopes"], rows[0]["Action"]) == ("New", "Prospects KB", "Decide")
        assert rows[0]["Contact"] == f"Robin Doe <{ASKED['ContactEmail']}>"
        found = (await browser.get("/admin/requests?search=later&sort=-company")).text
        assert "Later &amp; Co" in found and "Quillhaven" not in found
        newest = await requests.latest(client.house.system, now=client.house.now(), limit=1)
        assert [row["company"] for row in newest.rows] == ["Later & Co"]


async def test_hostile_names_are_words_in_page_and_csv(settings: Settings) -> None:
    async with open_admin(settings) as (browser, client):
        hostile = "<img src=x onerror=alert(1)>"
        number = await confirmed(
            browser, client.house, Company="=cmd()", Practice=hostile, ContactName=hostile, Purpose=hostile
        )
        for path in ("/admin/requests", f"/admin/requests/{number}"):
            page = (await browser.get(path)).text
            assert "<img" not in page and "&lt;img src=x onerror" in page
        (row,) = csv.DictReader(io.StringIO((await browser.get("/admin/requests.csv")).text))
        assert row["Company"] == "'=cmd()"


async def test_without_an_owners_address_the_operator_is_told_and_may_set_it_there(
    settings: Settings, owner: asyncpg.Connection
) -> None:
    async with open_admin(settings) as (browser, client):
        number = await confirmed(browser, client.house)
        refused = await approve(browser, number)
        assert refused.status_code == 400 and "GlowOffice has no owner’s address yet" in refused.text
        assert 'href="#owner_email"' in refused.text and await status(browser, number) == "New"
        for email in ("nobody", "a@b", "x@example.com\nBcc: y@example.com"):
            assert (await approve(browser, number, {**APPROVAL, "owner_email": email})).status_code == 400
        named = {**APPROVAL, "owner_name": "Odile Glow", "owner_email": OWNER}
        assert (await approve(browser, number, named)).status_code == 303
        assert await status(browser, number) == "Waits for the owner"
        kept = await owner.fetchrow("select owner_name, owner_email from practices where ppass = 'GlowOffice'")
        assert kept is not None and tuple(kept) == ("Odile Glow", OWNER)
        assert await owner.fetchval("select count(*) from audit where action = 'practice.owner_set'") == 1


async def test_an_owner_who_is_known_is_not_replaced_by_the_form(settings: Settings) -> None:
    async with open_admin(settings) as (browser, client):
        await name_owner(client.house)
        number = await confirmed(browser, client.house)
        await approve(browser, number, {**APPROVAL, "owner_email": "evil@example.com"})
        assert ("access_owner", OWNER) in await told(client.house)
        assert "evil@example.com" not in str(await told(client.house))
        kept = await client.house.system.unscoped_rows("select owner_email from practices where ppass = 'GlowOffice'")
        assert [row["owner_email"] for row in kept] == [OWNER]


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("practice", {"practice": "NowhereOffice"}),
        ("location", {f"location.{Cast.GLOW}": None}),
        ("location", {f"location.{Cast.RIVAL}": "on"}),
        ("scope", {"scope.KB": None}),
        ("scope", {"scope.Patients": "on"}),
        ("partner", {"partner": "999"}),
        ("partner", {"partner": "x"}),
        ("partner_name", {"partner_name": "glow emr"}),
        ("partner_name", {"partner_name": " "}),
        ("expires", {"expires": "36500"}),
    ],
)
async def test_an_approval_that_does_not_fit_changes_nothing(
    settings: Settings, field: str, change: dict[str, str | None]
) -> None:
    async with open_admin(settings) as (browser, client):
        number = await confirmed(browser, client.house)
        form = {name: value for name, value in {**GLOBAL, **change}.items() if value is not None}
        answer = await approve(browser, number, form)
        assert answer.status_code == 400 and f'href="#{field}"' in answer.text
        assert await status(browser, number) == "New"
        assert len(await told(client.house)) == 1


async def test_what_is_seen_is_what_is_approved(settings: Settings) -> None:
    async with open_admin(settings) as (browser, client):
        number = await confirmed(browser, client.house, Practice="GlowOffice")
        path = f"/admin/requests/{number}"
        meant = (await browser.get(path)).text
        assert 'name="practice" value="GlowOffice"' in meant and '<select id="practice"' not in meant
        anew = (await browser.get(f"{path}?practice=")).text
        assert f'href="{path}?practice="' in meant and '<select id="practice"' in anew and "/approve" not in anew
        other = (await browser.get(f"{path}?practice=RivalOffice")).text
        assert 'name="practice" value="RivalOffice"' in other and "(RivalOffice)" in other
        assert f"location.{Cast.RIVAL}" in other and f"location.{Cast.GLOW}" not in other
        answer = await approve(browser, number, {**GLOBAL, "practice": ""})
        assert answer.status_code == 400 and '<select id="practice"' in answer.text


async def test_a_denial_needs_a_reason(settings: Settings) -> None:
    async with open_admin(settings) as (browser, client):
        number = await confirmed(browser, client.house)
        for reason in ("", "  ", "x" * 1001):
            assert (await deny(browser, number, reason)).status_code == 400
        assert (await deny(browser, number, "No.")).status_code == 303
        assert await status(browser, number) == "Denied"
        assert (await told(client.house))[-1] == ("access_denied", ASKED["ContactEmail"])


async def test_what_is_decided_stays_decided(settings: Settings) -> None:
    async with open_admin(settings) as (browser, client):
        number = await confirmed(browser, client.house)
        await deny(browser, number, "No.")
        before = await told(client.house)
        for path, form in (("deny", {"reason": "No.", "seen": "New"}), ("approve", GLOBAL)):
            answer = await browser.post(f"/admin/requests/{number}/{path}", form)
            assert answer.status_code == 409 and "stands at “Denied” by now" in answer.text
        answer = await browser.post(f"/admin/requests/{number}/approve", {**GLOBAL, "seen": "Denied"})
        assert answer.status_code == 409
        assert await told(client.house) == before and await status(browser, number) == "Denied"


async def test_of_two_operators_at_once_one_decides(settings: Settings) -> None:
    async with open_admin(settings) as (browser, client):
        number = await confirmed(browser, client.house)
        await browser.get(f"/admin/requests/{number}")
        answers = await asyncio.gather(
            browser.post(f"/admin/requests/{number}/approve", GLOBAL),
            browser.post(f"/admin/requests/{number}/deny", {"reason": "No.", "seen": "New"}),
            browser.post(f"/admin/requests/{number}/approve", GLOBAL),
        )
        assert sorted(answer.status_code for answer in answers) == [303, 409, 409]
        assert len(await told(client.house)) == 2


async def test_an_unconfirmed_request_cannot_be_decided(settings: Settings) -> None:
    async with open_admin(settings) as (browser, client):
        await ask(browser)
        number = (await client.house.system.unscoped_rows("select id from access_requests"))[0]["id"]
        page = (await browser.get(f"/admin/requests/{number}")).text
        assert "Unconfirmed" in page and "/approve" not in page and "/deny" not in page
        for path, form in (
            ("approve", {**GLOBAL, "seen": "Unconfirmed"}),
            ("deny", {"reason": "x", "seen": "Unconfirmed"}),
        ):
            assert (await browser.post(f"/admin/requests/{number}/{path}", form)).status_code == 409


async def test_what_is_not_there_is_not_found(settings: Settings) -> None:
    async with open_admin(changed(settings, operator_email="")) as (browser, _):
        for number in ("0", "999", "x", "9" * 40, "-1", "٣"):
            answer = await browser.get(f"/admin/requests/{number}")
            assert answer.status_code == 404 and 'href="/admin/requests">Go back to' in answer.text


@pytest.mark.parametrize(
    ("path", "back"),
    [
        ("/admin/keys/9999", "API keys"),
        ("/admin/keys/x", "API keys"),
        ("/admin/partners/9999", "Partners"),
        ("/admin/deliveries/evt_0", "Webhooks"),
        ("/admin/activity/req_0", "Activity"),
        ("/admin/nowhere", "the overview"),
        ("/partner/nowhere", "the overview"),
    ],
)
async def test_what_is_not_there_leads_back_and_names_no_command(settings: Settings, path: str, back: str) -> None:
    async with open_admin(settings) as (browser, _):
        answer = await browser.get(path)
        assert answer.status_code == 404 and f"Go back to {back}</a>" in answer.text
        assert "openmedspa " not in answer.text
