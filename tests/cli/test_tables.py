"""Rows at a terminal: a table where it fits, a block for each row where it would be cut into single letters."""

import re
from typing import Any

import pytest

from openmedspa.cli import tables

STYLES = re.compile(r"\x1b\[[\d;]*m")
COLUMNS = {"event_id": "EVENT", "partner": "PARTNER", "cause": "CAUSE", "failed_at": "GIVEN UP"}
ROW: dict[str, Any] = {
    "event_id": "evt_" + "0" * 32,
    "partner": "Glow EMR",
    "cause": "no answer within 10 s",
    "failed_at": None,
}


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A terminal of that many columns."""

    def of_width(columns: int) -> None:
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)

    return of_width


def test_a_wide_terminal_gets_a_table(terminal: Any, capsys: pytest.CaptureFixture[str]) -> None:
    terminal(120)
    tables.show([ROW, ROW], COLUMNS, as_json=False)
    head, *rows = STYLES.sub("", capsys.readouterr().out).splitlines()
    assert head.split() == ["EVENT", "PARTNER", "CAUSE"]
    assert [ROW["event_id"] in row and "no answer within 10 s" in row for row in rows[1:]] == [True, True]


def test_a_narrow_terminal_gets_a_block_for_each_row(terminal: Any, capsys: pytest.CaptureFixture[str]) -> None:
    terminal(60)
    tables.show([ROW, ROW], COLUMNS, as_json=False)
    block = f"EVENT    {ROW['event_id']}\nPARTNER  Glow EMR\nCAUSE    no answer within 10 s"
    assert capsys.readouterr().out == f"{block}\n\n{block}\n"
