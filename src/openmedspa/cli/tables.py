"""Rows as people, pipes or programs want them: a table on a terminal, tabs through a pipe, JSON when asked."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from openmedspa.cli.talk import data, say

NONE = "–"
NARROWEST, BETWEEN = 16, 3  # characters of a column that folds, and of the space between two
Columns = Mapping[str, str]  # field → heading


def show(rows: Iterable[Any], columns: Columns, *, as_json: bool, nothing: str = "") -> None:
    """Print the columns of each row; `nothing` is said instead of an empty table."""
    records = [{field: row[field] for field in columns} for row in rows]
    if as_json:
        show_json(records)
    elif not records:
        say(nothing)
    elif sys.stdout.isatty():
        _draw(records, columns)
    else:
        data("\t".join(columns.values()))
        for record in records:
            data("\t".join(_cell(record[field]).replace("\t", " ") for field in columns))


def show_json(value: object) -> None:
    data(json.dumps(value, default=_plain, ensure_ascii=False, indent=2))


def _draw(records: Sequence[Mapping[str, Any]], columns: Columns) -> None:
    """For a terminal's width: columns that hold nothing are left out, ids are not broken."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    cells = {field: [_cell(record[field]) for record in records] for field in columns}
    filled = [field for field in columns if any(cell != NONE for cell in cells[field])]
    console = Console(highlight=False, markup=False)
    if _width(cells, columns, filled) > console.width:
        _stack(cells, columns, filled)
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    for field in filled:
        table.add_column(columns[field], overflow="fold", no_wrap=not any(" " in cell for cell in cells[field]))
    for row in zip(*(cells[field] for field in filled), strict=True):
        table.add_row(*row)
    console.print(table)


def _width(cells: Mapping[str, list[str]], columns: Columns, filled: Sequence[str]) -> int:
    """What a table takes at least: words may be folded, but not into columns of a few letters."""
    widths = [
        max(len(columns[field]), *(min(len(cell), NARROWEST) if " " in cell else len(cell) for cell in cells[field]))
        for field in filled
    ]
    return sum(widths) + BETWEEN * (len(widths) - 1)


def _stack(cells: Mapping[str, list[str]], columns: Columns, filled: Sequence[str]) -> None:
    """Too narrow for a table: each row as a block of its own, a line for each of its columns that holds something."""
    longest = max(len(columns[field]) for field in filled)
    blocks = [
        "\n".join(
            f"{columns[field]:{longest}}  {cell}" for field, cell in zip(filled, row, strict=True) if cell != NONE
        )
        for row in zip(*(cells[field] for field in filled), strict=True)
    ]
    data("\n\n".join(blocks))


def _cell(value: object) -> str:
    if value is None:
        return NONE
    if isinstance(value, datetime):
        return value.astimezone().strftime("%Y-%m-%d %H:%M")
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or NONE
    return str(value)


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else str(value)
