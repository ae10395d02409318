"""`openmedspa serve`: the APIs and the background work, until it is told to stop. Brings up the database first, and
says that it is there only once it answers."""

import asyncio
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from openmedspa.cli import talk
from openmedspa.cli.flags import DataDir, Port, switch
from openmedspa.kit.errors import Stopped

if TYPE_CHECKING:
    from openmedspa.settings import Settings

GRACE_SECONDS = 1  # for answers under way when we are told to stop


class Terminated(BaseException):
    """SIGTERM: unwinds like Ctrl-C, so that the database is stopped too."""


def serve(
    *,
    demo: Annotated[bool, switch("Invented data and fixed keys, on this computer only.")] = False,
    host: Annotated[str | None, Parameter(help="Address to listen on; 127.0.0.1 unless set.")] = None,
    port: Port = None,
    data_dir: DataDir = None,
    workers: Annotated[int | None, Parameter(help="Web processes; 1 unless set.")] = None,
    no_worker: Annotated[bool, switch("Leave the background work to others.", name="--no-worker")] = False,
) -> None:
    """Answer the APIs and do the background work, until Ctrl-C."""
    from openmedspa.cli.ports import listening_soon
    from openmedspa.settings import Settings

    if port is not None and not 0 <= port <= 65535:
        hint = "A port is a number from 1 to 65535, or 0 for any that is free: openmedspa serve --port 8000"
        raise Stopped(f"{port} is no port.", hint, exit_code=2)
    settings = Settings.read(
        demo=demo or None, host=host, port=port, data_dir=data_dir, workers=workers,
        run_worker=False if no_worker else None,
    )  # fmt: skip
    _require_loopback(settings)
    if settings.log_format == "json":
        talk.be_quiet()
    with _stoppable(), listening_soon(settings.host, settings.port) as listener:
        _serve(settings, listener)


def _require_loopback(settings: "Settings") -> None:
    if settings.demo and not settings.is_loopback:
        raise Stopped(
            f"The demo's keys are public, so it is not served on {settings.host}.",
            "openmedspa serve --demo --host 127.0.0.1",
            exit_code=4,
        )


@contextmanager
def _stoppable() -> Iterator[None]:
    """SIGTERM unwinds everything, as Ctrl-C does by itself."""

    def terminate(_signal: int, _frame: object) -> None:
        raise Terminated

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    except Terminated:
        talk.say("Stopped.")
    except KeyboardInterrupt:
        talk.say("\nStopped.")
        raise
    finally:
        signal.signal(signal.SIGTERM, before)


def _serve(settings: "Settings", listener: socket.socket) -> None:
    from msgspec.structs import replace

    from openmedspa.cli.database import with_secret_key
    from openmedspa.kit import logs

    with _database(settings) as found:
        ready = with_secret_key(replace(found, port=listener.getsockname()[1]))
        greeting = asyncio.run(_prepare(ready, is_embedded=settings.is_embedded))
        logs.keep(ready.log_format)
        if ready.workers > 1:
            from openmedspa.cli.processes import run_many

            run_many(ready, listener, greeting)
        else:
            _run_one(ready, listener, greeting)


@contextmanager
def _database(settings: "Settings") -> "Iterator[Settings]":
    """DATABASE_URL, or the folder's own, which is ours alone for as long as we serve."""
    if not settings.is_embedded:
        yield settings
        return
    from msgspec.structs import replace

    from openmedspa.cli.database import is_made
    from openmedspa.kit import embedded_postgres

    if not is_made(settings.data_dir):
        talk.say(f"Making a database in {settings.data_dir} …")
    with embedded_postgres.serve(settings.data_dir) as dsn:
        try:
            yield replace(settings, database_url=dsn)
        finally:
            # It takes a moment, and a second Ctrl-C must not cut it short.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)


async def _prepare(settings: "Settings", *, is_embedded: bool) -> list[str]:
    """Migrate what is ours to migrate, load the demo; the lines to greet with. Stopped if it is not ours to serve."""
    from openmedspa import installation
    from openmedspa.cli import start_card

    await _require_same_kind(settings, is_embedded=is_embedded)
    if is_embedded:
        await installation.upgrade(settings)
    else:
        await installation.require_ready(settings)
    if not settings.demo:
        return await start_card.plain(settings)
    from openmedspa.demo.card import card
    from openmedspa.demo.load import load

    await load(settings, talk.say)
    return start_card.demo(settings, await card(settings))


async def _require_same_kind(settings: "Settings", *, is_embedded: bool) -> None:
    """A database is production, staging or the demo for good: what to type when it is another than asked for."""
    from openmedspa import installation

    mark = await installation.find_mark(settings)
    if mark is None or (mark.is_demo, mark.environment) == (settings.demo, settings.environment):
        return
    fresh = "openmedspa serve --demo" if settings.demo else "openmedspa serve"
    fresh = f"{fresh} --data-dir .data-new" if is_embedded else f"DATABASE_URL=… {fresh}"
    if mark.is_demo:
        what, hint = "the demo, whose keys everybody knows", f"openmedspa serve --demo, or begin elsewhere: {fresh}"
    elif mark.environment != settings.environment and not settings.demo:
        what = mark.environment
        hint = f"OPENMEDSPA_ENVIRONMENT={mark.environment} openmedspa serve, or begin elsewhere: {fresh}"
    elif mark.environment == "production":
        what, hint = "production, and the demo never mixes with it", fresh
    else:
        return  # staging that may still be empty: the demo's loader looks
    raise Stopped(f"The database here holds {what}.", hint, exit_code=4)


def uvicorn_options(settings: "Settings") -> dict[str, Any]:
    """What every web process is told."""
    return {
        "loop": "asyncio" if sys.platform == "win32" else "uvloop",
        "http": "httptools",
        "lifespan": "on",
        "access_log": False,
        "server_header": False,
        "proxy_headers": bool(settings.trusted_proxies),
        "forwarded_allow_ips": settings.trusted_proxies,
        "timeout_graceful_shutdown": GRACE_SECONDS,
        "log_config": None,
    }


def _run_one(settings: "Settings", listener: socket.socket, greeting: list[str]) -> None:
    """In this process: no second interpreter to start, nothing to pass on."""
    import uvicorn

    from openmedspa.app import build_app

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                talk.say("\n".join(greeting))

    server = Server(uvicorn.Config(build_app(settings), **uvicorn_options(settings)))
    try:
        server.run(sockets=[listener])
    except SystemExit:
        raise Stopped("The server does not start.", "The lines above say why.") from None
