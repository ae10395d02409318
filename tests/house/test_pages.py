"""Every page says who may open it, and no template asks for what the policy forbids."""

import re
from pathlib import Path

import pytest
from client import Client

import openmedspa
from openmedspa.kit.pages import Anybody, Page
from openmedspa.partners.keys import Environment
from openmedspa.routes.pages import page_table

PORTALS = Path(openmedspa.__file__).parent / "portals"
TEMPLATES = sorted(PORTALS.rglob("*.html"))
ENVIRONMENTS: list[Environment] = ["production", "staging"]
FORBIDDEN = {
    "a script in the page": r"<script(?![^>]*\ssrc=\"/static/)",
    "a handler": r"\son[a-z]+\s*=",
    "a style on an element": r"\sstyle\s*=",
    "a style without its nonce": r"<style(?![^>]*nonce=\"\{\{ nonce \}\}\")",
    "a script as an address": r"javascript:",
    "something from elsewhere": r"(?:src|href|action)\s*=\s*\"?(?:https?:)?//(?!\{)",
    "text that is not escaped": r"\|\s*safe\b|autoescape\s+false",
}
# Guides are Markdown of our own, rendered by us; a letter in staging's outbox is shown as it was written.
MAY_BE_UNESCAPED = {"docs", "staging/letter.html"}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_page_is_complete_and_declared_once(environment: Environment) -> None:
    pages = page_table(environment)
    for page in pages:
        assert page.path.startswith("/"), page
        assert callable(page.access.admit) and isinstance(page.access.is_form, bool), page
        assert page.door.__doc__, page.door
    assert len({(page.method, page.path) for page in pages}) == len(pages)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_nobody_posts_to_a_page_without_proof(environment: Environment) -> None:
    """A form of ours carries its token; whatever else is posted has an entry of its own that checks it."""
    posted = [page for page in page_table(environment) if page.method != "GET"]
    assert posted
    assert [page.path for page in posted if isinstance(page.access, Anybody)] == []
    for page in posted:
        if page.path.startswith("/visit/"):
            assert page.access.is_form, page.path


def opened(page: Page) -> str:
    return re.sub(r"\{[^}]*\}", "x" * 24, page.path)


async def test_every_page_has_its_policy_whoever_asks(glow_emr: Client) -> None:
    for page in page_table("staging"):
        answer = await glow_emr.http.request(page.method, opened(page))
        assert answer.status_code < 500, page.path
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; ") and "unsafe" not in policy.partition("style-src")[0], page.path
        assert ("script-src 'self'" in policy) is (page.scripts and answer.status_code < 300), page.path
        assert answer.headers["x-frame-options"] == "DENY", page.path


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(PORTALS)))
def test_no_template_asks_for_what_the_policy_forbids(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    found = [what for what, pattern in FORBIDDEN.items() if re.search(pattern, text, re.IGNORECASE)]
    if {path.parent.name, str(path.relative_to(PORTALS))} & MAY_BE_UNESCAPED:
        found = [what for what in found if what not in ("text that is not escaped", "a style without its nonce")]
    assert found == []


def test_the_search_for_what_is_forbidden_finds_it() -> None:
    for text in (
        "<script>x</script>", '<a onclick="x">', '<p style="x">', "<style>", '<a href="javascript:x">',
        '<img src="//cdn.example.com/x">', '<img src="https://cdn.example.com/x">', "{{ x | safe }}",
    ):  # fmt: skip
        assert any(re.search(pattern, text, re.IGNORECASE) for pattern in FORBIDDEN.values()), text
    assert not re.search(FORBIDDEN["a script in the page"], '<script src="/static/x.js"></script>')
