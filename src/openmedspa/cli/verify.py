"""`openmedspa verify`: runs the exam contract against any server. Begins, shows and ends a run; knows no check."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

from cyclopts import Parameter

from openmedspa.cli import talk
from openmedspa.cli.flags import DataDir, Json, repeated, switch
from openmedspa.cli.known import LOOPBACK, Known, complete, text, to_given
from openmedspa.kit.errors import Stopped

if TYPE_CHECKING:
    from openmedspa.verify.checks import Check
    from openmedspa.verify.given import Given
    from openmedspa.verify.inbox import Inbox
    from openmedspa.verify.run import Run

FAILED = 6


@dataclass(frozen=True)
class Receiving:
    """The flags that say how webhooks come to us."""

    webhooks: Annotated[bool, Parameter(help="Receive webhooks; this moves the URL of the key's EMR.")] = True
    receive: Annotated[str, text("Where the server finds us, as http://198.51.100.7:9100, if not on loopback.")] = ""
    receive_port: Annotated[int, Parameter(help="Port to listen on; that of --receive unless set.")] = 0


async def verify(
    base_url: Annotated[str, text("With or without /emr at its end; none: the demo of this folder.")] = "",
    /,
    *,
    known: Annotated[Known, Parameter(name="*")] = Known(),  # noqa: B008 frozen
    receiving: Annotated[Receiving, Parameter(name="*")] = Receiving(),
    only: Annotated[tuple[str, ...], repeated("Groups or checks, as cancel or 'list.*'. May be repeated.")] = (),
    list_: Annotated[bool, switch("Say which checks there are, and run none.", name="--list")] = False,
    strict: Annotated[bool, switch("What our contract adds to the documents counts as well.")] = False,
    junit: Annotated[Path | None, Parameter(help="Write JUnit XML there as well.")] = None,
    timeout: Annotated[float, Parameter(help="Seconds to wait for an answer.")] = 15.0,  # noqa: ASYNC109 a flag
    as_json: Json = False,
    data_dir: DataDir = None,
) -> int:
    """Check a server against the exam contract. It orders visits for invented people; exit code 6 if it fails."""
    from openmedspa.verify.contents import CONTRACT
    from openmedspa.verify.run import chosen

    checks = chosen(CONTRACT, only)
    if not checks:
        raise Stopped(f"No check is called {' or '.join(only)}.", "openmedspa verify --list", exit_code=2)
    if list_:
        return _list(checks, as_json=as_json)
    if not 0 < timeout < 1e6 or not 0 <= receiving.receive_port <= 65535:
        raise Stopped("A timeout is above 0, a port at most 65535.", "openmedspa verify --help", exit_code=2)
    if junit is not None and not junit.parent.is_dir():
        raise Stopped(f"There is no folder {junit.parent}.", exit_code=3)
    base_url, known = complete(base_url, known, data_dir)
    given = to_given(known, timeout)
    async with _inbox(base_url, receiving) as inbox:
        run = await _run(base_url, given, checks, inbox)
    _tell(run, as_json=as_json, junit=junit, has_moved=inbox is not None)
    return FAILED if run.failed(strict=strict) else 0


def _list(checks: "list[Check]", *, as_json: bool) -> int:
    from openmedspa.cli.tables import show
    from openmedspa.verify.report import describe

    columns = {"id": "CHECK", "source": "PROMISED", "says": "SENTENCE", "needs": "NEEDS"}
    show([describe(check) for check in checks], columns, as_json=as_json)
    return 0


@asynccontextmanager
async def _inbox(base_url: str, receiving: Receiving) -> "AsyncIterator[Inbox | None]":
    """Where webhooks come to, if they can: on loopback by itself, elsewhere where --receive says."""
    from openmedspa.cli.ports import unbindable
    from openmedspa.verify.address import require_url
    from openmedspa.verify.inbox import open_inbox

    is_near = urlsplit(base_url).hostname in LOOPBACK
    if not receiving.webhooks or not (is_near or receiving.receive):
        yield None
        return
    public = require_url(receiving.receive) if receiving.receive else ""
    port = receiving.receive_port or (urlsplit(public).port or 0 if public else 0)
    host = "0.0.0.0" if public else "127.0.0.1"  # noqa: S104 the server under test must reach it
    try:
        opened = open_inbox(host, port, public)
        inbox = await opened.__aenter__()
    except OSError as trouble:
        raise unbindable(trouble, host, port) from None
    try:
        yield inbox
    finally:
        await opened.__aexit__(None, None, None)


async def _run(base_url: str, given: "Given", checks: "list[Check]", inbox: "Inbox | None") -> "Run":
    """With a line that counts along on a terminal."""
    from rich.console import Console

    from openmedspa.verify.run import Result, run
    from openmedspa.verify.server import session

    console, done = Console(stderr=True, highlight=False), 0
    is_shown = console.is_terminal and not talk.has_switch("--quiet")
    async with session(given.timeout) as http:
        if not is_shown:
            return await run(http, base_url, given, checks, inbox=inbox)
        with console.status(f"0 of {len(checks)}") as status:

            def tell(result: Result) -> None:
                nonlocal done
                done += 1
                status.update(f"{done} of {len(checks)}  {result.check.id}")

            return await run(http, base_url, given, checks, inbox=inbox, tell=tell)


def _tell(run: "Run", *, as_json: bool, junit: Path | None, has_moved: bool) -> None:
    from openmedspa.verify import report

    if as_json:
        talk.data(report.dump(report.as_json(run)))
    else:
        report.show(run)
    if junit is not None:
        report.write_junit(run, junit)
    talk.say()
    for line in report.summary(run):
        talk.say(line)
    if has_moved and any(result.outcome != "skipped" and "webhooks" in result.check.needs for result in run.results):
        talk.say("The webhook URL of this key's EMR points to us, who are gone now: set your own again.")
