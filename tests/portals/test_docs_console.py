"""The documentation in a real browser: the console sends a request, pages fit, the policy is never broken."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import DESKTOP, PHONE, open_page
from playwright.async_api import Page
from served import Served, serving

from openmedspa.portals.layout.colours import READABLE, contrast

PAGES = [
    "",
    "/guides/webhooks",
    "/reference",
    "/partner-reference",
    "/errors",
    "/errors/field_invalid",
    "/settings",
    "/commands",
    "/quickstart",
]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("docs")) as running:
        yield running


def listen(page: Page) -> list[str]:
    """What the browser complains about, the policy first of all."""
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return complaints


async def test_a_call_is_sent_with_the_key_that_was_given(served: Served) -> None:
    async with open_page(width=DESKTOP["width"]) as page:
        complaints = listen(page)
        await page.goto(f"{served.url}/docs/console")
        await page.get_by_role("button", name="Authorize").first.click()
        await page.locator(".auth-container input").fill(served.demo()["api_key"])
        await page.locator(".auth-container button[type=submit]").click()
        await page.get_by_role("button", name="Close").click()
        call = page.locator(".opblock", has=page.locator('[data-path="/emr/treatments"]')).first
        await call.locator(".opblock-summary-control").click()
        async with page.expect_response("**/emr/treatments*") as came:
            await call.get_by_role("button", name="Execute").click()
        assert (await came.value).status == 200
        await call.locator(".live-responses-table").get_by_text("Botox Injection").first.wait_for()
        assert complaints == []


async def test_an_open_call_fits_a_phone_and_is_readable_in_the_dark(served: Served) -> None:
    async with open_page(dark=True) as page:
        await page.goto(f"{served.url}/docs/console")
        call = page.locator(".opblock", has=page.locator('[data-path="/emr/visits/{gfe_id}"]')).first
        await call.locator(".opblock-summary-control").click()
        await call.locator(".responses-table").wait_for()
        assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert await page.get_by_text(served.demo()["api_key"]).is_visible()
        ink, ground = await call.locator("input[type=text]").first.evaluate(
            "input => [getComputedStyle(input).color, getComputedStyle(input).backgroundColor]"
        )
        assert contrast(_hex(ink), _hex(ground)) >= READABLE
        assert contrast("#ffffff", _hex(ground)) >= READABLE, "a light field on a dark page"


def _hex(colour: str) -> str:
    """rgb(22, 29, 27) as #161d1b."""
    return "#" + "".join(f"{int(part):02x}" for part in re.findall(r"\d+", colour)[:3])


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [PHONE["width"], DESKTOP["width"]])
async def test_pages_fit_their_window_and_break_no_policy(served: Served, width: int, dark: bool) -> None:
    async with open_page(width=width, dark=dark) as page:
        complaints = listen(page)
        for address in PAGES:
            await page.goto(f"{served.url}/docs{address}")
            assert await page.evaluate("document.documentElement.scrollWidth") <= width, address
            assert await page.locator("h1").count() == 1
        assert complaints == []


async def test_the_menu_folds_on_a_phone_and_stands_open_beside_the_text(served: Served) -> None:
    async with open_page() as page:
        await page.goto(f"{served.url}/docs")
        link = page.get_by_role("link", name="Statuses", exact=True)
        menu = page.locator("details.menu")
        assert not await menu.locator("a", has_text="Statuses").is_visible()
        await menu.locator("summary").click()
        await menu.locator("a", has_text="Statuses").click()
        assert await page.title() == "Statuses · OpenMedspa"
        await page.set_viewport_size({"width": DESKTOP["width"], "height": DESKTOP["height"]})
        assert await page.locator("nav.menu a", has_text="Statuses").get_attribute("aria-current") == "page"
        assert await link.first.is_visible()


async def test_a_refusals_link_explains_it(served: Served, tmp_path: Path) -> None:
    async with open_page() as page:
        answer = await page.request.get(f"{served.url}/emr/treatments")
        address = answer.headers["link"].split(">")[0].removeprefix("<")
        await page.goto(served.url + address)
        assert await page.locator("h1").inner_text() == "key_missing"
