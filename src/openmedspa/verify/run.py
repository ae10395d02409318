"""Runs checks against a server and keeps what came of each. Knows no check by name, prints nothing."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, Literal, Protocol

from msgspec import Struct

from openmedspa.verify.answer import Broken
from openmedspa.verify.checks import Check
from openmedspa.verify.server import Server

AT_ONCE = 6
Api = Literal["exam", "partner"]


class Known(Protocol):
    """What is known of a server: tells what a check needs and is not there."""

    def lacks(self, needs: tuple[str, ...]) -> str | None: ...


class Trial(Protocol):
    """What a check is given: remembers what it sent last."""

    sent: str


class Subject(Struct, frozen=True):
    """A server that was met: at an address where one API of the contract answers, with what is known of it."""

    api: Api
    server: Server
    known: Known
    begin: Callable[[str], Any]  # a trial for the check of this id


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
    """What came of all checks of one API; `made` counts what they left at the server, by kind."""

    api: Api
    base: str
    results: list[Result]
    made: Mapping[str, int]

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
    subject: Subject, checks: Sequence[Check], *, tell: Callable[[Result], None] = lambda _result: None
) -> Run:
    """Every check, a few at a time; the results stand in the order of the checks."""
    places = asyncio.Semaphore(AT_ONCE)

    async def one(check: Check) -> Result:
        async with places:
            result = await _carry_out(check, subject)
        tell(result)
        return result

    order = sorted(range(len(checks)), key=lambda index: not checks[index].slow)
    done = await asyncio.gather(*(one(checks[index]) for index in order))
    results = [result for _, result in sorted(zip(order, done, strict=True), key=lambda pair: pair[0])]
    made = {kind: len(ids) for kind, ids in subject.server.made.items()}
    return Run(subject.api, subject.server.base, results, made)


async def _carry_out(check: Check, subject: Subject) -> Result:
    lacking = subject.known.lacks(check.needs)
    if lacking is not None:
        return Result(check, "skipped", why=f"needs {lacking}")
    trial: Trial = subject.begin(check.id)
    began = time.monotonic()
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
