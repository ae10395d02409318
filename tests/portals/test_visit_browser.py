"""The patient's page in a real Chromium: on a phone, by night, at a desk. Without a script, as it is served."""

import json
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from browser import DESKTOP, PHONE, open_page
from playwright.async_api import Page, expect
from served import Served, serving

TOO_SMALL = """() => [...document.querySelectorAll('main a, button, select, input:not([type=hidden]), textarea')]
  .map(element => element.closest('label') || element)
  .filter(element => getComputedStyle(element).display !== 'inline')
  .map(element => [element.outerHTML.slice(0, 80), element.getBoundingClientRect()])
  .filter(([_, box]) => box.height > 0 && (box.height < 44 || box.width < 44)).map(([html]) => html)"""
OVERFLOW = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
PATIENT = {"first_name": "Ana", "last_name": "Lopez", "dob": "10/27/1990"}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("demo")) as served:
        served.card = served.demo()
        yield served


def order(demo: Served) -> str:
    """A visit in person; the link that the desk shows."""
    body: dict[str, Any] = {
        "patient_details": PATIENT,
        "location_id": demo.card["location_id"],
        "requested_treatments": ["Botox Injection", "Dermal Filler"],
        "intake_answers": [{"question": "allergies", "answer": {"selected": "yes", "items": ["Nickel"]}}],
    }
    request = urllib.request.Request(
        f"{demo.url}/emr/in-person",
        data=json.dumps(body).encode(),
        headers={"x-api-key": demo.card["api_key"], "content-type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        link: str = json.load(answer)["visit_link"]
        return link


@asynccontextmanager
async def looking(width: int, *, dark: bool = False) -> AsyncIterator[tuple[Page, list[str]]]:
    """A page, and what its console complains of; an answer of 4xx is no complaint of ours."""
    async with open_page(width=width, dark=dark) as page:
        complaints: list[str] = []
        page.on("console", lambda said: complaints.append(said.text) if "status of 4" not in said.text else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page, complaints


async def confirm(page: Page, day: str) -> None:
    await page.get_by_label("Month").select_option("October")
    await page.get_by_label("Day").fill(day)
    await page.get_by_label("Year").fill("1990")
    await page.get_by_role("button", name="Continue").click()


async def require_usable(page: Page) -> None:
    assert await page.evaluate(TOO_SMALL) == []
    assert not await page.evaluate(OVERFLOW)


@pytest.mark.parametrize(
    ("width", "dark"), [(PHONE["width"], False), (PHONE["width"], True), (DESKTOP["width"], True)], ids=str
)
async def test_a_patient_opens_corrects_and_saves(demo: Served, width: int, dark: bool) -> None:
    async with looking(width, dark=dark) as (page, complaints):
        await page.goto(order(demo))
        await require_usable(page)
        await confirm(page, "26")
        await expect(page.get_by_role("alert")).to_contain_text("This is not the date of birth we have")
        await expect(page.get_by_role("alert")).to_be_focused()
        await expect(page.get_by_label("Day")).to_have_value("26")
        await confirm(page, "27")
        await expect(page.get_by_role("heading", name="Hello Ana")).to_be_visible()
        await require_usable(page)

        await page.get_by_role("group", name="medicines").get_by_label("Yes", exact=True).check()
        await page.get_by_role("button", name="Save my answers").click()
        await expect(page.get_by_role("alert")).to_contain_text("please check one answer")
        await expect(page.get_by_role("alert")).to_be_focused()
        await require_usable(page)
        for question in ("pregnant", "medicines", "medical conditions"):
            await page.get_by_role("group", name=question).get_by_label("No", exact=True).check()
        await page.locator("#allergies-items").fill("Nickel\nPenicillin")
        await page.get_by_role("button", name="Save my answers").click()
        await expect(page.get_by_role("status")).to_contain_text("Saved.")
        await expect(page.locator("#allergies-items")).to_have_value("Nickel\nPenicillin")
        assert await page.title() == "Marrowby Skin & Laser: your exam"
        assert complaints == []


async def test_an_empty_list_waits_out_of_sight_until_there_is_a_yes(demo: Served) -> None:
    async with looking(PHONE["width"]) as (page, _):
        await page.goto(order(demo))
        await confirm(page, "27")
        medicines = page.get_by_role("group", name="medicines")
        await expect(medicines.locator("textarea")).to_be_hidden()
        await medicines.get_by_label("Yes").check()
        await expect(medicines.locator("textarea")).to_be_visible()
        allergies = page.get_by_role("group", name="allergies")
        await allergies.get_by_label("No").check()
        await expect(allergies.locator("textarea")).to_be_visible()  # it says Nickel: that must not be saved unseen


async def test_a_form_on_another_site_cannot_send_ours(demo: Served, tmp_path: Path) -> None:
    """The browser says where the form stood; `localhost` is another site than 127.0.0.1."""
    async with looking(PHONE["width"]) as (page, _):
        link = order(demo)
        await page.goto(link)
        csrf = await page.locator("[name=csrf]").first.get_attribute("value")
        await page.route(
            "http://localhost:*/evil",
            lambda route: route.fulfill(
                content_type="text/html",
                body=f"""<form method=post action="{link}/confirm"><input name=csrf value="{csrf}"><input name=month
                value=10><input name=day value=27><input name=year value=1990><button>Win</button></form>""",
            ),
        )
        await page.goto(f"http://localhost:{demo.port}/evil")
        await page.get_by_role("button").click()
        await expect(page.get_by_role("heading")).to_have_text("This form came from another site")
