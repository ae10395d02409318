"""Ways to misread a request: what a broken server takes it for."""

import json
from collections.abc import Callable

from verify.spoiler import Asked, bare
from verify.spoils import ORDERS, numbers

from openmedspa.demo.constants import DEMO_KEY, LOCATION


def any_key(asked: Asked) -> Asked:
    """Whoever has a key has this one."""
    return with_key(asked, DEMO_KEY) if asked.headers.get("x-api-key") else asked


def with_key(asked: Asked, key: str) -> Asked:
    headers = asked.headers.copy()
    headers["x-api-key"] = key
    return asked._replace(headers=headers)


def without_header(asked: Asked, name: str) -> Asked:
    headers = asked.headers.copy()
    headers.popall(name, None)
    return asked._replace(headers=headers)


def order_with(asked: Asked, **changes: object) -> Asked:
    order = asked.json
    if bare(asked) not in ORDERS or not isinstance(order, dict):
        return asked
    return asked._replace(body=json.dumps({**order, **changes}).encode())


def strangers(asked: Asked) -> Asked:
    """Nobody is recognised: each order is for somebody else."""
    order = asked.json
    if bare(asked) not in ORDERS or not isinstance(order, dict) or "patient_details" not in order:
        return asked
    details = {**order["patient_details"]}
    details |= {"email": f"n{next(numbers)}@example.com"} if bare(asked) == "/appointments" else {"dob": "01/01/1980"}
    if bare(asked) == "/in-person":
        details["dob"] = f"01/01/{1900 + next(numbers) % 100}"
    return order_with(asked, patient_details=details)


def namesakes(asked: Asked) -> Asked:
    """E-mail and date of birth are not looked at: a name is a person."""
    order = asked.json
    if bare(asked) not in ORDERS or not isinstance(order, dict):
        return asked
    same = {"email": "same@example.com"} if bare(asked) == "/appointments" else {"dob": "01/01/1980"}
    return order_with(asked, patient_details={**order["patient_details"], **same})


def small_header_only(asked: Asked) -> Asked:
    names = list(asked.headers.keys())
    return asked if "x-api-key" in names else without_header(asked, "x-api-key")


def kept_though_refused(asked: Asked) -> Asked:
    """The order goes through, whatever its time is."""
    return order_with(asked, appointment_time=1)


def without_query(name: str) -> Callable[[Asked], Asked]:
    """The query's parameter of this name is overlooked."""

    def of(asked: Asked) -> Asked:
        path, _, query = asked.path.partition("?")
        kept = "&".join(part for part in query.split("&") if not part.startswith(f"{name}="))
        return asked._replace(path=f"{path}?{kept}" if kept else path)

    return of


def one_location(asked: Asked) -> Asked:
    """All that is ordered is ordered at one location."""
    return order_with(asked, location_id=LOCATION)


def other_url(asked: Asked) -> Asked:
    """Another URL is registered than the one that was sent."""
    return asked._replace(body=b'{"url": "http://127.0.0.1:9/"}') if bare(asked) == "/webhooks" else asked


def without_idempotency(asked: Asked) -> Asked:
    return without_header(asked, "Idempotency-Key")


def one_key() -> Callable[[Asked], Asked]:
    """Two orders of one form get one key: what was to be told apart by it is not."""
    keys: dict[bytes, str] = {}

    def of(asked: Asked) -> Asked:
        if "Idempotency-Key" not in asked.headers:
            return asked
        headers = asked.headers.copy()
        headers["Idempotency-Key"] = keys.setdefault(asked.body, headers["Idempotency-Key"])
        return asked._replace(headers=headers)

    return of
