"""A row of bookings: who is booked where, when, for what. Judged without I/O, whatever is booked already."""

from datetime import UTC, date, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, field

from openmedspa.kit import files, parsing
from openmedspa.kit.bulk import Faults
from openmedspa.partners.wire import Id
from openmedspa.scheduling.clock import moment_of, wall_of
from openmedspa.scheduling.importing.hours_rows import minute_of
from openmedspa.scheduling.importing.register import Reference, Register, blank, out_of_calendar
from openmedspa.scheduling.shapes import MOST_TREATMENTS, Day, Notes, Status
from openmedspa.scheduling.slots import DAY_MINUTES

WHEN = (("Date", "Time"), ("StartsAt",))
WHO = ("ProviderID", "Provider")
NEEDED: files.Needed = [[who, *when, "Type"] for who in WHO for when in WHEN]
OWN = "import:"  # before a reference made here of provider and start
KINDS: dict[str, files.Kind] = {"ProviderID": "whole", "Duration": "whole", "ProspectID": "whole"}
SPACE = str.maketrans({";": ","})


class BookingRow(Struct, frozen=True, forbid_unknown_fields=True, rename="pascal", kw_only=True):
    """As a file has it: what it does not say of a known booking stays."""

    read_only = frozenset({"VisitID", "CreatedAt", "UpdatedAt"})

    provider_id: Id | UnsetType = field(name="ProviderID", default=UNSET)
    provider: str | UnsetType = UNSET
    location_id: str | UnsetType = field(name="LocationID", default=UNSET)
    date: Day | UnsetType = UNSET
    time: str | UnsetType = UNSET
    starts_at: str | UnsetType = UNSET
    duration: Annotated[int, Meta(ge=5, le=480)] | UnsetType = UNSET
    type: str
    prospect_id: Id | UnsetType | None = field(name="ProspectID", default=UNSET)
    email: str | UnsetType = field(name="EMail", default=UNSET)
    last_name: str | UnsetType = UNSET
    full_name: str | UnsetType = UNSET
    status: Status | UnsetType = UNSET
    notes: Notes | UnsetType = UNSET
    treatment_ids: str | list[str] | UnsetType = field(name="TreatmentIDs", default=UNSET)
    reference: Reference | UnsetType = UNSET


FIELDS: files.Fields = {name: KINDS.get(name, "text") for name in BookingRow.__struct_encode_fields__}


class Called(Struct, frozen=True):
    """A person as a row names them who has no number: all that is given must fit."""

    email: str
    last_name: str | None
    full_name: str | None


class Wanted(Struct, frozen=True, kw_only=True):
    """A row: the booking it means, and what it says of it in the words of the table. UNSET: it does not say."""

    reference: str
    provider_id: int
    home_location_id: str
    starts_at: datetime
    type: str
    location_id: str | UnsetType
    minutes: int | UnsetType
    patient_id: int | UnsetType | None
    person: Called | None
    status: Status | UnsetType
    notes: str | UnsetType
    treatment_ids: list[str] | UnsetType


def judge(given: dict[str, Any], register: Register, *, now: datetime) -> Wanted | Faults:
    given = {name: value for name, value in given.items() if value is not None or name == "ProspectID"}
    wrong = files.unprintable(given) | blank(given, ("Reference", "EMail", "LastName", "FullName"))
    try:
        row = msgspec.convert(given, BookingRow)
    except msgspec.ValidationError as trouble:
        return parsing.explain(trouble, BookingRow).fields | parsing.mistakes(given, BookingRow) | wrong
    provider = register.provider(row.provider_id, row.provider, wrong)
    if row.provider_id is UNSET and row.provider is UNSET:
        wrong["ProviderID"] = "is required, unless Provider is given"
    place = register.location(row.location_id, provider, wrong)
    if row.type not in register.types:
        known = ", ".join(list(register.types)[:10]) or "it has none"
        wrong["Type"] = f"is no visit type of this practice ({known})"
    zone = register.zones[place] if place else register.zone
    starts_at = _start(row, zone, wrong)
    if starts_at is not None and row.status in {"Completed", "NoShow"} and starts_at > now:
        wrong["Status"] = f"may not be {row.status} before the visit has begun"
    treatments, person = _treatments(row.treatment_ids, wrong), _called(row, wrong)
    if wrong or provider is None or place is None or starts_at is None:
        return wrong
    reference = row.reference or f"{OWN}{provider.id}:{starts_at:%Y%m%dT%H%M%SZ}"
    return Wanted(
        reference=reference, provider_id=provider.id, home_location_id=place, starts_at=starts_at, type=row.type,
        location_id=row.location_id, minutes=row.duration, patient_id=row.prospect_id, person=person, status=row.status,
        notes=row.notes, treatment_ids=treatments,
    )  # fmt: skip


def _called(row: BookingRow, wrong: Faults) -> Called | None:
    """Whom EMail and a name mean; None when the row does not say it that way."""
    given = {"EMail": row.email, "LastName": row.last_name, "FullName": row.full_name}
    told = [name for name, value in given.items() if value is not UNSET]
    if told and row.prospect_id is not UNSET:
        wrong |= dict.fromkeys(told, "must be left out where ProspectID is given")
    elif told and not isinstance(row.email, str):
        wrong["EMail"] = f"is required beside {told[0]}"
    elif told == ["EMail"]:
        wrong["LastName"] = "is required beside EMail, or FullName"
    elif isinstance(row.email, str):
        return Called(row.email, row.last_name or None, row.full_name or None)
    return None


def _start(row: BookingRow, zone: ZoneInfo, wrong: Faults) -> datetime | None:
    """Of Date and Time on the location's wall clock, or of StartsAt."""
    if row.starts_at is not UNSET:
        wrong |= {
            name: "must be left out where StartsAt is given"
            for name, value in (("Date", row.date), ("Time", row.time))
            if value is not UNSET
        }
        return _moment(row.starts_at, wrong)
    wrong |= {
        name: "is required, unless StartsAt is given"
        for name, value in (("Date", row.date), ("Time", row.time))
        if value is UNSET
    }
    if not isinstance(row.date, date) or not isinstance(row.time, str):
        return None
    if why := out_of_calendar(row.date):
        wrong["Date"] = why
    minute = minute_of(row.time)
    if minute is None or minute == DAY_MINUTES:
        wrong["Time"] = "must be a time of the day, such as 09:00"
    if "Date" in wrong or "Time" in wrong or minute is None:
        return None
    moment = moment_of(zone, row.date, minute)
    if wall_of(zone, moment) != (row.date, minute):
        wrong["Time"] = "does not exist on this date: the clocks are put forward then"
    return datetime.fromtimestamp(moment, UTC)


def _moment(text: str, wrong: Faults) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.strip()) if len(text) < 40 else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        wrong["StartsAt"] = "must be a moment with its offset, such as 2026-03-09T09:00:00-07:00"
        return None
    if why := out_of_calendar(moment.date()):
        wrong["StartsAt"] = why
        return None
    if moment.second or moment.microsecond:
        wrong["StartsAt"] = "must be a whole minute"
    return moment.astimezone(UTC)


def _treatments(told: str | list[str] | UnsetType, wrong: Faults) -> list[str] | UnsetType:
    if told is UNSET:
        return UNSET
    words = told if isinstance(told, list) else str(told).translate(SPACE).split(",")
    found = list(dict.fromkeys(word.strip() for word in words if word.strip()))
    if len(found) > MOST_TREATMENTS:
        wrong["TreatmentIDs"] = f"must have at most {MOST_TREATMENTS} items"
    if any("\x00" in word for word in found):
        wrong["TreatmentIDs"] = "contains a character that cannot be stored"
    return found
