"""When a visit of the demo took which step: believable ways and moments, counted back from now. Pure."""

from datetime import datetime, time, timedelta
from random import Random
from typing import Literal

from msgspec import Struct

from openmedspa.exams.decisions import PACIFIC
from openmedspa.exams.status import Step

Kind = Literal["at_home", "in_person"]
Way = tuple[Step, ...]

INTAKE: Way = (Step.ORDERED, Step.INTAKE_STARTED, Step.INTAKE_DONE)
AT_ONCE: Way = (*INTAKE, Step.WAITING)
LATER: Way = (*INTAKE, Step.SCHEDULED)
WAYS_BEFORE: dict[Step, list[Way]] = {
    Step.ORDERED: [()],
    Step.INTAKE_STARTED: [INTAKE[:1]],
    Step.INTAKE_DONE: [INTAKE[:2]],
    Step.WAITING: [INTAKE],
    Step.SCHEDULED: [INTAKE],
    Step.IN_EXAM: [AT_ONCE, LATER],
    Step.WRITING: [(*AT_ONCE, Step.IN_EXAM), (*LATER, Step.IN_EXAM)],
    Step.SIGNED: [(*AT_ONCE, Step.IN_EXAM, Step.WRITING), (*LATER, Step.IN_EXAM, Step.WRITING)],
    Step.MISSED: [LATER],
    Step.BROKEN_OFF: [(*AT_ONCE, Step.IN_EXAM)],
    Step.LINK_EXPIRED: [INTAKE[:1]],
    Step.CANCELLED_BY_CLIENT: [INTAKE[:1], INTAKE[:2], LATER],
    Step.CANCELLED_BY_PATIENT: [INTAKE[:2], INTAKE],
    Step.CANCELLED_BY_PLATFORM: [INTAKE, AT_ONCE],
    Step.INELIGIBLE: [INTAKE],
}
# These never happen at the medspa's desk.
AT_HOME_ONLY = {Step.SCHEDULED, Step.MISSED, Step.LINK_EXPIRED, Step.CANCELLED_BY_CLIENT}
LIVE = {Step.WAITING, Step.IN_EXAM, Step.WRITING}  # somebody is in front of a screen right now

SECONDS_UNTIL: dict[Step, tuple[int, int]] = {
    Step.INTAKE_STARTED: (300, 14_400),
    Step.INTAKE_DONE: (240, 1_200),
    Step.WAITING: (5, 60),
    Step.SCHEDULED: (30, 240),
    Step.IN_EXAM: (60, 240),
    Step.WRITING: (240, 900),
    Step.SIGNED: (60, 420),
    Step.BROKEN_OFF: (60, 300),
    Step.LINK_EXPIRED: (30 * 86_400, 30 * 86_400 + 3_600),
    Step.CANCELLED_BY_CLIENT: (1_800, 20_000),
    Step.CANCELLED_BY_PATIENT: (600, 20_000),
    Step.CANCELLED_BY_PLATFORM: (600, 3_600),
    Step.INELIGIBLE: (1, 30),
}
AT_THE_DESK = {Step.INTAKE_STARTED: (60, 400)}
# Days since the order. What is open now was ordered lately: after 30 days the worker lets an invitation lapse.
DAYS_AGO: dict[Step, tuple[int, int]] = {
    Step.ORDERED: (0, 12),
    Step.INTAKE_STARTED: (0, 8),
    Step.INTAKE_DONE: (0, 5),
    Step.SCHEDULED: (0, 4),
    Step.LINK_EXPIRED: (31, 55),
}
LONG_AGO = (0, 55)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OPENS, CLOSES = time(9), time(18)


class Journey(Struct, frozen=True):
    """The steps a visit took and when; `scheduled_at` is the exam's time, if the patient picked one."""

    kind: Kind
    taken: list[tuple[Step, datetime]]
    scheduled_at: datetime | None = None

    @property
    def step(self) -> Step:
        return self.taken[-1][0]

    @property
    def ordered_at(self) -> datetime:
        return self.taken[0][1]

    @property
    def ended_at(self) -> datetime:
        return self.taken[-1][1]

    def has(self, step: Step) -> bool:
        return any(taken is step for taken, _ in self.taken)


def journey(random: Random, step: Step, *, now: datetime) -> Journey:
    """A way to the step that is over by now; ordered in the medspa's hours, at least an hour ago."""
    at_home = 1 if step in AT_HOME_ONLY else 0.85 if step in DAYS_AGO else 0.55
    kind: Kind = "at_home" if random.random() < at_home else "in_person"
    way = random.choice([way for way in WAYS_BEFORE[step] if kind == "at_home" or Step.SCHEDULED not in way])
    moments = [_opening_moment(random, now - random.randint(*DAYS_AGO.get(step, LONG_AGO)) * DAY)]
    for next_step, before in zip((*way, step)[1:], (*way, step), strict=False):
        moments.append(_next(random, moments[-1], next_step, before, kind))
    moments = _until_now(random, moments, is_live=step in LIVE, now=now)
    taken = list(zip((*way, step), moments, strict=True))
    return Journey(kind, taken, _scheduled_at(random, taken, now=now))


def opening_after(moment: datetime, days: int, quarter: int) -> datetime:
    """A quarter of an hour, counted from opening, so many days later."""
    local = datetime.combine((moment.astimezone(PACIFIC) + days * DAY).date(), OPENS, PACIFIC)
    return (local + quarter * timedelta(minutes=15)).astimezone(moment.tzinfo)


def _opening_moment(random: Random, day: datetime) -> datetime:
    open_seconds = (CLOSES.hour - OPENS.hour) * 3600
    return opening_after(day, 0, 0) + timedelta(seconds=random.randrange(open_seconds))


def _next(random: Random, moment: datetime, step: Step, before: Step, kind: Kind) -> datetime:
    if before is Step.SCHEDULED and step in (Step.IN_EXAM, Step.MISSED):  # on the day that the patient picked
        picked = opening_after(moment, random.randint(1, 3), random.randrange(40))
        late = random.randrange(240) if step is Step.IN_EXAM else 900
        return picked + timedelta(seconds=late)
    seconds = AT_THE_DESK.get(step) if kind == "in_person" else None
    return moment + timedelta(seconds=random.randint(*(seconds or SECONDS_UNTIL[step])))


def _until_now(random: Random, moments: list[datetime], *, is_live: bool, now: datetime) -> list[datetime]:
    """The same moments, moved so that the last is past: by whole days, or to these minutes if it is going on."""
    if is_live:
        move = now - timedelta(seconds=random.randint(60, 600)) - moments[-1]
        ordered_at = min(moments[0] + move, now - HOUR - timedelta(seconds=random.randrange(3_600)))
        return [ordered_at, *(moment + move for moment in moments[1:])]
    while moments[0] > now - HOUR or moments[-1] > now - HOUR / 2:
        moments = [moment - DAY for moment in moments]
    return moments


def _scheduled_at(random: Random, taken: list[tuple[Step, datetime]], *, now: datetime) -> datetime | None:
    """The quarter of an hour in which the next step came; for what is still to come, one in the days ahead."""
    steps = [step for step, _ in taken]
    if Step.SCHEDULED not in steps:
        return None
    follower = steps.index(Step.SCHEDULED) + 1
    if follower == len(taken) or steps[follower] is Step.CANCELLED_BY_CLIENT:
        picked_from = now if follower == len(taken) else taken[follower - 1][1]
        return opening_after(picked_from, random.randint(1, 6), random.randrange(40))
    came = taken[follower][1]
    return came.replace(minute=came.minute - came.minute % 15, second=0, microsecond=0)
