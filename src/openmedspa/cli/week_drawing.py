"""A week as a picture for the terminal: colours where there are some, and readable without. Decides nothing."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from openmedspa.scheduling.clock import wall_of
from openmedspa.scheduling.slots import time_of
from openmedspa.scheduling.week import Cell, Day, Entry, Grid, Is

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from openmedspa.scheduling.diaries import Page

TIMES, NARROWEST, WIDEST = 7, 10, 19
# What begins a cell, and how it looks where there are colours.
GLYPHS = {
    Is.OFFERED: "○", Is.BOOKED: "█", Is.HELD: "▒", Is.AROUND: "░", Is.BREAK: "┄", Is.AWAY: "╱", Is.OPEN: "·",
    Is.MISSING: "×", Is.CLOSED: " ",
}  # fmt: skip
STYLES = {
    Is.OFFERED: "green", Is.BOOKED: "color(231) on color(24)", Is.HELD: "color(16) on color(179)",
    Is.AROUND: "color(67)", Is.BREAK: "bright_black", Is.AWAY: "magenta", Is.OPEN: "bright_black", Is.MISSING: "red",
    Is.CLOSED: "",
}  # fmt: skip
# Fixed colours, not those that a palette calls white and black; every other block has another one,
# so that what stands back to back is told apart.
OTHERS = {Is.BOOKED: "color(231) on color(61)", Is.HELD: "color(16) on color(186)"}
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
    across = max(1, min(len(days), (width - TIMES) // NARROWEST))
    column = max(NARROWEST, min(WIDEST, (width - TIMES) // across))
    told = _heading(days, page, place=place, title=title)
    for start in range(0, len(days), across):
        some = Grid(grid.row_minutes, grid.rows, grid.columns[start : start + across])
        told += [
            _blank(),
            *_block(days[start : start + across], some, column, wall_of(page.zone, int(now.timestamp()))),
        ]
    if not grid.rows:
        told.append(_text("       No hours this week.", "bright_black"))
    shown = {Is.OFFERED, Is.BOOKED} | {cell.shows for cells in grid.columns for cell in cells}
    return [*told, _blank(), *_legend(shown, grid, width)]


def _block(days: Sequence[Day], grid: Grid, column: int, now: tuple[date, int]) -> "list[Text]":
    """As many days as there is room for side by side. `now`: the day and minute there."""
    told = _day_names(days, column)
    has_today = any(day.day == now[0] for day in days)
    for n, row in enumerate(grid.rows):
        is_now = has_today and row <= now[1] < row + grid.row_minutes
        told.append(_row(row, [cells[n] for cells in grid.columns], column, is_now=is_now))
    return told


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
    """One cell: its sign, what it says, and room before the next."""
    sign, style = GLYPHS[cell.shows], STYLES[cell.shows]
    if cell.entry is not None and cell.order % 2:
        style = OTHERS[cell.shows]
    if cell.entry is not None and cell.line == 0:
        style = f"bold {style}"
    if cell.shows in BARS:
        width = column - 2
        line.append(sign, BARS[cell.shows])
        line.append(_cut(_said(cell, width), width).ljust(width), style)
        line.append(" ")
    else:
        said = FILLS.get(cell.shows, "") * (column - 2) or _said(cell, column - 2)
        line.append(_cut(sign + said, column - 1).ljust(column - 1), style)
        line.append(" ")


def _said(cell: Cell, width: int) -> str:
    if cell.shows is Is.OFFERED:
        more = f" +{len(cell.starts) - 1}" if len(cell.starts) > 1 else ""
        return f" {time_of(cell.starts[0])[:5]}{more}"
    if cell.entry is None:
        return ""
    said = _spread(cell, cell.entry, width)
    return (said[cell.line] if cell.line < len(said) else "") + " ○" * bool(cell.starts)


def _spread(cell: Cell, entry: Entry, width: int) -> list[str]:
    """What an entry says, over as many of its rows as it takes; all that is left stands in the last."""
    words = [entry.type or "held", f"{entry.minutes} min{MARKS.get(entry.status, '')}"]
    said = [time_of(cell.begins)[:5] if cell.begins is not None else words.pop(0)]
    for word in words:
        if len(said[-1]) + 1 + len(word) <= width or len(said) == cell.lines:
            said[-1] += f" {word}"
        else:
            said.append(word)
    return said


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
