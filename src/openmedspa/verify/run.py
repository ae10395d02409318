"""Runs checks against a server and keeps what came of each. Knows no check by name, prints nothing."""

import asyncio
import time
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from typing import Any, Literal

import aiohttp
from msgspec import Struct
from msgspec.structs import replace

from openmedspa.verify import address
from openmedspa.verify.answer import Answer, Broken
from openmedspa.verify.checks import Check
from openmedspa.verify.given import Given
from openmedspa.verify.inbox import Inbox
from openmedspa.verify.server import Server
from openmedspa.verify.trial import Trial

AT_ONCE = 6


class Result(Struct, frozen=True):
    """What came of a check; `sent`, `expected` and `came` are there when it failed, `why` when it was skipped."""

    check: Check
    outcome: Literal["held", "failed", "skipped"]
    seconds: float = 0.0
    why: str = ""
    sent: str = ""
    expected: str = ""
    came: str = ""


class Run(Struct, frozen=True):
    base: str
    results: list[Result]
    ordered: int

    def failed(self, *, strict: bool) -> bool:
        """Whether the server does not conform; what our contract adds counts only when one is strict."""
        return any(
            result.outcome == "failed" and (strict or result.check.source == "documented") for result in self.results
        )


def chosen(checks: Sequence[Check], patterns: Sequence[str]) -> list[Check]:
    """The checks whose id or group fits one of the patterns; all without any."""
    return [
        check
        for check in checks
        if not patterns or any(fnmatchcase(check.id, one) or fnmatchcase(check.group, one) for one in patterns)
    ]


async def run(
    http: aiohttp.ClientSession,
    url: str,
    given: Given,
    checks: Sequence[Check],
    *,
    inbox: Inbox | None = None,
    tell: Callable[[Result], None] = lambda _result: None,
) -> Run:
    """Every check, a few at a time; the results stand in the order of the checks. Stopped when there is no API."""
    base, treatments = await address.find(http, url, given.key)
    server = Server(http, base)
    given = await _look_around(server, given, treatments, has_inbox=inbox is not None)
    places = asyncio.Semaphore(AT_ONCE)

    async def one(check: Check) -> Result:
        async with places:
            result = await _carry_out(check, server, given, inbox)
        tell(result)
        return result

    order = sorted(range(len(checks)), key=lambda index: not checks[index].slow)
    done = await asyncio.gather(*(one(checks[index]) for index in order))
    results = [result for _, result in sorted(zip(order, done, strict=True), key=lambda pair: pair[0])]
    return Run(base, results, len(server.ordered))


async def _carry_out(check: Check, server: Server, given: Given, inbox: Inbox | None) -> Result:
    lacking = given.lacks(check.needs)
    if lacking is not None:
        return Result(check, "skipped", why=f"needs {lacking}")
    trial, began = Trial(server, given, inbox, who=check.id), time.monotonic()
    try:
        await check.does(trial)
    except Broken as broken:
        seconds = time.monotonic() - began
        return Result(check, "failed", seconds, sent=trial.sent, expected=broken.expected, came=broken.came)
    except (KeyError, TypeError, IndexError, AttributeError, ValueError) as trouble:
        # An answer so far from the contract that the check could not even take it apart.
        came = f"an answer of another form ({type(trouble).__name__}: {trouble})"
        return Result(check, "failed", time.monotonic() - began, sent=trial.sent, expected=check.says, came=came)
    return Result(check, "held", time.monotonic() - began)


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
