"""What somebody at a prompt has: commands in processes of their own, their words and their exit codes."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
from msgspec import Struct
from served import environment

SECONDS = 30
# After a command's start, what it says on stderr is read while it runs.
Running = subprocess.Popen[str]


class Ran(Struct):
    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "openmedspa", *words]


def run(*words: str, stdin: str | None = None, cwd: Path | None = None, **variables: str) -> Ran:
    """One command to its end; without `stdin` there is nobody to ask."""
    given: dict[str, Any] = {"input": stdin} if stdin is not None else {"stdin": subprocess.DEVNULL}
    done = subprocess.run(
        command(*words), env=environment() | variables, capture_output=True, text=True, timeout=SECONDS, cwd=cwd,
        check=False, **given,
    )  # fmt: skip
    return Ran(done.returncode, done.stdout, done.stderr)


@contextmanager
def running(*words: str, **variables: str) -> Iterator[Running]:
    """A command that goes on until it is told to stop."""
    process = subprocess.Popen(
        command(*words), env=environment() | variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    with process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(timeout=10)
                except subprocess.TimeoutExpired:
                    process.kill()


def read_until(stream: Any, words: str) -> str:
    """The line that holds these words; fails when the command ends without it."""
    seen = []
    for line in stream:
        seen.append(line)
        if words in line:
            return str(line)
    raise AssertionError("".join(seen))


def wait_for(url: str) -> None:
    eventually(lambda: httpx2.get(url, timeout=1).status_code == 200)


def eventually(holds: Callable[[], bool], seconds: float = SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            if holds():
                return
        except httpx2.HTTPError:
            pass
        assert time.monotonic() < deadline
        time.sleep(0.02)
