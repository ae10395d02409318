"""What somebody typed into the filters of calls, as a question to the log; and what of it cannot be read. Pure."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import get_args

from msgspec import Struct

from openmedspa.usage.activity import Sort
from openmedspa.usage.shapes import Asked, Cursor, statuses

UNKNOWN_PATH = "(unknown path)"
FIELDS = ("partner", "key", "practice", "method", "route", "status", "code", "ip", "request", "from", "to")
REQUEST_ID, CODE, METHOD = re.compile(r"req_[0-9a-f]{32}"), re.compile(r"[a-z][a-z_]{0,60}"), re.compile(r"[A-Z]{1,20}")
PPASS = re.compile(r"[A-Za-z][A-Za-z0-9]{2,31}")
MOST = 200  # characters of a field
WRONG = {
    "search": "Search for a request id, a route, an error code or an IP address.",
    "partner": "Partner is none of those in the list.",
    "key": "Key is a number, as it stands in the address of the key's page.",
    "practice": "Practice is a PPass, such as DemoOffice.",
    "method": "Method is a word, such as GET.",
    "route": "Endpoint begins with /, as in the list: /emr/visits/{gfe_id}.",
    "status": "Status is a number, such as 404, or 2xx, 4xx, 5xx, or errors.",
    "code": "Error code is a word, such as field_invalid.",
    "ip": "IP is an address, such as 203.0.113.9.",
    "request": "Request id is req_ and 32 characters.",
    "from": "From is a time in UTC, such as 2026-03-09T17:00.",
    "to": "To is a time in UTC, such as 2026-03-09T17:00.",
    "before": "This page's address is incomplete.",
    "after": "This page's address is incomplete.",
}
Read = Callable[[str], dict[str, object] | None]


class Typed(Struct, frozen=True):
    """`fields` as they were typed, but for what is empty; `wrong`, by field, why it cannot be read."""

    asked: Asked
    sort: Sort
    search: str
    fields: Mapping[str, str]
    wrong: Mapping[str, str]

    @property
    def is_first_page(self) -> bool:
        return self.asked.before is None and self.asked.after is None


def read(query: Mapping[str, str]) -> Typed:
    """The filters of a query; what is unreadable counts as not given, and is named."""
    texts = {name: query.get(name, "").strip() for name in (*FIELDS, "before", "after", "search")}
    found: dict[str, object] = {}
    wrong = {}
    for name, text in texts.items():
        if not text:
            continue
        meant = READERS[name](text) if len(text) <= MOST else None
        if meant is None:
            wrong[name] = WRONG[name]
        found |= meant or {}
    wanted = query.get("sort", "")
    sort: Sort = next((one for one in get_args(Sort) if one == wanted), "newest")
    fields = {name: texts[name][:MOST] for name in FIELDS if texts[name]}
    return Typed(Asked(**found), sort, texts["search"][:MOST], fields, wrong)  # type: ignore[arg-type]


def _number(name: str) -> Read:
    return lambda text: {name: int(text)} if re.fullmatch("[0-9]{1,9}", text) else None


def _like(name: str, pattern: re.Pattern[str]) -> Read:
    return lambda text: {name: text} if pattern.fullmatch(text) else None


def _method(text: str) -> dict[str, object] | None:
    return {"method": text.upper()} if METHOD.fullmatch(text.upper()) else None


def _route(text: str) -> dict[str, object] | None:
    if text == UNKNOWN_PATH:
        return {"route": ""}
    return {"route": text} if text.startswith("/") else None


def _status(text: str) -> dict[str, object] | None:
    meant = statuses(text.lower())
    return {"status_from": meant[0], "status_to": meant[1]} if meant else None


def _address(text: str) -> dict[str, object] | None:
    try:
        return {"address": str(ip_address(text))}
    except ValueError:
        return None


def _moment(name: str) -> Read:
    def read_moment(text: str) -> dict[str, object] | None:
        try:
            moment = datetime.fromisoformat(text)
            return {name: moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)}
        except (ValueError, OverflowError):
            return None

    return read_moment


def _cursor(name: str) -> Read:
    def read_cursor(text: str) -> dict[str, object] | None:
        cursor = Cursor.of(text)
        return {name: cursor} if cursor else None

    return read_cursor


def _search(text: str) -> dict[str, object] | None:
    """Whatever it looks like: a request id, a route, also behind its method, an address, or else a code."""
    method, _, route = text.partition(" ")
    if route.startswith("/") and METHOD.fullmatch(method):
        return {"method": method, "route": route}
    for reader in (READERS["request"], _route, _address, READERS["code"]):
        if meant := reader(text):
            return meant
    return None


READERS: dict[str, Read] = {
    "partner": _number("partner_id"),
    "key": _number("key_id"),
    "practice": _like("practice", PPASS),
    "method": _method,
    "route": _route,
    "status": _status,
    "code": _like("code", CODE),
    "ip": _address,
    "request": _like("request_id", REQUEST_ID),
    "from": _moment("since"),
    "to": _moment("until"),
    "before": _cursor("before"),
    "after": _cursor("after"),
    "search": _search,
}
