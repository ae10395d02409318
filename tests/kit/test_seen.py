"""What came before, and in which line."""

from hypothesis import given
from hypothesis import strategies as st

from openmedspa.kit.seen import FIRST_SIZE, Seen


@given(st.lists(st.binary(max_size=3), max_size=200))
def test_the_first_line_of_each_is_remembered(things: list[bytes]) -> None:
    seen, first = Seen(), dict[bytes, int]()
    for line, thing in enumerate(things, 1):
        assert seen.find(thing) == first.get(thing, 0)
        seen.add(thing, line)
        first.setdefault(thing, line)


def test_it_grows() -> None:
    seen = Seen()
    count = FIRST_SIZE * 5
    for line in range(1, count + 1):
        seen.add(b"%d" % line, line)
    assert [seen.find(b"%d" % line) for line in range(1, count + 1)] == list(range(1, count + 1))
    assert seen.find(b"0") == 0
