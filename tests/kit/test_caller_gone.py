"""A connection that breaks in the middle of a body: half a request is none, on the APIs and on the pages."""

from typing import Any

import asyncpg
import msgspec
from cast import Cast, at_home
from client import Client
from portals.signing import Browser

from openmedspa.kit.http import Incoming
from openmedspa.kit.pages import cookie
from openmedspa.usage import calls


async def broken_off(client: Client, path: str, body: bytes, headers: dict[str, str]) -> list[Any]:
    """Send this much, and go; what the application answered."""
    sent: list[Any] = []
    messages = iter([{"type": "http.request", "body": body, "more_body": True}, {"type": "http.disconnect"}])

    async def receive() -> Any:
        return next(messages)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "path": path,
        "raw_path": path.encode(), "root_path": "", "scheme": "http", "query_string": b"", "client": ("127.0.0.1", 1),
        "server": ("test", 80), "headers": [(name.encode(), text.encode()) for name, text in headers.items()],
    }  # fmt: skip
    await client.http._transport.app(scope, receive, send)  # type: ignore[attr-defined]
    return sent


async def test_an_order_that_breaks_off_orders_nothing_and_is_logged_as_gone(
    glow_emr: Client, owner: asyncpg.Connection
) -> None:
    body = msgspec.json.encode(at_home())  # all of it came, and more was announced
    headers = {"x-api-key": Cast.GLOW_KEY, "content-type": "application/json", "content-length": "9999"}
    assert await broken_off(glow_emr, "/emr/appointments", body, headers) == []
    await calls.write(glow_emr.house)
    assert await owner.fetchval("select count(*) from visits") == 0
    assert await owner.fetchval("select status from calls") == 499


async def test_a_form_that_breaks_off_changes_nothing(glow_emr: Client, owner: asyncpg.Connection) -> None:
    browser = Browser(glow_emr.http)
    await browser.get("/request-access")
    form = f"csrf={browser.csrf}&company=Half&contact=Robin&email=robin@half.example.com&practice=Glow&scope.KB=on"
    headers = {"content-type": "application/x-www-form-urlencoded", "host": "test", "origin": "http://test"}
    assert await broken_off(glow_emr, "/request-access", f"{form}&purpose=To".encode(), headers) == []
    assert await owner.fetchval("select count(*) from access_requests") == 0


def test_a_malformed_neighbour_hides_no_cookie(house: Any) -> None:
    for neighbour in ('foo={"a":1}; ', "x=a b; ", "a[b]=1; ", "é=1; "):
        headers = [(b"cookie", f"{neighbour}admin_session=good; other=1".encode("latin-1"))]
        scope = {"method": "GET", "path": "/", "query_string": b"", "headers": headers}
        incoming = Incoming(scope, None, house, prefix="\x00")  # type: ignore[arg-type]
        assert (cookie(incoming, "admin_session"), cookie(incoming, "session")) == ("good", "")
