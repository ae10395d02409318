"""Every change of the clock from 2020 to 2030, leap days and year ends: each local time that exists is offered once."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace
from scheduling import plain as model
from scheduling.diaries_at_random import FIRST, LAST, LEAP_DAYS, YEAR_ENDS, ZONES
from scheduling.plain import DAY, Plain, Week

from openmedspa.scheduling.clock import moment_of, wall_of
from openmedspa.scheduling.slots import Why, judge, next_offered, offered, time_of

ALWAYS: Week = dict.fromkeys(range(1, 8), ((0, DAY),))
OFFICE: Week = dict.fromkeys(range(1, 8), ((540, 1020),))
CHANGES = [(zone, change) for zone in ZONES for change in model.changes(zone, FIRST, LAST)]
FORWARD, BACK = date(2026, 3, 8), date(2026, 11, 1)  # in Los Angeles, at 2 o'clock
ANGELES = "America/Los_Angeles"


def at_work(zone: str, weekly: Week, *, day: date, minutes: int = 30, step: int = 15) -> Plain:
    """A diary of hours only, looked at two days before."""
    now = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=2)
    return Plain(zone=zone, weekly=weekly, now=now, minutes=minutes, step=step)


def ask(plain: Plain, day: date) -> list[tuple[int, int]]:
    return list(offered(plain.diary(), plain.visit(), day, now=plain.now))


def walls(zone: str, day: date) -> Iterator[tuple[int, int]]:
    """Each minute that the wall clock shows on this day, with its moment, by looking at every minute around it."""
    start = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    for moment in range(start - 14 * 3600, start + 38 * 3600, 60):
        local = datetime.fromtimestamp(moment, ZoneInfo(zone))
        if local.date() == day:
            yield local.hour * 60 + local.minute, moment


def ids(value: object) -> str:
    return f"{value:%Y-%m-%d}" if isinstance(value, date) else str(value)


def test_the_changes_are_those_that_the_law_knows() -> None:
    by_zone = {zone: [change for name, change in CHANGES if name == zone] for zone in ZONES}
    assert by_zone.pop("America/Phoenix") == []
    assert len(by_zone.pop("Africa/Cairo")) == 16  # again since 2023
    assert {zone: len(found) for zone, found in by_zone.items()} == dict.fromkeys(by_zone, 22)


@pytest.mark.parametrize(("zone", "change"), CHANGES, ids=ids)
def test_around_a_change_each_local_time_that_exists_is_offered_once_and_by_its_name(
    zone: str, change: datetime
) -> None:
    for day in (change.astimezone(ZoneInfo(zone)).date() + timedelta(days=n) for n in (-1, 0, 1)):
        first_moments: dict[int, int] = {}
        for minute, moment in walls(zone, day):
            first_moments.setdefault(minute, moment)
        whole = {minute: moment for minute, moment in first_moments.items() if minute % 15 == 0}
        assert ask(at_work(zone, ALWAYS, day=day), day) == sorted(whole.items())
        office = [(minute, moment) for minute, moment in sorted(whole.items()) if 540 <= minute <= 990]
        assert ask(at_work(zone, OFFICE, day=day), day) == office
        for minute, moment in whole.items():
            assert wall_of(ZoneInfo(zone), moment) == (day, minute)


@pytest.mark.parametrize("day", [*LEAP_DAYS, *YEAR_ENDS], ids=ids)
@pytest.mark.parametrize("zone", ZONES)
def test_leap_days_and_year_ends_are_days_as_others_and_so_are_their_neighbours(zone: str, day: date) -> None:
    for near in (day - timedelta(days=1), day, day + timedelta(days=1)):
        starts = ask(at_work(zone, ALWAYS, day=day), near)
        assert [minute for minute, _ in starts] == list(range(0, DAY, 15))
        assert [moment - starts[0][1] for _, moment in starts] == [minute * 60 for minute, _ in starts]
        assert [minute for minute, _ in ask(at_work(zone, OFFICE, day=day), near)] == list(range(540, 1005, 15))


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Australia/Lord_Howe", "Africa/Cairo", "Atlantic/Azores"])
@pytest.mark.parametrize("nth", [-1, -2])
def test_on_a_day_of_a_change_every_minute_is_offered_or_refused_for_a_true_reason(zone: str, nth: int) -> None:
    day = model.changes(zone, FIRST, LAST)[nth].astimezone(ZoneInfo(zone)).date()
    breaks = dict.fromkeys(range(1, 8), ((50, 100), (1385, 1430)))
    plain = at_work(zone, dict.fromkeys(range(1, 8), ((20, 400), (1300, DAY))), day=day, step=60)
    plain = replace(plain, breaks=breaks)
    found = {}
    for minute, objections in enumerate(model.objections(plain, day)):
        answer = judge(plain.diary(), plain.visit(), day, time_of(minute), now=plain.now)
        if isinstance(answer, Why):
            assert answer.name in objections
            assert answer is not Why.GRID or objections == {"GRID"}
        else:
            found[minute] = int(answer.timestamp())
    assert found == dict(ask(plain, day)) == dict(model.offered(plain, day))


@pytest.mark.parametrize("days", [-1, 0, 1])
@pytest.mark.parametrize("day", [FORWARD, BACK, *LEAP_DAYS, *YEAR_ENDS[:3]], ids=ids)
def test_a_clock_that_is_a_day_off_sees_the_same_day_until_it_is_past(day: date, days: int) -> None:
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo(ANGELES)) + timedelta(days=days)
    plain = replace(at_work(ANGELES, OFFICE, day=day), now=noon)
    minutes = [minute for minute, _ in ask(plain, day)]
    assert minutes == {-1: list(range(540, 1005, 15)), 0: list(range(720, 1005, 15)), 1: []}[days]
    assert ask(plain, day) == model.offered(plain, day)
    first = next_offered(plain.diary(), plain.visit(), 1, now=noon)
    assert first == (noon.date(), 720)


def test_a_time_that_the_clock_leaves_out_is_missing_and_one_that_comes_twice_means_its_first() -> None:
    spring, autumn = at_work(ANGELES, ALWAYS, day=FORWARD), at_work(ANGELES, ALWAYS, day=BACK)
    for time in ("02:00:00", "02:30:00", "02:45:00"):
        assert judge(spring.diary(), spring.visit(), FORWARD, time, now=spring.now) is Why.MISSING
    for time, hour in (("01:45:00", 9), ("03:00:00", 10)):
        answer = judge(spring.diary(), spring.visit(), FORWARD, time, now=spring.now)
        assert answer == datetime(2026, 3, 8, hour, int(time[3:5]), tzinfo=UTC)
    for time, hour in (("01:30:00", 8), ("02:00:00", 10)):
        answer = judge(autumn.diary(), autumn.visit(), BACK, time, now=autumn.now)
        assert answer == datetime(2026, 11, 1, hour, int(time[3:5]), tzinfo=UTC)


def test_once_the_first_of_two_is_over_the_time_is_past_though_the_clock_shows_it_again() -> None:
    between = datetime(2026, 11, 1, 9, 5, tzinfo=UTC)  # 01:05 for the second time
    plain = replace(at_work(ANGELES, ALWAYS, day=BACK), now=between)
    assert judge(plain.diary(), plain.visit(), BACK, "01:30:00", now=between) is Why.PAST
    assert ask(plain, BACK)[0] == (120, int(datetime(2026, 11, 1, 10, tzinfo=UTC).timestamp()))


def test_a_visit_lasts_real_minutes_through_a_change() -> None:
    nights: Week = dict.fromkeys(range(1, 8), ((0, 240),))  # three hours in spring, five in autumn
    for day, minutes, fits in (
        (FORWARD, 180, [0]), (FORWARD, 181, []), (BACK, 300, [0]), (BACK, 301, []), (BACK, 241, [0, 15, 30, 45]),
    ):  # fmt: skip
        plain = at_work(ANGELES, nights, day=day, minutes=minutes)
        assert [minute for minute, _ in ask(plain, day)] == fits, (day, minutes)


def test_what_is_taken_while_an_hour_comes_twice_blocks_only_the_moments_it_takes() -> None:
    second = int(datetime(2026, 11, 1, 9, 30, tzinfo=UTC).timestamp())  # 01:30 for the second time
    plain = replace(at_work(ANGELES, ALWAYS, day=BACK), taken=[(second, second + 1800)])
    minutes = [minute for minute, _ in ask(plain, BACK)]
    assert {90, 105, 120} <= set(minutes)
    longer = replace(plain, minutes=75)
    assert {60, 75, 90, 105, 120} & {minute for minute, _ in ask(longer, BACK)} == {60, 75, 120}


@pytest.mark.parametrize(
    ("day", "minute", "moment"),
    [
        (FORWARD, 119, datetime(2026, 3, 8, 9, 59, tzinfo=UTC)),
        (FORWARD, 120, datetime(2026, 3, 8, 10, tzinfo=UTC)),  # left out: the jump
        (FORWARD, 179, datetime(2026, 3, 8, 10, tzinfo=UTC)),
        (FORWARD, 180, datetime(2026, 3, 8, 10, tzinfo=UTC)),
        (FORWARD, DAY, datetime(2026, 3, 9, 7, tzinfo=UTC)),
        (BACK, 60, datetime(2026, 11, 1, 8, tzinfo=UTC)),
        (BACK, 119, datetime(2026, 11, 1, 8, 59, tzinfo=UTC)),
        (BACK, 120, datetime(2026, 11, 1, 10, tzinfo=UTC)),
    ],
    ids=ids,
)
def test_a_minute_means_its_first_moment_and_one_left_out_the_jump(day: date, minute: int, moment: datetime) -> None:
    assert moment_of(ZoneInfo(ANGELES), day, minute) == int(moment.timestamp())
