"""When two providers are free, told by a list of what was granted; shares nothing with what it is compared to."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from hypothesis import strategies as st
from msgspec import Struct
from scheduling.staff import ZONE, Hours

BEGINNING = datetime(2027, 3, 13, 7, 12, 30, tzinfo=UTC)  # on the 14th the clocks are put forward at two
DAYS = [date(2027, 3, 13), date(2027, 3, 14)]
STEP, NOTICE_MINUTES, HELD = 30, 20, timedelta(minutes=5)
NOTICE = timedelta(minutes=NOTICE_MINUTES)
OPEN, BREAK = ((60, 240), (540, 780)), (600, 630)  # minutes of the day: 1 to 4 and 9 to 13, a break at 10
HOURS: Hours = ((1, 2, 3, 4, 5, 6, 7), OPEN, (BREAK,))
TYPES = {"FOLLOWUP": (0, 0), "CONSULT": (15, 10)}  # minutes kept free before and after
MOST_AROUND = (15, 10)
Span = tuple[datetime, datetime]


class Wish(Struct, frozen=True):
    provider: int  # 0 or 1
    day: date
    minute: int
    minutes: int
    code: str

    @property
    def around(self) -> tuple[int, int]:
        return TYPES[self.code]

    @property
    def start(self) -> datetime:
        return moment(self.day, self.minute)

    def span(self, around: tuple[int, int]) -> Span:
        before, after = around
        return self.start - timedelta(minutes=before), self.start + timedelta(minutes=self.minutes + after)


class Kept(Struct):
    """What the model knows of a booking or a hold."""

    id: int
    wish: Wish
    span: Span
    status: str = "Booked"
    lapses_at: datetime | None = None

    def blocks(self, now: datetime) -> bool:
        return self.status not in {"Cancelled", "Released"} and (self.lapses_at is None or self.lapses_at > now)


# Few places, so that they are often in each other's way; some that are never offered: off the grid, in the break.
MINUTES = [60, 90, 120, 150, 180, 540, 570, 585, 600, 630, 660, 690, 720]
WISHES = st.builds(
    Wish,
    provider=st.sampled_from([0, 0, 0, 1]),
    day=st.sampled_from(DAYS),
    minute=st.sampled_from(MINUTES),
    minutes=st.sampled_from([15, 30, 60]),
    code=st.sampled_from(list(TYPES)),
)


def moment(day: date, minute: int) -> datetime:
    """Of a wall clock that exists, or the moment at which it would by the clock before the jump."""
    return datetime.combine(day, time(minute // 60, minute % 60), ZONE).astimezone(UTC)


def exists(day: date, minute: int) -> bool:
    there = moment(day, minute).astimezone(ZONE)
    return (there.date(), there.hour * 60 + there.minute) == (day, minute)


def stretches() -> Iterator[tuple[int, int, int]]:
    """Work without the break, and the opening from which steps are counted."""
    for since, until in OPEN:
        inside = since < BREAK[0] < until
        yield since, since, BREAK[0] if inside else until
        if inside:
            yield since, BREAK[1], until


def starts(day: date) -> list[int]:
    return [
        minute for opening, since, until in stretches() for minute in range(since, until)
        if (minute - opening) % STEP == 0 and exists(day, minute)
    ]  # fmt: skip


def clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}:00"


class Model:
    """What was granted, and what may be granted next."""

    def __init__(self) -> None:
        self.now = BEGINNING
        self.kept: list[Kept] = []

    def refusal(self, wish: Wish, around: tuple[int, int], *, without: Kept | None = None) -> str | None:
        """Why the model would not have it; None: it would."""
        end = wish.start + timedelta(minutes=wish.minutes)
        fits = any(since <= wish.minute < until and end <= moment(wish.day, until) for _, since, until in stretches())
        if wish.minute not in starts(wish.day) or not fits or wish.start < self.now + NOTICE:
            return "slot_not_offered"
        since, until = wish.span(around)
        is_taken = any(
            one.wish.provider == wish.provider and one.span[0] < until and since < one.span[1]
            for one in self.kept
            if one is not without and one.blocks(self.now)
        )
        return "slot_taken" if is_taken else None

    def free(self, provider: int, day: date, minutes: int, code: str | None) -> list[str]:
        around = MOST_AROUND if code is None else TYPES[code]
        wishes = [Wish(provider, day, minute, minutes, code or "FOLLOWUP") for minute in starts(day)]
        return [clock(wish.minute) for wish in wishes if self.refusal(wish, around) is None]
