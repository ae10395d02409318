"""Serves one table of pages: admit, match, parse a form, call the door, render. Knows no page of its own.

Every page is answered with a strict policy, every form checks where it comes from and carries a token (promise 12).
"""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from hmac import compare_digest
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jinja2
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.types import Message, Receive, Scope, Send

from openmedspa.kit import parsing
from openmedspa.kit.db import AWAY, Tx
from openmedspa.kit.errors import Failed, Forbidden, Invalid, Refused, Unavailable, UnsupportedMediaType
from openmedspa.kit.failures import log, log_failure
from openmedspa.kit.house import House
from openmedspa.kit.http import Call, CallerGone, Headers, Incoming
from openmedspa.kit.pages import Elsewhere, File, Live, Page, Raw, Redirect, Shown, View
from openmedspa.kit.table import Table

MAX_FORM_BYTES = 512 * 1024  # three lists of the longest texts, each character spelled as %F0%9F%98%80
MOST_FIELDS = 200
SEND_SECONDS = 30  # for one piece of what is streamed
PING_SECONDS = 15
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
        try:
            page, answer, csrf = await self._answer(incoming)
        except CallerGone:
            return
        if isinstance(answer, File | Live):
            await self._stream(answer, incoming, scope, receive, send)
            return
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

    async def _stream(
        self, answer: File | Live, incoming: Incoming, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Whoever reads slower than SEND_SECONDS for a piece is left alone."""
        always = {
            **ALWAYS,
            "cache-control": "no-store",
            "x-request-id": incoming.id,
            "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
        }
        if isinstance(answer, Live):
            await self._go_on(answer, always, scope, receive, send)
            return
        always |= {
            "content-type": answer.content_type,
            "content-disposition": f'attachment; filename="{answer.name}"',
        }
        headers = [(name.encode(), value.encode("latin-1")) for name, value in always.items()]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        async with aclosing(answer.chunks) as chunks:
            async for chunk in chunks:
                async with asyncio.timeout(SEND_SECONDS):
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def _go_on(self, live: Live, headers: Mapping[str, str], scope: Scope, receive: Receive, send: Send) -> None:
        """When the server is told to stop, the stream is cut; its answer is brought to an end all the same."""
        is_complete = False

        async def send_on(message: Message) -> None:
            nonlocal is_complete
            is_complete = message["type"] == "http.response.body" and not message.get("more_body")
            await send(message)

        stream = EventSourceResponse(self._events(live), headers=headers, ping=PING_SECONDS, send_timeout=SEND_SECONDS)
        await stream(scope, receive, send_on)
        if not is_complete:
            await send({"type": "http.response.body", "body": b""})

    async def _events(self, live: Live) -> AsyncGenerator[ServerSentEvent]:
        async with aclosing(live.pieces) as pieces:
            async for piece in pieces:
                html = self._html(piece.view) if piece.view else ""
                yield ServerSentEvent(html, id=piece.mark or None, event=piece.word or None)

    async def _answer(self, incoming: Incoming) -> tuple[Page | None, Shown, str]:
        try:
            page, path = self._table.find(incoming.method, incoming.path)
            parsing.refuse_nul(dict(path))
            grant = await page.access.admit(incoming, path)
            seed = page.access.csrf_seed(grant)
            csrf = "" if seed is None else self.house.vault.link_mac("csrf", seed)
            call: Call[Any] = Call(incoming, grant, path=path, query=_query(incoming), body=None)
            if page.method == "POST":
                return page, await self._write(page, call, csrf), csrf
            return page, await page.door(call), csrf
        except Elsewhere as elsewhere:
            if incoming.header(b"hx-request"):  # a part of a page was asked for: all of it goes there
                # Not 200: what goes on would take it for its next piece, and ask again at once.
                return None, Raw(b"", HTML, status=401, headers={"hx-redirect": elsewhere.to}), ""
            return None, Redirect(elsewhere.to), ""
        except CallerGone:
            raise
        except Refused as refused:
            return None, self._refusal(refused, incoming), ""
        except AWAY as trouble:
            log.warning("database away: %s in request %s", type(trouble).__name__, incoming.id)
            return None, self._refusal(Unavailable("The database did not answer. Try again in a moment."), incoming), ""
        except Exception as trouble:  # noqa: BLE001 the edge: whatever it was, the visitor gets a plain page
            log_failure(trouble, incoming.id)
            return None, self._refusal(Failed("Internal server error"), incoming), ""

    async def _write(self, page: Page, call: Call[Any], csrf: str) -> Shown:
        incoming = call.incoming
        if incoming.header(b"content-type").split(";")[0].strip().lower() != FORM:
            raise UnsupportedMediaType("Unsupported media type", f"Send the form as {FORM}")
        form = _pairs(await incoming.body(MAX_FORM_BYTES))
        if page.access.is_form and csrf:
            _require_same_origin(incoming)
            if not compare_digest(form.pop("csrf", "").encode(), csrf.encode()):
                raise Forbidden(
                    "This form is no longer valid", "Open the page again and send it anew.", code="form_stale"
                )
        call.body = parsing.form(form, page.form) if page.form else form

        async def work(tx: Tx) -> Shown:
            call.tx = tx
            answer: Shown = await page.door(call)
            return answer

        database = self.house.system if page.access.is_system else self.house.db
        return await database.write(page.access.scope(call.grant), work, address=incoming.address)

    def _refusal(self, refused: Refused, incoming: Incoming) -> View:
        values = {"refused": refused, "request_id": incoming.id, "path": incoming.path}
        return View(self._trouble, values, status=refused.status, headers=refused.headers)

    def _render(
        self, answer: View | Redirect | Raw, *, nonce: str, csrf: str
    ) -> tuple[bytes, str, int, dict[str, str]]:
        """Body, content type, status and headers."""
        match answer:
            case Raw():
                return (
                    answer.body,
                    answer.content_type,
                    answer.status,
                    {"cache-control": "no-store", **_lower(answer.headers)},
                )
            case Redirect():
                return b"", HTML, 303, {"location": answer.to, "cache-control": "no-store"}
            case View():
                body = self._html(answer, nonce=nonce, csrf=csrf).encode()
                return body, HTML, answer.status, {"cache-control": "no-store", **_lower(answer.headers)}

    def _html(self, view: View, **own: str) -> str:
        return self._templates.get_template(view.template).render({**view.values, **own})


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
