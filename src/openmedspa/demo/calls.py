"""What the demo's callers have called in the last thirty days, told back from now: their hours, and what went wrong.

Pure: the same seed and moment tell the same calls. Who a caller is comes in as ids; addresses are those kept free for
documents (RFC 5737, RFC 3849).
"""
# ruff: noqa: S311 - a seeded generator is the point

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from msgspec import Struct

from openmedspa.demo.constants import DEMO_OFFICE, RIVAL_OFFICE, TIME_ZONE
from openmedspa.kit.http import NOBODY, Caller
from openmedspa.routes.exam import EXAM_API
from openmedspa.routes.partner import PARTNER_API

# A row of the log of calls: at, request id, method, route, status, code, microseconds, address, practice, partner, key.
Told = tuple[datetime, str, str, str, int, str, int, str, int | None, int | None, int | None]
Name = tuple[str, str]  # of a partner and its key

DAYS = 30
ZONE = ZoneInfo(TIME_ZONE)
# Of a hundred, the practice's hours and its week from Monday on.
HOURS = (2, 1, 1, 1, 1, 2, 5, 15, 45, 80, 95, 100, 75, 70, 90, 95, 85, 60, 35, 20, 12, 8, 5, 3)
WEEK = (90, 100, 95, 95, 85, 45, 12)
STATUS = {f"{route.method} {route.path}": route.status for route in (*EXAM_API, *PARTNER_API)}
MILLISECONDS = {"GET": 5, "POST": 14, "PATCH": 11, "PUT": 9, "DELETE": 7}  # what half of the calls take at most
LONG = {"/emr/gfes/{location_id}": 22, "/v1/{PPass}/availability/providers/{id}/slots": 18, "/v1/products": 16}
SLOW_OF_THOUSAND = 4
# What is refused now and then: status, code, and how many of a thousand.
REFUSED = {
    "POST /emr/appointments": [(400, "field_invalid", 14), (400, "treatment_unknown", 8)],
    "PATCH /emr/appointments/{gfe_id}/cancel": [(400, "status_conflict", 30)],
    "GET /emr/visits/{gfe_id}": [(404, "visit_not_found", 9)],
    "GET /v1/{PPass}/prospects/{id}": [(404, "prospect_not_found", 12)],
    "POST /v1/{PPass}/prospects": [(422, "field_invalid", 20)],
    "POST /v1/{PPass}/visits": [(409, "slot_taken", 35), (422, "field_invalid", 10)],
    "DELETE /v1/{PPass}/holds/{id}": [(404, "hold_not_found", 25)],
    "GET /v1/kb/{id}": [(404, "article_not_found", 15)],
}
EXAMS = {
    "GET /emr/visits/{gfe_id}": 46, "POST /emr/appointments": 18, "GET /emr/gfes/{location_id}": 14,
    "GET /emr/treatments": 12, "POST /emr/in-person": 6, "PATCH /emr/appointments/{gfe_id}/cancel": 4,
}  # fmt: skip
VISITS = {
    "GET /v1/{PPass}/prospects": 26, "GET /v1/{PPass}/prospects/{id}": 16, "POST /v1/{PPass}/prospects": 7,
    "GET /v1/{PPass}/availability/providers/{id}/slots": 20, "POST /v1/{PPass}/holds": 7, "POST /v1/{PPass}/visits": 9,
    "DELETE /v1/{PPass}/holds/{id}": 3, "GET /v1/{PPass}/tickets": 6, "POST /v1/{PPass}/auth/token": 2,
}  # fmt: skip
TIMES = {
    "GET /v1/{PPass}/availability/providers": 14, "GET /v1/{PPass}/availability/providers/{id}/next-slot": 42,
    "GET /v1/{PPass}/availability/providers/{id}/slots": 30, "POST /v1/{PPass}/visits": 12,
    "POST /v1/{PPass}/auth/token": 2,
}  # fmt: skip
LISTS = {"GET /v1/{PPass}/prospects": 96, "POST /v1/{PPass}/auth/token": 4}
READS = {"GET /v1/kb": 50, "GET /v1/kb/{id}": 46, "POST /v1/{PPass}/auth/token": 4}
GOODS = {"GET /v1/products": 55, "GET /v1/kb": 20, "GET /v1/kb/{id}": 21, "POST /v1/{PPass}/auth/token": 4}


class Habit(Struct, frozen=True, kw_only=True):
    """Who calls what, from where and how often: `per_hour` in the busiest one, or for a machine in each.

    `days` ago it began and ended.
    """

    name: Name
    address: str
    uses: Mapping[str, int]
    per_hour: float
    is_machine: bool = False
    days: tuple[float, float] = (DAYS, 0)


DESK, BOOKINGS, SUPPLIER = DEMO_OFFICE.partner, RIVAL_OFFICE.partner, "Saltmarsh Supply"
CATALOGUE: Name = (SUPPLIER, "catalogue")
HABITS = [
    Habit(name=(DEMO_OFFICE.emr, "demo"), address="192.0.2.20", uses=EXAMS, per_hour=21),
    Habit(name=(RIVAL_OFFICE.emr, "demo"), address="198.51.100.31", uses=EXAMS, per_hour=5),
    Habit(name=(DESK, "demo partner"), address="2001:db8:17:4::a", uses=VISITS, per_hour=5),
    Habit(name=(DESK, "front desk"), address="2001:db8:17:4::21", uses=VISITS, per_hour=14, days=(DAYS, 2)),
    Habit(name=(DESK, "front desk, rotated"), address="2001:db8:17:4::21", uses=VISITS, per_hour=14, days=(2, 0)),
    Habit(name=(DESK, "tablet in the lobby"), address="192.0.2.61", uses=TIMES, per_hour=2, days=(DAYS, 12)),
    Habit(name=(DESK, "demo prospects only"), address="2001:db8:17:4::80", uses=LISTS, per_hour=1.2, is_machine=True),
    Habit(name=(BOOKINGS, "rival partner"), address="198.51.100.77", uses=TIMES, per_hour=9),
    Habit(name=(BOOKINGS, "spring campaign"), address="198.51.100.78", uses=TIMES, per_hour=2, days=(DAYS, 6)),
    Habit(name=CATALOGUE, address="192.0.2.140", uses=GOODS, per_hour=1.6, is_machine=True),
    Habit(name=(SUPPLIER, "trial"), address="192.0.2.141", uses=READS, per_hour=1, days=(24, 0)),
]
BURST: Name = (BOOKINGS, "waiting list")
BURST_ALLOWED = 50  # its key may make no more at once
STRANGER = "198.51.100.250"
GUESSES = [
    ("GET", "/emr/visits/{gfe_id}", "key_invalid"),
    ("GET", "/emr/gfes/{location_id}", "key_invalid"),
    ("GET", "", "key_missing"),
    ("POST", "/v1/{PPass}/auth/token", "credentials_invalid"),
]


def tell(callers: Mapping[Name, Caller], *, seed: int, now: datetime) -> list[Told]:
    """All calls, oldest first; `callers` has the ids of every habit's key, and of BURST."""
    random = Random(seed)
    told = [call for habit in HABITS for call in _habitual(random, habit, callers[habit.name], now)]
    bad = bad_hour(now)
    told = [_as_of_the_bad_hour(random, call, bad) for call in told]
    told += _burst(random, callers[BURST], now)
    told += _guesses(random, now)
    return sorted(told)


def bad_hour(now: datetime) -> datetime:
    """When the database was away for an hour: on a Wednesday afternoon, a week ago or more."""
    today = now.astimezone(ZONE).date()
    day = today - timedelta(days=(today.weekday() - 2) % 7 + 7)
    return _moment(day, 14)


def last_uses(told: Iterable[Told]) -> dict[int, datetime]:
    """When each key was used last."""
    return {call[10]: call[0] for call in told if call[10] is not None}


def _habitual(random: Random, habit: Habit, caller: Caller, now: datetime) -> Iterator[Told]:
    uses, shares = list(habit.uses), list(habit.uses.values())
    since, until = (now - timedelta(days=days) for days in habit.days)
    for began, count in _hours(random, habit, now):
        for use in random.choices(uses, shares, k=count):
            at = began + timedelta(seconds=random.random() * 3600)
            if since <= at < until:
                yield _call(random, at, use, habit.address, caller)


def _hours(random: Random, habit: Habit, now: datetime) -> Iterator[tuple[datetime, int]]:
    """Each hour of the practice's days, and how many calls are made in it."""
    today = now.astimezone(ZONE).date()
    for day in (today - timedelta(days=ago) for ago in range(DAYS + 1)):
        for hour in range(24):
            share = 1.0 if habit.is_machine else HOURS[hour] * WEEK[day.weekday()] / 10_000
            yield _moment(day, hour), int(habit.per_hour * share + random.random())


def _moment(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), ZONE).astimezone(UTC)


def _call(random: Random, at: datetime, use: str, address: str, caller: Caller) -> Told:
    method, _, route = use.partition(" ")
    status, code, luck = STATUS[use], "", random.random() * 1000
    for refused, why, of_thousand in REFUSED.get(use, []):
        luck -= of_thousand
        if luck < 0:
            status, code = refused, why
            break
    return (at, _id(random), method, route, status, code, _microseconds(random, method, route), address, *caller)


def _microseconds(random: Random, method: str, route: str) -> int:
    """Most take about the same, few three times as long, and some wait for something."""
    took = LONG.get(route, MILLISECONDS[method]) * random.lognormvariate(0, 0.45)
    return int(1000 * (took * random.uniform(12, 60) if random.random() * 1000 < SLOW_OF_THOUSAND else took))


def _as_of_the_bad_hour(random: Random, call: Told, since: datetime) -> Told:
    """Most calls of that hour were refused, at once or after the wait for a connection."""
    if not since <= call[0] < since + timedelta(hours=1) or random.random() < 0.25:
        return call
    took = 5_000_000 if random.random() < 0.3 else 900
    return (*call[:4], 503, "unavailable", took + random.randrange(400), *call[7:])


def _burst(random: Random, caller: Caller, now: datetime) -> Iterator[Told]:
    """A program of a partner that forgot to wait."""
    began = _moment(now.astimezone(ZONE).date() - timedelta(days=4), 11, 21)
    for number in range(150):
        at = began + timedelta(milliseconds=70 * number + random.randrange(60))
        use = "GET /v1/{PPass}/availability/providers/{id}/next-slot"
        call = _call(random, at, use, "198.51.100.77", caller)
        if number >= BURST_ALLOWED:
            call = (*call[:4], 429, "too_many", random.randrange(150, 600), *call[7:])
        yield call


def _guesses(random: Random, now: datetime) -> Iterator[Told]:
    """Somebody without a key, at night."""
    began = _moment(now.astimezone(ZONE).date() - timedelta(days=17), 3, 12)
    for number in range(64):
        method, route, code = random.choice(GUESSES)
        at = began + timedelta(seconds=4 * number + random.random())
        yield (at, _id(random), method, route, 401, code, random.randrange(200, 1_500), STRANGER, *NOBODY)


def _id(random: Random) -> str:
    """As kit.http makes them."""
    return f"req_{random.getrandbits(128):032x}"
