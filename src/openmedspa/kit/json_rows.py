"""The values of a JSON array, or of one JSON value after the other, read piece by piece. Numbers are never floats."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from decimal import InvalidOperation as UnreadableNumber
from typing import Any, TextIO

from msgspec import Struct

from openmedspa.kit.errors import Stopped

PIECE = 256 * 1024
LONGEST_ROW = 1024 * 1024
BETWEEN = " \t\r\n,"
SIGNS = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]]', re.DOTALL)
AFTER_WORD = re.compile(r"[,\]{}\n]|$")
UNREADABLE = (ValueError, RecursionError, UnreadableNumber)


class JsonRow(Struct, frozen=True):
    """A value as it stands in the file, from which line on; what is no JSON has no value but a reason."""

    line: int
    text: str
    value: Any = None
    why: str = ""


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


_decoder = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse)


def rows(file: TextIO, name: str) -> Iterator[JsonRow]:
    """Each value in turn. Stopped where it cannot be told any more where a value ends."""
    window = Window(file, name)
    is_array = window.starts_with("[")
    while window.has_more():
        if is_array and window.starts_with("]"):
            return
        yield window.take(is_array=is_array)
    if is_array:
        raise Stopped(f"{name}, line {window.line}: the array is not closed: the file ends too early.")


class Window:
    """The part of the file that is in memory, and where in it we stand."""

    def __init__(self, file: TextIO, name: str) -> None:
        self.line = 1
        self._file = file
        self._name = name
        self._text = ""
        self._at = 0
        self._ended = False

    def has_more(self) -> bool:
        """Goes on to the next value; False if there is none."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in BETWEEN:
                self.line += self._text[self._at] == "\n"
                self._at += 1
            if self._at < len(self._text):
                return True
            if not self._read():
                return False

    def starts_with(self, sign: str) -> bool:
        """Goes past the sign, if it is the next."""
        if not self.has_more() or self._text[self._at] != sign:
            return False
        self._at += 1
        return True

    def take(self, *, is_array: bool) -> JsonRow:
        """The value that begins here. More is read only when it does not end in what is there."""
        while True:
            try:
                value, end = _decoder.raw_decode(self._text, self._at)
            except UNREADABLE as trouble:
                why = getattr(trouble, "msg", "") or "a number or a nesting beyond all reason"
            else:
                if end < len(self._text) or self._ended:
                    return self._past(end, value)
                self._read()  # a number may go on there
                continue
            if len(self._text) - self._at > LONGEST_ROW or not self._read():
                return self._past(self._end_of_bad(is_array=is_array), None, f"is no valid JSON: {why}")

    def _past(self, end: int, value: Any, why: str = "") -> JsonRow:
        text, line = self._text[self._at : end], self.line
        self.line += text.count("\n")
        self._at = end
        return JsonRow(line, text.strip(), value, why)

    def _end_of_bad(self, *, is_array: bool) -> int:
        """Outside an array a value ends with its line; inside where its braces do."""
        if not is_array:
            end = self._text.find("\n", self._at)
            return end if end >= 0 else len(self._text)
        if self._text[self._at] not in "{[":
            found = AFTER_WORD.search(self._text, self._at + 1)
            return found.start() if found else len(self._text)
        depth = 0
        for sign in SIGNS.finditer(self._text, self._at):
            depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(sign[0], 0)
            if depth <= 0 and sign[0] in "}]":
                return sign.end()
        raise Stopped(
            f"{self._name}, line {self.line}: this is no JSON, and where it ends cannot be told.",
            "Is a quote or a brace missing?",
        )

    def _read(self) -> bool:
        """One more piece; what was taken is let go."""
        piece = "" if self._ended else self._file.read(PIECE)
        self._ended = not piece
        if piece:
            self._text, self._at = self._text[self._at :] + piece, 0
        return bool(piece)
