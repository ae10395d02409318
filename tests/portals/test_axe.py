"""Every kind of page at 390 and 1280 px, by day and by night: axe finds nothing, nothing overflows or complains."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from axe_look import COLOURS, findings
from browser import DESKTOP, PHONE, open_browser, open_tab, sign_in_admin, sign_in_partner
from cast import ANA
from playwright.async_api import Browser, Page, expect
from served import Served, free_port, serving

from openmedspa.demo.constants import ADMIN_SECRET

IN_FLIGHT = 3  # tabs at once
FOR_ALL = [
    "/admin/sign-in", "/partner/sign-in", "/request-access", "/staging/look", "/staging/outbox", "/docs",
    "/docs/guides/webhooks", "/docs/nothing",
]  # fmt: skip
SECTIONS = ["activity", "partners", "keys", "requests", "deliveries", "messages"]
ADMIN = ["/admin", *(f"/admin/{name}" for name in SECTIONS)]
PARTNER = ["/partner", *(f"/partner/{name}" for name in ("activity", "keys", "deliveries"))]
# Lists whose rows have pages.
ROWS = [*ADMIN[1:-1], "/partner/activity", "/partner/deliveries"]
SPOIL = """
document.querySelector('main').innerHTML = '<img src="data:,"><p class=x>pale</p><div class=y>wide</div>';
Object.assign(document.querySelector('.x').style, {color: '#bbb', background: '#fff'});
document.querySelector('.y').style.width = '3000px';
"""
REFUSED = ["/admin/deliveries/evt_0", "/admin/keys/0"]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A demo with one more exam, done, whose webhook nobody takes."""
    with serving(tmp_path_factory.mktemp("demo")) as served:
        served.card = served.demo()
        send(served, "/emr/webhooks", {"url": f"http://127.0.0.1:{free_port()}/hook"})
        send(served, "/emr/subscriptions", {"location_id": served.card["location_id"]})
        order = {
            "patient_details": ANA,
            "location_id": served.card["location_id"],
            "appointment_time": 1900000000,
            "requested_treatments": ["Botox Injection"],
        }
        gfe_id = send(served, "/emr/appointments", order)["gfe_id"]
        send(served, f"/emr/staging/visits/{gfe_id}/outcome", {"approved": ["Botox Injection"]})
        yield served


def send(demo: Served, path: str, body: dict[str, object]) -> dict[str, str]:
    answer = httpx2.post(demo.url + path, json=body, headers={"x-api-key": demo.card["api_key"]})
    assert answer.is_success, answer.text
    told: dict[str, str] = answer.json()
    return told


def order_in_person(demo: Served) -> str:
    """The link that the desk shows the patient."""
    return send(
        demo, "/emr/in-person",
        {
            "patient_details": {"first_name": "Ana", "last_name": "Lopez", "dob": "10/27/1990"},
            "location_id": demo.card["location_id"],
            "requested_treatments": ["Botox Injection"],
        },
    )["visit_link"]  # fmt: skip


async def look(page: Page) -> list[str]:
    """What is wrong with it at either width, by day and by night. What night changes is colours."""
    wrong = []
    for size in (PHONE, DESKTOP):
        await page.set_viewport_size({"width": size["width"], "height": size["height"]})
        for theme, rules in (("light", None), ("dark", COLOURS)):
            await page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
            wrong += [f"{size['width']} {theme} {one}" for one in await findings(page, rules=rules)]
    return wrong


async def look_at(page: Page, demo: Served, path: str) -> list[str]:
    """At that page; with /… behind it, at the page of a list's first row."""
    answer = await page.goto(demo.url + path.removesuffix("/…"))
    if path.endswith("/…"):
        row = page.locator(f'main a[href^="{path.removesuffix("…")}"]').first
        if not await row.count():
            return ["no row in this list"]
        answer = await page.goto(demo.url + str(await row.get_attribute("href")))
    assert answer is not None
    return await look(page) if answer.status < 500 else [f"answers {answer.status}"]


@asynccontextmanager
async def signed_in(browser: Browser, demo: Served) -> AsyncIterator[tuple[Page, list[str]]]:
    """As the operator and as a partner: their cookies have paths of their own."""
    async with open_tab(browser, width=DESKTOP["width"]) as (page, complaints):
        await sign_in_admin(page, demo.url, ADMIN_SECRET)
        await sign_in_partner(page, demo.url, demo.card["api_key"])
        yield page, complaints


async def test_no_page_shuts_anybody_out_or_looks_broken(demo: Served) -> None:
    wrong: dict[str, list[str]] = {}
    async with open_browser() as browser:

        async def walk(paths: Iterator[str]) -> None:
            """One tab takes the next path until none is left."""
            async with signed_in(browser, demo) as (page, complaints):
                for path in paths:
                    found = await look_at(page, demo, path)
                    wrong.setdefault(path, []).extend(found + complaints)
                    complaints.clear()

        paths = iter([*FOR_ALL, *ADMIN, *PARTNER, *(f"{page}/…" for page in ROWS), *REFUSED])
        await asyncio.gather(*(walk(paths) for _ in range(IN_FLIGHT)))
    assert {path: found for path, found in wrong.items() if found} == {}
    assert len(wrong) == len({*FOR_ALL, *ADMIN, *PARTNER, *REFUSED}) + len(ROWS)


async def test_the_patients_pages_shut_nobody_out(demo: Served) -> None:
    async with open_browser() as browser, open_tab(browser) as (page, complaints):
        await page.goto(order_in_person(demo))
        assert await look(page) == []
        await page.get_by_label("Month").select_option("October")
        await page.get_by_label("Day").fill("27")
        await page.get_by_label("Year").fill("1990")
        await page.get_by_role("button", name="Continue").click()
        await expect(page.get_by_role("heading", name="Hello Ana")).to_be_visible()
        assert await look(page) == []
        await page.get_by_role("button", name="Save my answers").click()
        await expect(page.get_by_role("status").or_(page.get_by_role("alert"))).to_be_visible()
        assert await look(page) == []
        assert complaints == []


async def test_axe_finds_what_is_wrong(demo: Served) -> None:
    """The same look at a page that was spoiled on purpose."""
    async with open_browser() as browser, open_tab(browser) as (page, _):
        await page.goto(f"{demo.url}/docs")
        await page.evaluate(SPOIL)
        found = " ".join(await look(page))
        assert "image-alt" in found and "light color-contrast" in found and "overflow" in found


async def test_a_dialog_opens_and_closes_by_keyboard(demo: Served) -> None:
    async with open_browser() as browser, signed_in(browser, demo) as (page, complaints):
        await page.goto(f"{demo.url}/admin/deliveries")
        await page.locator("tbody a").first.click()
        button = page.get_by_role("button", name="Send again …").first
        await button.focus()
        await page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog")
        await expect(dialog).to_be_visible()
        await expect(dialog.get_by_role("button", name="Send again")).to_be_focused()
        assert await findings(page) == []
        await page.keyboard.press("Escape")
        await expect(dialog).to_be_hidden()
        await expect(button).to_be_focused()
        assert complaints == []


@pytest.mark.parametrize(("button", "role", "lands"), [("Revoke …", "button", "Cancel"), ("Rotate …", "combobox", "")])
async def test_the_keyboard_lands_where_it_does_no_harm(demo: Served, button: str, role: Any, lands: str) -> None:
    async with open_browser() as browser, signed_in(browser, demo) as (page, complaints):
        await page.goto(f"{demo.url}/admin/keys/1")
        opener = page.get_by_role("button", name=button)
        for close in ("Escape", "Enter"):
            await opener.press("Enter")
            landed = page.get_by_role("dialog").get_by_role(role, name=lands)
            await expect(landed).to_be_focused()
            cancel = page.get_by_role("dialog").get_by_role("button", name="Cancel")
            await (page.keyboard.press(close) if close == "Escape" else cancel.press(close))
            await expect(page.get_by_role("dialog")).to_be_hidden()
            await expect(opener).to_be_focused()
        assert complaints == []


async def test_a_key_form_asks_only_what_was_chosen(demo: Served) -> None:
    async with open_browser() as browser, signed_in(browser, demo) as (page, complaints):
        await page.goto(f"{demo.url}/admin/keys?partner=1")
        for choice, label, asked in (("Ends", "date", "On the day"), ("Reaches", "only", "Locations")):
            field = page.get_by_label(asked).or_(page.get_by_role("group", name=asked)).first
            await expect(field).to_be_hidden()
            await page.get_by_label(choice, exact=True).select_option(label)
            await expect(field).to_be_visible()
        assert await look(page) == [] and complaints == []
