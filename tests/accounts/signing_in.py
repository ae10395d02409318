"""Operators of tests: made with a known password, signed in with the code that is good at this moment."""

from datetime import datetime

import pyotp
from client import Client
from httpx2 import AsyncClient, Response
from portals.signing import Browser

from openmedspa.accounts import operators
from openmedspa.accounts.shapes import Role
from openmedspa.kit.house import House

EMAIL, PASSWORD = "olga@example.com", "four words in a row"


async def make_operator(house: House, *, email: str = EMAIL, role: Role = "admin") -> str:
    """The secret of the app."""
    _, totp = await house.system.write(
        (),
        lambda tx: operators.create(
            tx, house.vault, email, name="Olga", role=role, password=PASSWORD, actor="test", now=house.now()
        ),
    )
    return totp


def code(totp: str, *, steps: int = 0) -> str:
    """The code of now, or of so many steps later."""
    return pyotp.TOTP(totp).at(datetime.now().astimezone(), counter_offset=steps)


def another_browser(client: Client) -> Browser:
    """With no cookies, at the same server."""
    return Browser(AsyncClient(transport=client.http._transport, base_url=client.http.base_url))


async def try_to_sign_in(
    browser: Browser, totp: str, *, email: str = EMAIL, password: str = PASSWORD, next_: str = "", steps: int = 0
) -> Response:
    """The form of /admin/sign-in, filled in and sent."""
    await browser.get("/admin/sign-in")
    form = {"email": email, "password": password, "code": code(totp, steps=steps), "next": next_}
    return await browser.post("/admin/sign-in", form)


async def signed_in(client: Client, totp: str, *, email: str = EMAIL, steps: int = 0) -> Browser:
    """A browser of its own; a second one in the same half minute needs the code of the next step."""
    browser = another_browser(client)
    answer = await try_to_sign_in(browser, totp, email=email, steps=steps)
    assert answer.status_code == 303, answer.text
    return browser
