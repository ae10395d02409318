"""Our own mistakes, written to the log so that they can be found and no patient can be read in them."""

import logging
import traceback

log = logging.getLogger("openmedspa")


def log_failure(trouble: BaseException, request_id: str) -> None:
    """Where it failed and with what kind of error; never its message, which may hold a patient's data."""
    frames = "".join(traceback.format_tb(trouble.__traceback__))
    log.error("%s in request %s\n%s", type(trouble).__name__, request_id, frames)
