"""The words of pages that doors and route tables use: a view, a redirect, a file, an entry, a page. Serves nothing."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, Protocol

import jinja2
from msgspec import Struct

from openmedspa.kit.errors import Refused
from openmedspa.kit.house import House
from openmedspa.kit.http import Incoming


class View(Struct, frozen=True):
    """A page: a template and what it shows; `csrf` and `nonce` come by themselves.

    `headers` and `cookies` (whole `Set-Cookie` texts) come on top.
    """

    template: str
    values: Mapping[str, object] = {}
    status: int = 200
    headers: Mapping[str, str] = {}
    cookies: Sequence[str] = ()


class Redirect(Struct, frozen=True):
    """After a form: look at the page anew with a GET, so that reloading sends nothing twice."""

    to: str
    cookies: Sequence[str] = ()


class Raw(Struct, frozen=True):
    """A body that is no page: a Markdown text, an answer to another program."""

    body: bytes
    content_type: str
    status: int = 200
    headers: Mapping[str, str] = {}


class File(Struct, frozen=True):
    """A body that is sent as it is made, to be kept under this name."""

    chunks: AsyncGenerator[bytes]
    name: str
    content_type: str = "text/csv; charset=utf-8"


class Piece(Struct, frozen=True):
    """What a page that goes on sends next: a view, or a word that the page waits for.

    A browser that comes back sends the last `mark` as `Last-Event-ID`.
    """

    view: View | None = None
    mark: str = ""
    word: str = ""


class Live(Struct, frozen=True):
    """A page that goes on: pieces of it, each sent as it comes."""

    pieces: AsyncGenerator[Piece]


Shown = View | Redirect | Raw | File | Live


class Elsewhere(Refused):
    """Not here: `to` is where to go instead, such as to sign in first."""

    status, code = 303, "elsewhere"

    def __init__(self, to: str) -> None:
        super().__init__("Go elsewhere")
        self.to = to


class Entry(Protocol):
    """Who may open a page. `admit` answers a grant or raises; it may look at the path's parts and at cookies."""

    is_form: bool  # forms come from our own pages; what other programs post proves itself in another way
    is_system: bool  # what is posted is written as the role that sees all tenants

    async def admit(self, incoming: Incoming, path: Mapping[str, str]) -> Any: ...

    def scope(self, grant: Any) -> Sequence[int]: ...

    def csrf_seed(self, grant: Any) -> str | None:
        """What the form's token is bound to; None for a grant that no form of ours carries."""
        ...


class Anybody(Struct, frozen=True):
    """A page without anybody's data."""

    is_form = False
    is_system = False

    async def admit(self, _incoming: Incoming, _path: Mapping[str, str]) -> None: ...

    def scope(self, _grant: object) -> Sequence[int]:
        return ()

    def csrf_seed(self, _grant: object) -> str:
        return ""


class Visitor(Struct, frozen=True):
    """A form for anybody: where it comes from is what counts, for there is nobody whose it could be."""

    is_form = True
    is_system = True

    async def admit(self, _incoming: Incoming, _path: Mapping[str, str]) -> None: ...

    def scope(self, _grant: object) -> Sequence[int]:
        return ()

    def csrf_seed(self, _grant: object) -> str:
        return "visitor"


class Page(Struct, frozen=True):
    """One line of a table of contents. A POST's door gets `call.tx` and `call.body`, the form as `form` shapes it.

    `scripts` lets a page load our own scripts and call our own server.
    """

    method: str
    path: str
    door: Any
    access: Entry
    form: type[Struct] | None = None
    scripts: bool = False


def templates(package: str) -> jinja2.Environment:
    """Templates beside their pages, escaped always; a name that is missing is a mistake and not an empty place."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader(package, "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


def cookie(incoming: Incoming, name: str) -> str:
    """The request's cookie of that name, "" if there is none."""
    for header in incoming.all_of(b"cookie"):
        for pair in header.split(";"):  # and not a parser, which drops ours for a neighbour that is malformed
            found, _, value = pair.strip().partition("=")
            if found == name:
                return value.strip('"')
    return ""


def set_cookie(house: House, name: str, value: str, *, path: str, max_age_seconds: int) -> str:
    """A `Set-Cookie` that scripts cannot read and other sites cannot send."""
    secure = "; Secure" if house.public_url.startswith("https:") else ""
    return f"{name}={value}; Path={path}; Max-Age={max_age_seconds}; HttpOnly; SameSite=Lax{secure}"
