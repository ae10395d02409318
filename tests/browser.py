"""A real browser, headless: Debian's Chromium or whatever Chrome the machine has. Speaks to loopback only."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import canaries
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ON_MACOS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
# No sandbox of its own where tests run as root; nothing that asks the network for anything by itself.
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip
sessions: dict[str, Any] = {}  # cookies, by the address they are for
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}


def find_chromium() -> str:
    """Where it is; `./dev test` installs one where it can."""
    asked = os.environ.get("CHROMIUM")
    found = [asked] if asked else [*map(shutil.which, NAMES), *(path for path in ON_MACOS if Path(path).exists())]
    for path in found:
        if path:
            return path
    raise AssertionError("No Chromium or Chrome found: apt install chromium, or set CHROMIUM to its path")


@asynccontextmanager
async def open_browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def open_page(*, width: int = PHONE["width"], dark: bool = False) -> AsyncIterator[Page]:
    """A page of that width; every request it makes is to the server it shows, or the test fails."""
    async with open_browser() as browser, open_tab(browser, width=width, dark=dark) as (page, _):
        yield page


@asynccontextmanager
async def open_tab(
    browser: Browser, *, width: int = PHONE["width"], dark: bool = False
) -> AsyncIterator[tuple[Page, list[str]]]:
    """A page with cookies of its own, and what its console complains of; an answer of 4xx is no complaint of ours."""
    height = PHONE["height"] if width == PHONE["width"] else DESKTOP["height"]
    context = await browser.new_context(
        viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
    )
    page = await context.new_page()
    foreign: list[str] = []
    complaints: list[str] = []
    page.on("framenavigated", lambda frame: canaries.watch("address or title", frame.url))
    page.on("request", lambda request: foreign.append(request.url) if not _is_ours(request.url) else None)
    page.on("console", lambda said: complaints.append(said.text) if _is_complaint(said) else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page, complaints
    await context.close()
    assert foreign == [], foreign


async def sign_in_admin(page: Page, url: str, secret: str) -> None:
    await _sign_in(page, f"{url}/admin", "Admin secret", secret, "Sign in with the secret")


async def sign_in_partner(page: Page, url: str, key: str) -> None:
    await _sign_in(page, f"{url}/partner", "API key", key, "Sign in")


async def _sign_in(page: Page, home: str, label: str, secret: str, button: str) -> None:
    """Once at a server; later tabs take the session along, since signing in is limited."""
    if home in sessions:
        await page.context.add_cookies(sessions[home])
        return
    await page.goto(f"{home}/sign-in")
    await page.get_by_label(label).fill(secret)
    await page.get_by_role("button", name=button).click()
    await page.wait_for_url(home)
    sessions[home] = [cookie for cookie in await page.context.cookies() if home.endswith(cookie["path"])]


def _is_complaint(said: ConsoleMessage) -> bool:
    return said.type in {"error", "warning", "assert"} and "status of 4" not in said.text


def _is_ours(url: str) -> bool:
    return url.startswith(("http://127.0.0.1:", "http://localhost:", "data:", "blob:", "about:"))
