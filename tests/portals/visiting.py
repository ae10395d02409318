"""A patient with a link and a browser of their own, without a screen: keeps cookies, fills in forms, reads pages."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import canaries
import httpx2
from cast import in_person, make_visit
from client import Client

from openmedspa.exams.links import visit_link

ORIGIN = "http://test"
ANAS = {"month": "10", "day": "27", "year": "1990"}
WRONG = {"month": "10", "day": "26", "year": "1990"}
ANSWERS = {
    "pregnant-breastfeeding-ivf": "No",
    "medications": "yes",
    "medications-items": "Aspirin\n  Vitamin   D \n\n",
    "allergies": "no",
    "allergies-items": "",
    "medical-conditions": "no",
    "medical-conditions-items": "",
}
KEPT = [
    {"question": "pregnant-breastfeeding-ivf", "answer": "No"},
    {"question": "medications", "answer": {"selected": "yes", "items": ["Aspirin", "Vitamin D"]}},
    {"question": "allergies", "answer": {"selected": "no", "items": []}},
    {"question": "medical-conditions", "answer": {"selected": "no", "items": []}},
]


class Visitor:
    """`page` is what they look at now."""

    def __init__(self, http: httpx2.AsyncClient, address: str) -> None:
        self.http = http
        self.address = address
        self.page: httpx2.Response

    async def open(self, more: str = "", *, method: str = "GET") -> httpx2.Response:
        self.page = await self.http.request(method, self.address + more)
        return self.page

    async def send(
        self, to: str, form: dict[str, str], *, headers: dict[str, str] | None = None, csrf: str | None = None
    ) -> httpx2.Response:
        """Fill in the form of a page opened just now, as it stands there, and follow where it leads."""
        if csrf is None:
            csrf = self.csrf((await self.http.get(self.address)).text)
        sent = {"origin": ORIGIN} if headers is None else headers
        self.page = await self.http.post(f"{self.address}/{to}", data={"csrf": csrf, **form}, headers=sent)
        canaries.watch("Location", self.page.headers.get("location", ""))
        if self.page.status_code == 303:
            self.page = await self.http.get(self.page.headers["location"])
        return self.page

    async def confirm(self, born: dict[str, str] = ANAS, **more: str) -> httpx2.Response:
        return await self.send("confirm", {**born, **more})

    async def answer(self, **changes: str) -> httpx2.Response:
        return await self.send(
            "answers", {**ANSWERS, **{name.replace("_", "-"): text for name, text in changes.items()}}
        )

    @property
    def text(self) -> str:
        """The page as it is read: no tags, one space between words."""
        body = re.sub(r"<style.*?</style>", "", self.page.text, flags=re.DOTALL)
        return " ".join(unescape(re.sub(r"<[^>]*>", " ", body)).split())

    def value(self, name: str) -> str:
        """What stands in a text field or a list of the page."""
        found = re.search(
            rf'name="{name}"[^>]*value="([^"]*)"|name="{name}"[^>]*>\n?(.*?)</textarea>', self.page.text, re.DOTALL
        )
        assert found, f"no field {name}"
        return unescape(found[1] if found[1] is not None else found[2])

    def chosen(self, name: str) -> str:
        """Which choice is made."""
        found = re.findall(rf'name="{name}" value="([^"]*)" checked', self.page.text)
        return found[0] if found else ""

    @staticmethod
    def csrf(page: str) -> str:
        found = re.search(r'name="csrf" value="([^"]+)"', page)
        return found[1] if found else "none"


def address_of(emr: Client, gfe_id: str, generation: int = 1) -> str:
    return urlsplit(visit_link(emr.house, gfe_id, generation)).path


@asynccontextmanager
async def visiting(emr: Client, gfe_id: str, generation: int = 1) -> AsyncIterator[Visitor]:
    """Another browser each time, at the same server."""
    async with httpx2.AsyncClient(transport=emr.http._transport, base_url=ORIGIN) as http:
        yield Visitor(http, address_of(emr, gfe_id, generation))


async def make_in_person(emr: Client, **changes: Any) -> str:
    """A visit whose order told Ana's date of birth."""
    answer = await emr.post("/emr/in-person", in_person(**changes))
    assert answer.status == 201, answer.json
    gfe_id: str = answer.json["gfe_id"]
    return gfe_id


@asynccontextmanager
async def at_ease(emr: Client, **changes: Any) -> AsyncIterator[tuple[Visitor, str]]:
    """Ana, who has confirmed who she is, looking at her visit at home."""
    gfe_id = await make_visit(emr, **changes)
    async with visiting(emr, gfe_id) as ana:
        await ana.confirm()
        assert "Hello Ana" in ana.text
        yield ana, gfe_id
