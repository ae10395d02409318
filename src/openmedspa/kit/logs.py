"""The log of a process: warnings and worse, to stderr, as text or as one JSON object a line.

An exception is told by its kind and place. Its message never is: it may quote what a patient sent (promise 5).
"""

import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any, Literal

Format = Literal["text", "json"]
Event = MutableMapping[str, Any]  # as structlog hands it on
ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
TEXT = "%(asctime)s %(levelname)s %(message)s"
REQUEST = re.compile(r"\breq_[0-9a-f]{32}\b")


def keep(form: Format) -> None:
    """From now on, in this form. What other libraries log goes the same way."""
    logging.getLogger("asyncpg").setLevel(logging.ERROR)  # it would tell each lost connection as a traceback
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_as_json() if form == "json" else Text(TEXT))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


class Text(logging.Formatter):
    """Lines for people."""

    def formatException(self, ei: ExcInfo) -> str:  # noqa: N802 logging's name
        return _place(ei)


def _as_json() -> logging.Formatter:
    import structlog  # every command reads the settings, which know the two formats; few write JSON

    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _name_request,
            _part_from_frames,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )


def _name_request(_logger: object, _method: str, event: Event) -> Event:
    """Under a name of its own, so that it can be searched for."""
    if found := REQUEST.search(event["event"]):
        event["request_id"] = found[0]
    return event


def _part_from_frames(_logger: object, _method: str, event: Event) -> Event:
    """One sentence is the event, what hangs below it are the frames."""
    event["event"], _, frames = event["event"].strip().partition("\n")
    if exception := event.pop("exc_info", None):
        frames = _place(exception)
    if frames:
        event["frames"] = frames
    return event


def _place(exception: ExcInfo) -> str:
    """Where it failed and with what kind of error."""
    kind, _trouble, frames = exception
    return "".join(traceback.format_tb(frames)) + (kind.__name__ if kind else "")
