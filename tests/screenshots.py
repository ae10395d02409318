"""Pictures of the pages for the guides: `./dev screenshots` starts a demo, looks at it and writes docs/pictures/."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx2
from browser import DESKTOP, PHONE, open_browser, open_tab, sign_in_admin, sign_in_partner
from playwright.async_api import Browser, Page
from served import Served, free_port, serving

from openmedspa.demo.constants import ADMIN_SECRET

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
MOST_BYTES = 150_000  # everybody who clones us takes them along
DESK_HEIGHT = 720
PATIENT = {"first_name": "Ana", "last_name": "Lopez", "dob": "10/27/1990"}
Way = Callable[[Page, Served], Awaitable[object]]


def at(path: str) -> Way:
    return lambda page, demo: page.goto(demo.url + path)


async def open_request(page: Page, demo: Served) -> None:
    """One that is to be decided."""
    await page.goto(f"{demo.url}/admin/requests")
    await page.get_by_role("link", name="Decide").first.click()
    await page.wait_for_load_state()


async def make_key(page: Page, demo: Served) -> None:
    """The one page that shows a new key."""
    await page.goto(f"{demo.url}/admin/keys")
    await page.get_by_label("For which partner").select_option(index=0)
    await page.get_by_role("button", name="Go on").click()
    await page.get_by_label("Name").fill("website")
    await page.get_by_label("Exams", exact=False).first.check()
    await page.get_by_role("button", name="Make the key").click()
    await page.locator(".secret").wait_for()


async def open_visit(page: Page, demo: Served) -> None:
    order = {
        "patient_details": PATIENT,
        "location_id": demo.card["location_id"],
        "requested_treatments": ["Botox Injection", "Dermal Filler"],
        "intake_answers": [{"question": "allergies", "answer": {"selected": "yes", "items": ["Latex"]}}],
    }
    answer = httpx2.post(f"{demo.url}/emr/in-person", json=order, headers={"x-api-key": demo.card["api_key"]})
    await page.goto(answer.raise_for_status().json()["visit_link"])
    await page.get_by_label("Month").select_option("October")
    await page.get_by_label("Day").fill("27")
    await page.get_by_label("Year").fill("1990")
    await page.get_by_role("button", name="Continue").click()
    await page.get_by_role("heading", name="Hello Ana").wait_for()


# By the picture's name.
WAYS: dict[str, Way] = {
    "dashboard": at("/admin"),
    "activity": at("/admin/activity"),
    "keys": at("/admin/keys"),
    "key-once": make_key,
    "requests": at("/admin/requests"),
    "request": open_request,
    "deliveries": at("/admin/deliveries"),
    "partner": at("/partner"),
    "sign-in": at("/admin/sign-in"),
    "request-access": at("/request-access"),
    "patient": open_visit,
}
ALSO_DARK = {"dashboard"}


async def take_all(demo: Served) -> None:
    async with open_browser() as browser:
        for kind, width, height in (
            ("desktop", DESKTOP["width"], DESK_HEIGHT),
            ("phone", PHONE["width"], PHONE["height"]),
        ):
            for theme in ("", "-dark"):
                names = [name for name in WAYS if not theme or name in ALSO_DARK]
                await _take(browser, demo, names, suffix=f"{theme}-{kind}", width=width, height=height)


async def _take(browser: Browser, demo: Served, names: list[str], *, suffix: str, width: int, height: int) -> None:
    async with open_tab(browser, width=width, dark=suffix.startswith("-dark")) as (page, _):
        await page.set_viewport_size({"width": width, "height": height})
        await sign_in_admin(page, demo.url, ADMIN_SECRET)
        await sign_in_partner(page, demo.url, demo.card["api_key"])
        for name in names:
            await WAYS[name](page, demo)
            picture = PICTURES / f"{name}{suffix}.png"
            size = len(await page.screenshot(path=picture, animations="disabled"))
            assert size <= MOST_BYTES, f"{picture} has {size} bytes"
            print(picture.relative_to(PICTURES.parents[1]), size)


def fill(demo: Served) -> None:
    """One exam is done, and its webhook meets an endpoint that is away."""
    card = demo.card
    with httpx2.Client(base_url=demo.url, headers={"x-api-key": card["api_key"]}) as http:
        http.post("/emr/webhooks", json={"url": f"http://127.0.0.1:{free_port()}/hook"}).raise_for_status()
        http.post("/emr/subscriptions", json={"location_id": card["location_id"]}).raise_for_status()
        order = {"patient_details": PATIENT, "location_id": card["location_id"], "requested_treatments": ["Botox"]}
        gfe_id = http.post("/emr/in-person", json=order).raise_for_status().json()["gfe_id"]
        http.post(f"/emr/staging/visits/{gfe_id}/outcome", json={"approved": ["Botox Injection"]}).raise_for_status()


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="oms") as folder, serving(Path(folder)) as demo:
        demo.card = demo.demo()
        fill(demo)
        asyncio.run(take_all(demo))


if __name__ == "__main__":
    main()
