"""A week as a picture for the terminal: colours where there are some, and readable without. Decides nothing."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from openmedspa.scheduling.clock import wall_of
from openmedspa.scheduling.slots import time_of
from openmedspa.scheduling.week import Cell, Day, Grid, Is

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from openmedspa.scheduling.diaries import Page

TIMES, NARROW, WIDEST = 7, 12, 19
# What begins a cell, and how it looks where there are colours.
GLYPHS = {
    Is.OFFERED: "○", Is.BOOKED: "█", Is.HELD: "▒", Is.AROUND: "░", Is.BREAK: "┄", Is.AWAY: "╱", Is.OPEN: "·",
    Is.MISSING: "×", Is.CLOSED: " ",
}  # fmt: skip
STYLES = {
    Is.OFFERED: "green", Is.BOOKED: "white on color(24)", Is.HELD: "black on color(179)", Is.AROUND: "color(67)",
    Is.BREAK: "bright_black", Is.AWAY: "magenta", Is.OPEN: "bright_black", Is.MISSING: "red", Is.CLOSED: "",
}  # fmt: skip
BARS = {Is.BOOKED: "bold color(39) on color(24)", Is.HELD: "bold color(136) on color(179)"}
MARKS = {"Completed": " ✓", "NoShow": " ✗"}
MEANINGS = {"Completed": "took place", "NoShow": "nobody came"}
LEGEND = {
    Is.OFFERED: "offered", Is.BOOKED: "booked", Is.HELD: "held", Is.AROUND: "kept free around visits",
    Is.BREAK: "break", Is.AWAY: "away", Is.OPEN: "working, not offered", Is.MISSING: "skipped by the clocks",
}  # fmt: skip
FILLS = {Is.BREAK: "┄", Is.AWAY: "╱", Is.AROUND: "░"}  # repeated as far as the cell reaches, so that blocks are seen


def draw(days: Sequence[Day], grid: Grid, page: "Page", *, place: str, title: str, now: datetime) -> None:
    """Heading, days, rows and what the signs mean."""
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False)
    for line in lines(days, grid, page, place=place, title=title, now=now, width=console.width):
        _print(console, line)


def lines(
    days: Sequence[Day], grid: Grid, page: "Page", *, place: str, title: str, now: datetime, width: int
) -> "list[Text]":
    """The picture, as wide as there is room."""
    column = max(8, min(WIDEST, (width - TIMES) // len(days)))
    told = [*_heading(days, page, place=place, title=title), _blank(), *_day_names(days, column)]
    shown = {Is.OFFERED, Is.BOOKED}
    today, minute = wall_of(page.zone, int(now.timestamp()))
    has_today = any(day.day == today for day in days)
    for n, row in enumerate(grid.rows):
        cells = [cells[n] for cells in grid.columns]
        shown |= {cell.shows for cell in cells}
        told.append(_row(row, cells, column, is_now=has_today and row <= minute < row + grid.row_minutes))
    if not grid.rows:
        told.append(_text("       No hours this week.", "bright_black"))
    return [*told, _blank(), *_legend(shown, grid, width)]


def _heading(days: Sequence[Day], page: "Page", *, place: str, title: str) -> "list[Text]":
    first, last = days[0].day, days[-1].day
    begins = f"{first:%d %b}" if first.year == last.year else f"{first:%d %b %Y}"
    visit = page.visit
    around = f", {visit.before} before and {visit.after} after" if visit.before or visit.after else ""
    kind = f"{page.asked.visit_type}, " if page.asked.visit_type else ""
    return [
        _text(title, "bold"),
        _text(f"{begins.lstrip('0')} to {f'{last:%d %b %Y}'.lstrip('0')} · {place} · {page.zone.key}"),
        _text(f"Offered for {kind}{visit.minutes} minutes{around}", "bright_black"),
    ]


def _day_names(days: Sequence[Day], column: int) -> "list[Text]":
    from rich.text import Text

    names, notes = Text(" " * TIMES), Text(" " * TIMES)
    for day in days:
        name = f"{day.day:%a %d}"
        style = "bold reverse" if day.is_today else "dim" if day.is_past else "bold"
        names.append(f"[{name}]" if day.is_today else name, style)
        names.append(" " * (column - len(name) - 2 * day.is_today))
        note = day.note if len(day.note) < column else "elsewhere" if day.note.startswith("at ") else day.note
        notes.append(_cut(note, column - 1).ljust(column), "green" if day.starts else "bright_black")
    return [names, notes]


def _row(minute: int, cells: Sequence[Cell], column: int, *, is_now: bool) -> "Text":
    from rich.text import Text

    label = f"{time_of(minute)[:5]}"
    line = Text(
        f"▸{label} " if is_now else f" {label} ", "bold" if is_now else "" if minute % 60 == 0 else "bright_black"
    )
    for cell in cells:
        _add(line, cell, column)
    return line


def _add(line: "Text", cell: Cell, column: int) -> None:
    """One cell: its sign, what it says, and room before the next; blocks do without, where room is scarce."""
    sign, style = GLYPHS[cell.shows], STYLES[cell.shows]
    if cell.entry is not None and cell.line == 0:
        style = f"bold {style}"  # so that one after another are told apart
    if cell.shows in BARS:
        width = column - 1 if column < NARROW else column - 2
        line.append(sign, BARS[cell.shows])
        line.append(_cut(_said(cell), width).ljust(width), style)
        line.append(" " * (column - 1 - width))
    else:
        said = FILLS.get(cell.shows, "") * (column - 2) or _said(cell)
        line.append(_cut(sign + said, column - 1).ljust(column - 1), style)
        line.append(" ")


def _said(cell: Cell) -> str:
    if cell.shows is Is.OFFERED:
        more = f" +{len(cell.starts) - 1}" if len(cell.starts) > 1 else ""
        return f" {time_of(cell.starts[0])[:5]}{more}"
    if cell.entry is None:
        return ""
    entry = cell.entry
    free = " ○" if cell.starts else ""
    if cell.line == 0:
        return (entry.type or "held") + free
    if cell.line == 1:
        return f"{entry.minutes} min{MARKS.get(entry.status, '')}{free}"
    return free


def _legend(shown: set[Is], grid: Grid, width: int) -> "list[Text]":
    """Only what is seen, in as many lines as it takes."""
    from rich.text import Text

    told = [Text()]
    for what, words in LEGEND.items():
        if what not in shown:
            continue
        sign = GLYPHS[what] + FILLS.get(what, "")
        if told[-1].cell_len + len(words) + 6 > width:
            told.append(Text())
        told[-1].append(" " if not told[-1].cell_len else "   ")
        told[-1].append(sign, BARS.get(what, STYLES[what]))
        told[-1].append(f" {words}")
    statuses = {cell.entry.status for cells in grid.columns for cell in cells if cell.entry is not None}
    marks = [
        f"{MARKS[status].strip()} {word}"
        for status, word in (("Completed", "took place"), ("NoShow", "nobody came"))
        if status in statuses
    ]
    if marks:
        told.append(Text(" " + "   ".join(marks)))
    return told


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _text(text: str, style: str = "") -> "Text":
    from rich.text import Text

    return Text(text, style)


def _blank() -> "Text":
    return _text("")


def _print(console: "Console", line: "Text") -> None:
    """For a pipe without the blanks at the end; on a terminal they may have a colour."""
    if not console.is_terminal:
        line.rstrip()
    console.print(line, no_wrap=True, overflow="crop", crop=False, soft_wrap=True)
