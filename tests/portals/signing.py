"""Signed-in browsers: pages as operators and partners see them, and forms sent as a browser sends them."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import httpx2
import msgspec
from client import Client, open_client

from openmedspa.settings import Settings

SECRET = "an admin secret of tests, long enough"
ORIGIN = "http://exams.example.com"
# Whoever is signed in becomes a viewer.
AS_VIEWER = """
with viewer as (
  insert into operators (email, name, role, password_argon2, totp_sealed)
  values ('vera@example.com', 'Vera', 'viewer', '', '') returning id
)
update page_sessions set operator_id = viewer.id, secret_mark = null from viewer
"""


class Browser:
    """Keeps cookies, sends forms with the token of the page it last looked at, follows no redirect."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self.http = http
        self.csrf = ""

    async def get(self, path: str, **options: object) -> httpx2.Response:
        answer = await self.http.get(path, **options)  # type: ignore[arg-type]
        if found := re.search(r'name="csrf" value="([^"]+)"', answer.text):
            self.csrf = found[1]
        return answer

    async def post(
        self, path: str, form: Mapping[str, str] | None = None, *, csrf: str | None = None
    ) -> httpx2.Response:
        origin = str(self.http.base_url).rstrip("/")
        data = {**(form or {}), "csrf": self.csrf if csrf is None else csrf}
        return await self.http.post(path, data=data, headers={"origin": origin})


@asynccontextmanager
async def open_admin(settings: Settings) -> AsyncIterator[tuple[Browser, Client]]:
    """A browser signed in by the admin secret, and a client of the APIs at the same server."""
    settings = msgspec.structs.replace(settings, admin_secret=SECRET)
    async with open_client(settings, None) as client:
        browser = Browser(client.http)
        await sign_in(browser, "/admin/sign-in", "/admin/sign-in/secret", {"secret": SECRET})
        yield browser, client


async def as_partner(client: Client, key: str) -> Browser:
    """A browser of its own at the same server, signed in with this key."""
    http = httpx2.AsyncClient(transport=client.http._transport, base_url=client.http.base_url)
    browser = Browser(http)
    await sign_in(browser, "/partner/sign-in", "/partner/sign-in", {"key": key})
    return browser


async def sign_in(browser: Browser, page: str, path: str, form: Mapping[str, str]) -> None:
    await browser.get(page)
    answer = await browser.post(path, form)
    assert answer.status_code == 303, answer.text
