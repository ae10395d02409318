"""Availability, bookings and holds as the partner API's wire has them. No I/O, no rules.

On the wire a booking is called a visit; inside, a visit is an exam, and this is a booking.
"""

from datetime import date
from typing import Annotated, ClassVar, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from openmedspa.partners.wire import LARGEST_ID, Id, Pagination

Status = Literal["Booked", "Cancelled", "Completed", "NoShow"]
Ended = Literal["Cancelled", "Completed", "NoShow"]
MOST_NOTES, MOST_TREATMENTS = 65_536, 50


def _time(example: str) -> Meta:
    return Meta(
        pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?\Z",
        examples=[example],
        description="By the location's wall clock; seconds may be left out.",
        extra={"why": "must be a time of the day, such as 09:00:00"},
    )


Day = Annotated[date, Meta(examples=["2026-03-09"], description="By the location's calendar.")]
Time = Annotated[str, _time("10:15:00")]  # to be checked
TimeAsked = Annotated[str, _time("09:00:00")]  # to be booked
Duration = Annotated[int, Meta(ge=5, le=480, examples=[30], description="Minutes.")]
Type = Annotated[str, Meta(min_length=1, max_length=32, examples=["FOLLOWUP"], description="A visit type's code.")]
Location = Annotated[str, Meta(min_length=1, max_length=68, examples=["loc_12345"])]
Notes = Annotated[str, Meta(max_length=MOST_NOTES)]
Treatments = Annotated[list[Annotated[str, Meta(max_length=255)]], Meta(max_length=MOST_TREATMENTS)]
DurationAsked = Annotated[Duration, Meta(description="Minutes; the visit type's unless given.")]
TypeAsked = Annotated[
    Type,
    Meta(description="A visit type's code: its minutes, and those kept free around it; without one, the most of any."),
]
LocationAsked = Annotated[Location, Meta(description="At which location; the provider's home unless given.")]
Moment = Annotated[str, Meta(examples=["2026-03-02T17:00:00Z"])]
ProviderId = Annotated[Id, Meta(examples=[1], description="A provider's number.")]
ProspectId = Annotated[Id, Meta(examples=[12], description="Who comes: the `ID` of somebody of the practice.")]
Clock = Annotated[str, Meta(examples=["09:00:00"])]
Number = Annotated[int, Meta(examples=[1])]

EXAMPLE = {"2026-03-09": [{"VisitID": 101, "time": "09:00:00", "duration": 30, "type": "FOLLOWUP", "booked": True}]}


class ScheduleQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    startDate: Annotated[date, Meta(description="The first day, by the location's calendar.", examples=["2026-03-09"])]  # noqa: N815
    endDate: Annotated[date, Meta(description="The last day; 366 days in all at most.", examples=["2026-03-15"])]  # noqa: N815
    visitType: Annotated[str, Meta(max_length=32, description="Only visits of this type.")] | None = None  # noqa: N815


class AskedQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every question about free time may say."""

    duration: Annotated[DurationAsked, Meta(extra_json_schema={"example": 30})] | None = None
    visitType: TypeAsked | None = None  # noqa: N815 the wire's word
    locationId: LocationAsked | None = None  # noqa: N815 the wire's word


class SlotsQuery(AskedQuery, frozen=True, kw_only=True):
    date: Day


class CheckQuery(AskedQuery, frozen=True, kw_only=True):
    date: Day
    time: Time


class NextSlotQuery(AskedQuery, frozen=True, kw_only=True):
    maxDays: Annotated[int, Meta(ge=1, le=730, description="How many days to look at, today the first.")] = 365  # noqa: N815


class ProviderName(Struct, frozen=True, kw_only=True):
    id: Number
    name: Annotated[str, Meta(examples=["Jane Smith"])]
    title: Annotated[str | None, Meta(examples=["PA-C"])]
    specialty: Annotated[str | None, Meta(examples=["Aesthetics"])]


class Provider(ProviderName, frozen=True, kw_only=True):
    """Somebody who can be booked."""

    time_zone: Annotated[
        str, Meta(examples=["America/Los_Angeles"], description="Of their home, where they are booked unless told.")
    ] = field(name="timeZone")
    location_ids: Annotated[list[str], Meta(examples=[["loc_12345"]], description="Where they work.")] = field(
        name="locationIds"
    )


class OneProvider(Struct, frozen=True):
    data: Provider


class ProviderList(Struct, frozen=True):
    data: list[Provider]
    pagination: Pagination


class Entry(Struct, frozen=True, kw_only=True):
    """A visit in a schedule."""

    visit_id: Annotated[int, Meta(examples=[101])] = field(name="VisitID")
    time: Clock
    duration: Annotated[int, Meta(examples=[30])]
    type: Annotated[str, Meta(examples=["FOLLOWUP"])]
    booked: Annotated[bool, Meta(examples=[True], description="Always: what was cancelled is left out.")] = True


class Schedule(Struct, frozen=True, kw_only=True):
    """Visits by local day; days without visits are left out."""

    provider: ProviderName
    start_date: Day = field(name="startDate")
    end_date: Annotated[date, Meta(examples=["2026-03-15"])] = field(name="endDate")
    schedule: Annotated[dict[str, list[Entry]], Meta(examples=[EXAMPLE])]
    total_visits: Annotated[int, Meta(examples=[1])] = field(name="totalVisits")


class ScheduleOut(Struct, frozen=True):
    data: Schedule


class Checked(Struct, frozen=True, kw_only=True, rename="pascal"):
    provider_id: Number = field(name="ProviderID")
    date: Day
    time: Annotated[str, Meta(examples=["10:15:00"])]
    duration: Annotated[int, Meta(examples=[30])]
    available: Annotated[bool, Meta(examples=[True])]
    reason: Annotated[str, Meta(description="Why it is not available, in a sentence for people.")] | UnsetType = UNSET


class CheckOut(Struct, frozen=True):
    data: Checked


class Slots(Struct, frozen=True, kw_only=True, rename="pascal"):
    provider_id: Number = field(name="ProviderID")
    date: Day
    duration: Annotated[int, Meta(examples=[30])]
    slots: Annotated[
        list[str], Meta(examples=[["09:00:00", "11:30:00", "14:00:00"]], description="When a visit may begin.")
    ]
    count: Annotated[int, Meta(examples=[3], description="How many slots.")]


class SlotsOut(Struct, frozen=True):
    data: Slots


class TheNextSlot(Struct, frozen=True, kw_only=True, rename="pascal"):
    """Its ProviderID is a text, as documented."""

    provider_id: Annotated[str, Meta(examples=["1"])] = field(name="ProviderID")
    date: Day
    time: Clock


class NextSlot(Struct, frozen=True, kw_only=True, rename="pascal"):
    """`TheNextSlot` is null when nothing is free in this window."""

    provider_id: Number = field(name="ProviderID")
    duration: Annotated[int, Meta(examples=[30])]
    search_window_days: Annotated[int, Meta(examples=[365], description="The `maxDays` that was asked for.")]
    the_next_slot: TheNextSlot | None


class NextSlotOut(Struct, frozen=True):
    data: NextSlot


class BookingIn(Struct, frozen=True, forbid_unknown_fields=True, rename="pascal", kw_only=True):
    """A visit to be booked."""

    read_only: ClassVar = frozenset({"VisitID", "Status", "CreatedAt", "UpdatedAt"})

    provider_id: ProviderId = field(name="ProviderID")
    date: Day
    time: TimeAsked
    duration: DurationAsked | None = None
    prospect_id: ProspectId = field(name="ProspectID")
    type: Type
    location_id: LocationAsked | None = field(name="LocationID", default=None)
    treatment_ids: Treatments | None = field(name="TreatmentIDs", default=None)
    hold_id: (
        Annotated[int, Meta(ge=1, le=LARGEST_ID, description="A hold of yours, whose place this visit takes.")] | None
    ) = field(name="HoldID", default=None)
    notes: Notes = ""


class BookingChange(Struct, frozen=True, forbid_unknown_fields=True, rename="pascal", kw_only=True):
    """What may be changed of a visit; what is left out stays. A visit is moved or ended, not both at once."""

    read_only: ClassVar = frozenset({"VisitID", "CreatedAt", "UpdatedAt"})

    provider_id: ProviderId | UnsetType = field(name="ProviderID", default=UNSET)
    date: Day | UnsetType = UNSET
    time: TimeAsked | UnsetType = UNSET
    duration: Duration | UnsetType = UNSET
    prospect_id: ProspectId | UnsetType = field(name="ProspectID", default=UNSET)
    type: Type | UnsetType = UNSET
    location_id: Location | UnsetType = field(name="LocationID", default=UNSET)
    treatment_ids: Treatments | UnsetType = field(name="TreatmentIDs", default=UNSET)
    hold_id: (
        Annotated[Id, Meta(description="A hold of yours on the time it is moved to; that hold ends.")] | UnsetType
    ) = field(name="HoldID", default=UNSET)
    notes: Notes | UnsetType = UNSET
    status: Ended | UnsetType = UNSET


class Booking(Struct, frozen=True, rename="pascal", kw_only=True):
    """A visit in a provider's schedule; `ProspectID` is null where a file did not say who comes."""

    id: Annotated[int, Meta(examples=[101])] = field(name="VisitID")
    provider_id: Number = field(name="ProviderID")
    prospect_id: Annotated[int | None, Meta(examples=[12])] = field(name="ProspectID")
    location_id: Location = field(name="LocationID")
    date: Day
    time: Clock
    duration: Annotated[int, Meta(examples=[30])]
    type: Type
    status: Annotated[Status, Meta(examples=["Booked"])]
    treatment_ids: Annotated[list[str], Meta(examples=[[]])] = field(name="TreatmentIDs")
    notes: Annotated[str, Meta(examples=[""])]
    created_at: Moment
    updated_at: Moment


class OneBooking(Struct, frozen=True):
    data: Booking


class HoldIn(Struct, frozen=True, forbid_unknown_fields=True, rename="pascal", kw_only=True):
    """A time to be kept for a few minutes, while somebody makes up their mind."""

    read_only: ClassVar = frozenset({"HoldID", "ExpiresAt"})

    provider_id: ProviderId = field(name="ProviderID")
    date: Day
    time: TimeAsked
    duration: DurationAsked | None = None
    type: TypeAsked | None = None
    location_id: LocationAsked | None = field(name="LocationID", default=None)


class Hold(Struct, frozen=True, rename="pascal", kw_only=True):
    id: Annotated[int, Meta(examples=[1], description="For booking, or to release it.")] = field(name="HoldID")
    expires_at: Annotated[str, Meta(examples=["2026-03-02T17:05:00Z"], description="When the time is anybody's again.")]
    provider_id: Number = field(name="ProviderID")
    location_id: Location = field(name="LocationID")
    date: Day
    time: Clock
    duration: Annotated[int, Meta(examples=[30])]


class OneHold(Struct, frozen=True):
    data: Hold


class Released(Struct, frozen=True, rename="pascal"):
    id: Annotated[int, Meta(examples=[1])] = field(name="HoldID")
    released: Annotated[bool, Meta(examples=[True])] = True


class HoldReleased(Struct, frozen=True):
    data: Released
