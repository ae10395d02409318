"""Health facts must not turn up in logs, subjects, texts or addresses (promise 8): every test keeps watch.

Whatever test server or client sees such a place hands its text to `watch`; logs are watched by themselves (conftest).
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import unquote_plus

from cast import ALLERGY, TREATMENTS

# What an order asks for and what an intake says. Short and common words would be found where they mean nothing.
FACTS = [ALLERGY, *(treatment.name for treatment in TREATMENTS), "Botox", "Latex", "Penicillin"]
FOUND = re.compile("|".join(map(re.escape, FACTS)), re.IGNORECASE)
_watches: list[list[str]] = []


def watch(where: str, text: str) -> None:
    """Keep what was found until the test ends: a failure inside a server's thread would not fail the test."""
    if _watches and (found := FOUND.search(unquote_plus(text))):
        _watches[-1].append(f"{where}: {found[0]!r} in {text[:300]!r}")


class _Logs(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        watch(f"log of {record.name}", record.getMessage())
        if record.exc_info and record.exc_info[1] is not None:
            watch(f"traceback in the log of {record.name}", str(record.exc_info[1]))


@contextmanager
def watching() -> Iterator[None]:
    """For as long as a test runs; fails it for anything that was found."""
    logs, seen = _Logs(), list[str]()
    logging.getLogger().addHandler(logs)
    _watches.append(seen)
    try:
        yield
    finally:
        _watches.remove(seen)
        logging.getLogger().removeHandler(logs)
    assert seen == [], seen
