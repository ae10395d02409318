"""Doors of the documentation: a page, the same as Markdown, the list for language models, the console."""

import importlib
import re
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from openmedspa import __version__
from openmedspa.kit.http import Call
from openmedspa.kit.pages import Raw, View
from openmedspa.partners.keys import Environment
from openmedspa.portals.docs import listings, reference
from openmedspa.portals.docs.reference import EXAM, PARTNER, Book, Document, Schema
from openmedspa.portals.docs.rendering import Rendered, render
from openmedspa.portals.docs.shelf import DEMO, Entry, Leaf, Shelf, address, find_root

MARKDOWN = "text/markdown; charset=utf-8"
PLAIN = "text/plain; charset=utf-8"
PRODUCT = "OpenMedspa"
FOR_A_WHILE = {"cache-control": "public, max-age=300"}  # a page changes with the version only
FOLDERS = ("errors/", "decisions/")  # whose pages are listed by a page of their own
MISSING = Leaf(
    "missing",
    "# Page not found\n\nThere is no such page in the documentation of this version. "
    "Those there are stand in the menu, and on the [first page](/docs).\n",
)
# What a server can put in the place of the demo's address. A proxy's target and a link's stay: one names the port that
# is the default, the other is led by the shelf.
OWN_ADDRESS = re.compile(rf"(?<!proxy_pass )(?<!\]\(){re.escape(DEMO)}")
SANDBOX = re.compile(r"staging/|make serve")
WITH_SAMPLES = ("guides/", "errors/", "quickstart")
STAGING_ONLY = (
    "> **Staging only**: a sandbox, an outbox, a demo and public keys. This server is for production and has none of "
    "them; what needs them on this page works on a staging server, or on a demo of your own.\n"
)
# Pages made of the code: which API's document they are written from, and how.
MADE: dict[str, tuple[Book, Callable[[Schema], Leaf]]] = {
    EXAM.name: (EXAM, lambda document: reference.calls(document, EXAM)),
    PARTNER.name: (PARTNER, lambda document: reference.calls(document, PARTNER)),
    "events": (EXAM, reference.events),
    "commands": (EXAM, lambda _document: importlib.import_module("openmedspa.portals.docs.commands").commands()),
}


class Neighbours(Struct, frozen=True):
    previous: Entry | None
    following: Entry | None


class Books:
    """The pages of this process, rendered when first asked for, from the OpenAPI documents of both APIs."""

    def __init__(self, *, exam: Document, partner: Document) -> None:
        self._documents = {EXAM.name: exam, PARTNER.name: partner}
        self._shelf = Shelf(find_root())
        self._shelf.add(listings.settings(self._shelf.sample_settings))
        self._shelf.add(listings.decisions(self._shelf.below("decisions")))
        self._entries = [entry for section in self._shelf.sections for entry in section.entries]
        self._made: dict[tuple[str, str, bool], Leaf] = {}
        self._rendered: dict[tuple[str, str, bool, bool], Rendered] = {}

    async def index(self, call: Call[None]) -> View:
        """The documentation's first page."""
        return self._view(self._find(call, ""), call)

    async def index_as_markdown(self, call: Call[None]) -> Raw:
        """The documentation's first page as Markdown, at the address that the others' pattern gives."""
        return self._markdown(self._find(call, ""), call)

    async def show(self, call: Call[None]) -> View | Raw:
        """A page by its address, or with .md behind it the page's Markdown; or a picture that a page shows."""
        name = call.path["page"].rstrip("/")
        if picture := self._shelf.pictures.get(name):
            return Raw(picture, "image/png", headers=FOR_A_WHILE)
        is_markdown = name.endswith(".md")
        leaf = self._find(call, "" if name == "README.md" else name.removesuffix(".md") or name)
        return self._markdown(leaf, call) if is_markdown else self._view(leaf, call)

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

    async def console(self, call: Call[None]) -> View:
        """Every call of the exam API, to be tried from the browser."""
        return _console(EXAM, call, demo_key=reference.KEY)

    async def partner_console(self, call: Call[None]) -> View:
        """Every call of the partner API, to be tried from the browser."""
        return _console(PARTNER, call, demo_key=reference.PARTNER_KEY)

    def _find(self, call: Call[None], name: str) -> Leaf:
        return self._make(name, call) if name in MADE else self._shelf.leaves.get(name, MISSING)

    def _make(self, name: str, call: Call[None]) -> Leaf:
        """A page that is made of the code, when first asked for."""
        key = (name, call.house.public_url, call.house.is_production)
        if key not in self._made:
            environment: Environment = "production" if call.house.is_production else "staging"
            book, make = MADE[name]
            self._made[key] = make(self._documents[book.name](environment, call.house.public_url))
        return self._made[key]

    def _view(self, leaf: Leaf, call: Call[None]) -> View:
        values = {
            "leaf": leaf,
            "book": PARTNER if leaf.name == PARTNER.name else EXAM,
            "tab": self._tab(leaf),
            "page": self._page(leaf, call),
            "sections": self._shelf.sections,
            "here": leaf.name.split("/")[0] if leaf.name.startswith(FOLDERS) else leaf.name,
            "near": self._near(leaf),
            "markdown": address(leaf.name, ".md"),
            "address": address,
            "version": __version__,
        }
        return View("docs/page.html", values, **_found(leaf))

    def _tab(self, leaf: Leaf) -> str:
        """What a page is called among others' tabs; two are titled as the product is."""
        if leaf.title != PRODUCT:
            return leaf.title
        return next((entry.title for entry in self._entries if entry.name == leaf.name), "Documentation")

    def _page(self, leaf: Leaf, call: Call[None]) -> Rendered:
        key = (leaf.name, call.house.public_url, call.house.is_production, call.house.allow_loopback)
        if key not in self._rendered:
            text = _local(leaf.name, leaf.text, call)
            self._rendered[key] = render(text, lambda target: self._shelf.lead(leaf.file, target))
        return self._rendered[key]

    def _markdown(self, leaf: Leaf, call: Call[None]) -> Raw:
        text = _local(leaf.name, self._shelf.markdown(leaf), call)
        return Raw(text.encode(), MARKDOWN, **_found(leaf))

    def _near(self, leaf: Leaf) -> Neighbours:
        places = [entry.name for entry in self._entries]
        if leaf.name not in places:
            return Neighbours(None, None)
        at = places.index(leaf.name)
        return Neighbours(
            self._entries[at - 1] if at else None, self._entries[at + 1] if at + 1 < len(places) else None
        )


def _console(book: Book, call: Call[None], *, demo_key: str) -> View:
    values = {
        "version": __version__,
        "book": book,
        "books": (EXAM, PARTNER),
        "demo_key": demo_key if call.house.allow_loopback else "",  # public, and good on a demo only
    }
    return View("docs/console.html", values, headers=FOR_A_WHILE)


def _found(leaf: Leaf) -> dict[str, Any]:
    """Status and headers of a page; that nothing is there may be otherwise in a moment."""
    return {"status": 404, "headers": {"cache-control": "no-store"}} if leaf is MISSING else {"headers": FOR_A_WHILE}


def _local(name: str, text: str, call: Call[None]) -> str:
    """Samples name this server. Only a demo's can be pasted as they are: elsewhere its public key opens nothing."""
    text = OWN_ADDRESS.sub(lambda _found: call.house.public_url, text)
    text = text.replace(reference.PLACEHOLDER, reference.PARTNER_KEY)
    if call.house.allow_loopback:
        return text
    is_production = call.house.is_production
    if is_production and name.startswith(WITH_SAMPLES) and SANDBOX.search(text):
        title, _, rest = text.partition("\n")
        text = f"{title}\n\n{STAGING_ONLY}{rest}"
    for key in (reference.KEY, reference.PARTNER_KEY):
        text = text.replace(key, "oms_live_…" if is_production else "oms_test_…")
    return text
