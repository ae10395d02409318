"""Doors of the documentation: a page, the same as Markdown, the list for language models, the console."""

import importlib
from collections.abc import Callable

from msgspec import Struct

from openmedspa import __version__
from openmedspa.kit.errors import NotFound
from openmedspa.kit.http import Call
from openmedspa.kit.pages import Raw, View
from openmedspa.partners.keys import Environment
from openmedspa.portals.docs import listings, reference
from openmedspa.portals.docs.reference import Document, Schema
from openmedspa.portals.docs.rendering import Rendered, render
from openmedspa.portals.docs.shelf import DEMO, Entry, Leaf, Shelf, address, find_root

MARKDOWN = "text/markdown; charset=utf-8"
PLAIN = "text/plain; charset=utf-8"
FOR_A_WHILE = {"cache-control": "public, max-age=300"}  # a page changes with the version only
FOLDERS = ("errors/", "decisions/")  # whose pages are listed by a page of their own
MADE: dict[str, Callable[[Schema], Leaf]] = {
    "reference": reference.calls,
    "events": reference.events,
    "commands": lambda _document: importlib.import_module("openmedspa.portals.docs.commands").commands(),
}


class Neighbours(Struct, frozen=True):
    previous: Entry | None
    following: Entry | None


class Books:
    """The pages of this process, rendered when first asked for; `document` gives the API's OpenAPI document."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._shelf = Shelf(find_root())
        self._shelf.add(listings.settings(self._shelf.sample_settings))
        self._shelf.add(listings.decisions(self._shelf.below("decisions")))
        self._entries = [entry for section in self._shelf.sections for entry in section.entries]
        self._made: dict[tuple[str, str, bool], Leaf] = {}
        self._rendered: dict[tuple[str, str, bool], Rendered] = {}

    async def index(self, call: Call[None]) -> View:
        """The documentation's first page."""
        return self._view(self._find(call, ""), call)

    async def show(self, call: Call[None]) -> View | Raw:
        """A page by its address, or with .md behind it the page's Markdown."""
        name = call.path["page"].rstrip("/")
        if not name.endswith(".md"):
            return self._view(self._find(call, name), call)
        leaf = self._find(call, "" if name == "README.md" else name.removesuffix(".md") or name)
        return Raw(self._local(self._shelf.markdown(leaf), call).encode(), MARKDOWN, headers=FOR_A_WHILE)

    async def list_for_models(self, call: Call[None]) -> Raw:
        """llms.txt: what there is to read, as llmstxt.org describes it."""
        base, readable = call.house.public_url, {*self._shelf.leaves, *MADE}
        lines = ["# OpenMedspa", "", f"> {self._shelf.leaves[''].lede}", ""]
        for section in self._shelf.sections:
            lines += [f"## {section.title}", ""]
            for entry in section.entries:
                suffix = ".md" if entry.name in readable else ""
                words = f": {entry.words}" if entry.words else ""
                lines.append(f"- [{entry.title}]({base}{address(entry.name, suffix)}){words}")
            lines.append("")
        return Raw("\n".join(lines).encode(), PLAIN, headers=FOR_A_WHILE)

    async def console(self, _call: Call[None]) -> View:
        """Every call, to be tried from the browser."""
        return View("docs/console.html", {"version": __version__}, headers=FOR_A_WHILE)

    def _find(self, call: Call[None], name: str) -> Leaf:
        if name in MADE:
            return self._make(name, call)
        if name not in self._shelf.leaves:
            raise NotFound("Page not found", "There is no such page in the documentation.", code="endpoint_not_found")
        return self._shelf.leaves[name]

    def _make(self, name: str, call: Call[None]) -> Leaf:
        """A page that is made of the code, when first asked for."""
        key = (name, call.house.public_url, call.house.is_production)
        if key not in self._made:
            environment: Environment = "production" if call.house.is_production else "staging"
            self._made[key] = MADE[name](self._document(environment, call.house.public_url))
        return self._made[key]

    def _view(self, leaf: Leaf, call: Call[None]) -> View:
        values = {
            "leaf": leaf,
            "page": self._page(leaf, call),
            "sections": self._shelf.sections,
            "here": leaf.name.split("/")[0] if leaf.name.startswith(FOLDERS) else leaf.name,
            "near": self._near(leaf),
            "markdown": address(leaf.name, ".md"),
            "address": address,
            "version": __version__,
        }
        return View("docs/page.html", values, headers=FOR_A_WHILE)

    def _page(self, leaf: Leaf, call: Call[None]) -> Rendered:
        key = (leaf.name, call.house.public_url, call.house.is_production)
        if key not in self._rendered:
            text = self._local(leaf.text, call)
            self._rendered[key] = render(text, lambda target: self._shelf.lead(leaf.file, target))
        return self._rendered[key]

    def _local(self, text: str, call: Call[None]) -> str:
        """A demo's samples name its own port, so that they can be pasted as they are."""
        return text.replace(DEMO, call.house.public_url) if call.house.allow_loopback else text

    def _near(self, leaf: Leaf) -> Neighbours:
        places = [entry.name for entry in self._entries]
        if leaf.name not in places:
            return Neighbours(None, None)
        at = places.index(leaf.name)
        return Neighbours(
            self._entries[at - 1] if at else None, self._entries[at + 1] if at + 1 < len(places) else None
        )
