"""Pictures of the guides: shown on a code host and served by /docs, from the same relative path."""

import re
from pathlib import Path

from client import Client

from openmedspa.portals.docs.shelf import Shelf, find_root

ROOT = Path(__file__).parents[2]
SHOWN = re.compile(r'<img src="([^"]+)" alt="([^"]+)"')
LARGEST = 150_000


async def test_every_picture_of_every_page_is_served_and_says_what_it_shows(glow_emr: Client) -> None:
    seen = set()
    for name in Shelf(find_root()).leaves:
        page = (await glow_emr.http.get(f"/docs/{name}".rstrip("/"))).text
        assert page.count("<img") == len(SHOWN.findall(page)), name
        seen |= {source for source, _ in SHOWN.findall(page)}
    assert seen
    for source in seen:
        answer = await glow_emr.http.get(source)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png"), source
        assert answer.content.startswith(b"\x89PNG"), source


async def test_nothing_but_pictures_comes_by_that_way(glow_emr: Client) -> None:
    for path in ("pictures/none.png", "pictures/../README.md", "pictures/%2e%2e/benchmarks.md", "pictures", "x.png"):
        answer = await glow_emr.http.get(f"/docs/{path}")
        assert answer.headers["content-type"].startswith("text/"), path


def test_pictures_lead_on_from_pages_and_from_markdown() -> None:
    shelf = Shelf(find_root())
    name = next(iter(shelf.pictures))
    for suffix in ("", ".md"):
        assert shelf.lead("README.md", f"docs/{name}", suffix=suffix) == f"/docs/{name}"
        assert shelf.lead("docs/guides/errors.md", f"../{name}", suffix=suffix) == f"/docs/{name}"
    assert shelf.lead("README.md", "docs/pictures/none.png") is None


def test_pictures_are_small() -> None:
    sizes = {path.name: path.stat().st_size for path in (ROOT / "docs" / "pictures").iterdir()}
    assert sizes and {name: size for name, size in sizes.items() if size > LARGEST} == {}
