"""Several web processes behind one port: `serve --workers N`. The parent answers nothing itself."""

import os
import socket
import sys
import threading
from multiprocessing import connection, parent_process
from typing import TYPE_CHECKING

from openmedspa.cli import talk
from openmedspa.cli.serve import uvicorn_options
from openmedspa.kit.errors import Stopped

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from openmedspa.settings import Settings


STARTUP_FAILURE = 3  # uvicorn's word for: it would fail the same way again, so do not try


def run_many(settings: "Settings", listener: socket.socket, greeting: list[str]) -> None:
    """Start them, greet when one answers, start again those that die, until we are told to stop."""
    import uvicorn
    from uvicorn.supervisors import Multiprocess

    class Supervisor(Multiprocess):
        is_interrupted = False

        def handle_int(self) -> None:
            self.is_interrupted = True
            super().handle_int()

    _pass_on(settings)
    config = uvicorn.Config(
        "openmedspa.cli.processes:create", factory=True, workers=settings.workers, **uvicorn_options(settings)
    )
    threading.Thread(target=_greet, args=(listener, greeting), daemon=True).start()
    supervisor = Supervisor(config, sockets=[listener])
    supervisor.run()
    if any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes):
        raise Stopped("The web processes do not start.", "The lines above say why.")
    if supervisor.is_interrupted:
        raise KeyboardInterrupt
    talk.say("Stopped.")


def create() -> "Starlette":
    """The application of one of them, which ends with its parent, however that ended."""
    from openmedspa import app
    from openmedspa.kit import logs
    from openmedspa.settings import Settings

    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        logs.keep(Settings.read().log_format)
        return app.create()
    except Stopped as stopped:
        talk.complain(stopped.what, stopped.hint)
        sys.exit(STARTUP_FAILURE)


def _pass_on(settings: "Settings") -> None:
    """The children read the settings from the environment, as everybody does."""
    from openmedspa.settings import BARE, PREFIX

    for name in [name for name in os.environ if name.startswith(PREFIX) or name.removesuffix("_FILE") in BARE]:
        del os.environ[name]
    os.environ.update(settings.to_environ())


def _end_with_parent() -> None:
    # A parent that was killed tells nobody, and its children would keep the port from the next `serve`. At once, as it
    # went itself: what was answered is committed.
    if parent := parent_process():
        connection.wait([parent.sentinel])
        os._exit(1)


def _greet(listener: socket.socket, greeting: list[str]) -> None:
    address = listener.getsockname()[:2]
    while True:
        try:
            socket.create_connection(address, timeout=1).close()
        except OSError:
            threading.Event().wait(0.05)
        else:
            talk.say("\n".join(greeting))
            return
