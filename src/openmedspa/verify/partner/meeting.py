"""Meets a partner API: finds its address, gets tokens, sees what they open. Stopped, in words, when there is none."""

import json
from typing import Any

import aiohttp
from msgspec.structs import replace

from openmedspa.kit.errors import Stopped
from openmedspa.verify.address import REFUSED, UNREACHABLE, require_url
from openmedspa.verify.answer import Answer, Broken
from openmedspa.verify.partner.given import Given
from openmedspa.verify.partner.trial import Trial
from openmedspa.verify.partner.words import NOBODY
from openmedspa.verify.run import Subject
from openmedspa.verify.server import Server

PREFIX = "/v1"
MAKES = {"prospects": "prospects", "tags": "tags", "tickets": "tickets", "visits": "visits"}
MOST_ASKED = 25  # providers, for one who has time


async def meet(http: aiohttp.ClientSession, url: str, given: Given) -> Subject:
    """The partner API at this address, or with /v1 behind it."""
    asked = require_url(url)
    bases = [asked] if asked.endswith(PREFIX) else [asked, asked + PREFIX]
    answers = []
    for base in bases:
        server = Server(http, base, makes=MAKES)
        try:
            answer = await _ask(server, given, given.ppass, given.key)
        except Broken as broken:
            raise Stopped(
                f"{base} cannot be reached: {broken.came}.", "Is the server running?", exit_code=UNREACHABLE
            ) from None
        if token := _token(answer):
            return _subject(server, await _look_around(server, replace(given, token=token)))
        if answer.status == 401:
            raise Stopped(
                f"The server refuses the key at {given.ppass}: {answer.told[:200]}",
                "Give another one with --partner-key, or the practice with --ppass.",
                exit_code=REFUSED,
            )
        answers.append(answer)
    tried = " and ".join(f"{base}/{given.ppass}/auth/token" for base in bases)
    statuses = " and ".join(str(answer.status) for answer in answers)
    what = f"There is no partner API at {tried}: the answer is {statuses}."
    raise Stopped(what, "Give the base URL, to which the practice's name is added.", exit_code=UNREACHABLE)


def _subject(server: Server, given: Given) -> Subject:
    return Subject("partner", server, given, lambda who: Trial(server, given, who=who))


async def _ask(server: Server, given: Given, ppass: str, key: str) -> Answer:
    return await Trial(server, given, who="probe").token_for(key, ppass=ppass)


def _token(answer: Answer) -> str:
    token = _object(answer).get("accessToken") if answer.status == 200 else None
    return token if isinstance(token, str) else ""


async def _look_around(server: Server, given: Given) -> Given:
    """The other keys' tokens, and what ours opens."""
    found: dict[str, Any] = {}
    if given.prospects_key:
        found["prospects_token"] = await _further(server, given, "--prospects-key", given.ppass, given.prospects_key)
    if given.foreign_key and given.foreign_ppass:
        found["foreign_token"] = await _further(server, given, "--foreign-key", given.foreign_ppass, given.foreign_key)
    trial = Trial(server, given, who="probe")
    opens = {
        "prospects": trial.at("/prospects?limit=1"),
        "patients": trial.at("/prospects?prospect=false&limit=1"),
        "products": "/products?limit=1",
        "kb": "/kb?limit=1",
        "tickets": trial.at("/tickets?limit=1"),
        "visits": trial.at(f"/visits/{NOBODY}"),
    }
    for name, path in opens.items():
        answer = await trial.get(path)
        found[name] = answer.status != 403
        if name == "kb" and answer.status == 200:
            found["article"] = _first_article(answer)
    found["provider"] = given.provider or await _who_has_time(trial)
    found["visit_type"] = await _known_type(trial, found["provider"])
    return replace(given, **found)


async def _who_has_time(trial: Trial) -> int:
    """The first provider who can be booked, else the first of all; 0 when there is none, or none to be seen."""
    answer = await trial.get(trial.at("/availability/providers"))
    body = _object(answer)
    listed = body.get("data") if answer.status == 200 else None
    ids = [one["id"] for one in listed if isinstance(one, dict) and type(one.get("id")) is int] if isinstance(
        listed, list) else []  # fmt: skip
    for id_ in ids[:MOST_ASKED]:
        found = _object(await trial.get(trial.at(f"/availability/providers/{id_}/next-slot?duration=30"))).get("data")
        if isinstance(found, dict) and found.get("TheNextSlot"):
            return int(id_)
    return ids[0] if ids else 0


async def _known_type(trial: Trial, provider: int) -> str:
    """The visit type that was given, if the practice has it."""
    asked = f"/availability/providers/{provider}/next-slot?duration=30&maxDays=1&visitType={trial.given.visit_type}"
    return trial.given.visit_type if (await trial.get(trial.at(asked))).status == 200 else ""


def _object(answer: Answer) -> dict[str, Any]:
    """The body; empty for what is no JSON object."""
    try:
        body = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


async def _further(server: Server, given: Given, flag: str, ppass: str, key: str) -> str:
    token = _token(await _ask(server, given, ppass, key))
    if not token:
        raise Stopped(f"The key of {flag} gets no token at {ppass}.", exit_code=REFUSED)
    return token


def _first_article(answer: Answer) -> int:
    body = answer.json
    entries = body.get("data") if isinstance(body, dict) else None
    first = entries[0] if isinstance(entries, list) and entries else None
    number = first.get("KBID") if isinstance(first, dict) else None
    return number if isinstance(number, int) else 0
