"""Help answers at once: it imports nothing of the server. And there is some for every command."""

import subprocess
import sys

import pytest
from cli.terminal import run
from served import environment

from openmedspa import __version__
from openmedspa.cli.commands import COMMANDS

from .conftest import Prompt

SERVER = {"starlette", "uvicorn", "asyncpg", "aiohttp", "cryptography", "openmedspa.app"}
TYPABLE = [
    words
    for name, command in COMMANDS.items()
    for words in ([(name, action) for action in command.actions] if command.actions else [(name,)])
]
REPORT = (
    "import sys; from openmedspa.cli import main; main(sys.argv[1:]);"
    " print('IMPORTED', *sys.modules, sep='\\n', file=sys.stderr)"
)


def imported(*words: str) -> set[str]:
    ran = subprocess.run(
        [sys.executable, "-c", REPORT, *words], env=environment(), capture_output=True, text=True, check=True
    )
    return set(ran.stderr.partition("IMPORTED\n")[2].split())


@pytest.mark.parametrize("words", [(), ("--help",), ("--version",), ("kyes",)], ids=" ".join)
def test_the_overview_imports_next_to_nothing(words: tuple[str, ...]) -> None:
    assert not imported(*words) & (SERVER | {"cyclopts", "rich", "msgspec"})


@pytest.mark.parametrize(
    "words", [("listen", "--help"), ("keys", "create", "--help"), ("config", "show")], ids=" ".join
)
def test_client_commands_import_no_server(words: tuple[str, ...]) -> None:
    assert not imported(*words) & SERVER


def test_the_overview_names_every_command(prompt: Prompt) -> None:
    page = prompt("--help")
    assert page.code == 0
    assert prompt().out == page.out
    for words in TYPABLE:
        assert words[0] in page.out and words[-1] in page.out


@pytest.mark.parametrize("words", TYPABLE, ids=" ".join)
def test_every_command_has_its_page(prompt: Prompt, words: tuple[str, ...]) -> None:
    page = prompt(*words, "--help")
    assert page.code == 0
    assert page.out.startswith(f"Usage: openmedspa {' '.join(words)}")
    assert page.err == ""


def test_both_ways_to_start_it_are_one() -> None:
    assert run("--version").out == f"openmedspa {__version__}\n"
