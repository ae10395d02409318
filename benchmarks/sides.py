"""The servers that are compared: uvicorn processes on one core, with what the kernel says of their CPU and memory."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from benchmarks import stage
from benchmarks.load import pinned
from openmedspa.settings import Settings

UVICORN = ["-m", "uvicorn", "--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
START_SECONDS = 30
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


class Server(Struct, frozen=True):
    """One side while it runs."""

    name: str
    base: str
    pid: int
    started_seconds: float  # from the process's start to its first answer that came from the database

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def resident_mb(self) -> float:
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * PAGE / 1e6


SIDES = {"ours": ["openmedspa.app:create", "--factory"], "bare": ["benchmarks.peers.bare:app"]}


@contextmanager
def serving(name: str, settings: Settings, *, cores: set[int], probe: str) -> Iterator[Server]:
    """A side's server on these cores, answering `probe`; stopped at the end."""
    port = _free_port()
    command = [*pinned(cores), sys.executable, *UVICORN, "--host", "127.0.0.1", "--port", str(port), *SIDES[name]]
    outer = {key: text for key, text in os.environ.items() if not key.startswith(("OPENMEDSPA_", "DATABASE_URL"))}
    environ = {key: text for key, text in settings.to_environ().items() if key != "OPENMEDSPA_DATA_DIR"}  # none is used
    root = Path(__file__).parent.parent
    began = time.monotonic()
    process = subprocess.Popen(command, cwd=root, env={**outer, **environ})
    try:
        _wait_for(process, port, probe)
        yield Server(name, f"http://127.0.0.1:{port}", process.pid, time.monotonic() - began)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(process: subprocess.Popen[bytes], port: int, probe: str) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", probe, headers={"x-api-key": stage.KEY})
            answer = connection.getresponse()
            if answer.status == 200:
                return
            raise RuntimeError(f"GET {probe} answered {answer.status}: {answer.read().decode()}")
        except OSError:
            time.sleep(0.01)
        finally:
            connection.close()
    raise RuntimeError(f"the server on port {port} did not start; what it said stands above")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
