"""The parts of docs/benchmarks.md that are measured one by one: each stands between its marks, with its own date."""

import re
from datetime import UTC, datetime
from pathlib import Path

from rich.table import Table
from rich.text import Text

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
PARTS = re.compile(r"<!-- part (?P<name>\w+) -->\n.*?<!-- end -->\n", re.DOTALL)


def keep(name: str, table: Table, words: str, *, at: datetime | None = None) -> None:
    """Write this part in the place of its last one, or behind all others."""
    page = PAGE.read_text(encoding="utf-8")
    stamp = f"{at or datetime.now(UTC):%Y-%m-%d %H:%M}"
    head = f"<!-- part {name} -->\n### {table.title}\n\nMeasured {stamp} UTC by `python -m benchmarks.{name}`."
    made = f"{head} {words}\n\n{as_markdown(table)}\n<!-- end -->\n"
    parts = {found["name"]: found[0] for found in PARTS.finditer(page)} | {name: made}
    PAGE.write_text(PARTS.sub("", page).rstrip() + "\n\n" + "\n".join(parts.values()), encoding="utf-8")


def all_of(page: Path) -> str:
    """The parts as they stand, for who writes the rest anew."""
    text = page.read_text(encoding="utf-8") if page.exists() else ""
    return "\n".join(found[0] for found in PARTS.finditer(text))


def as_markdown(table: Table) -> str:
    columns = [[_plain(column.header), *map(_plain, column.cells)] for column in table.columns]
    head, *rows = zip(*columns, strict=True)
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _plain(cell: object) -> str:
    return Text.from_markup(str(cell)).plain
