"""The log in both forms: one JSON object a line, and never what an exception says of a patient."""

import json
import logging
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from served import serving

from openmedspa.kit import logs
from openmedspa.kit.failures import log_failure

CANARY = "pregnant, allergic to lidocaine"
REQUEST = "req_" + "0a" * 16


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root, asyncpg = logging.getLogger(), logging.getLogger("asyncpg")
    before = (root.handlers[:], root.level, asyncpg.level)
    yield
    root.handlers[:], root.level, asyncpg.level = before


def fail() -> None:
    raise ValueError(CANARY)


def tell_everything() -> None:
    """All the ways by which we and others log."""
    try:
        fail()
    except ValueError as trouble:
        log_failure(trouble, REQUEST)
        logging.getLogger("uvicorn.error").error("Exception in ASGI application\n", exc_info=trouble)  # noqa: TRY400 as uvicorn does
        logging.getLogger("asyncio").exception("Task exception was never retrieved")
    logging.getLogger("openmedspa").warning("database away: %s in request %s", "TimeoutError", REQUEST)
    logging.getLogger("uvicorn.error").info("Application startup complete.")


def test_json_is_an_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.keep("json")
    tell_everything()
    lines: list[dict[str, Any]] = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(line["level"], line["logger"], line["event"]) for line in lines] == [
        ("error", "openmedspa", f"ValueError in request {REQUEST}"),
        ("error", "uvicorn.error", "Exception in ASGI application"),
        ("error", "asyncio", "Task exception was never retrieved"),
        ("warning", "openmedspa", f"database away: TimeoutError in request {REQUEST}"),
    ]
    assert [line.get("request_id") for line in lines] == [REQUEST, None, None, REQUEST]
    assert all(line["timestamp"].endswith("Z") for line in lines)
    assert all("in fail" in line["frames"] for line in lines[:3]) and "frames" not in lines[3]
    assert lines[1]["frames"].endswith("ValueError")


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_exception_is_quoted(form: logs.Format, capsys: pytest.CaptureFixture[str]) -> None:
    logs.keep(form)
    tell_everything()
    said = capsys.readouterr().err
    assert said.count("ValueError") >= 3 and "in fail" in said
    assert CANARY not in said and "startup" not in said


def test_text_is_as_people_read_it(capsys: pytest.CaptureFixture[str]) -> None:
    logs.keep("text")
    logging.getLogger("openmedspa").warning("database away: %s", "OSError")
    assert capsys.readouterr().err.rstrip().endswith(" WARNING database away: OSError")


def test_a_served_demo_speaks_json_only_also_without_its_database(tmp_path: Path) -> None:
    with serving(tmp_path, variables={"OPENMEDSPA_LOG_FORMAT": "json"}) as served:
        (pid,) = tmp_path.rglob("postmaster.pid")
        os.kill(int(pid.read_text().split()[0]), signal.SIGQUIT)
        deadline = time.monotonic() + 30
        while not (told := said(tmp_path)) and time.monotonic() < deadline:
            httpx2.get(f"{served.url}/readyz", timeout=10)
    assert told and all({"timestamp", "level", "logger", "event"} <= line.keys() for line in said(tmp_path))


def said(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "serve.log").read_text().splitlines()]
