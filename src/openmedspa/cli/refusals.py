"""The one place where trouble becomes a sentence, a way out and an exit code. Never a traceback, unless asked for."""

import sys

from openmedspa.cli import talk
from openmedspa.kit.errors import Conflict, Forbidden, Invalid, NotFound, Refused, Stopped, Unavailable

FAILED, USAGE, NOT_FOUND, REFUSED, UNREACHABLE = 1, 2, 3, 4, 5
KINDS: dict[type[Refused], int] = {
    Invalid: USAGE, NotFound: NOT_FOUND, Conflict: REFUSED, Forbidden: REFUSED, Unavailable: UNREACHABLE,
}  # fmt: skip


def explain(trouble: Exception) -> int:
    """Say what is wrong and what to do; the exit code."""
    if talk.has_switch("--traceback"):
        import traceback

        traceback.print_exception(trouble)
    what, hint, exit_code = _words(trouble)
    talk.complain(what, hint)
    return exit_code


def _words(trouble: Exception) -> tuple[str, str, int]:
    if isinstance(trouble, Stopped):
        return trouble.what, trouble.hint, trouble.exit_code
    if isinstance(trouble, Refused):
        return trouble.error, trouble.detail or "", KINDS.get(type(trouble), FAILED)
    home = type(trouble).__module__.partition(".")[0]
    if home == "cyclopts":
        return _misuse(trouble)
    if home == "openmedspa":
        return _of_the_cluster(trouble)
    if home == "asyncpg" or isinstance(trouble, OSError):
        return _outside(trouble)
    return _unexpected(trouble)


def _misuse(trouble: Exception) -> tuple[str, str, int]:
    """What cyclopts found wrong, in one sentence, and the page that says how it is right."""
    import re

    trouble.verbose = False  # type: ignore[attr-defined]
    what = " ".join(str(trouble).split())
    what = re.sub(r'^Command "([^"]+)" parameter (\S+) requires an argument\.', r"\1 needs \2.", what)
    what = re.sub(r"^Parameter (\S+) specified multiple times\.", r"\1 was said more than once.", what)
    what = re.sub(r"^Unused Tokens: \[(.*)\]\.?", r"There is no place for \1.", what)
    what = re.sub(r'unable to convert "(.*)" into int', r'"\1" is no whole number', what)
    chain = getattr(trouble, "command_chain", None) or ()
    return talk.visible(what, 400), " ".join(["openmedspa", *chain, "--help"]), USAGE


def _of_the_cluster(trouble: Exception) -> tuple[str, str, int]:
    from openmedspa.kit.embedded_cluster import ClusterRefused

    if isinstance(trouble, ClusterRefused):
        return f"{trouble.what}.", trouble.hint, REFUSED
    return _unexpected(trouble)


def _outside(trouble: Exception) -> tuple[str, str, int]:
    """The database or the system said no in the middle of a command."""
    from openmedspa.kit.db import AWAY

    if isinstance(trouble, OSError) and trouble.filename:
        return f"{trouble.filename}: {trouble.strerror}.", "", FAILED
    if isinstance(trouble, AWAY):
        return f"The database went away: {trouble or type(trouble).__name__}.", "openmedspa db status", UNREACHABLE
    return f"The database refused: {trouble}.", "openmedspa db status", FAILED


def _unexpected(trouble: Exception) -> tuple[str, str, int]:
    import shlex

    again = " ".join(["openmedspa", *map(shlex.quote, sys.argv[1:]), "--traceback"])
    return f"This should not have happened: {type(trouble).__name__}: {trouble}", f"To see where: {again}", FAILED
