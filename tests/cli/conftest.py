"""A prompt inside this process, for what needs none of its own: quick enough for every wrong word."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cli.terminal import Ran
from conftest import SECRET

from openmedspa.cli import main

Prompt = Callable[..., Ran]


@pytest.fixture
def prompt(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Prompt]:
    """`prompt("keys", "list")`, in an empty folder and without a database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")

    def type_(*words: str) -> Ran:
        capsys.readouterr()
        monkeypatch.setattr("sys.argv", ["openmedspa", *words])
        code = main()
        return Ran(code, *capsys.readouterr())

    yield type_


@pytest.fixture
def desk(prompt: Prompt, dsn: str, monkeypatch: pytest.MonkeyPatch) -> Prompt:
    """The prompt with the cast's database behind it."""
    monkeypatch.setenv("DATABASE_URL", dsn)
    monkeypatch.setenv("OPENMEDSPA_SECRET_KEY", SECRET)
    return prompt
