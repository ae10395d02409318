"""Who works in the demo, where and when, and what they are booked for. Pure: its dates count from a Monday.

Nobody of them exists. National numbers begin with 2, which none in use does, and licences with DEMO.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from openmedspa.demo import constants
from openmedspa.demo.constants import EXAM_LOCATION, FOREIGN_LOCATION, LOCATION, SECOND_LOCATION
from openmedspa.scheduling.clock import moment_of
from openmedspa.scheduling.slots import DAY_MINUTES, Minutes

ZONE = ZoneInfo(constants.TIME_ZONE)  # of every location of the demo
Date = tuple[int, int]  # so many weeks from now, and the ISO weekday


class Shift(Struct, frozen=True):
    """The same hours on several weekdays; a break is time within them."""

    location_id: str
    weekdays: Sequence[int]
    opens: tuple[Minutes, ...]
    breaks: tuple[Minutes, ...] = ()


class Hired(Struct, frozen=True, kw_only=True):
    """Somebody who can be booked; the first shift's location is their home."""

    number: int
    ppass: str
    name: str
    title: str
    specialty: str
    shifts: Sequence[Shift]
    states: Sequence[str] = ("CA",)
    away: Sequence[tuple[Date, Minutes]] = ()
    step_minutes: int = 15
    notice_minutes: int = 0
    window_days: int = 730
    fullness: float = 0.0  # how much of a day is booked when it comes


class Special(Struct, frozen=True):
    """A date's own hours, closed without; for everybody there unless for one provider."""

    ppass: str
    location_id: str
    on: Date
    opens: tuple[Minutes, ...] = ()
    provider_id: int | None = None


class Offering(Struct, frozen=True):
    """A visit type, and how many of a hundred bookings are of it."""

    code: str
    name: str
    minutes: int
    before: int
    after: int
    treatments: Sequence[str]
    percent: int


def _hours(*times: float) -> tuple[Minutes, ...]:
    """`_hours(9, 12, 13, 17)`: 9 to 12 and 13 to 17."""
    minutes = [round(time * 60) for time in times]
    return tuple(zip(minutes[::2], minutes[1::2], strict=True))


WEEKDAYS = (1, 2, 3, 4, 5)
ALL_DAY = (0, DAY_MINUTES)
STAFF = [
    Hired(
        number=constants.PROVIDER, ppass="DemoOffice", name="Jane Smith", title="PA-C", specialty="Aesthetics",
        shifts=[Shift(LOCATION, WEEKDAYS, _hours(9, 17), _hours(12, 13))],
        away=[((2, 4), (15 * 60, 17 * 60))], fullness=0.8,
    ),
    Hired(
        number=2, ppass="RivalOffice", name="Petra Lindqvist", title="NP", specialty="Laser",
        shifts=[
            Shift(FOREIGN_LOCATION, (1, 2, 4, 5), _hours(8.5, 16.5), _hours(12, 12.5)),
            Shift(FOREIGN_LOCATION, (6,), _hours(9, 13)),
        ],
        away=[((1, 2), ALL_DAY)], fullness=0.35,
    ),
    Hired(
        number=3, ppass="DemoOffice", name="Amara Vandermeer", title="NP", specialty="Injectables",
        shifts=[
            Shift(LOCATION, (1, 2, 3), _hours(10, 19), _hours(13.5, 14, 16.5, 16.75)),
            Shift(SECOND_LOCATION, (4,), _hours(9, 15), _hours(11.5, 12)),
        ],
        away=[((0, 2), (10 * 60, 12 * 60)), ((3, 1), ALL_DAY)], notice_minutes=120, fullness=0.75,
    ),
    Hired(
        number=4, ppass="DemoOffice", name="Rafael Thornbury", title="RN", specialty="Laser",
        shifts=[
            Shift(LOCATION, (2, 3, 4, 5), _hours(8, 12, 12.75, 16.5)),
            Shift(LOCATION, (6,), _hours(9, 13)),
        ],
        away=[((2, weekday), ALL_DAY) for weekday in range(1, 8)], fullness=0.65,
    ),
    Hired(
        number=5, ppass="DemoOffice", name="Ingrid Castellano", title="MD", specialty="Medical Director",
        shifts=[Shift(LOCATION, (1, 3, 5), _hours(13, 18), _hours(15.5, 16))],
        away=[((1, 1), (13 * 60, 15 * 60))], step_minutes=30, notice_minutes=1_440, window_days=90, fullness=0.5,
    ),
    Hired(
        number=6, ppass=constants.EXAM_GROUP, name="Noor Halvorsen", title="MD", specialty="Telehealth",
        shifts=[Shift(EXAM_LOCATION, (1, 2, 3, 4), _hours(17, 21)), Shift(EXAM_LOCATION, (6,), _hours(9, 15))],
        states=("AZ", "CA", "CO", "NV", "OR", "WA"), away=[((1, 4), ALL_DAY)], step_minutes=20, notice_minutes=15,
        window_days=60,
    ),
    Hired(
        number=7, ppass=constants.EXAM_GROUP, name="Ezra Fontaine", title="NP", specialty="Telehealth",
        shifts=[
            Shift(EXAM_LOCATION, (2, 3, 4, 5), _hours(16, 22), _hours(18.5, 19)),
            Shift(EXAM_LOCATION, (7,), _hours(10, 16)),
        ],
        states=("CA", "FL", "GA", "IL", "NY", "TX"), away=[((2, 7), ALL_DAY)], step_minutes=20, notice_minutes=15,
        window_days=60,
    ),
]  # fmt: skip
SPECIALS = [
    Special("DemoOffice", LOCATION, (1, 3), _hours(12, 20), provider_id=3),
    Special("DemoOffice", LOCATION, (-1, 6), (), provider_id=4),
    Special("DemoOffice", LOCATION, (3, 6), _hours(9, 16), provider_id=4),
    Special("DemoOffice", LOCATION, (1, 5), (), provider_id=5),
    Special("DemoOffice", SECOND_LOCATION, (2, 4)),
    Special("RivalOffice", FOREIGN_LOCATION, (-2, 5)),
]
TYPES = [
    Offering("NEW", "New patient", 45, 0, 5, (), 15),
    Offering("FOLLOWUP", "Follow-up", 30, 0, 0, (), 35),
    Offering("CONSULT", "Consultation", 30, 0, 0, (), 20),
]
TREATED = {
    "DemoOffice": (
        "Botox Injection",
        "Dermal Filler",
        "Lip Filler",
        "Chemical Peel",
        "Microneedling",
        "IPL Photofacial",
    ),
    "RivalOffice": ("Dysport", "Restylane", "Laser Hair Removal"),
}
OFFERINGS: Mapping[str, Sequence[Offering]] = {
    **{ppass: [*TYPES, Offering("TREATMENT", "Treatment", 60, 5, 10, names, 30)] for ppass, names in TREATED.items()},
    constants.EXAM_GROUP: [Offering("EXAM", "Good faith exam", 15, 0, 5, (), 0)],
}


def day_of(monday: date, on: Date) -> date:
    weeks, weekday = on
    return monday + timedelta(weeks=weeks, days=weekday - 1)


def off_of(hired: Hired, monday: date) -> list[tuple[int, int]]:
    """Moments from and until which they are away, in order."""
    spans = []
    for on, (since, until) in hired.away:
        day = day_of(monday, on)
        end = moment_of(ZONE, day + timedelta(days=1), 0) if until == DAY_MINUTES else moment_of(ZONE, day, until)
        spans.append((moment_of(ZONE, day, since), end))
    return sorted(spans)


def hours_of(hired: Hired) -> Iterator[dict[str, Any]]:
    """As `provider_hours` has them."""
    for shift in hired.shifts:
        for intervals, is_break in ((shift.opens, False), (shift.breaks, True)):
            for weekday in shift.weekdays:
                for since, until in intervals:
                    yield {
                        "location_id": shift.location_id, "weekday": weekday, "from_minute": since,
                        "until_minute": until, "is_break": is_break,
                    }  # fmt: skip


def npi_of(number: int) -> str:
    """A national number whose check digit is right, by Luhn over 80840 and the nine digits before it."""
    stem = f"2{number:08}"
    digits = [int(digit) for digit in "80840" + stem]
    doubled = [sum(divmod(digit * 2, 10)) for digit in digits[::-2]]
    return stem + str(-(sum(doubled) + sum(digits[-2::-2])) % 10)
