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
    what, hint, exit_code = _words(trouble)
    if talk.has_switch("--traceback"):
        import traceback

        traceback.print_exception(trouble)
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
    if home == "asyncpg" or isinstance(trouble, OSError):
        return _outside(trouble)
    if type(trouble).__name__ == "ClusterRefused":
        return f"{trouble.what}.", trouble.hint, REFUSED  # type: ignore[attr-defined]
    return _unexpected(trouble)


def _misuse(trouble: Exception) -> tuple[str, str, int]:
    """What cyclopts found wrong, in one sentence, and the page that says how it is right."""
    trouble.verbose = False  # type: ignore[attr-defined]
    chain = " ".join(getattr(trouble, "command_chain", None) or ())
    what = " ".join(str(trouble).split()).replace("Command ", "").replace(' parameter ', " misses ", 1)
    what = what.replace(" requires an argument.", ".").replace('"', "")
    what = what.replace("unable to convert", "it is not fit to convert") if False else what
    return what, f"openmedspa {chain} --help".replace("  ", " "), USAGE


def _outside(trouble: Exception) -> tuple[str, str, int]:
    """The database or the system said no in the middle of a command."""
    from openmedspa.kit.db import AWAY

    if isinstance(trouble, AWAY):
        return f"The database went away: {trouble or type(trouble).__name__}.", "openmedspa db status", UNREACHABLE
    if isinstance(trouble, OSError):
        place = f": {trouble.filename}" if trouble.filename else ""
        return f"{trouble.strerror or trouble}{place}.", "", FAILED
    return f"The database refused: {trouble}.", "openmedspa db status", FAILED


def _unexpected(trouble: Exception) -> tuple[str, str, int]:
    again = " ".join(["openmedspa", *sys.argv[1:], "--traceback"])
    return f"This should not have happened: {type(trouble).__name__}: {trouble}", f"To see where: {again}", FAILED
