"""Where the exam API is, below the address that was given. Stopped, in words, where there is none."""

import json
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from openmedspa.kit.errors import Stopped
from openmedspa.verify.answer import Answer, Broken
from openmedspa.verify.server import Server

PREFIX = "/emr"
REFUSED, UNREACHABLE = 4, 5


async def find(http: aiohttp.ClientSession, url: str, key: str) -> tuple[str, Answer]:
    """The base address and what its /treatments answers: as given, or with /emr behind it. Stopped for neither."""
    given = require_url(url)
    bases = [given] if given.endswith(PREFIX) else [given, given + PREFIX]
    answers = []
    for base in bases:
        try:
            answer = await Server(http, base, makes={}).send("GET", "/treatments", headers={"x-api-key": key})
        except Broken as broken:
            raise Stopped(
                f"{base} cannot be reached: {broken.came}.", "Is the server running?", exit_code=UNREACHABLE
            ) from None
        if _is_ours(answer):
            _require_key(answer)
            return base, answer
        answers.append(answer)
    raise _nowhere(bases, answers)


def require_url(url: str) -> str:
    """The address without the slash at its end. Stopped for what is no address."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise Stopped(f"“{url[:200]}” is no base URL.", "Say http://127.0.0.1:8000/emr, for example.", exit_code=2)
    return url.rstrip("/")


def _is_ours(answer: Answer) -> bool:
    """The catalogue, or a refusal as the exam API words it; a 404 of another path is not it."""
    body = _object(answer)
    return "data" in body or (answer.status in {401, 403} and body.get("success") is False)


def _require_key(answer: Answer) -> None:
    if answer.status in {401, 403}:
        said = str(_object(answer).get("error", ""))[:200]
        raise Stopped(f"The server refuses the key: {said}", "Give another one with --key.", exit_code=REFUSED)


def _nowhere(bases: list[str], answers: list[Answer]) -> Stopped:
    first = answers[0]
    if first.status in {301, 302, 303, 307, 308}:
        where = first.headers.get("location", "")[:200]
        what = f"{bases[0]} sends its callers on to {where}; an API's client does not follow."
        return Stopped(what, "Give the address it really has.", exit_code=UNREACHABLE)
    kind = first.headers.get("content-type", "no type").partition(";")[0][:50]
    said = "" if _object(first) else f" ({kind}, which is no JSON object)"
    tried = " and ".join(f"{base}/treatments" for base in bases)
    statuses = " and ".join(str(answer.status) for answer in answers)
    what = f"There is no exam API at {tried}: the answer is {statuses}{said}."
    return Stopped(what, "Give the base URL, to which /treatments is added.", exit_code=UNREACHABLE)


def _object(answer: Answer) -> dict[str, Any]:
    try:
        value = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
