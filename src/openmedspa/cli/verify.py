"""`openmedspa verify`: runs the contracts against any server. Begins, shows and ends a run; knows no check."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import urlsplit

from cyclopts import Parameter

from openmedspa.cli import talk
from openmedspa.cli.flags import DataDir, Json, repeated, switch
from openmedspa.cli.known import (
    LOOPBACK,
    Api,
    Known,
    apis_of,
    base_of,
    complete,
    text,
    to_given,
    to_partner_given,
)
from openmedspa.kit.errors import Stopped

if TYPE_CHECKING:
    import aiohttp

    from openmedspa.verify.checks import Check
    from openmedspa.verify.inbox import Inbox
    from openmedspa.verify.run import Run, Subject

    Meet = Callable[[aiohttp.ClientSession, Inbox | None], Awaitable[Subject]]

FAILED = 6


@dataclass(frozen=True)
class Receiving:
    """The flags that say how webhooks come to us."""

    webhooks: Annotated[bool, Parameter(help="Receive webhooks; this moves the URL of the key's EMR.")] = True
    receive: Annotated[str, text("Where the server finds us, as http://198.51.100.7:9100, if not on loopback.")] = ""
    receive_port: Annotated[int, Parameter(help="Port to listen on; that of --receive unless set.")] = 0


async def verify(
    base_url: Annotated[str, text("With or without /emr or /v1 at its end; none: the demo of this folder.")] = "",
    /,
    *,
    api: Annotated[
        Literal["exam", "partner", "both"] | None, text("Whose checks; unless set, what address and flags say.")
    ] = None,
    known: Annotated[Known, Parameter(name="*")] = Known(),  # noqa: B008 frozen
    receiving: Annotated[Receiving, Parameter(name="*")] = Receiving(),
    only: Annotated[tuple[str, ...], repeated("Groups or checks, as cancel or 'tags.*'. May be repeated.")] = (),
    list_: Annotated[bool, switch("Say which checks there are, and run none.", name="--list")] = False,
    strict: Annotated[bool, switch("What our contract adds to the documents counts as well.")] = False,
    junit: Annotated[Path | None, Parameter(help="Write JUnit XML there as well.")] = None,
    timeout: Annotated[float, Parameter(help="Seconds to wait for an answer.")] = 15.0,  # noqa: ASYNC109 a flag
    as_json: Json = False,
    data_dir: DataDir = None,
) -> int:
    """Check a server against the contracts of both APIs, with invented people; exit code 6 if it does not keep them."""
    checks = _chosen(only)
    if list_:
        return _list([check for api_, of_api in checks.items() if api in (None, "both", api_) for check in of_api],
                     as_json=as_json)  # fmt: skip
    if not 0 < timeout < 1e6 or not 0 <= receiving.receive_port <= 65535:
        raise Stopped("A timeout is above 0, a port at most 65535.", "openmedspa verify --help", exit_code=2)
    if junit is not None and not junit.parent.is_dir():
        raise Stopped(f"There is no folder {junit.parent}.", exit_code=3)
    base_url, known = complete(base_url, known, data_dir)
    apis = apis_of(base_url, known, api or _api_of(checks))
    meets = {one: _meet(one, base_of(one, base_url, apis), known, timeout) for one in apis}
    async with _inbox(base_url, receiving, is_wanted="exam" in apis and bool(checks["exam"])) as inbox:
        runs = [await _run(meets[one], checks[one], inbox, timeout) for one in apis if checks[one]]
    _tell(runs, as_json=as_json, junit=junit, has_moved=inbox is not None)
    return FAILED if any(run.failed(strict=strict) for run in runs) else 0


def _chosen(only: tuple[str, ...]) -> "dict[Api, list[Check]]":
    """The checks of each API that are wanted. Stopped when there are none."""
    from openmedspa.verify.contents import CONTRACT
    from openmedspa.verify.partner.contents import CONTRACT as PARTNER_CONTRACT
    from openmedspa.verify.run import chosen

    checks: dict[Api, list[Check]] = {"exam": chosen(CONTRACT, only), "partner": chosen(PARTNER_CONTRACT, only)}
    if not any(checks.values()):
        raise Stopped(f"No check is called {' or '.join(only)}.", "openmedspa verify --list", exit_code=2)
    return checks


def _api_of(checks: "dict[Api, list[Check]]") -> str:
    """The one API whose checks were chosen, if it is one."""
    wanted = [api for api, of_api in checks.items() if of_api]
    return wanted[0] if len(wanted) == 1 else ""


def _meet(api: Api, base_url: str, known: Known, timeout: float) -> "Meet":
    """How one API is met; what was said of it is looked at now."""
    from openmedspa.verify import meeting
    from openmedspa.verify.partner import meeting as partner_meeting

    if api == "partner":
        partner_given = to_partner_given(known, timeout)
        return lambda http, _inbox: partner_meeting.meet(http, base_url, partner_given)
    given = to_given(known, timeout)
    return lambda http, inbox: meeting.meet(http, base_url, given, inbox=inbox)


def _list(checks: "list[Check]", *, as_json: bool) -> int:
    from openmedspa.cli.tables import show
    from openmedspa.verify.report import describe

    columns = {"id": "CHECK", "source": "PROMISED", "says": "SENTENCE", "needs": "NEEDS"}
    show([describe(check) for check in checks], columns, as_json=as_json)
    return 0


@asynccontextmanager
async def _inbox(base_url: str, receiving: Receiving, *, is_wanted: bool) -> "AsyncIterator[Inbox | None]":
    """Where webhooks come to, if they can: on loopback by itself, elsewhere where --receive says."""
    from openmedspa.cli.ports import unbindable
    from openmedspa.verify.address import require_url
    from openmedspa.verify.inbox import open_inbox

    is_near = urlsplit(base_url).hostname in LOOPBACK
    if not is_wanted or not receiving.webhooks or not (is_near or receiving.receive):
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


async def _run(meet: "Meet", checks: "list[Check]", inbox: "Inbox | None", timeout: float) -> "Run":  # noqa: ASYNC109
    """With a line that counts along on a terminal."""
    from rich.console import Console

    from openmedspa.verify.run import Result, run
    from openmedspa.verify.server import session

    console, done = Console(stderr=True, highlight=False), 0
    is_shown = console.is_terminal and not talk.has_switch("--quiet")
    async with session(timeout) as http:
        subject = await meet(http, inbox)
        if not is_shown:
            return await run(subject, checks)
        with console.status(f"0 of {len(checks)}") as status:

            def tell(result: Result) -> None:
                nonlocal done
                done += 1
                status.update(f"{done} of {len(checks)}  {result.check.id}")

            return await run(subject, checks, tell=tell)


def _tell(runs: "list[Run]", *, as_json: bool, junit: Path | None, has_moved: bool) -> None:
    from openmedspa.verify import report

    if as_json:
        talk.data(report.dump(report.as_json(runs)))
    else:
        report.show(runs)
    if junit is not None:
        report.write_junit(runs, junit)
    talk.say()
    for run in runs:
        for line in report.summary(run):
            talk.say(line)
    results = [result for run in runs for result in run.results]
    if has_moved and any(result.outcome != "skipped" and "webhooks" in result.check.needs for result in results):
        talk.say("The webhook URL of this key's EMR points to us, who are gone now: set your own again.")
