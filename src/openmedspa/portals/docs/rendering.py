"""Markdown to HTML: anchors on headings, a label on every code block, colours by class. Reads nothing from disk."""

import re
from collections.abc import Callable, Sequence
from html import escape
from itertools import pairwise
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from msgspec import Struct
from pygments import highlight  # type: ignore[import-untyped]
from pygments.formatters import HtmlFormatter  # type: ignore[import-untyped]
from pygments.lexers import get_lexer_by_name  # type: ignore[import-untyped]
from pygments.util import ClassNotFound  # type: ignore[import-untyped]

LABELS = {
    "sh": "Shell", "python": "Python", "js": "JavaScript", "php": "PHP", "java": "Java", "json": "JSON",
    "http": "HTTP", "nginx": "nginx", "ini": "Settings", "yaml": "YAML", "sql": "SQL",
}  # fmt: skip
Lead = Callable[[str], str | None]


class Heading(Struct, frozen=True):
    level: int
    anchor: str
    text: str


class Rendered(Struct, frozen=True):
    html: str
    headings: list[Heading]


def render(text: str, lead: Lead) -> Rendered:
    """`lead` says where a link leads when served; a link to what is not served becomes plain words."""
    markdown = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer).enable(["table", "strikethrough"])
    tokens = markdown.parse(text)
    headings = list(_anchored(tokens))
    _redirect(tokens, lead)
    return Rendered(markdown.renderer.render(tokens, markdown.options, {}), headings)


def slug(text: str) -> str:
    """As code hosts make anchors: lower case, dashes for blanks, no other signs."""
    return re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", text.lower()).strip())


class _Renderer(RendererHTML):
    def fence(self, tokens: Sequence[Token], idx: int, *_: Any) -> str:
        language = tokens[idx].info.split(" ")[0]
        code = _coloured(tokens[idx].content, language)
        label = LABELS.get(language, "")
        head = f"<figcaption>{label}</figcaption>" if label else ""
        return f'<figure class="code">{head}<pre tabindex="0"><code>{code}</code></pre></figure>\n'

    def table_open(self, *_: Any) -> str:
        return '<div class="scroll" tabindex="0"><table>\n'

    def table_close(self, *_: Any) -> str:
        return "</table></div>\n"

    def heading_close(self, tokens: Sequence[Token], idx: int, *_: Any) -> str:
        opened = next(token for token in reversed(tokens[:idx]) if token.type == "heading_open")
        anchor, tag = opened.attrGet("id"), opened.tag
        if tag == "h1":
            return "</h1>\n"
        return f' <a class="anchor" href="#{anchor}" aria-label="Link to this section">#</a></{tag}>\n'


def _anchored(tokens: Sequence[Token]) -> "list[Heading]":
    """Give each heading an id of its own; the headings below the title."""
    found: list[Heading] = []
    seen: dict[str, int] = {}
    for opened, inline in pairwise(tokens):
        if opened.type != "heading_open":
            continue
        text = "".join(part.content for part in inline.children or [])
        anchor = slug(text)
        seen[anchor] = seen.get(anchor, -1) + 1
        if seen[anchor]:
            anchor = f"{anchor}-{seen[anchor]}"
        opened.attrSet("id", anchor)
        if opened.tag != "h1":
            found.append(Heading(int(opened.tag[1]), anchor, text))
    return found


def _redirect(tokens: Sequence[Token], lead: Lead) -> None:
    for token in tokens:
        if token.attrs.pop("style", None) == "text-align:right":  # the policy allows no inline style
            token.attrSet("class", "right")
        for part in token.children or []:
            if part.type == "image":
                source = str(part.attrGet("src"))
                part.attrSet("src", lead(source) or source)
            if part.type != "link_open":
                continue
            target = lead(str(part.attrGet("href")))
            if target is None:
                part.attrs.pop("href")  # an <a> without an address is plain text
            else:
                part.attrSet("href", target)


def _coloured(code: str, language: str) -> str:
    if language in {"", "text"}:
        return escape(code)
    try:
        lexer = get_lexer_by_name("bash" if language == "sh" else language, startinline=True)
    except ClassNotFound:
        return escape(code)
    return str(highlight(code, lexer, HtmlFormatter(nowrap=True)))
