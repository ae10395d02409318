"""Secrets as they are typed: the text itself, @FILE, or - for a line of stdin, which keep it from the process list."""

import sys
from pathlib import Path

from openmedspa.kit.errors import Stopped


def read_secret(given: str, *, flag: str, command: str) -> str:
    """What was given for the flag of that command. Stopped when there is none, or another flag stands in its place."""
    usage = f"openmedspa {command} --help"
    if given.startswith("--"):
        raise Stopped(f"{flag} is followed by {given}, and not by a secret.", usage, exit_code=2)
    try:
        if given == "-":
            text = sys.stdin.readline().strip()
        elif given.startswith("@"):
            text = Path(given[1:]).expanduser().read_text(encoding="utf-8").strip()
        else:
            return given
    except OSError as trouble:
        raise Stopped(f"{given[1:]}: {trouble.strerror}.", exit_code=3) from None
    except UnicodeDecodeError:
        raise Stopped(f"{given[1:]} is not text.", exit_code=2) from None
    if not text:
        where = "stdin" if given == "-" else given[1:]
        raise Stopped(f"There is no secret for {flag} in {where}.", usage, exit_code=2)
    return text
