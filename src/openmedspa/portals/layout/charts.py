"""Bars for a chart in SVG: where each one stands and what it says. Pure; colours are the style sheet's."""

from collections.abc import Sequence

from msgspec import Struct

WIDTH, HEIGHT, LEFT, TOP, FOOT = 720, 220, 52, 12, 26


class Amount(Struct, frozen=True):
    """What a bar shows: `bad` of `all`, under a short and a long name."""

    label: str
    title: str
    all: int
    bad: int


class Bar(Struct, frozen=True):
    x: float
    width: float
    good_y: float
    good_height: float
    bad_y: float
    bad_height: float
    label: str
    title: str


class Line(Struct, frozen=True):
    y: float
    label: str


class Bars(Struct, frozen=True):
    """A chart: the bad part stands on the ground, the good part on it. Units are those of the view box."""

    bars: list[Bar]
    lines: list[Line]
    summary: str
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT


def bars(amounts: Sequence[Amount]) -> Bars:
    """One bar each, to a scale that ends on a round number."""
    top = _round_up(max((amount.all for amount in amounts), default=0))
    room, step = HEIGHT - TOP - FOOT, (WIDTH - LEFT) / max(1, len(amounts))
    ground, width = HEIGHT - FOOT, min(64.0, step * 0.62)
    placed = []
    for index, amount in enumerate(amounts):
        good, bad = (round(room * part / top, 1) for part in (amount.all - amount.bad, amount.bad))
        if amount.bad and bad < 2:
            bad, good = 2.0, max(0.0, good - 2)  # an error that cannot be seen would be a lie
        x = round(LEFT + step * index + (step - width) / 2, 1)
        placed.append(
            Bar(x, width, round(ground - bad - good, 1), good, round(ground - bad, 1), bad, amount.label, amount.title)
        )
    shares = (0, 1, 2) if top >= 2 else (0, 2)
    lines = [Line(round(ground - room * share / 2, 1), _short(top * share // 2)) for share in shares]
    total, bad_total = sum(amount.all for amount in amounts), sum(amount.bad for amount in amounts)
    return Bars(placed, lines, f"{total:,} calls, {bad_total:,} errors")


def _round_up(most: int) -> int:
    """The next of 2, 4, 10, 20, 40, 100 …: halves of it are whole."""
    size = 1
    while True:
        for step in (2, 4, 10):
            if most <= step * size:
                return step * size
        size *= 10


def _short(number: int) -> str:
    for size, letter in ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")):
        if number >= size:
            return f"{number / size:g}{letter}"
    return str(number)
