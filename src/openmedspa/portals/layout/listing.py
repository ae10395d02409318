"""Tables that one can search, sort, page through and take along as CSV. Pure; knows no row's meaning."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from msgspec import Struct

PER_PAGE = 25
BOM = "\ufeff"  # without it Excel takes UTF-8 for an old Windows table of letters
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # what a spreadsheet would carry out instead of showing it


class Column(Struct, frozen=True):
    """`name` stands in addresses; `value` is what is sorted and written to a CSV, or the row's own of that name."""

    name: str
    title: str
    value: Callable[[Any], object] | None = None
    is_sortable: bool = True
    is_number: bool = False

    def of(self, row: Any) -> object:
        return self.value(row) if self.value else row[self.name]


class Listing(Struct, frozen=True):
    """One page of a table, and the addresses of its others; `filters` are what else stands in the query."""

    columns: Sequence[Column]
    rows: Sequence[Any]
    address: str
    total: int
    page: int = 1
    pages: int = 1
    search: str = ""
    sort: str = ""  # a column's name, with - in front for the other direction
    filters: Mapping[str, str] = {}

    def to(self, **changes: object) -> str:
        """The address of this table with something else; what is empty is left out."""
        now = {**self.filters, "search": self.search, "sort": self.sort, "page": "" if self.page == 1 else self.page}
        query = {name: value for name, value in {**now, **changes}.items() if value not in ("", None, 1)}
        return f"{self.address}?{urlencode(query)}" if query else self.address

    def sort_to(self, column: Column) -> str:
        other = f"-{column.name}" if self.sort == column.name else column.name
        return self.to(sort=other, page="")

    def sorted_by(self, column: Column) -> str:
        """As `aria-sort` has it."""
        return {column.name: "ascending", f"-{column.name}": "descending"}.get(self.sort, "none")

    @property
    def csv(self) -> str:
        address, _, query = self.to(page="").partition("?")
        return f"{address}.csv{'?' if query else ''}{query}"


def listing(
    rows: Sequence[Any],
    columns: Sequence[Column],
    query: Mapping[str, str],
    *,
    address: str,
    sort: str = "",
    filters: Mapping[str, str] | None = None,
    per_page: int = PER_PAGE,
) -> Listing:
    """Rows that were all read: searched in every column, sorted, and one page of them. `per_page` 0: all, for a CSV."""
    search, sort = query.get("search", "").strip()[:200], query.get("sort", sort)
    found = [row for row in rows if _has(row, columns, search)] if search else list(rows)
    column = next((one for one in columns if one.is_sortable and one.name == sort.removeprefix("-")), None)
    if column is not None:
        found.sort(key=lambda row: _key(column.of(row)), reverse=sort.startswith("-"))
    size = per_page or max(1, len(found))
    pages = max(1, -(-len(found) // size))
    page = min(_number(query.get("page", "")), pages)
    return Listing(
        columns=columns, rows=found[(page - 1) * size : page * size], address=address, total=len(found), page=page,
        pages=pages, search=search, sort=sort if column else "", filters=filters or {},
    )  # fmt: skip


def sheet(columns: Sequence[Column], rows: Iterable[Any], *, head: bool = True) -> bytes:
    """CSV as spreadsheets read it: UTF-8, CRLF, a heading, and no cell that they would carry out as a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    if head:
        out.write(BOM)
        writer.writerow([column.title for column in columns])
    writer.writerows([[cell(column.of(row)) for column in columns] for row in rows])
    return out.getvalue().encode()


def cell(value: object) -> str:
    """One value as text; numbers stay numbers, also below zero."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return str(value)
        case datetime():
            return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        case list() | tuple() | set() | frozenset():
            return cell(" ".join(str(one) for one in value))
        case _:
            text = str(value)
            return f"'{text}" if text.startswith(FORMULA) else text


def _has(row: Any, columns: Sequence[Column], search: str) -> bool:
    text = " ".join(cell(column.of(row)) for column in columns).lower()
    return all(word in text for word in search.lower().split())


def _key(value: object) -> tuple[bool, Any]:
    """What is missing comes first; text without regard to case."""
    if value is None:
        return (False, 0)
    if isinstance(value, int | float | datetime):
        return (True, value)
    return (True, cell(value).lower())


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 and int(text) else 1
