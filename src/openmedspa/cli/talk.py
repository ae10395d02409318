"""How a command speaks: data on stdout, everything else on stderr, colour only for people. Decides nothing."""

import io
import os
import sys
from collections.abc import Sequence

from openmedspa.cli.commands import COMMANDS, SWITCHES
from openmedspa.kit.errors import Stopped

_switches: set[str] = set()
BOLD, DIM, RED, GREEN = "1", "2", "1;31", "32"


def take_switches(words: Sequence[str]) -> list[str]:
    """The words without the switches that every command knows, which are kept; after `--` a word is only a word."""
    end = words.index("--") if "--" in words else len(words)
    _switches.clear()
    _switches.update(word for word in words[:end] if word in SWITCHES)
    return [word for word in words[:end] if word not in SWITCHES] + list(words[end:])


def has_switch(switch: str) -> bool:
    return switch in _switches


def be_quiet() -> None:
    """As with --quiet: for who reads stderr with a program."""
    _switches.add("--quiet")


def open_streams() -> None:
    """Lines leave when they are written, also through a pipe; what a terminal cannot show becomes a question mark."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True, errors="replace")


def say(line: str = "") -> None:
    """Talk, which --quiet leaves out."""
    if not has_switch("--quiet"):
        print(line, file=sys.stderr, flush=True)


def data(text: str) -> None:
    """What was asked for."""
    print(text, flush=True)


def complain(what: str, hint: str) -> None:
    """An error: one sentence what, one what to do."""
    print(f"{paint('Error:', RED)} {what}", file=sys.stderr)
    if hint:
        print(f"  → {typable(hint)}", file=sys.stderr, flush=True)


def paint(text: str, style: str, *, stream: str = "stderr") -> str:
    """In colour on a terminal that has it, and not under NO_COLOR."""
    is_plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not getattr(sys, stream).isatty()
    return text if is_plain else f"\x1b[{style}m{text}\x1b[0m"


def typable(hint: str) -> str:
    """The hint with its commands as they can be typed here: `openmedspa` may not be on the path, and a folder that was
    named is named again."""
    import re  # these few imports are most of what `--help` would wait for

    actions = "|".join(action for command in COMMANDS.values() for action in command.actions)
    typed = rf"\bopenmedspa (--help|(?:{'|'.join(COMMANDS)})\b(?: (?:{actions})\b)?)"
    folder = "" if "--data-dir" in hint or "--help" in hint else _data_dir()
    return re.sub(typed, lambda found: f"{program()} {found[1]}{folder}", hint)


def _data_dir() -> str:
    import shlex

    words = sys.argv[1:]
    for index, word in enumerate(words):
        if word == "--data-dir" and index + 1 < len(words):
            return f" --data-dir {shlex.quote(words[index + 1])}"
        if word.startswith("--data-dir="):
            return f" {shlex.quote(word)}"
    return ""


def program() -> str:
    """How this program was started: its name if that finds it, else its path."""
    import shutil
    from pathlib import Path

    started = Path(sys.argv[0])
    if started.name == "__main__.py":
        return f"{Path(sys.executable).name} -m openmedspa"
    found = shutil.which("openmedspa")
    if found and started.name == "openmedspa" and Path(found).resolve() == started.resolve():
        return "openmedspa"
    here = os.path.relpath(started) if started.is_relative_to(Path.cwd()) else str(started)
    return f'"{here}"' if " " in here else here


def confirm(what: str, *, yes: bool) -> None:
    """Ask before what cannot be undone. Stopped when the answer is no, or when there is nobody to ask."""
    if yes:
        return
    if has_switch("--no-input") or not sys.stdin.isatty():
        raise Stopped(f"{what} This cannot be undone.", "Say --yes to do it.", exit_code=4)
    print(f"{what} This cannot be undone. Go on? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise Stopped("Nothing was changed.", exit_code=4)


def visible(text: str, most: int = 200) -> str:
    """Somebody else's text, harmless to a terminal: no control characters, and not without end."""
    shown = "".join(character if character.isprintable() else "?" for character in text[:most])
    return shown + ("…" if len(text) > most else "")
