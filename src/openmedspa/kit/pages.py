"""Pages from their route table: admit, match, parse a form, call the door, render. Knows no page of its own.

Every page is answered with a strict policy, every form checks where it comes from and carries a token (promise 12).
"""

import secrets
from collections.abc import Mapping, Sequence
from hmac import compare_digest
from http.cookies import CookieError, SimpleCookie
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

import jinja2
from msgspec import Struct
from starlette.types import Receive, Scope, Send

from openmedspa.kit import parsing
from openmedspa.kit.db import AWAY, Tx
from openmedspa.kit.errors import Failed, Forbidden, Invalid, Refused, Unavailable, UnsupportedMediaType
from openmedspa.kit.failures import log, log_failure
from openmedspa.kit.house import House
from openmedspa.kit.http import Call, Headers, Incoming
from openmedspa.kit.table import Table

MAX_FORM_BYTES = 512 * 1024  # three lists of the longest texts, each character spelled as %F0%9F%98%80
MOST_FIELDS = 200
FORM = "application/x-www-form-urlencoded"
HTML = "text/html; charset=utf-8"
ALWAYS = {
    "x-content-type-options": "nosniff",
    # A link may be a key: it must not travel to other sites. Under `no-referrer` browsers would send our own forms
    # with `Origin: null`, and we could not tell where they come from.
    "referrer-policy": "same-origin",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}


class View(Struct, frozen=True):
    """A page: a template and what it shows. `headers` and `cookies` (whole `Set-Cookie` texts) come on top."""

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


class Entry(Protocol):
    """Who may open a page. `admit` answers a grant or raises; it may look at the path's parts and at cookies."""

    is_form: bool  # forms come from our own pages; what other programs post proves itself in another way

    async def admit(self, incoming: Incoming, path: Mapping[str, str]) -> Any: ...

    def scope(self, grant: Any) -> Sequence[int]: ...

    def csrf_seed(self, grant: Any) -> str: ...


class Anybody(Struct, frozen=True):
    """A page without anybody's data."""

    is_form = False

    async def admit(self, _incoming: Incoming, _path: Mapping[str, str]) -> None: ...

    def scope(self, _grant: object) -> Sequence[int]:
        return ()

    def csrf_seed(self, _grant: object) -> str:
        return ""


class Page(Struct, frozen=True):
    """One line of a table of contents. A POST's door gets `call.tx` and `call.body`, the form as `form` shapes it.

    `scripts` lets a page load our own scripts and call our own server: the API console, nothing else so far.
    """

    method: str
    path: str
    door: Any
    access: Entry
    form: type[Struct] | None = None
    scripts: bool = False


class Pages:
    """An ASGI application that answers one table of pages; `layout` names the template for what went wrong."""

    house: House  # set once the database is open, before the first request

    def __init__(self, pages: Sequence[Page], templates: jinja2.Environment, *, trouble: str) -> None:
        self.pages = list(pages)
        self._table = Table(pages, missing=_missing)
        self._templates = templates
        self._trouble = trouble

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        incoming = Incoming(scope, receive, self.house, prefix="\x00")
        nonce = secrets.token_urlsafe(16)
        page, answer, csrf = await self._answer(incoming)
        try:
            body, kind, status, more = self._render(answer, nonce=nonce, csrf=csrf)
        except Exception as trouble:  # noqa: BLE001 a template's mistake is ours, and no reason to show a bare error
            log_failure(trouble, incoming.id)
            page, answer = None, self._refusal(Failed("Internal server error"), incoming)
            body, kind, status, more = self._render(answer, nonce=nonce, csrf="")
        headers: Headers = [
            (b"content-type", kind.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"x-request-id", incoming.id.encode()),
            (b"content-security-policy", _policy(nonce, scripts=page is not None and page.scripts).encode()),
            *((name.encode(), value.encode("latin-1")) for name, value in {**ALWAYS, **more}.items()),
            *((b"set-cookie", cookie.encode("latin-1")) for cookie in getattr(answer, "cookies", ())),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, incoming: Incoming) -> tuple[Page | None, View | Redirect | Raw, str]:
        try:
            page, path = self._table.find(incoming.method, incoming.path)
            parsing.refuse_nul(dict(path))
            grant = await page.access.admit(incoming, path)
            csrf = self.house.vault.link_mac("csrf", page.access.csrf_seed(grant))
            call: Call[Any] = Call(incoming, grant, path=path, query=_query(incoming), body=None)
            if page.method == "POST":
                return page, await self._write(page, call, csrf), csrf
            return page, await page.door(call), csrf
        except Refused as refused:
            return None, self._refusal(refused, incoming), ""
        except AWAY as trouble:
            log.warning("database away: %s in request %s", type(trouble).__name__, incoming.id)
            return None, self._refusal(Unavailable("The database did not answer. Try again in a moment."), incoming), ""
        except Exception as trouble:  # noqa: BLE001 the edge: whatever it was, the visitor gets a plain page
            log_failure(trouble, incoming.id)
            return None, self._refusal(Failed("Internal server error"), incoming), ""

    async def _write(self, page: Page, call: Call[Any], csrf: str) -> View | Redirect | Raw:
        incoming = call.incoming
        if incoming.header(b"content-type").split(";")[0].strip().lower() != FORM:
            raise UnsupportedMediaType("Unsupported media type", f"Send the form as {FORM}")
        form = _pairs(await incoming.body(MAX_FORM_BYTES))
        if page.access.is_form:
            _require_same_origin(incoming)
            if not compare_digest(form.pop("csrf", "").encode(), csrf.encode()):
                raise Forbidden(
                    "This form is no longer valid", "Open the page again and send it anew.", code="form_stale"
                )
        call.body = parsing.form(form, page.form) if page.form else form

        async def work(tx: Tx) -> View | Redirect | Raw:
            call.tx = tx
            answer: View | Redirect | Raw = await page.door(call)
            return answer

        return await self.house.db.write(page.access.scope(call.grant), work, address=incoming.address)

    def _refusal(self, refused: Refused, incoming: Incoming) -> View:
        values = {"refused": refused, "request_id": incoming.id}
        return View(self._trouble, values, status=refused.status, headers=refused.headers)

    def _render(
        self, answer: View | Redirect | Raw, *, nonce: str, csrf: str
    ) -> tuple[bytes, str, int, dict[str, str]]:
        """Body, content type, status and headers."""
        match answer:
            case Raw():
                return answer.body, answer.content_type, answer.status, _lower(answer.headers)
            case Redirect():
                return b"", HTML, 303, {"location": answer.to, "cache-control": "no-store"}
            case View():
                template = self._templates.get_template(answer.template)
                body = template.render({**answer.values, "nonce": nonce, "csrf": csrf}).encode()
                return body, HTML, answer.status, {"cache-control": "no-store", **_lower(answer.headers)}


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
    try:
        found = SimpleCookie(incoming.header(b"cookie")).get(name)
    except CookieError:
        return ""
    return found.value if found else ""


def set_cookie(house: House, name: str, value: str, *, path: str, max_age_seconds: int) -> str:
    """A `Set-Cookie` that scripts cannot read and other sites cannot send."""
    secure = "; Secure" if house.public_url.startswith("https:") else ""
    return f"{name}={value}; Path={path}; Max-Age={max_age_seconds}; HttpOnly; SameSite=Lax{secure}"


def _require_same_origin(incoming: Incoming) -> None:
    """Browsers say where a form stood; a form of somebody else's page is refused, and one that does not say, too."""
    origin = incoming.header(b"origin")
    is_ours = bool(origin) and urlsplit(origin).netloc == incoming.header(b"host")
    if not is_ours and incoming.header(b"sec-fetch-site") != "same-origin":
        raise Forbidden(
            "This form came from another site", "Open the page and send it from there.", code="form_foreign"
        )


def _policy(nonce: str, *, scripts: bool) -> str:
    script = "script-src 'self'; connect-src 'self'; " if scripts else ""
    return (
        f"default-src 'none'; {script}style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; font-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )


def _query(incoming: Incoming) -> dict[str, str]:
    return _pairs(incoming.query)


def _pairs(raw: bytes) -> dict[str, str]:
    """A form's fields, the last of each name; a name given several times by the browser is not needed anywhere."""
    try:
        pairs = dict(parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        raise Invalid(
            "Too many fields", f"A form may have at most {MOST_FIELDS} fields", code="field_invalid"
        ) from None
    parsing.refuse_nul(pairs)
    return pairs


def _missing(method: str, path: str) -> tuple[str, str]:
    if method:
        return "Method not allowed", f"{path} does not support {method}"
    return "Page not found", "There is nothing at this address."


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
