"""A prompt inside this process, for what needs none of its own: quick enough for every wrong word."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import pytest
from cli.terminal import Ran
from conftest import SECRET, named

from openmedspa.cli import main

Prompt = Callable[..., Ran]


@pytest.fixture
def prompt(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Prompt:
    """`prompt("keys", "list")`, in an empty folder and without a database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")

    def type_(*words: str) -> Ran:
        capsys.readouterr()
        monkeypatch.setattr("sys.argv", ["openmedspa", *words])
        code = _main()
        return Ran(code, *capsys.readouterr())

    return type_


def _main() -> int:
    """Beside the loop of an asynchronous test, since a command starts a loop of its own."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return main()
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(main).result()


@pytest.fixture
def desk(prompt: Prompt, dsn: str, monkeypatch: pytest.MonkeyPatch) -> Prompt:
    """The prompt with the cast's database behind it."""
    monkeypatch.setenv("DATABASE_URL", dsn)
    monkeypatch.setenv("OPENMEDSPA_SECRET_KEY", SECRET)
    return prompt


@pytest.fixture(scope="session")
def still_dsn(cluster: str, template: str) -> Iterator[str]:
    """The cast once for all tests in which nothing changes."""

    async def do(statement: str) -> None:
        connection = await asyncpg.connect(named(cluster, "postgres"))
        await connection.execute(statement)
        await connection.close()

    asyncio.run(do(f"create database still template {template} strategy file_copy"))
    yield named(cluster, "still")
    asyncio.run(do("drop database still with (force)"))


@pytest.fixture
def still_desk(prompt: Prompt, still_dsn: str, monkeypatch: pytest.MonkeyPatch) -> Prompt:
    """The prompt where nothing may change: for what is refused, and what only reads."""
    monkeypatch.setenv("DATABASE_URL", still_dsn)
    monkeypatch.setenv("OPENMEDSPA_SECRET_KEY", SECRET)
    return prompt
