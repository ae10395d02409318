"""What whoever brings a file of hours should hear: days that it takes away, breaks that change nothing. Pure."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from openmedspa.scheduling.importing.hours_rows import WEEKDAYS, Piece, Unit
from openmedspa.scheduling.slots import Minutes

Part = tuple[int, bool]  # a weekday's hours or breaks; of a date 0 and no breaks


class Lost(NamedTuple):
    """Weekdays of a week that the new one does not name, and those whose break it does not name."""

    days: list[int]
    breaks: list[int]


def lost(there: Mapping[Part, object], wanted: Mapping[Part, object], named: Collection[int]) -> Lost:
    """`named`: weekdays of which the file has a row. One that it closes is not lost, nor is the break of that."""
    days = sorted(weekday for weekday, is_break in there if not is_break and weekday not in named)
    breaks = sorted(
        weekday
        for weekday, is_break in there
        if is_break and (weekday, True) not in wanted and (weekday, False) in wanted
    )
    return Lost(days, breaks)


def in_words(lost: Lost) -> str:
    said = [
        f"no {what} any more on {_names(days)}" for what, days in (("hours", lost.days), ("break", lost.breaks)) if days
    ]
    return ", ".join(said)


def idle_breaks(pieces: Iterable[tuple[int, Piece]]) -> Iterator[int]:
    """The lines of breaks that no hours of their day meet."""
    rows = list(pieces)
    open_: dict[tuple[Unit, int], list[Minutes]] = {}
    for _, piece in rows:
        if piece.minutes and not piece.is_break:
            open_.setdefault((piece.unit, piece.weekday), []).append(piece.minutes)
    for line, piece in rows:
        if piece.is_break and piece.minutes:
            since, until = piece.minutes
            hours = open_.get((piece.unit, piece.weekday), ())
            if not any(since < end and start < until for start, end in hours):
                yield line


def _names(days: Iterable[int]) -> str:
    return ", ".join(WEEKDAYS[day - 1][:3].title() for day in days)
