"""The served documentation: every page opens, every link leads somewhere, what is made of the code is complete."""

import re
import shutil
import tomllib
from html import unescape
from pathlib import Path
from urllib.parse import urljoin

import asyncpg
import httpx2
import pytest
from cast import turn_to_production
from client import Client, open_client
from msgspec.structs import replace

from openmedspa.cli.commands import GROUPS
from openmedspa.demo.constants import DEMO_PARTNER_KEY
from openmedspa.portals.docs.reference import KEY, PARTNER_KEY
from openmedspa.portals.docs.rendering import render
from openmedspa.portals.docs.shelf import Leaf, Shelf, find_root
from openmedspa.routes import exam
from openmedspa.routes.documents import exam_document
from openmedspa.routes.partner import PARTNER_API
from openmedspa.settings import BARE, PREFIX, SECRETS, Settings

ROOT = Path(__file__).parents[2]
CONSOLES = ("console", "partner-console")
HREF = re.compile(r'href="([^"]+)"')
# Never anything inline, never anything from elsewhere.
INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:|(?:src|href)=\"(?:https?:)?//(?!test/)"
)


@pytest.fixture
def http(glow_emr: Client) -> httpx2.AsyncClient:
    """A browser without a key."""
    return glow_emr.http


async def page(http: httpx2.AsyncClient, address: str) -> str:
    answer = await http.get(address)
    assert answer.status_code == 200, (address, answer.text)
    return answer.text


def names() -> list[str]:
    return [*Shelf(find_root()).leaves, "reference", "partner-reference", "events", "commands", "settings", "decisions"]


async def test_every_link_of_every_page_leads_to_a_page_and_a_place_on_it(http: httpx2.AsyncClient) -> None:
    seen: dict[str, str] = {}
    open_: list[str] = ["/docs", *(f"/docs/{name}" for name in names() if name)]
    while open_:
        address = open_.pop()
        if address in seen or not address.startswith("/docs"):
            continue
        seen[address] = await page(http, address)
        for target in map(unescape, HREF.findall(seen[address])):
            place, _, fragment = urljoin(address, target).partition("#")
            if place.startswith("/docs") and place not in seen and not place.endswith(".md"):
                open_.append(place)
            elif place.startswith("/") and place not in seen:
                seen[place] = await page(http, place)
            if fragment and place.startswith("/docs"):
                text = seen.get(place) or await page(http, place)
                assert f'id="{fragment}"' in text, (address, target)
    assert len(seen) > 60


def test_every_link_of_the_files_is_served_and_stands_in_the_repository() -> None:
    shelf = Shelf(ROOT)
    for leaf in (leaf for leaf in shelf.leaves.values() if leaf.file):
        outside_code = re.sub(r"^```.*?^```", "", leaf.text, flags=re.MULTILINE | re.DOTALL)
        for target in re.findall(r"\]\(([^()\s]+)\)", outside_code):
            path = (ROOT / leaf.file).parent / target.partition("#")[0]
            assert shelf.lead(leaf.file, target), (leaf.file, target)
            assert re.match(r"[a-z]+:|#", target) or path.exists(), (leaf.file, target)


async def test_every_page_is_also_markdown_whose_links_lead_on(http: httpx2.AsyncClient) -> None:
    for name in names():
        address = f"/docs/{name or 'README'}.md"
        answer = await http.get(address)
        assert answer.headers["content-type"] == "text/markdown; charset=utf-8", address
        assert answer.text.startswith("# ")
        outside_code = re.sub(r"^```.*?^```", "", answer.text, flags=re.MULTILINE | re.DOTALL)
        for target in re.findall(r"\]\(([^)#]+)", outside_code):
            assert re.match(r"https?:|/", target), (address, target)
            assert target.endswith((".md", ".png", *CONSOLES)) or not target.startswith("/docs"), (address, target)
            if target.startswith("/"):
                await page(http, target)


async def test_no_page_holds_scripts_styles_or_strangers(http: httpx2.AsyncClient) -> None:
    for name in [*names(), *CONSOLES]:
        answer = await http.get(f"/docs/{name}".rstrip("/"))
        assert not INLINE.search(re.sub(r"<pre.*?</pre>|<a [^>]*>", "", answer.text, flags=re.DOTALL)), name
        policy = answer.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert ("script-src" in policy) == (name in CONSOLES)


async def test_llms_txt_names_every_page_of_the_index(http: httpx2.AsyncClient) -> None:
    text = await page(http, "/llms.txt")
    assert text.startswith("# OpenMedspa\n\n> ")
    found = re.findall(r"^- \[[^\]]+\]\(http://exams\.example\.com(/[^)]+)\): \S", text, re.MULTILINE)
    assert len(found) == sum(len(section.entries) for section in Shelf(find_root()).sections)
    for address in found:
        await page(http, address)


@pytest.mark.parametrize(
    "path",
    ["../pyproject.toml", "..%2Fpyproject.toml", "guides/../../pyproject.toml", "../.env.example", "/etc/passwd",
     "nope", "guides/first-exam.txt", "errors/nope.md", ".md", "guides", "%00", "../src/openmedspa/settings.py"],
)  # fmt: skip
async def test_no_address_leads_out_of_the_pages(http: httpx2.AsyncClient, path: str) -> None:
    answer = await http.get(httpx2.URL("http://test/").copy_with(raw_path=f"/docs/{path}".encode()))
    assert answer.status_code in {400, 404}
    assert ("text/markdown" if path.endswith(".md") else "text/html") in answer.headers["content-type"]


async def test_an_unknown_page_still_leads_to_the_others(http: httpx2.AsyncClient) -> None:
    answer = await http.get("/docs/nope")
    assert answer.status_code == 404
    assert "<title>Page not found · OpenMedspa</title>" in answer.text
    assert 'href="/docs"' in answer.text and "Statuses" in answer.text
    assert answer.headers["cache-control"] == "no-store"


async def test_the_first_page_is_markdown_too_and_titled_unlike_the_quickstart(http: httpx2.AsyncClient) -> None:
    assert await page(http, "/docs.md") == await page(http, "/docs/README.md")
    assert "<title>Documentation · OpenMedspa</title>" in await page(http, "/docs")
    assert "<title>From a clone to a webhook · OpenMedspa</title>" in await page(http, "/docs/quickstart")


async def test_the_reference_has_every_call_of_this_server(http: httpx2.AsyncClient) -> None:
    for name, routes in {"reference": exam.routes("staging"), "partner-reference": PARTNER_API}.items():
        text = await page(http, f"/docs/{name}.md")
        calls = re.findall(r"^### `(\w+ /.+)`$", text, re.MULTILINE)
        assert sorted(calls) == sorted(f"{route.method} {route.path}" for route in routes)
        for line in text.splitlines():
            assert not line.startswith("| ") or line.count(" |") >= 2, line


async def test_a_sample_says_what_its_call_must_be_told(http: httpx2.AsyncClient) -> None:
    text = await page(http, "/docs/partner-reference.md")
    assert "/v1/DemoOffice/availability/providers/1/check?date=2026-03-09&time=10:15:00&duration=30' \\\n" in text
    assert "/v1/DemoOffice/prospects \\\n" in text  # which needs none of its parameters


async def test_production_documents_no_sandbox(settings: Settings, owner: asyncpg.Connection) -> None:
    await turn_to_production(owner)
    live = replace(settings, environment="production", demo=False)
    async with open_client(live, None) as client:
        text = await page(client.http, "/docs/reference.md")
        pages = {name: await page(client.http, f"/docs/{name}") for name in names() if name}
        consoles = [await page(client.http, f"/docs/{name}") for name in CONSOLES]
    assert "POST /emr/appointments" in text
    assert "/staging/" not in text
    assert [name for name, text in pages.items() if KEY in text] == []
    assert [name for name, text in pages.items() if PARTNER_KEY in text] == []
    assert not any(KEY in console or PARTNER_KEY in console for console in consoles)
    assert "x-api-key: oms_live_…" in pages["guides/first-exam"]
    said = {name for name, text in pages.items() if "<strong>Staging only</strong>" in text}
    assert {"guides/sandbox", "quickstart", "guides/first-exam", "errors/treatment_twice"} <= said
    assert said.isdisjoint({"guides/going-live", "reference", "changelog", "security"})


async def test_every_setting_and_every_command_is_described(http: httpx2.AsyncClient) -> None:
    text = await page(http, "/docs/settings.md")
    bare = {field: name for name, field in BARE.items()}
    for field in Settings.__struct_fields__:
        name = bare.get(field, PREFIX + field.upper())
        assert f"\n- `{name}`: " in text, name
        assert (f"`{name}_FILE`" in text) == (field in SECRETS)
    text = await page(http, "/docs/commands.md")
    for command in (command for group in GROUPS.values() for command in group):
        for action in command.actions or ("",):
            assert f"### `{command.name} {action}".rstrip() + "`" in text
    assert "### `serve`" in text and "| `--port`" in text


async def test_samples_name_the_demos_own_address(settings: Settings) -> None:
    demo = replace(settings, public_url="", port=8123)
    async with open_client(demo, None) as client:
        text = await page(client.http, "/docs/guides/first-exam")
        going_live = await page(client.http, "/docs/guides/going-live.md")
        console = await page(client.http, "/docs/console")
        partner = (
            await page(client.http, "/docs/partner-reference.md"),
            await page(client.http, "/docs/partner-console"),
        )
    assert "127.0.0.1:8123" in text
    assert "127.0.0.1:8000" not in text
    assert KEY in text and KEY in console
    assert DEMO_PARTNER_KEY == PARTNER_KEY
    assert all(PARTNER_KEY in page for page in partner)
    assert "your_api_key_here" not in partner[0]
    assert "proxy_pass http://127.0.0.1:8000;" in going_live  # the default port, wherever this page is read


async def test_elsewhere_than_on_a_demo_samples_carry_no_key(settings: Settings) -> None:
    async with open_client(replace(settings, demo=False), None) as client:
        text = await page(client.http, "/docs/guides/first-exam.md")
        consoles = [await page(client.http, f"/docs/{name}") for name in CONSOLES]
        partner = await page(client.http, "/docs/partner-reference.md")
    assert "http://exams.example.com/emr/" in text and "x-api-key: oms_test_…" in text
    assert KEY not in text and PARTNER_KEY not in partner
    assert '{"apiKey": "oms_test_…"}' in partner
    assert not any(KEY in console or PARTNER_KEY in console for console in consoles)


def test_the_console_reads_plain_summaries_and_choices_of_a_type() -> None:
    document = exam_document("staging", "http://test")
    operations = [operation for methods in document["paths"].values() for operation in methods.values()]
    assert [one["summary"] for one in operations if "`" in one["summary"]] == []
    (include,) = (one for one in document["paths"]["/emr/visits/{gfe_id}"]["get"]["parameters"] if one["in"] == "query")
    assert (include["schema"]["type"], include["schema"]["enum"]) == ("string", ["decisions"])


def test_a_remark_for_those_who_change_a_page_is_not_served() -> None:
    (leaf,) = (leaf for leaf in Shelf(ROOT).leaves.values() if leaf.name == "benchmarks")
    assert "do not edit" in (ROOT / leaf.file).read_text()
    assert "do not edit" not in leaf.text


def test_a_wheel_holds_what_is_served(tmp_path: Path) -> None:
    """Laid out as the build does it, the pages are the same."""
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    for source, target in build["force-include"].items():
        place = tmp_path / target
        place.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if (ROOT / source).is_dir() else shutil.copy)(ROOT / source, place)
    packed = Shelf(tmp_path / "openmedspa" / "pages")
    assert packed.leaves.keys() == Shelf(ROOT).leaves.keys()
    assert packed.sample_settings == (ROOT / ".env.example").read_text()


def test_a_page_cannot_bring_html_along() -> None:
    html = render("# A\n\n<script>alert(1)</script> [x](javascript:alert(1)) ![y](javascript:alert(2))\n", str).html
    assert "<script" not in html
    assert 'href="javascript' not in html
    assert "alert(1)&lt;" in html


def test_headings_of_the_same_words_have_anchors_of_their_own() -> None:
    found = render("# T\n\n## Same\n\n## Same\n\n### `code` and More!\n", str).headings
    assert [heading.anchor for heading in found] == ["same", "same-1", "code-and-more"]


def test_titles_and_ledes_are_plain_words() -> None:
    leaf = Leaf("x", "# The `title`\n\nOne [link](there.md) and **bold**\nwords.\n\nMore.\n")
    assert (leaf.title, leaf.lede) == ("The title", "One link and bold words.")
