"""Somebody who asks for access, as the pages and the mails have it: forms sent, links read, an operator's choice."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import httpx2
from cast import Cast
from msgspec.structs import replace as changed
from portals.signing import Browser

from openmedspa.kit.house import House
from openmedspa.notifications import outbox
from openmedspa.settings import Settings

OPERATOR = "ops@example.com"
OWNER = "odile@glow.example.com"
ASKED: dict[str, Any] = {
    "Company": "Quillhaven Bookings",
    "Practice": "Glow",
    "ContactName": "Robin Doe",
    "ContactEmail": "robin@quillhaven.example.com",
    "Scopes": ["Prospects", "KB"],
    "Purpose": "Our website books visits.",
}
APPROVAL = {
    "practice": "GlowOffice", f"location.{Cast.GLOW}": "on", "scope.Prospects": "on", "scope.KB": "on",
    "expires": "365", "partner": "new", "partner_name": "Quillhaven Bookings", "seen": "New",
}  # fmt: skip


def with_operator(settings: Settings) -> Settings:
    return changed(settings, operator_email=OPERATOR)


def form_of(**changes: Any) -> dict[str, str]:
    """As a browser sends the public form."""
    asked = {**ASKED, **changes}
    scopes = asked.pop("Scopes")
    return {**asked, **{f"Scopes.{scope}": "on" for scope in scopes}}


async def ask(browser: Browser, **changes: Any) -> httpx2.Response:
    await browser.get("/request-access")
    return await browser.post("/request-access", form_of(**changes))


async def shown(house: House, notice: str, address: str) -> outbox.Shown:
    """The newest message of this kind to this address, rendered as it is sent."""
    row = await house.system.unscoped_row(
        "select id from messages where notice = $1 and address = $2 order by id desc limit 1", notice, address
    )
    assert row is not None, f"no {notice} to {address}"
    number: int = row["id"]
    now: datetime = house.now()
    return await house.system.write((), lambda tx: outbox.show(tx, number, house=house, actor="test", now=now))


async def link_in(house: House, notice: str, address: str) -> str:
    """The path of the link that stands in both parts of the message."""
    message = await shown(house, notice, address)
    found = re.search(re.escape(house.public_url) + r"(/access/\S+)", message.text)
    assert found and found[1] in message.html
    return found[1]


async def told(house: House) -> list[tuple[str, str]]:
    """Every message so far: notice and address."""
    rows = await house.system.unscoped_rows("select notice, address from messages order by id")
    return [(row["notice"], row["address"]) for row in rows]


async def confirmed(browser: Browser, house: House, **changes: Any) -> int:
    """A request whose address is confirmed; its number."""
    answer = await ask(browser, **changes)
    assert answer.status_code == 303, answer.text
    path = await link_in(house, "access_confirm", changes.get("ContactEmail", ASKED["ContactEmail"]))
    await browser.get(path)
    assert (await browser.post(path)).status_code == 303
    return int(path.split("/")[2].split(".")[0])


async def approve(browser: Browser, number: int, form: Mapping[str, str] | None = None) -> httpx2.Response:
    await browser.get(f"/admin/requests/{number}")
    return await browser.post(f"/admin/requests/{number}/approve", APPROVAL if form is None else form)


async def name_owner(house: House, email: str | None = OWNER) -> None:
    await house.system.unscoped_row(
        "update practices set owner_name = 'Odile Glow', owner_email = $1 where ppass = 'GlowOffice'", email
    )


async def status(browser: Browser, number: int) -> str:
    """As the table has it."""
    sheet = (await browser.get("/admin/requests.csv")).text
    page = (await browser.get(f"/admin/requests/{number}")).text
    found = re.search(r'<h1>.*?</h1><span class="status [a-z]+">([^<]+)</span>', page)
    assert found and f",{found[1]}," in sheet
    return found[1]


async def answered(browser: Browser, path: str, **form: str) -> httpx2.Response:
    """The page's form sent, also when the page shows none any more: all visitors' forms carry the same token."""
    await browser.get("/request-access")
    return await browser.post(path, form)


async def deny(browser: Browser, number: int, reason: str, *, seen: str = "New") -> httpx2.Response:
    await browser.get(f"/admin/requests/{number}")
    return await browser.post(f"/admin/requests/{number}/deny", {"reason": reason, "seen": seen})


def key_in(page: str) -> str:
    found = re.search(r'<code class="secret">(oms_test_\w+)</code>', page)
    return found[1] if found else ""
