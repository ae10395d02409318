"""Diaries for hypothesis: any hours, breaks, dates and spans, mostly near a change of the clock."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from hypothesis import strategies as st
from scheduling.plain import DAY, Minutes, Plain, Span, Week, changes

ZONES = (
    "America/Los_Angeles", "America/New_York", "America/Phoenix", "Europe/London",
    "Australia/Lord_Howe",  # half an hour
    "Africa/Cairo",  # forward at midnight; the last hour of the day comes twice
    "Atlantic/Azores",  # forward at midnight; the first hour of the day comes twice
)  # fmt: skip
STEPS = (5, 10, 15, 20, 25, 30, 45, 50, 60, 90, 240)
FIRST, LAST = date(2020, 1, 1), date(2030, 12, 31)
LEAP_DAYS = [date(year, 2, 29) for year in (2020, 2024, 2028)]
YEAR_ENDS = [date(year, 12, 31) for year in range(2020, 2031)]
CHANGES = {zone: [change.date() for change in changes(zone, FIRST, LAST)] for zone in ZONES}

edges = st.sampled_from([0, 30, 60, 90, 120, 150, 180, 540, 720, 780, 1020, 1380, 1410, DAY])
minutes_of_day = edges | st.integers(0, DAY // 5).map(lambda n: 5 * n) | st.integers(0, DAY)


@st.composite
def intervals(draw: st.DrawFn, most: int) -> tuple[Minutes, ...]:
    """Some, in any order, that may overlap."""
    pairs = draw(st.lists(st.tuples(minutes_of_day, minutes_of_day), max_size=most))
    return tuple((min(a, b), max(a, b)) for a, b in pairs if a != b)


hours = st.just(((0, DAY),)) | st.just(((540, 1020),)) | intervals(3)


def weeks(of_a_day: st.SearchStrategy[tuple[Minutes, ...]]) -> st.SearchStrategy[Week]:
    """Two days in turn, so that neighbours differ and every weekday has something."""
    return st.tuples(of_a_day, of_a_day).map(lambda two: {weekday: two[weekday % 2] for weekday in range(1, 8)})


def days(zone: str) -> st.SearchStrategy[date]:
    special = st.sampled_from([*CHANGES[zone], *LEAP_DAYS, *YEAR_ENDS])
    near = st.tuples(special, st.integers(-2, 2)).map(lambda two: two[0] + timedelta(days=two[1]))
    return near | st.dates(FIRST, LAST)


def spans_near(day: date, *, most: int, longest: int = 300) -> st.SearchStrategy[list[Span]]:
    """Lasting minutes or hours, now and then not on the minute."""
    midnight = int(datetime.combine(day, time(), UTC).timestamp())
    seconds = st.sampled_from([0, 0, 0, 0, 1, 30, 59])
    one = st.tuples(st.integers(-30, 160), seconds, st.integers(1, 40) | st.integers(1, longest), seconds)
    return st.lists(
        one.map(lambda it: (midnight + it[0] * 600 + it[1], midnight + it[0] * 600 + it[2] * 60 + it[3] + it[1])),
        max_size=most,
    )


@st.composite
def questions(draw: st.DrawFn, steps: Sequence[int] = STEPS) -> tuple[Plain, date]:
    """A diary, and a day that is mostly still to come."""
    zone = draw(st.sampled_from(ZONES))
    day = draw(days(zone))
    midnight = datetime.combine(day, time(), UTC)
    ago = draw(st.sampled_from([4 * 86_400, 10 * 86_400]) | st.integers(-129_600, 259_200))
    buffers = st.sampled_from([0, 0, 5, 10, 15, 60, 240])
    own = st.dictionaries(st.integers(-1, 2).map(lambda n: day + timedelta(days=n)), intervals(3), max_size=2)
    plain = Plain(
        zone=zone,
        weekly=draw(weeks(hours)),
        breaks=draw(st.just({}) | weeks(intervals(2))),
        dates=draw(st.just({}) | own),
        off=draw(st.just([]) | spans_near(day, most=3, longest=1200)),
        taken=draw(spans_near(day, most=6)),
        step=draw(st.sampled_from(steps)),
        notice=draw(st.sampled_from([0, 0, 0, 1, 60, 1440, 5761])),
        window=draw(st.sampled_from([730, 730, 730, 1, 3, 4, 10])),
        minutes=draw(st.sampled_from([5, 15, 30, 45, 50, 60, 90, 240, 480])),
        before=draw(buffers),
        after=draw(buffers),
        now=midnight - timedelta(seconds=ago, microseconds=draw(st.sampled_from([0, 1, 500_000]))),
    )
    return plain, day
