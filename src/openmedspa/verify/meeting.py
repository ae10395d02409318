"""Meets an exam API: finds its address, and what it shows of itself. Stopped when there is none."""

from typing import Any

import aiohttp
from msgspec.structs import replace

from openmedspa.verify import address
from openmedspa.verify.answer import Answer
from openmedspa.verify.given import Given
from openmedspa.verify.inbox import Inbox
from openmedspa.verify.run import Subject
from openmedspa.verify.server import Server
from openmedspa.verify.trial import Trial

MAKES = {"appointments": "visits", "in-person": "visits"}


async def meet(http: aiohttp.ClientSession, url: str, given: Given, *, inbox: Inbox | None = None) -> Subject:
    """The exam API below this address."""
    base, treatments = await address.find(http, url, given.key)
    server = Server(http, base, makes=MAKES)
    given = await _look_around(server, given, treatments, has_inbox=inbox is not None)
    return Subject("exam", server, given, lambda who: Trial(server, given, inbox, who=who))


async def _look_around(server: Server, given: Given, treatments: Answer, *, has_inbox: bool) -> Given:
    """What the server shows of itself: its first treatments, and whether it is a staging server."""
    probe = await Trial(server, given, None, who="probe").stage("gfe_none", "no-show")
    entries: list[Any] = treatments.json["data"] if isinstance(treatments.json["data"], list) else []
    pairs = [
        (entry["id"], entry["name"])
        for entry in entries[:3]
        if isinstance(entry, dict) and {"id", "name"} <= entry.keys()
    ]
    return replace(
        given,
        treatments=tuple(pairs) if len(pairs) == 3 else (),
        staging=b"GFE not found" in probe.body,  # in production the path itself is unknown, in other words
        webhooks=has_inbox,
    )
