"""Rows of a CSV or JSON file, one after the other with their lines: memory stays flat however long the file is.

Knows nothing of what the rows mean: it is told which fields there are, and which of them are no texts.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from openmedspa.kit import json_rows
from openmedspa.kit.errors import Stopped
from openmedspa.kit.nearest import did_you_mean

if TYPE_CHECKING:
    from _csv import Reader

Kind = Literal["text", "whole", "decimal", "flag", "bit"]  # a bit is 1 or 0, a flag true or false
Fields = Mapping[str, Kind]
Needed = Sequence[Sequence[str]]  # a table has to have all the fields of one of these
SUFFIXES = {".csv": "csv", ".tsv": "csv", ".json": "json", ".jsonl": "json", ".ndjson": "json"}
DELIMITERS = ",;\t"
LONGEST_CELL = 200_000
WRONG_USAGE, FAILED, NOT_FOUND = 2, 1, 3
YES, NO = {"1", "true", "yes", "y"}, {"0", "false", "no", "n"}
UTF_8 = "Save it as “CSV UTF-8”, or: iconv -f WINDOWS-1252 -t UTF-8 OLD > NEW"


class Entry(Struct, frozen=True):
    """A row: its first line, the fields it gives, its cells as they stand, and what was wrong with it already."""

    line: int
    fields: dict[str, Any]
    cells: list[str]
    faults: dict[str, str] = {}


class Source:
    """An open file. `columns` names the cells of each entry."""

    def __init__(
        self, path: Path, binary: io.BufferedReader, fields: Fields, needed: Needed, *, ignores_unknown: bool
    ) -> None:
        self.size = path.stat().st_size
        self.columns = ["row"]
        self._path = path
        self._binary = binary
        self._fields = fields
        self._ignores_unknown = ignores_unknown
        _refuse_utf_16(path, binary)
        self._text = io.TextIOWrapper(binary, encoding="utf-8-sig", newline="")
        if SUFFIXES[path.suffix.lower()] == "csv":
            with self._utf_8():
                reader = self._reader()
                names = self._names(self.columns, needed)
            self._entries = self._csv(reader, names)
        else:
            self._entries = self._json()

    @property
    def position(self) -> int:
        """How many bytes have been read."""
        return self._binary.tell()

    def __iter__(self) -> Iterator[Entry]:
        with self._utf_8():
            yield from self._entries

    @contextmanager
    def _utf_8(self) -> Iterator[None]:
        try:
            yield
        except UnicodeDecodeError:
            line = _line_that_is_not_utf_8(self._path)
            raise Stopped(f"{self._path}, line {line}: not UTF-8.", UTF_8, exit_code=FAILED) from None

    def _reader(self) -> "Reader":
        """Past the line of names, which tells what stands between cells; `sep=;` of a spreadsheet does so before."""
        csv.field_size_limit(LONGEST_CELL)
        self._before, told, first = 0, "", self._text.readline(LONGEST_CELL)
        while first and (not first.strip() or first.startswith("sep=")):
            told = first.strip().removeprefix("sep=") or told
            self._before, first = self._before + 1, self._text.readline(LONGEST_CELL)
        delimiter = told if told in DELIMITERS and told else max(DELIMITERS, key=first.count)
        reader = csv.reader(chain([first], self._text), delimiter=delimiter, strict=True)
        columns, why = self._next(reader, self._before + 1)
        if why or not columns:
            raise Stopped(f"{self._path} has no line of field names.", why, exit_code=WRONG_USAGE)
        self.columns = columns
        return reader

    def _names(self, columns: list[str], needed: Needed) -> list[str]:
        """What each column is called here, empty where it is left out. Stopped if that cannot be told."""
        known = {name.lower(): name for name in self._fields}
        names = [known.get(column.strip().lower(), "") for column in columns]
        unknown = [column for column, name in zip(columns, names, strict=True) if not name and column.strip()]
        if unknown and not self._ignores_unknown:
            hint = did_you_mean(unknown[0], self._fields, f"Known are {', '.join(self._fields)}.")
            what = f"{self._path}: there is no field {', '.join(map(ascii, unknown[:10]))}."
            raise Stopped(what, f"{hint} --ignore-unknown leaves such columns out.", exit_code=WRONG_USAGE)
        for name in filter(None, names):
            if names.count(name) > 1:
                raise Stopped(f"{self._path}: there are two columns {name}.", exit_code=WRONG_USAGE)
        if not any(set(alternative) <= set(names) for alternative in needed):
            wanted = ", or ".join(" and ".join(alternative) for alternative in needed)
            raise Stopped(f"{self._path}: its first line has to name {wanted}.", exit_code=WRONG_USAGE)
        return names

    def _csv(self, reader: "Reader", names: list[str]) -> Iterator[Entry]:
        while True:
            line = self._before + reader.line_num + 1
            cells, why = self._next(reader, line)
            if cells is None:
                return
            if why:
                yield Entry(line, {}, cells, {"": why})
            elif any(cell.strip() for cell in cells):
                yield self._entry(line, cells, names)

    def _next(self, reader: "Reader", line: int) -> tuple[list[str] | None, str]:
        """The next row, or none at the end, and why it is no row."""
        try:
            return next(reader, None), ""
        except csv.Error as trouble:
            if "expected after" in str(trouble):  # the row ends with its line all the same
                return [], f"is no valid CSV: {trouble}"
            what = f"{self._path}, line {line}: a quote is opened there and not closed."
            raise Stopped(what, "A quote inside a quoted cell is written twice.", exit_code=FAILED) from None

    def _entry(self, line: int, cells: list[str], names: list[str]) -> Entry:
        """An empty cell gives nothing; spaces around a cell say nothing."""
        if any(cell.strip() for cell in cells[len(names) :]):
            return Entry(line, {}, cells, {"": f"has {len(cells)} cells, and the first line {len(names)}"})
        fields: dict[str, Any] = {}
        faults: dict[str, str] = {}
        for name, cell in zip(names, cells, strict=False):
            text = cell.strip()
            if name and text:
                try:
                    fields[name] = _value(text, self._fields[name])
                except ValueError as trouble:
                    faults[name] = str(trouble)
        return Entry(line, fields, cells, faults)

    def _json(self) -> Iterator[Entry]:
        for row in json_rows.rows(self._text, str(self._path)):
            cells = [row.text]
            if not isinstance(row.value, dict):
                yield Entry(row.line, {}, cells, {"": row.why or "must be an object"})
                continue
            fields = row.value
            if self._ignores_unknown:
                fields = {name: value for name, value in fields.items() if name in self._fields}
            yield Entry(row.line, fields, cells)


@contextmanager
def open_rows(path: Path, fields: Fields, needed: Needed, *, ignores_unknown: bool = False) -> Iterator[Source]:
    """The rows of a file whose name says what it is. Stopped when it cannot be read as that."""
    if path.is_dir():
        raise Stopped(f"{path} is a folder.", "Name the file in it.", exit_code=WRONG_USAGE)
    if path.suffix.lower() not in SUFFIXES:
        what = f"{path} is neither CSV nor JSON by its name ({', '.join(SUFFIXES)})."
        hint = f"From a spreadsheet, save it as CSV (UTF-8): {path.stem}.csv"
        raise Stopped(what, hint, exit_code=WRONG_USAGE)
    try:
        binary = path.open("rb")
    except OSError as trouble:
        exit_code = NOT_FOUND if isinstance(trouble, FileNotFoundError) else FAILED
        raise Stopped(f"{path}: {trouble.strerror}.", exit_code=exit_code) from None
    with binary:
        yield Source(path, binary, fields, needed, ignores_unknown=ignores_unknown)


def unprintable(fields: Mapping[str, Any]) -> dict[str, str]:
    """Texts that no database can hold: U+0000, and halves of characters that JSON can spell."""
    return {
        name: "contains a character that cannot be stored"
        for name, value in fields.items()
        if isinstance(value, str) and ("\x00" in value or not _is_unicode(value))
    }


def _value(text: str, kind: Kind) -> object:
    if kind in {"flag", "bit"}:
        if text.lower() not in YES | NO:
            raise ValueError("must be true or false" if kind == "flag" else "must be 1 or 0")
        return text.lower() in YES if kind == "flag" else int(text.lower() in YES)
    if kind == "whole":
        if not (text.isascii() and text.isdigit() and len(text) < 20):
            raise ValueError("must be a whole number")
        return int(text)
    if kind == "decimal":
        plain = text.removeprefix("-").replace(".", "", 1)
        if not (plain.isascii() and plain.isdigit() and len(plain) < 40):
            raise ValueError("must be a number such as 99.99")
        return Decimal(text)
    return text


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _refuse_utf_16(path: Path, binary: io.BufferedReader) -> None:
    if binary.peek(2)[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        raise Stopped(
            f"{path} is UTF-16, and has to be UTF-8.", UTF_8.replace("WINDOWS-1252", "UTF-16"), exit_code=FAILED
        )


def _line_that_is_not_utf_8(path: Path) -> int:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return number
    return 0
