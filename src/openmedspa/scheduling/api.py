"""Doors on availability, bookings and holds: parse, call, answer."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from openmedspa.kit.db import Row
from openmedspa.kit.http import Call
from openmedspa.partners.keys import Grant
from openmedspa.partners.wire import MOST_COUNTED, moment, not_found, number, pagination
from openmedspa.scheduling import bookings, diaries, holds, places, slots
from openmedspa.scheduling.clock import wall_of
from openmedspa.scheduling.diaries import Asked, Page
from openmedspa.scheduling.places import Clock
from openmedspa.scheduling.queries import providers as queries
from openmedspa.scheduling.shapes import (
    AskedQuery,
    Booking,
    Checked,
    CheckOut,
    Entry,
    Hold,
    HoldReleased,
    NextSlot,
    NextSlotOut,
    OneBooking,
    OneHold,
    OneProvider,
    Provider,
    ProviderList,
    ProviderName,
    Released,
    Schedule,
    ScheduleOut,
    Slots,
    SlotsOut,
    TheNextSlot,
)
from openmedspa.scheduling.slots import Why, time_of
from openmedspa.usage import audit

MOST_DAYS = 366


async def list_providers(call: Call[Grant]) -> ProviderList:
    """The active providers: who can be booked."""
    counted, found = await queries.list_providers(
        call.db, call.grant.practice_ids, limit=call.query.limit, offset=call.query.offset, most_counted=MOST_COUNTED
    )
    return ProviderList([_to_provider(row) for row in found], pagination(call.query, counted))


async def show_provider(call: Call[Grant]) -> OneProvider:
    """One provider, while they are active."""
    found = await queries.find_provider(call.db, call.grant.practice_ids, _provider_id(call))
    if found is None:
        raise not_found("provider")
    return OneProvider(_to_provider(found))


async def show_schedule(call: Call[Grant]) -> ScheduleOut:
    """What is booked with a provider, by day.

    Cancelled visits are left out, and so are days without any.
    """
    provider_id, first, last = _provider_id(call), call.query.startDate, call.query.endDate
    _require_range(first, last)
    rows = await queries.list_schedule(
        call.db, call.grant.practice_ids, provider_id, since=_around(first, -1), until=_around(last, 2),
        visit_type=call.query.visitType,
    )  # fmt: skip
    if not rows:
        raise not_found("provider")
    audit.note_read(call, call.grant.practice_id, "schedule.read", f"provider:{provider_id}, {first} to {last}")
    days: dict[str, list[Entry]] = {}
    for row in rows:
        if row["booking_id"] is None:
            break
        day, minute = _wall(row)
        if first <= day <= last:
            days.setdefault(day.isoformat(), []).append(
                Entry(visit_id=row["booking_id"], time=time_of(minute), duration=row["minutes"], type=row["type"])
            )
    return ScheduleOut(
        Schedule(
            provider=_name(rows[0]), start_date=first, end_date=last, schedule=days,
            total_visits=sum(map(len, days.values())),
        )
    )  # fmt: skip


async def check_slot(call: Call[Grant]) -> CheckOut:
    """Whether a provider can be booked at this time, and if not, why.

    Say a `duration`, a `visitType` or both. Without a `locationId` it is asked of the provider's home location; the
    answer names none. What is available can be booked with the same words, until somebody does.
    """
    query = call.query
    page = await _open(call, query.date, query.date)
    judged = slots.judge(page.diary, page.visit, query.date, query.time, now=call.now)
    told = Checked(
        provider_id=page.provider["id"], date=query.date, time=_with_seconds(query.time),
        duration=page.visit.minutes, available=not isinstance(judged, Why),
    )  # fmt: skip
    return CheckOut(replace(told, reason=judged.value) if isinstance(judged, Why) else told)


async def list_slots(call: Call[Grant]) -> SlotsOut:
    """All times of a day at which a provider can be booked.

    Say a `duration`, a `visitType` or both. Without a `locationId` these are times at the provider's home location;
    the answer names none. What is listed can be booked with the same words, until somebody does.
    """
    day = call.query.date
    page = await _open(call, day, day)
    times = [time_of(minute) for minute, _ in slots.offered(page.diary, page.visit, day, now=call.now)]
    return SlotsOut(
        Slots(provider_id=page.provider["id"], date=day, duration=page.visit.minutes, slots=times, count=len(times))
    )


async def find_next_slot(call: Call[Grant]) -> NextSlotOut:
    """The first time at which a provider can be booked, from now on.

    Say a `duration`, a `visitType` or both. It is the first that `slots` lists, day after day, at one location: the
    provider's home unless `locationId` names another. For somebody who works at several, ask once for each.
    """
    days, today = call.query.maxDays, call.now.astimezone(UTC).date()
    page = await _open(call, today, today + timedelta(days=days))
    found = slots.next_offered(page.diary, page.visit, days, now=call.now)
    provider_id = page.provider["id"]
    return NextSlotOut(
        NextSlot(
            provider_id=provider_id, duration=page.visit.minutes, search_window_days=days,
            the_next_slot=None if found is None else TheNextSlot(
                provider_id=str(provider_id), date=found[0], time=time_of(found[1])
            ),
        )
    )  # fmt: skip


async def book(call: Call[Grant]) -> OneBooking:
    """Book a visit with a provider.

    The time must be one that `slots` lists, or that you hold; any other is answered 409, `slot_taken` or
    `slot_not_offered`, with the reason. A `HoldID` ends that hold, whatever time is booked. The same request again is
    a second visit, and so 409, unless it carries the same `Idempotency-Key`.
    """
    booking_id = await bookings.book(call.tx, call.grant, call.body, request_id=call.request_id, clock=_clock(call))
    return OneBooking(_to_booking(await bookings.get(call.tx, call.grant, booking_id)))


async def show_booking(call: Call[Grant]) -> OneBooking:
    """One visit of a schedule, cancelled ones too.

    `Date` and `Time` are by the clock of the location it is at.
    """
    found = await bookings.get(call.db, call.grant, _booking_id(call))
    _note_read(call)
    return OneBooking(_to_booking(found))


async def change_booking(call: Call[Grant]) -> OneBooking:
    """Move a visit, say how it ended, or change what is noted about it: the fields given and no others.

    `Date`, `Time`, `Duration`, `Type`, `ProviderID` and `LocationID` move it, to a time that is offered; else it stays
    where it is, and the answer is 409. `Date` and `Time` are by the clock of the location it is at after the change.
    `Status` ends it; only `Cancelled` gives its time back.
    """
    booking_id = _booking_id(call)
    is_new = await bookings.change(
        call.tx, call.grant, booking_id, call.body, request_id=call.request_id, clock=_clock(call)
    )
    if not is_new:
        _note_read(call)
    return OneBooking(_to_booking(await bookings.get(call.tx, call.grant, booking_id)))


async def hold(call: Call[Grant]) -> OneHold:
    """Keep a time for five minutes, while somebody makes up their mind.

    Nobody else is offered it meanwhile; book it with its `HoldID`, or let it lapse. A partner holds at most 100 times
    of a practice at once: one more is 429.
    """
    wanted = call.body
    held = await holds.hold(call.tx, call.grant, wanted, request_id=call.request_id, clock=_clock(call))
    return OneHold(
        Hold(
            id=held.id, expires_at=moment(held.lapses_at), provider_id=wanted.provider_id,
            location_id=held.place.location_id, date=wanted.date, time=_with_seconds(wanted.time),
            duration=held.place.visit.minutes,
        )
    )  # fmt: skip


async def release_hold(call: Call[Grant]) -> HoldReleased:
    """Give a time back before its hold lapses."""
    hold_id = number(call.path["id"], of="hold")
    await holds.release(call.tx, call.grant, hold_id, request_id=call.request_id, now=call.incoming.now)
    return HoldReleased(Released(hold_id))


async def _open(call: Call[Grant], first: date, last: date) -> Page:
    """The diary that the path and the query ask for. NotFound, or Invalid for what the practice does not have."""
    query: AskedQuery = call.query
    asked = Asked(minutes=query.duration, visit_type=query.visitType, location_id=query.locationId)
    page = await diaries.find(
        call.db, call.grant.practice_id, _provider_id(call), asked, first=first, last=last, now=call.now,
        real_now=call.incoming.now,
    )  # fmt: skip
    if page is None:
        raise not_found("provider")
    if faults := places.faults_of(page, call.grant, places.QUERY):
        raise places.invalid(faults)
    return page


def _clock(call: Call[Grant]) -> Clock:
    return Clock(call.now, call.incoming.now)


def _provider_id(call: Call[Grant]) -> int:
    return number(call.path["id"], of="provider")


def _booking_id(call: Call[Grant]) -> int:
    return number(call.path["id"], of="visit")


def _note_read(call: Call[Grant]) -> None:
    audit.note_read(call, call.grant.practice_id, "booking.read", f"booking:{_booking_id(call)}")


def _require_range(first: date, last: date) -> None:
    if last < first:
        raise places.invalid({"endDate": "must not be before startDate"})
    if (last - first).days >= MOST_DAYS:
        raise places.invalid({"endDate": f"must be within {MOST_DAYS} days of startDate"})


def _around(day: date, days: int) -> datetime:
    """A moment that many days away from the day's UTC midnight, or where the calendar ends."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    if not 2 <= day.toordinal() <= date.max.toordinal() - 2:
        return midnight
    return midnight + timedelta(days=days)


def _with_seconds(time: str) -> str:
    return time if time.count(":") == 2 else f"{time}:00"


def _wall(row: Row) -> tuple[date, int]:
    return wall_of(ZoneInfo(row["time_zone"]), int(row["starts_at"].timestamp()))


def _name(row: Row) -> ProviderName:
    return ProviderName(id=row["id"], name=row["name"], title=row["title"], specialty=row["specialty"])


def _to_provider(row: Row) -> Provider:
    return Provider(
        id=row["id"], name=row["name"], title=row["title"], specialty=row["specialty"], time_zone=row["time_zone"],
        location_ids=row["location_ids"],
    )  # fmt: skip


def _to_booking(row: Row) -> Booking:
    day, minute = _wall(row)
    return Booking(
        id=row["id"], provider_id=row["provider_id"], prospect_id=row["patient_id"], location_id=row["location_id"],
        date=day, time=time_of(minute), duration=row["minutes"], type=row["type"], status=row["status"],
        treatment_ids=row["treatment_ids"], notes=row["notes"], created_at=moment(row["created_at"]),
        updated_at=moment(row["updated_at"]),
    )  # fmt: skip
