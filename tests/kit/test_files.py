"""Rows of files as people send them: messy tables, every delimiter, JSON of any shape, and what cannot be read."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openmedspa.kit import json_rows
from openmedspa.kit.errors import Stopped
from openmedspa.kit.files import Entry, Fields, open_rows, unprintable

FIELDS: Fields = {"Name": "text", "EMail": "text", "Count": "whole", "Price": "decimal", "Active": "flag", "Bit": "bit"}
NEEDED = (("Name",), ("EMail", "Count"))


def read(folder: Path, content: bytes | str, name: str = "rows.csv", **options: Any) -> list[Entry]:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with open_rows(path, FIELDS, NEEDED, **options) as source:
        return list(source)


def fields(folder: Path, content: bytes | str, name: str = "rows.csv", **options: Any) -> list[dict[str, Any]]:
    return [entry.fields for entry in read(folder, content, name, **options)]


def refusal(folder: Path, content: bytes | str, name: str = "rows.csv") -> Stopped:
    with pytest.raises(Stopped) as stopped:
        read(folder, content, name)
    return stopped.value


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_cells_stand_between_commas_semicolons_or_tabs(tmp_path: Path, delimiter: str) -> None:
    table = f"Name{delimiter}Count\nAna{delimiter}3\n"
    assert fields(tmp_path, table) == [{"Name": "Ana", "Count": 3}]


def test_names_are_known_in_any_case_and_after_a_byte_order_mark(tmp_path: Path) -> None:
    assert fields(tmp_path, b'\xef\xbb\xbf"NAME", email \r\nZo\xc3\xab,z@example.com\r\n') == [
        {"Name": "Zoë", "EMail": "z@example.com"}
    ]


def test_a_spreadsheets_own_first_line_says_the_delimiter(tmp_path: Path) -> None:
    assert fields(tmp_path, "sep=;\r\nName;Count\r\nA, b;1\r\n") == [{"Name": "A, b", "Count": 1}]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_counted_as_an_editor_does(tmp_path: Path, end: str) -> None:
    lines = ["", "Name,EMail", "Ana,", '"two', 'lines",x', "", "  ,", "Bo,y"]
    told = read(tmp_path, end.join(lines) + end)
    assert [(entry.line, entry.fields["Name"].split()) for entry in told] == [
        (3, ["Ana"]), (4, ["two", "lines"]), (8, ["Bo"]),
    ]  # fmt: skip


def test_quotes_hold_commas_and_quotes(tmp_path: Path) -> None:
    assert fields(tmp_path, 'Name\n"a ""quoted"", word"\n') == [{"Name": 'a "quoted", word'}]


def test_an_empty_cell_gives_nothing_and_spaces_around_one_say_nothing(tmp_path: Path) -> None:
    assert fields(tmp_path, "Name,EMail,Count\n Ana ,   ,\nBo\n") == [{"Name": "Ana"}, {"Name": "Bo"}]


def test_cells_become_what_their_field_is(tmp_path: Path) -> None:
    told = fields(tmp_path, "Name,Count,Price,Active,Bit\na,7,0.10,YES,1\nb,0,-3,no,False\n")
    assert told == [
        {"Name": "a", "Count": 7, "Price": Decimal("0.10"), "Active": True, "Bit": 1},
        {"Name": "b", "Count": 0, "Price": Decimal(-3), "Active": False, "Bit": 0},
    ]
    assert str(told[0]["Price"]) == "0.10"


@pytest.mark.parametrize("name", ["Count", "Price", "Active", "Bit"])
@pytest.mark.parametrize("cell", ["x", "1,5", "1e3", "٣", "NaN", "9" * 50, "0x10", "½", "--1", "."])
def test_what_a_cell_cannot_become_is_a_fault_of_its_field(tmp_path: Path, name: str, cell: str) -> None:
    (entry,) = read(tmp_path, f'Name,{name}\na,"{cell}"\n')
    assert list(entry.faults) == [name]
    assert name not in entry.fields


def test_a_row_with_too_many_cells_is_refused_and_empty_ones_do_not_count(tmp_path: Path) -> None:
    long, ragged = read(tmp_path, "Name,EMail\na,b,c\na,b,,\n")
    assert long.faults == {"": "has 3 cells, and the first line 2"}
    assert long.cells == ["a", "b", "c"]
    assert ragged.fields == {"Name": "a", "EMail": "b"}


def test_a_quote_in_the_wrong_place_spoils_its_own_line_only(tmp_path: Path) -> None:
    bad, good = read(tmp_path, 'Name\n"a"b\nc\n')
    assert (bad.line, good.line, good.fields) == (2, 3, {"Name": "c"})
    assert "no valid CSV" in bad.faults[""]


def test_a_quote_that_is_never_closed_swallows_no_rows(tmp_path: Path) -> None:
    stopped = refusal(tmp_path, 'Name\na\n"b\nc\nd\n')
    assert "line 3: a quote is opened there and not closed" in stopped.what


def test_an_unknown_column_is_named_with_what_was_meant(tmp_path: Path) -> None:
    stopped = refusal(tmp_path, "Name,Emial\na,b\n")
    assert "'Emial'" in stopped.what
    assert "EMail" in stopped.hint
    assert stopped.exit_code == 2
    assert fields(tmp_path, "Name,Emial\na,b\n", ignores_unknown=True) == [{"Name": "a"}]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("Name,name\na,b\n", "two columns Name"),
        ("EMail\na\n", "has to name Name, or EMail and Count"),
        ("", "no line of field names"),
        (b"Name\nok\nZo\xeb\n", "line 3: not UTF-8"),
        ("Name\nok\n".encode("utf-16"), "is UTF-16"),
        (b"Na\xeb\nok\n", "line 1: not UTF-8"),
    ],
)
def test_a_table_that_cannot_be_read_says_why(tmp_path: Path, content: bytes | str, words: str) -> None:
    assert words in refusal(tmp_path, content).what


def test_a_files_name_says_what_it_is(tmp_path: Path) -> None:
    assert refusal(tmp_path, "Name\n", "rows.xlsx").exit_code == 2
    with pytest.raises(Stopped) as stopped, open_rows(tmp_path / "none.csv", FIELDS, NEEDED):
        pass
    assert stopped.value.exit_code == 3


ROWS = [{"Name": "a", "Price": 0.1}, {"Name": "b\n}]", "Count": 2}]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(ROWS),
        json.dumps(ROWS, indent=2),
        "\ufeff" + "\n".join(map(json.dumps, ROWS)) + "\n\n",
        " ".join(map(json.dumps, ROWS)),
    ],
)
def test_json_is_an_array_or_one_object_after_the_other(tmp_path: Path, text: str) -> None:
    told = fields(tmp_path, text, "rows.json")
    assert told == [{"Name": "a", "Price": Decimal("0.1")}, {"Name": "b\n}]", "Count": 2}]


def test_a_broken_object_stops_no_other(tmp_path: Path) -> None:
    array = '[{"Name": "a"},\n {"Name": oops, "x": {"y": 1}},\n 17, nonsense,\n {"Name": "b"}]'
    told = read(tmp_path, array, "rows.json")
    assert [(entry.line, bool(entry.faults)) for entry in told] == [
        (1, False), (2, True), (3, True), (3, True), (4, False),
    ]  # fmt: skip
    lines = read(tmp_path, '{"Name": "a"}\n{"Name": \n{"Name": "b"}\n{"Name": NaN}\n', "rows.jsonl")
    assert [(entry.line, bool(entry.faults)) for entry in lines] == [(1, False), (2, True), (3, False), (4, True)]


def test_json_that_ends_too_early_is_told(tmp_path: Path) -> None:
    assert "ends too early" in refusal(tmp_path, '[{"Name": "a"}', "rows.json").what
    assert "where it ends cannot be told" in refusal(tmp_path, '[{"Name": "a', "rows.json").what


def test_json_deeper_than_reason_is_one_bad_row(tmp_path: Path) -> None:
    deep = '{"a":' * 100_000 + "1" + "}" * 100_000
    assert [bool(entry.faults) for entry in read(tmp_path, f'{deep}\n{{"Name": "b"}}', "rows.jsonl")] == [True, False]


@given(
    rows=st.lists(st.dictionaries(st.text(), st.text() | st.integers() | st.booleans() | st.none()), max_size=30),
    piece=st.integers(1, 64), indent=st.sampled_from([None, 1]), as_array=st.booleans(),
)  # fmt: skip
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_json_comes_back_whatever_the_pieces(
    rows: list[dict[str, Any]], piece: int, indent: int | None, as_array: bool, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(json_rows, "PIECE", piece)
    text = json.dumps(rows, indent=indent) if as_array else "\n".join(json.dumps(row, indent=indent) for row in rows)
    path = tmp_path / "rows.json"
    path.write_text(text)
    with path.open() as file:
        assert [row.value for row in json_rows.rows(file, "rows.json")] == rows


def test_what_no_database_can_hold_is_found() -> None:
    assert unprintable({"a": "fine", "b": "nul\x00", "c": "\ud800", "d": 1}).keys() == {"b", "c"}
