"""A row of hours: of every week or of a date, open, a break, closed, time off or back from it. Judged without I/O."""

import re
from datetime import UTC, date, datetime
from typing import Any, Literal, NamedTuple

import msgspec
from msgspec import UNSET, Struct, UnsetType, field

from openmedspa.kit import files, parsing
from openmedspa.kit.bulk import Faults
from openmedspa.partners.wire import Id
from openmedspa.scheduling.clock import moment_of
from openmedspa.scheduling.importing.register import Provider, Register, out_of_calendar
from openmedspa.scheduling.slots import DAY_MINUTES, Minutes

NEEDED: files.Needed = (
    ("Weekday", "From", "Until", "ProviderID"), ("Weekday", "From", "Until", "Provider"), ("Date",),
    ("Kind", "From", "Until"), ("Weekday", "Kind"),
)  # fmt: skip
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
CLOCK = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)(?::00)?", re.ASCII)
LOCAL = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\S+)", re.ASCII)
NO_TIME = "must be a time of the day, such as 09:00"
EITHER = "is required, or Date"


class Unit(NamedTuple):
    """What is replaced as a whole: a week of a provider at a location, or a date; no provider: everybody's."""

    provider_id: int | None
    location_id: str
    day: date | None


class Piece(NamedTuple):
    """Hours within a unit; `weekday` is 0 on a date. Without minutes: closed."""

    unit: Unit
    weekday: int
    is_break: bool
    minutes: Minutes | None


class Off(NamedTuple):
    """Time off; or, back from it, what is taken back of that."""

    provider_id: int
    from_at: datetime
    until_at: datetime
    is_back: bool = False


class HoursRow(Struct, frozen=True, forbid_unknown_fields=True, rename="pascal", kw_only=True):
    """As a file has it."""

    provider_id: Id | UnsetType = field(name="ProviderID", default=UNSET)
    provider: str | UnsetType = UNSET
    location_id: str | UnsetType = field(name="LocationID", default=UNSET)
    weekday: int | str | UnsetType = UNSET
    date: str | UnsetType = UNSET
    from_: str | UnsetType = field(name="From", default=UNSET)
    until: str | UnsetType = UNSET
    kind: str = "open"


FIELDS: files.Fields = {
    name: "whole" if name == "ProviderID" else "text" for name in HoursRow.__struct_encode_fields__
}  # fmt: skip
Kind = Literal["open", "break", "closed", "off", "back"]
KINDS: tuple[Kind, ...] = ("open", "break", "closed", "off", "back")
Verdict = tuple[Piece | Off | None, Unit | None, Faults]


class Rows:
    """A practice's."""

    def __init__(self, register: Register) -> None:
        self.fields = FIELDS
        self.needed = NEEDED
        self.register = register

    def judge(self, given: dict[str, Any]) -> Verdict:
        """What a row says, or what is wrong with it; and which week or date it is of, if that much can be told."""
        try:
            row = msgspec.convert({name: value for name, value in given.items() if value is not None}, HoursRow)
        except msgspec.ValidationError as trouble:
            return None, None, parsing.explain(trouble, HoursRow).fields | parsing.mistakes(given, HoursRow)
        wrong = files.unprintable(given)
        kind = next((kind for kind in KINDS if kind == row.kind.lower()), None)
        if kind is None:
            wrong["Kind"] = f"must be {', '.join(KINDS[:-1])} or {KINDS[-1]}"
        provider = self.register.provider(row.provider_id, row.provider, wrong)
        if kind in {"off", "back"}:
            return self._off(row, provider, wrong, is_back=kind == "back")
        return self._piece(row, kind, provider, wrong)

    def _off(self, row: HoursRow, provider: Provider | None, wrong: Faults, *, is_back: bool) -> Verdict:
        if row.weekday is not UNSET:
            wrong["Weekday"] = "must be left out of time off: it has a Date"
        zone = self.register.zone if provider is None else self.register.zone_of(provider)
        if row.location_id is not UNSET and (place := self.register.location(row.location_id, provider, wrong)):
            zone = self.register.zones[place]
        if row.provider_id is UNSET and row.provider is UNSET:
            wrong["ProviderID"] = "is required, unless Provider is given"
        if row.date is not UNSET:
            day = _day(row.date, "Date", wrong)
            minutes = _times(row, wrong, whole_day=True)
            start, end = (day, minutes[0] if minutes else None), (day, minutes[1] if minutes else None)
        else:
            start, end = _local(row.from_, "From", wrong), _local(row.until, "Until", wrong)
        if wrong or provider is None or start[0] is None or end[0] is None or start[1] is None or end[1] is None:
            return None, None, wrong
        since, until = moment_of(zone, start[0], start[1]), moment_of(zone, end[0], end[1])
        if since >= until:
            return None, None, {"Until": "must be after From"}
        return (
            Off(provider.id, datetime.fromtimestamp(since, UTC), datetime.fromtimestamp(until, UTC), is_back),
            None,
            {},
        )

    def _piece(self, row: HoursRow, kind: Kind | None, provider: Provider | None, wrong: Faults) -> Verdict:
        weekday, day = self._when(row, wrong)
        is_anybodys = row.provider_id is UNSET and row.provider is UNSET
        if is_anybodys and weekday:
            wrong["ProviderID"] = "is required, unless Provider is given"
        place = self.register.location(row.location_id, provider, wrong)
        if is_anybodys and row.location_id is UNSET:
            wrong["LocationID"] = "is required when no provider is given"
        unit = None
        if place and (provider or is_anybodys) and (weekday or day):
            unit = Unit(provider.id if provider else None, place, day)
        minutes = None
        if kind == "closed":
            self._closed(row, wrong)
        else:
            minutes = _times(row, wrong)
        if kind == "break" and row.date is not UNSET:
            wrong["Kind"] = "may not be break on a Date: give the hours before and after it"
        if wrong or unit is None:
            return None, unit, wrong
        return Piece(unit, weekday, kind == "break", minutes), unit, {}

    def _when(self, row: HoursRow, wrong: Faults) -> tuple[int, date | None]:
        """A weekday, or a date and 0."""
        if row.date is not UNSET and row.weekday is not UNSET:
            wrong["Weekday"] = "must be left out where Date is given"
            return 0, None
        if row.date is not UNSET:
            return 0, _day(row.date, "Date", wrong)
        weekday = weekday_of(row.weekday) if row.weekday is not UNSET else 0
        if not weekday:
            wrong["Weekday"] = EITHER if row.weekday is UNSET else "must be a weekday: Mon to Sun, or 1 to 7, 1 for Mon"
        return weekday, None

    def _closed(self, row: HoursRow, wrong: Faults) -> None:
        wrong |= {
            name: "must be left out where Kind is closed"
            for name, value in (("From", row.from_), ("Until", row.until))
            if value is not UNSET
        }


def weekday_of(text: int | str) -> int:
    """1 for Monday; 0 when it is none."""
    word = str(text).strip().lower()
    if len(word) == 1 and word in "1234567":
        return int(word)
    names = [name for name in WEEKDAYS if len(word) >= 3 and name.startswith(word)]
    return WEEKDAYS.index(names[0]) + 1 if names else 0


def minute_of(text: str) -> int | None:
    """Of 09:00 or 24:00; None when it is no time."""
    found = CLOCK.fullmatch(text.strip())
    minute = int(found[1]) * 60 + int(found[2]) if found else DAY_MINUTES + 1
    return minute if minute <= DAY_MINUTES else None


def _times(row: HoursRow, wrong: Faults, *, whole_day: bool = False) -> Minutes | None:
    """From and Until on one day; neither may mean all of it."""
    if whole_day and row.from_ is UNSET and row.until is UNSET:
        return 0, DAY_MINUTES
    found: list[int] = []
    for name, text in (("From", row.from_), ("Until", row.until)):
        minute = minute_of(text) if isinstance(text, str) else None
        if minute is None or (name == "From" and minute == DAY_MINUTES):
            wrong[name] = NO_TIME if isinstance(text, str) else "is required"
        else:
            found.append(minute)
    if len(found) < 2:
        return None
    if found[0] >= found[1]:
        wrong["Until"] = "must be after From; what goes past midnight is two rows, until 24:00 and from 00:00"
        return None
    return found[0], found[1]


def _local(text: str | UnsetType, name: str, wrong: Faults) -> tuple[date | None, int | None]:
    """A day and minute: 2026-12-24T09:00."""
    if not isinstance(text, str):
        wrong[name] = EITHER
        return None, None
    found = LOCAL.fullmatch(text.strip())
    minute = minute_of(found[2]) if found else None
    if not found or minute is None:
        wrong[name] = "must be a local date and time, such as 2026-12-24T09:00, where there is no Date"
        return None, None
    return _day(found[1], name, wrong), minute


def _day(text: str, name: str, wrong: Faults) -> date | None:
    try:
        day = date.fromisoformat(text.strip()) if len(text.strip()) == 10 else None
    except ValueError:
        day = None
    if day is None:
        wrong[name] = parsing.DAY
    elif why := out_of_calendar(day):
        wrong[name] = why
    return day
