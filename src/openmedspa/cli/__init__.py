"""The command line: what was typed becomes one command, its answer and its exit code. Thin: rules live in the slices.

Nothing of the server is imported before a command needs it, so that help and client commands answer at once.
"""

import os
import sys
from collections.abc import Sequence

from openmedspa.cli import refusals, talk
from openmedspa.cli.commands import COMMANDS, overview
from openmedspa.kit.errors import Stopped

INTERRUPTED = 130


def main(words: Sequence[str] | None = None) -> int:
    """Run one command. Exit codes: 0 done, 1 failed, 2 usage, 3 not found, 4 refused, 5 cannot reach, 130 Ctrl-C."""
    talk.open_streams()
    try:
        return _run(talk.take_switches(sys.argv[1:] if words is None else words))
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read us has seen enough; Python would complain once more while it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as trouble:  # noqa: BLE001 the edge: whatever it was becomes a sentence and a code
        return refusals.explain(trouble)


def _run(words: list[str]) -> int:
    if any(word.encode(errors="replace").decode() != word for word in words):
        raise Stopped("What you typed is not UTF-8.", "Set LANG to a UTF-8 locale.", exit_code=refusals.USAGE)
    if not words or words[0] in {"--help", "-h", "help"}:
        talk.data(talk.typable(overview()))
        return 0
    if words[0] == "--version":
        from openmedspa import __version__

        talk.data(f"openmedspa {__version__}")
        return 0
    return _dispatch(words)


def _dispatch(words: list[str]) -> int:
    if words[0] not in COMMANDS:
        from openmedspa.kit.nearest import did_you_mean

        raise Stopped(
            f"There is no command {talk.visible(words[0], 40)}.",
            did_you_mean(words[0], COMMANDS, "openmedspa --help"),
            exit_code=refusals.USAGE,
        )
    from cyclopts import App

    app = App(
        name="openmedspa", help_format="plaintext", version_flags=(), result_action="return_value",
        exit_on_error=False, print_error=False, suppress_keyboard_interrupt=False,
    )  # fmt: skip
    for command in COMMANDS.values():
        app.command(f"openmedspa.cli.{command.place}", name=command.name, help=command.help)
    answer = app(words)
    return answer if isinstance(answer, int) else 0
