"""Ways to spoil a reply: the words in which the table of defects is written."""

import itertools
import json
import re
from collections.abc import Callable
from typing import Any

from multidict import CIMultiDict
from verify.spoiler import Asked, Reply, bare, changed

from openmedspa.verify.contract.words import UNKNOWN_LOCATION

ORDERS = ("/appointments", "/in-person")
numbers = itertools.count(1)
Spoil = Callable[[Asked, Reply], Reply]


def when(holds: Callable[[Asked, Reply], object], then: Callable[[Reply], Reply]) -> Spoil:
    """Spoil only the replies that it holds for."""
    return lambda asked, reply: then(reply) if holds(asked, reply) else reply


def worded(old: str, new: str) -> Spoil:
    """A refusal in other words."""
    return when(
        lambda _, reply: reply.status >= 400,
        lambda reply: reply._replace(body=reply.body.replace(old.encode(), new.encode())),
    )


def written(old: str, new: str) -> Spoil:
    """Any reply in other words."""
    return lambda _, reply: reply._replace(body=reply.body.replace(old.encode(), new.encode()))


def status(old: int, new: int) -> Spoil:
    return when(lambda _, reply: reply.status == old, lambda reply: reply._replace(status=new))


def field(**changes: Any) -> Callable[[Reply], Reply]:
    """The body's object with other fields; None leaves one out."""
    return lambda reply: reply.saying(changed(reply.json, **changes))


def ordered(asked: Asked, reply: Reply) -> bool:
    return bare(asked) in ORDERS and reply.status == 201


def cancelling(asked: Asked, reply: Reply) -> bool:
    return asked.path.endswith("/cancel") and reply.status == 200


def staging(asked: Asked, reply: Reply) -> bool:
    return asked.path.startswith("/staging/") and reply.status == 200


def visits(spoil: Callable[[dict[str, Any]], dict[str, Any]]) -> Spoil:
    """Every visit that is shown, alone or in a list."""

    def of(asked: Asked, reply: Reply) -> Reply:
        if asked.method != "GET" or reply.status != 200:
            return reply
        body = reply.json
        if bare(asked).startswith("/visits/"):
            return reply.saying({**body, "data": spoil(body["data"])})
        if bare(asked).startswith("/gfes/"):
            return reply.saying({**body, "gfes": [spoil(visit) for visit in body["gfes"]]})
        return reply

    return of


def alone(spoil: Callable[[dict[str, Any]], dict[str, Any]]) -> Spoil:
    """A visit that is shown alone."""
    both = visits(spoil)
    return lambda asked, reply: both(asked, reply) if bare(asked).startswith("/visits/") else reply


def listed(spoil: Callable[[dict[str, Any]], dict[str, Any]]) -> Spoil:
    """The body of a list."""
    return when(
        lambda asked, reply: bare(asked).startswith("/gfes/") and reply.status == 200,
        lambda reply: reply.saying(spoil(reply.json)),
    )


def patient(**changes: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda visit: {**visit, "patient_details": changed(visit["patient_details"], **changes)}


def header(name: str, value: str | None) -> Callable[[Reply], Reply]:
    def of(reply: Reply) -> Reply:
        headers = reply.headers.copy()
        headers.pop(name, None)
        if value is not None:
            headers[name] = value
        return reply._replace(headers=headers)

    return of


def any_reply(_asked: Asked, _reply: Reply) -> bool:
    return True


def accepts(asked: Asked, reply: Reply) -> Reply:
    """Answers what it should refuse as if all were well."""
    if reply.status not in {400, 409, 413, 415}:
        return reply
    gfe_id = f"gfe_{next(numbers)}"
    success: dict[str, Any] = {"success": True, "gfe_id": gfe_id}
    if bare(asked) == "/in-person":
        success |= {"visit_id": gfe_id, "visit_link": "http://x/"}
    return reply.saying(success, 201 if bare(asked) in ORDERS else 200)


def refusal(status_: int, error: str) -> Reply:
    headers = CIMultiDict({"Content-Type": "application/json", "X-Request-Id": str(next(numbers))})
    return Reply(status_, headers, json.dumps({"success": False, "error": error}).encode())


def location_first(asked: Asked, reply: Reply) -> Reply:
    body = asked.json
    is_unknown = isinstance(body, dict) and body.get("location_id") == UNKNOWN_LOCATION
    return refusal(404, "Not Found") if is_unknown else reply


def path_first(asked: Asked, reply: Reply) -> Reply:
    return refusal(404, "Not found") if bare(asked) == "/invalid-path" else reply


def body_first(asked: Asked, reply: Reply) -> Reply:
    return refusal(400, "Invalid JSON") if asked.body and asked.json is None else reply


def small_bodies(asked: Asked, reply: Reply) -> Reply:
    return refusal(413, "Payload too large") if len(asked.body) > 100_000 else reply


def no_past(asked: Asked, reply: Reply) -> Reply:
    is_past = ordered(asked, reply) and (asked.json or {}).get("appointment_time", 4e9) < 1.7e9
    return refusal(400, "appointment_time is past") if is_past else reply


def iso_dob(visit: dict[str, Any]) -> dict[str, Any]:
    dob = visit["patient_details"].get("dob")
    return patient(dob=f"{dob[6:]}-{dob[:5]}")(visit) if dob else visit


def said_anew(asked: Asked, reply: Reply) -> Reply:
    return reply.saying({**reply.json, "message": f"Answer {next(numbers)}"}) if reply.status == 200 else reply


def plain_type_only(asked: Asked, reply: Reply) -> Reply:
    return refusal(415, "Unsupported media type") if "charset" in asked.headers.get("Content-Type", "") else reply


def not_cancelled(visit: dict[str, Any]) -> dict[str, Any]:
    return {**visit, "status": "Processing"} if visit["status"] == "Cancelled by client" else visit


def in_utc(visit: dict[str, Any]) -> dict[str, Any]:
    text = str(visit.get("evaluation_completed", ""))
    return {**visit, "evaluation_completed": re.sub(r"-0[78]:00$", "+00:00", text)} if text else visit


def in_the_other_season(visit: dict[str, Any]) -> dict[str, Any]:
    text = str(visit.get("evaluation_completed", ""))
    other = "-07:00" if text.endswith("-08:00") else "-08:00"
    return {**visit, "evaluation_completed": text[:-6] + other} if text else visit


def swapped(visit: dict[str, Any]) -> dict[str, Any]:
    if visit["status"] != "Completed":
        return visit
    approved, deferred = visit["approved_treatments"], visit["deferred_treatments"]
    return {**visit, "approved_treatments": deferred, "deferred_treatments": approved}
