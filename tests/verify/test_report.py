"""What is told of a failure: sent, expected and came; what counts for the exit code; XML that parses."""

import asyncio
import json
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from served import Served
from verify.conftest import Prompt, Verify
from verify.spoiler import Defect, spoiling
from verify.spoils import cancelling, field, header, when

from openmedspa.verify import report


async def test_a_failure_says_what_was_sent_expected_and_came(
    demo: Served, verify: Verify, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    defect = Defect("", "", reply=when(cancelling, field(note="\x1b[31m<&>\x00")))
    async with spoiling(demo.card["base_url"], defect) as url:
        run = await verify(url, "cancel.works", "cancel.unknown")
    report.show([run])
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert lines[0].startswith("failed\tcancel.works\tdocumented\tA visit at home that is Processing is cancelled")
    assert lines[1].startswith("held\tcancel.unknown\t")
    told = dict(line.split(maxsplit=1) for line in lines[4:])
    assert told["sent"].startswith("PATCH /appointments/gfe_") and told["sent"].endswith("/cancel")
    assert told["expected"].startswith('200 {"gfe_id": "gfe_')
    assert told["came"].endswith("— `note` is not a field of the contract")
    assert "\x1b" not in out
    assert demo.card["api_key"] not in out
    report.write_junit([run], tmp_path / "junit.xml")
    failure = next(ET.parse(tmp_path / "junit.xml").getroot().iter("failure"))
    assert failure.attrib["type"] == "Contract"
    assert "expected" in str(failure.text)
    record = json.loads(report.dump(report.as_json([run])))["runs"][0]["checks"][0]
    assert (record["id"], record["outcome"]) == ("cancel.works", "failed")
    assert report.summary(run)[0].startswith("1 of 2 hold, 1 failed (1 documented), 0 skipped at http://127.0.0.1:")
    assert run.failed(strict=False)


async def test_what_a_server_says_is_harmless_to_terminals_and_xml(
    demo: Served, verify: Verify, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    defect = Defect("", "", reply=lambda _, reply: reply._replace(body=b"\x1b[31m\x00\x9b<&>"))
    async with spoiling(demo.card["base_url"], defect) as url:
        run = await verify(url, "cancel.unknown")
    report.show([run])
    assert "came      404 ?[31m??<&>" in capsys.readouterr().out.replace("\ufffd", "?")
    report.write_junit([run], tmp_path / "junit.xml")
    assert "[31m" in str(next(ET.parse(tmp_path / "junit.xml").getroot().iter("failure")).text)


async def test_what_we_add_counts_only_when_one_is_strict(demo: Served, verify: Verify) -> None:
    defect = Defect("", "", reply=when(lambda *_: True, header("X-Request-Id", None)))
    async with spoiling(demo.card["base_url"], defect) as url:
        run = await verify(url, "errors.request-id", "errors.unknown-path")
    assert (run.failed(strict=False), run.failed(strict=True)) == (False, True)
    assert "1 failed (1 extension)" in report.summary(run)[0]


async def test_the_exit_code_of_what_fails_is_6(demo: Served, prompt: Prompt) -> None:
    known = ("--key", demo.card["api_key"], "--location", demo.card["location_id"], "--no-webhooks")
    broken = Defect("", "", reply=when(lambda *_: True, header("X-Request-Id", None)))
    async with spoiling(demo.card["base_url"], broken) as url:
        only = ("--only", "errors.request-id")
        assert (await asyncio.to_thread(prompt, "verify", url, *known, *only)).code == 0
        ran = await asyncio.to_thread(prompt, "verify", url, *known, *only, "--strict")
    assert ran.code == 6
    assert "✗ errors.request-id (our extension)" in ran.out


async def test_a_terminal_gets_a_table(
    demo: Served, verify: Verify, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await verify(demo.url, "cancel.works", "cancel.foreign", "errors.request-id", foreign_gfe="")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    report.show([run])
    out = capsys.readouterr().out
    assert re.search(r"^\W*cancel\W*$", re.sub(r"\x1b\[[0-9;]*m", "", out), re.MULTILINE)
    assert "✓" in out and "works" in out
    assert "–" in out and "(needs --foreign-gfe)" in out
    assert "(our extension)" in out
