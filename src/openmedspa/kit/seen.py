"""Which things came before, and in which line: 24 bytes for each, so that a million lines fit easily. No I/O."""

from array import array

FIRST_SIZE = 1 << 12


class Seen:
    """Remembers a 64-bit hash of each thing: two of a million are mistaken for one another once in ten million runs."""

    def __init__(self) -> None:
        self._count = 0
        self._make(FIRST_SIZE)

    def find(self, thing: bytes) -> int:
        """The line it came in; 0 if it did not come yet."""
        return self._lines[self._place(self._hash(thing))]

    def add(self, thing: bytes, line: int) -> None:
        """The first line counts."""
        if self._count * 2 >= self._size:
            self._grow()
        self._put(self._hash(thing), line)

    def _put(self, number: int, line: int) -> None:
        place = self._place(number)
        if not self._lines[place]:
            self._numbers[place], self._lines[place] = number, line
            self._count += 1

    def _place(self, number: int) -> int:
        """Where it stands, or the free place where it would."""
        place = number % self._size
        while self._lines[place] and self._numbers[place] != number:
            place = (place + 1) % self._size
        return place

    def _grow(self) -> None:
        numbers, lines = self._numbers, self._lines
        self._count = 0
        self._make(self._size * 2)
        for number, line in zip(numbers, lines, strict=True):
            if line:
                self._put(number, line)

    def _make(self, size: int) -> None:
        self._size = size
        self._numbers, self._lines = array("Q", bytes(8 * size)), array("I", bytes(4 * size))

    @staticmethod
    def _hash(thing: bytes) -> int:
        return hash(thing) & 0xFFFF_FFFF_FFFF_FFFF
