"""The samples of a Markdown page: found, run in their order as a reader would, compared with what the page shows."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct
from served import Served, environment

FENCE = re.compile(r"^```(?P<language>[a-z]*)(?P<tag>[^\n]*)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
SHOWN = {"json", "text"}
MARK = "\x1e"
PROGRAMS = {"sh": "", "python": f"'{sys.executable}'", **({"js": "node"} if shutil.which("node") else {})}
# What differs from one run to the next.
VARYING = [
    (re.compile(r"gfe_[0-9a-f]{32}"), "gfe_ID"),
    (re.compile(r"(evt|req)_[0-9a-f]+"), r"\1_ID"),
    (re.compile(r"oms_(test|live)_\w{20,}"), r"oms_\1_KEY"),
    (re.compile(r"loc_[0-9a-f]{10,}"), "loc_ID"),
    (re.compile(r"eyJ[\w.-]+"), "TOKEN"),
    (re.compile(r"[Ss]andbox ?[0-9a-f]{6}"), "SANDBOX"),
    (re.compile(r"/visit/\w+\.[\w-]{22}"), "/visit/TOKEN"),
    (re.compile(r"(?:\S*/|\S*python\S* -m )openmedspa (?=[a-z])"), "openmedspa "),  # as it was called
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:PORT"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"), "TIME"),
    (re.compile(r"\b20\d\d-\d\d-\d\d\b"), "DATE"),
    (re.compile(r'("(?:now|timestamp)": ?)\d{10,13}'), r"\g<1>0"),
    (re.compile(r'("(?:last_duration_ms)": ?)\d+'), r"\g<1>0"),
    (re.compile(r'("(?:ID|TicketID|CommentID|id)": ?)\d+'), r"\g<1>0"),
    (re.compile(r"\(\d+ ms\)"), "(MS)"),
    (re.compile(r"\b\d\d:\d\d:\d\d\b"), "CLOCK"),
]


class Sample(Struct):
    language: str
    tag: str
    code: str
    shown: str | None = None  # what the page says it answers
    shown_as: str = ""

    @property
    def is_run(self) -> bool:
        return "no-test" not in self.tag and self.language not in SHOWN

    @property
    def is_beside(self) -> bool:
        """Goes on running in a second terminal."""
        return "second-terminal" in self.tag


def samples(text: str) -> list[Sample]:
    """Every code block; one that shows an answer belongs to the block before it."""
    found: list[Sample] = []
    for block in FENCE.finditer(text):
        language, tag, code = block["language"], block["tag"], block["code"]
        if language in SHOWN and found and found[-1].shown is None and "no-test" not in tag:
            found[-1].shown, found[-1].shown_as = code, language
        else:
            found.append(Sample(language, tag.strip(), code))
    return found


def same(text: str) -> str:
    """Without what differs from run to run."""
    for pattern, word in VARYING:
        text = pattern.sub(word, text)
    return text.strip()


def values(text: str) -> list[Any]:
    """One JSON value after the other."""
    decoder, found, at = json.JSONDecoder(), [], 0
    text = text.strip()
    while at < len(text):
        value, end = decoder.raw_decode(text, at)
        found.append(value)
        at = end + len(text[end:]) - len(text[end:].lstrip())
    return found


def compare(sample: Sample, printed: str) -> None:
    """What came is what the page shows, ids and times aside."""
    assert sample.shown is not None
    shown, came = same(sample.shown), same(printed)
    if sample.shown_as == "json":
        assert values(came) == values(shown), printed
    else:
        assert came == shown, printed


def run_page(found: Sequence[Sample], served: Served, folder: Path, *, listening: int) -> Iterator[tuple[Sample, str]]:
    """Run a page's samples in one shell, in their order; each with what it printed, errors included."""
    run = [sample for sample in found if sample.is_run and sample.language in PROGRAMS]
    lines = ["set -eu -o pipefail"]
    for number, sample in enumerate(run):
        code = here(sample.code, served, listening)
        if sample.language == "sh":
            lines.append(_in_background(code, folder) if sample.is_beside else code)
        else:
            (folder / f"{number}.{sample.language}").write_text(code)
            lines.append(f"{PROGRAMS[sample.language]} {number}.{sample.language}")
        lines.append(f"printf '{MARK}'")
    variables = {**environment(), "OPENMEDSPA_DATA_DIR": str(served.data_dir), "NODE_NO_WARNINGS": "1"}
    done = subprocess.run(
        ["bash", "-c", "\n".join(lines)], cwd=folder, env=variables, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    printed = done.stdout.split(MARK)
    assert len(printed) == len(run) + 1
    yield from zip(run, printed, strict=False)


def here(code: str, served: Served, listening: int) -> str:
    """The same lines, on this test's ports and with this checkout's program."""
    code = code.replace("127.0.0.1:8000", f"127.0.0.1:{served.port}")
    code = code.replace("127.0.0.1:9000", f"127.0.0.1:{listening}").replace("--port 9000", f"--port {listening}")
    return code.replace(".venv/bin/openmedspa", f"'{sys.executable}' -m openmedspa")


def _in_background(code: str, folder: Path) -> str:
    """What a reader starts in a second terminal: it has started once it has said something."""
    log = folder / f"beside-{os.getpid()}.log"
    return (
        f"( {code.strip()} ) > '{log}' 2>&1 &\nBESIDE=$!\ntrap 'kill $BESIDE' EXIT\n"
        f"until [ -s '{log}' ]; do sleep 0.1; done"
    )
