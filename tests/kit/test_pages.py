"""What kit/pages does for every page: policy and headers, forms that are ours, refusals as pages, cookies."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import jinja2
import msgspec
import pytest
from client import Client
from msgspec import Struct

from openmedspa.kit.errors import NotFound
from openmedspa.kit.page_server import Pages
from openmedspa.kit.pages import Anybody, Page, Raw, Redirect, View, set_cookie

FORM = {"content-type": "application/x-www-form-urlencoded", "origin": "http://test"}
TEMPLATES = {
    "page.html": "<p>{{ word }}</p><i>{{ csrf }}</i><b>{{ nonce }}</b>",
    "trouble.html": "<h1>{{ refused.error }}</h1><p>{{ refused.detail }}</p>",
}


class Typed(Struct, frozen=True):
    word: str
    count: int = 0


async def show(_call: Any) -> View:
    return View("page.html", {"word": "<b>&"})


async def keep(call: Any) -> View | Redirect:
    if call.body.word == "again":
        return Redirect("/show", cookies=["a=1", "b=2"])
    return View("page.html", {"word": f"{call.body.word} {call.body.count}"}, status=201, headers={"X-More": "yes"})


async def fail(call: Any) -> View:
    if call.query.get("how") == "kindly":
        raise NotFound("Not here", "Look <there>")
    return View("page.html", {})  # a name that the template wants is missing


async def raw(_call: Any) -> Raw:
    return Raw(b"# text", "text/markdown", headers={"Cache-Control": "max-age=60"})


PAGES = [
    Page("GET", "/show", show, Anybody()),
    Page("POST", "/keep", keep, Anybody(), form=Typed),
    Page("GET", "/fail", fail, Anybody()),
    Page("GET", "/raw", raw, Anybody()),
    Page("GET", "/console", show, Anybody(), scripts=True),
]


class Ours(Anybody, frozen=True):
    is_form = True


@asynccontextmanager
async def opened(emr: Client, pages: list[Page] = PAGES) -> AsyncIterator[httpx2.AsyncClient]:
    environment = jinja2.Environment(
        loader=jinja2.DictLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined
    )
    app = Pages(pages, environment, trouble="trouble.html")
    app.house = emr.house
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://test") as http:
        yield http


async def test_a_page_is_escaped_and_has_a_policy_with_its_own_nonce(glow_emr: Client) -> None:
    async with opened(glow_emr) as http:
        pages = [await http.get("/show") for _ in range(2)]
    nonces = {page.text.partition("<b>")[2].removesuffix("</b>") for page in pages}
    assert len(nonces) == 2
    for page in pages:
        assert page.text.startswith("<p>&lt;b&gt;&amp;</p>")
        assert page.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self' 'nonce-")
        assert any(f"'nonce-{nonce}'" in page.headers["content-security-policy"] for nonce in nonces)
        assert page.headers["cache-control"] == "no-store"


async def test_only_a_page_that_asks_may_run_our_scripts(glow_emr: Client) -> None:
    async with opened(glow_emr) as http:
        assert "script-src" not in (await http.get("/show")).headers["content-security-policy"]
        assert (
            "script-src 'self'; connect-src 'self'" in (await http.get("/console")).headers["content-security-policy"]
        )


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/nowhere", 404, "Page not found"),
        ("/fail?how=kindly", 404, "Look &lt;there&gt;"),
        ("/fail", 500, "Internal server error"),
        ("/show?a=%00", 400, "U+0000"),
        ("/show?" + "a=1&" * 201, 400, "Too many fields"),
        ("/show?a=%ff%fe", 200, "&amp;"),
    ],
)
async def test_what_goes_wrong_is_a_page_with_the_same_policy(
    glow_emr: Client, path: str, status: int, words: str
) -> None:
    async with opened(glow_emr) as http:
        page = await http.get(path)
    assert page.status_code == status and words in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store" and page.headers["x-request-id"].startswith("req_")


async def test_another_method_is_told_which_there_are(glow_emr: Client) -> None:
    async with opened(glow_emr) as http:
        page = await http.delete("/show")
        assert (page.status_code, page.headers["allow"]) == (405, "GET")
        assert (await http.head("/show")).status_code == 200


async def test_a_form_is_shaped_and_a_mistake_names_its_field(glow_emr: Client) -> None:
    async with opened(glow_emr) as http:
        page = await http.post("/keep", content="word=%3Ci%3E&count=7&more=1", headers=FORM)
        assert (page.status_code, page.headers["x-more"]) == (201, "yes")
        assert page.text.startswith("<p>&lt;i&gt; 7</p>")
        for body, words in (("count=1", "word is required"), ("word=a&count=x", "count"), ("word=%00", "U+0000")):
            page = await http.post("/keep", content=body, headers=FORM)
            assert page.status_code == 400 and words in page.text


async def test_a_redirect_is_followed_by_get_and_may_set_cookies(glow_emr: Client) -> None:
    async with opened(glow_emr) as http:
        page = await http.post("/keep", content="word=again", headers=FORM)
    assert (page.status_code, page.headers["location"]) == (303, "/show")
    assert page.headers.get_list("set-cookie") == ["a=1", "b=2"]


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x", "text/plain", ""])
async def test_another_content_type_is_no_form(glow_emr: Client, kind: str) -> None:
    async with opened(glow_emr) as http:
        assert (await http.post("/keep", content="word=a", headers={"content-type": kind})).status_code == 415


async def test_a_form_beyond_its_bounds_is_refused(glow_emr: Client) -> None:
    async with opened(glow_emr) as http:
        assert (await http.post("/keep", content="word=" + "a" * 600_000, headers=FORM)).status_code == 413
        assert (await http.post("/keep", content="a=1&" * 201, headers=FORM)).status_code == 400


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "http://test"}, 201),
        ({"sec-fetch-site": "same-origin"}, 201),
        ({"origin": "null", "sec-fetch-site": "same-origin"}, 201),
        ({"origin": "http://test.example.com"}, 403),
        ({"origin": "http://test:81"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "https://evil.example.com", "sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "none"}, 403),
        ({}, 403),
    ],
)
async def test_our_forms_are_sent_from_our_pages(glow_emr: Client, headers: dict[str, str], status: int) -> None:
    pages = [msgspec.structs.replace(page, access=Ours()) for page in PAGES]
    async with opened(glow_emr, pages) as http:
        csrf = (await http.get("/show")).text.partition("<i>")[2].partition("</i>")[0]
        kind = {"content-type": FORM["content-type"]}
        sent = await http.post("/keep", content=f"word=a&csrf={csrf}", headers={**kind, **headers})
        assert sent.status_code == status
        sent = await http.post("/keep", content=f"word=a&csrf={csrf}x", headers={**kind, **headers})
        assert sent.status_code == 403


async def test_a_raw_body_says_itself_how_long_it_keeps(glow_emr: Client) -> None:
    async with opened(glow_emr) as http:
        page = await http.get("/raw")
    assert (page.text, page.headers["content-type"]) == ("# text", "text/markdown")
    assert page.headers["cache-control"] == "max-age=60"


async def test_a_cookie_is_secure_where_we_are(glow_emr: Client) -> None:
    for url, end in (("http://exams.example.com", "SameSite=Lax"), ("https://exams.example.com", "Secure")):
        house = msgspec.structs.replace(glow_emr.house, public_url=url)
        text = set_cookie(house, "name", "value", path="/x", max_age_seconds=60)
        assert text.startswith("name=value; Path=/x; Max-Age=60; HttpOnly; ") and text.endswith(end)
