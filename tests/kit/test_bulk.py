"""Batches: their size, who is refused for coming twice, and memory that does not grow with the file."""

import json
import tracemalloc
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from openmedspa.kit.bulk import Faults, Import, Judged, Outcome
from openmedspa.kit.db import Tx
from openmedspa.kit.files import Entry, Fields, Needed, open_rows
from openmedspa.kit.house import House
from openmedspa.kit.seen import Seen


class Names:
    """A slice that keeps nothing: names are known by themselves, `bad` is none."""

    def __init__(self) -> None:
        self.fields: Fields = {"Name": "text", "Notes": "text"}
        self.needed: Needed = (("Name",),)
        self.batches: list[int] = []

    def judge(self, given: dict[str, Any]) -> str | Faults:
        return {"Name": "is bad"} if given["Name"].startswith("bad") else str(given["Name"])

    def identities(self, row: str) -> Sequence[bytes]:
        return [row.encode()]

    async def write(self, tx: Tx, batch: Sequence[Judged[str]], seen: Seen) -> Outcome:
        self.batches.append(len(batch))
        return Outcome(created=len(batch))


def importing(house: House, names: Names, refused: list[tuple[int, Faults]]) -> Import[str]:
    return Import(
        house.system, names, is_dry=False, refuse=lambda entry, faults: refused.append((entry.line, faults)),
        tell=lambda _totals: None,
    )  # fmt: skip


async def test_batches_are_of_a_thousand_good_rows(house: House) -> None:
    names, refused = Names(), list[tuple[int, Faults]]()
    entries = [Entry(n, {"Name": f"{'bad' if n % 100 == 0 else ''}{n}"}, []) for n in range(1, 2_501)]
    totals = await importing(house, names, refused).run(entries)
    assert names.batches == [1_000, 1_000, 475]
    assert (totals.rows, totals.created, totals.refused, totals.line) == (2_500, 2_475, 25, 2_500)
    assert [line for line, _ in refused] == list(range(100, 2_501, 100))


async def test_what_comes_twice_is_refused_at_the_later_line_batches_apart(house: House) -> None:
    refused: list[tuple[int, Faults]] = []
    entries = [Entry(n, {"Name": str(n % 1_500)}, []) for n in range(1, 1_601)]
    totals = await importing(house, Names(), refused).run(entries)
    assert totals.created == 1_500
    assert refused[0] == (1_501, {"": "means the same as line 1"})


def written(count: int, suffix: str) -> str:
    rows = [{"Name": f"{'bad' if n % 100 == 0 else ''}{n}", "Notes": f"{n} " * 100} for n in range(count)]
    if suffix == "csv":
        return "\n".join(["Name,Notes", *(f"{row['Name']},{row['Notes']}" for row in rows)])
    return json.dumps(rows) if suffix == "json" else "\n".join(map(json.dumps, rows))


@pytest.mark.parametrize("suffix", ["csv", "json", "jsonl"])
async def test_memory_stays_flat(house: House, tmp_path: Path, suffix: str) -> None:
    """Five times the rows take a few bytes a row more, by which doubles are told: not their texts."""

    async def peak(count: int) -> int:
        path = tmp_path / f"{count}.{suffix}"
        path.write_text(written(count, suffix))
        names, refused = Names(), list[tuple[int, Faults]]()
        tracemalloc.start()
        try:
            with open_rows(path, names.fields, names.needed) as source:
                totals = await importing(house, names, refused).run(source)
            assert (totals.created, totals.refused) == (count - count // 100, count // 100)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    few, many = await peak(2_000), await peak(10_000)
    assert many - few < 8_000 * 120, "the rows' own texts are four times that"
