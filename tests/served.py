"""The product as a user starts it: `openmedspa serve` in a process of its own, to be asked, stopped and killed."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import canaries
import httpx2

START_SECONDS = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def environment() -> dict[str, str]:
    """Ours without any setting of the developer's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OPENMEDSPA_", "DATABASE_URL"))}
    return {**kept, "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"}


class Served:
    """A `serve --demo` on a free port; `start` after `kill` brings it back on the same data."""

    def __init__(self, data_dir: Path, *flags: str, variables: Mapping[str, str] | None = None) -> None:
        self.data_dir = data_dir
        self.environment = {**environment(), **(variables or {})}
        self.port = free_port()
        self.flags = flags
        self.process: subprocess.Popen[bytes] | None = None
        self.card: dict[str, Any] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "openmedspa", *words, "--data-dir", str(self.data_dir)]

    def start(self) -> float:
        """Start and wait until it is ready; the seconds that took."""
        started = time.monotonic()
        words = self.command("serve", "--demo", "--port", str(self.port), *self.flags)
        with (self.data_dir / "serve.log").open("ab") as log:
            self.process = subprocess.Popen(
                words, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        self.wait_until_ready(started + START_SECONDS)
        return time.monotonic() - started

    def wait_until_ready(self, deadline: float) -> None:
        while time.monotonic() < deadline:
            assert self.process is None or self.process.poll() is None, (self.data_dir / "serve.log").read_text()
            with contextlib.suppress(httpx2.HTTPError):
                if httpx2.get(self.url + "/readyz", timeout=2).status_code == 200:
                    return
            time.sleep(0.02)
        raise AssertionError(f"not ready in time: {(self.data_dir / 'serve.log').read_text()}")

    def kill(self) -> None:
        """kill -9, as the kernel does it: nothing is cleaned up."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=20)
        canaries.watch("log of serve", (self.data_dir / "serve.log").read_text(errors="replace"))

    def spawn(self, *words: str) -> subprocess.Popen[bytes]:
        """Another command on the same data folder."""
        return subprocess.Popen(
            self.command(*words), env=environment(), stdin=subprocess.DEVNULL, start_new_session=True
        )

    def demo(self, api: str = "exam_api") -> dict[str, Any]:
        """What `openmedspa demo --json` prints of an API."""
        words = self.command("demo", "--json", "--port", str(self.port))
        printed = subprocess.run(words, env=environment(), capture_output=True, check=True, timeout=60).stdout
        card: dict[str, Any] = json.loads(printed)[api]
        return card


@contextmanager
def serving(data_dir: Path, *flags: str, variables: Mapping[str, str] | None = None) -> Iterator[Served]:
    served = Served(data_dir, *flags, variables=variables)
    served.start()
    try:
        yield served
    finally:
        served.stop()
