"""A calendar file taken apart: its events with their lines, and its zones. What events say in words is left out here.
No I/O."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from icalendar import Event, FreeBusy, Timezone
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON
from msgspec import Struct

from openmedspa.kit.errors import Stopped

# Of an event nothing else is read: no title, no text, no people.
KEPT = frozenset({
    "UID", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID", "STATUS", "TRANSP",
    "X-MICROSOFT-CDO-BUSYSTATUS", "SEQUENCE", "FREEBUSY",
})  # fmt: skip
ONCE = KEPT - {"RDATE", "EXDATE", "EXRULE", "FREEBUSY"}
KINDS: dict[str, Any] = {"VEVENT": Event, "VFREEBUSY": FreeBusy}
TIME = "20270301T140000, 20270301T140000Z or, with VALUE=DATE, 20270301"
FORMS = {
    **dict.fromkeys(("DTSTART", "DTEND", "RECURRENCE-ID", "EXDATE", "RDATE"), TIME), "DURATION": "PT1H30M",
    "RRULE": "FREQ=WEEKLY;COUNT=6",
}  # fmt: skip
BROKEN = "is no calendar file: it does not begin with BEGIN:VCALENDAR."

When = date | datetime  # a date: all day; a time without a zone: floating


class Broken(ValueError):
    """An event that cannot be understood, and why."""


class Block(Struct):
    """An event or a free/busy component as it stands in the file, from which line on."""

    kind: str
    line: int
    lines: list[str]


class Calendar(Struct):
    """`name` is the one that it gives itself."""

    name: str
    blocks: list[Block]
    zones: dict[str, tzinfo]


class Moments(Struct, frozen=True):
    """Of a property: its values, all in one zone; without a zone they are UTC, floating or days."""

    values: list[Any]  # dates, times, or pairs of a time with its end or length
    zone: tzinfo | None


def take_apart(text: str, name: str) -> Calendar:
    """Stopped when it is no calendar, or ends too early: what is missing would count as gone."""
    scan = Scan(name)
    for line, content in _unfolded(text):
        scan.take(line, content)
    return scan.end()


class Scan:
    """Where in the file we stand: what is open, and the block that is being gathered."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._calendar = Calendar("", [], {})
        self._open: list[tuple[str, int]] = []
        self._block: Block | None = None

    def take(self, line: int, content: str) -> None:
        word, _, value = content.partition(":")
        word, value = word.strip().upper(), value.strip()
        if word == "BEGIN":
            self._begin(line, value.upper(), content)
        elif not self._open:
            raise Stopped(f"{self._name} {BROKEN}")
        elif word == "END":
            self._end(line, value.upper(), content)
        elif self._block:
            if self._is_kept(content):
                self._block.lines.append(content)
        elif len(self._open) == 1 and _field(content) == "X-WR-CALNAME" and not self._calendar.name:
            self._calendar.name = value

    def end(self) -> Calendar:
        if self._open:
            what, line = self._open[-1]
            raise Stopped(f"{self._name}: {what[:40]} of line {line} is not closed: the file ends too early.")
        return self._calendar

    def _begin(self, line: int, what: str, content: str) -> None:
        if not self._open and what != "VCALENDAR":
            raise Stopped(f"{self._name} {BROKEN}")
        self._open.append((what, line))
        if len(self._open) == 2 and what in {*KINDS, "VTIMEZONE"}:
            self._block = Block(what, line, [])
        elif self._block and self._block.kind == "VTIMEZONE":
            self._block.lines.append(content)

    def _end(self, line: int, what: str, content: str) -> None:
        if self._open[-1][0] != what:
            opened, at = self._open[-1]
            raise Stopped(f"{self._name}, line {line}: END:{what[:40]}, where {opened[:40]} of line {at} is open.")
        self._open.pop()
        if self._block and len(self._open) == 1:
            _keep(self._calendar, self._block)
            self._block = None
        elif self._block and self._block.kind == "VTIMEZONE":
            self._block.lines.append(content)

    def _is_kept(self, content: str) -> bool:
        """All of a zone, little of an event and nothing of what is inside it, such as an alarm."""
        assert self._block is not None
        return self._block.kind == "VTIMEZONE" or (len(self._open) == 2 and _field(content) in KEPT)


def parse(block: Block) -> Any:
    """The event, as icalendar reads it. Broken, with the field, when a value is none."""
    lines = [f"BEGIN:{block.kind}", *block.lines, f"END:{block.kind}", ""]
    try:
        event = KINDS[block.kind].from_ical("\r\n".join(lines))
    except (ValueError, KeyError, IndexError, OverflowError) as trouble:
        raise Broken(f"cannot be read: {str(trouble)[:120]}") from None
    for field, why in event.errors:
        raise Broken(_unreadable(block, field) if field else f"cannot be read: {why[:120]}")
    for field in sorted(ONCE):
        if isinstance(event.get(field), list):
            raise Broken(f"has more than one {field}")
    return event


def _unreadable(block: Block, field: str) -> str:
    """Its value as it stands there, and how it should look; of a field that may be anything, only the value."""
    line = next((line for line in block.lines if _field(line) == field.upper()), "")
    form = FORMS.get(field.upper())
    return f"has a {field} that cannot be read: “{line.partition(':')[2][:60]}”" + (
        f" is not like {form}" if form else ""
    )


def moments(found: Any, zones: Mapping[str, tzinfo]) -> list[Moments]:
    """Of a property that may stand several times, or not at all."""
    if found is None:
        return []
    return [
        Moments([_plain(part) for part in _values(one)], _zone(one.params.get("TZID"), zones))
        for one in (found if isinstance(found, list) else [found])
    ]


def moment(found: Any, zones: Mapping[str, tzinfo], field: str) -> tuple[When, tzinfo | None] | None:
    """Of one that stands once."""
    for one in moments(found, zones):
        value = one.values[0]
        if not isinstance(value, date):
            raise Broken(f"has a {field} that is no date or time")
        return value, one.zone
    return None


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    """Each line of content with the number of its first line."""
    number, whole = 0, ""
    for count, line in enumerate(text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n"), 1):
        if line[:1] in {" ", "\t"}:
            whole += line[1:]
            continue
        if whole.strip():
            yield number, whole
        number, whole = count, line
    if whole.strip():
        yield number, whole


def _field(content: str) -> str:
    return content.partition(":")[0].partition(";")[0].strip().upper()


def _keep(calendar: Calendar, block: Block) -> None:
    if block.kind != "VTIMEZONE":
        calendar.blocks.append(block)
        return
    try:
        zone: Any = Timezone.from_ical("\r\n".join(["BEGIN:VTIMEZONE", *block.lines, "END:VTIMEZONE", ""]))
        calendar.zones[str(zone["TZID"])] = zone.to_tz(lookup_tzid=False)
    except (ValueError, KeyError, IndexError, AttributeError, TypeError, OverflowError):
        return  # events that need it and find no other zone of this name are refused


def _zone(name: Any, zones: Mapping[str, tzinfo]) -> tzinfo | None:
    """A zone of the world by that name, else what the file says it is."""
    if name is None:
        return None
    plain = str(name).strip('"')
    try:
        return ZoneInfo(WINDOWS_TO_OLSON.get(plain, plain))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        if plain in zones:
            return zones[plain]
    raise Broken(f"is in a time zone that is not known: {plain[:60]}")


def _values(found: Any) -> list[Any]:
    if hasattr(found, "dts"):
        return [one.dt for one in found.dts]
    return [found.dt]


def _plain(value: Any) -> Any:
    """Local times without their zone, which stands beside them; UTC stays."""
    if isinstance(value, tuple):
        return tuple(_plain(part) for part in value)
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC) if value.utcoffset() == timedelta(0) and _is_utc(value) else _local(value)
    return value


def _is_utc(value: datetime) -> bool:
    return str(value.tzinfo) == "UTC"


def _local(value: datetime) -> datetime:
    return value.replace(tzinfo=None)
