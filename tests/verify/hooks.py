"""Ways to spoil a webhook on its way."""

import json
from collections.abc import Callable

from verify.spoils import numbers

Headers = dict[str, str]
Hook = Callable[[Headers, bytes], tuple[Headers, bytes]]


def headed(changes: Headers) -> Hook:
    """With other values of these headers."""
    names = {name.lower() for name in changes}
    return lambda headers, body: (
        {**{name: value for name, value in headers.items() if name.lower() not in names}, **changes}, body
    )  # fmt: skip


def adding(**changes: object) -> Hook:
    """With more fields in `data`."""

    def of(headers: Headers, body: bytes) -> tuple[Headers, bytes]:
        event = json.loads(body)
        return headers, json.dumps({**event, "data": {**event["data"], **changes}}).encode()

    return of


def in_seconds(headers: Headers, body: bytes) -> tuple[Headers, bytes]:
    event = json.loads(body)
    return headers, json.dumps({**event, "timestamp": event["timestamp"] // 1000}).encode()


def rewritten(headers: Headers, body: bytes) -> tuple[Headers, bytes]:
    """The same JSON in other bytes."""
    return headers, json.dumps(json.loads(body), indent=1).encode()


def bare(headers: Headers, body: bytes) -> tuple[Headers, bytes]:
    """Without any header of ours."""
    return {name: value for name, value in headers.items() if name.lower() in {"content-type", "user-agent"}}, body


def with_new_id(headers: Headers, body: bytes) -> tuple[Headers, bytes]:
    return headed({"webhook-id": f"evt_{next(numbers)}"})(headers, body)
