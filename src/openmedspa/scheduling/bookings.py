"""Bookings: made, moved, ended. What `slots` offers is taken here and nothing else. Knows no HTTP."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import UNSET
from msgspec.structs import asdict, replace

from openmedspa.kit.db import Reads, Row, Tx
from openmedspa.kit.errors import Conflict
from openmedspa.partners.keys import Grant
from openmedspa.partners.wire import not_found
from openmedspa.scheduling import places
from openmedspa.scheduling.clock import wall_of
from openmedspa.scheduling.diaries import Asked
from openmedspa.scheduling.places import Clock, Wish
from openmedspa.scheduling.queries import bookings as queries
from openmedspa.scheduling.queries import holds
from openmedspa.scheduling.shapes import BookingChange, BookingIn
from openmedspa.scheduling.slots import Why, minute_of, time_of
from openmedspa.usage import audit

Told = dict[str, Any]
PLACE = ("provider_id", "location_id", "date", "time", "duration", "type")  # what has to be offered
TOOK_PLACE = ("Completed", "NoShow")
ENDINGS = {"Cancelled": "booking.cancelled", "Completed": "booking.completed", "NoShow": "booking.missed"}


async def get(db: Reads, grant: Grant, booking_id: int) -> Row:
    """NotFound when there is none in this scope, or none where this key may go."""
    found = await queries.find_booking(db, grant.practice_ids, booking_id)
    if found is None or found["location_id"] not in grant.places:
        raise not_found("visit")
    return found


async def book(tx: Tx, grant: Grant, wanted: BookingIn, *, request_id: str, clock: Clock) -> int:
    """The booking's number.

    1. End the hold that it takes the place of: from here on this transaction sees that time as free, and others wait.
    2. Judge the time by the same function that offers it; what was held was judged before.
    3. Take it: the constraint decides between those who judged at the same moment. A refusal gives the hold back.
    """
    faults = await _faults(
        tx, grant, patient_id=wanted.prospect_id, treatment_ids=wanted.treatment_ids or [], hold_id=wanted.hold_id
    )
    asked = Asked(minutes=wanted.duration, visit_type=wanted.type, location_id=wanted.location_id)
    wish = Wish(provider_id=wanted.provider_id, asked=asked, day=wanted.date, time=wanted.time)
    wish = await _with_hold(tx, grant, wish, None if "HoldID" in faults else wanted.hold_id, clock)
    place = await places.find(tx, grant, wish, faults=faults, clock=clock)
    made = await queries.insert_booking(
        tx, grant.practice_ids, grant.practice_id, provider_id=wanted.provider_id, location_id=place.location_id,
        patient_id=wanted.prospect_id, visit_type=wanted.type, starts_at=place.starts_at, minutes=place.visit.minutes,
        before=place.visit.before, after=place.visit.after, treatment_ids=wanted.treatment_ids or [],
        notes=wanted.notes, actor=grant.actor, now=clock.now,
    )  # fmt: skip
    if made is None:
        raise places.refused(Why.TAKEN)
    await _record(tx, grant, "booking.made", made["id"], request_id=request_id, now=clock.now)
    return int(made["id"])


async def change(
    tx: Tx, grant: Grant, booking_id: int, wanted: BookingChange, *, request_id: str, clock: Clock
) -> bool:
    """Move it, end it, or change what is said about it; whether anything is new.

    1. Lock the booking: two that change it come one after the other.
    2. To move it, give its time back, judge the new one and take that; a refusal leaves everything as it was.
    """
    present = await queries.lock_booking(tx, grant.practice_ids, booking_id)
    if present is None or present["location_id"] not in grant.places:
        raise not_found("visit")
    before = _told(present)
    given = {name: value for name, value in asdict(wanted).items() if value is not UNSET}
    hold_id = given.pop("hold_id", None)
    if "time" in given and (minute := minute_of(given["time"])) is not None:
        given["time"] = time_of(minute)
    after = before | given
    if after == before:
        return False
    is_moved = any(after[name] != before[name] for name in PLACE)
    is_ended = after["status"] != before["status"]
    if is_moved and "status" in given:
        raise places.invalid({"Status": "must be left out when a visit is moved: it is moved or ended"})
    if is_moved or is_ended:
        _require_open(present, after["status"], is_moved=is_moved, now=clock.now)
    faults = await _faults(
        tx, grant, patient_id=given.get("prospect_id"), treatment_ids=given.get("treatment_ids", []), hold_id=hold_id
    )
    if is_moved:
        after |= await _move(tx, grant, present, after, faults=faults, hold_id=hold_id, clock=clock)
    elif faults:
        raise places.invalid(faults)
    if after["status"] == "Cancelled":
        await queries.delete_taken(tx, grant.practice_ids, booking_id)
    await queries.update_booking(
        tx, grant.practice_ids, booking_id, provider_id=after["provider_id"], location_id=after["location_id"],
        patient_id=after["prospect_id"], visit_type=after["type"],
        starts_at=after.get("starts_at", present["starts_at"]), minutes=after["duration"], status=after["status"],
        treatment_ids=after["treatment_ids"], notes=after["notes"], actor=grant.actor, now=clock.now,
    )  # fmt: skip
    action = "booking.moved" if is_moved else ENDINGS[after["status"]] if is_ended else "booking.changed"
    await _record(tx, grant, action, booking_id, request_id=request_id, now=clock.now)
    return True


async def _move(
    tx: Tx, grant: Grant, present: Row, after: Told, *, faults: places.Faults, hold_id: int | None, clock: Clock
) -> Told:
    """When it begins and where, then. What only becomes shorter needs none but its own time. What stays where it is has
    its moment already: to be no longer, or, once it has begun, for as long as it takes."""
    before, is_new = _told(present), {name for name in PLACE if after[name] != _told(present)[name]}
    is_no_longer = after["duration"] <= before["duration"]
    if is_new == {"duration"} and is_no_longer and not faults:
        by = before["duration"] - after["duration"]
        await queries.update_taken_shortened(tx, grant.practice_ids, present["id"], by=by)
        return {}
    is_granted = is_new <= {"duration", "type"} and (is_no_longer or present["starts_at"] <= clock.now)
    await queries.delete_taken(tx, grant.practice_ids, present["id"])
    asked = Asked(minutes=after["duration"], visit_type=after["type"], location_id=after["location_id"])
    wish = Wish(
        provider_id=after["provider_id"], asked=asked, day=after["date"], time=after["time"],
        granted_at=present["starts_at"] if is_granted else None,
    )  # fmt: skip
    wish = await _with_hold(tx, grant, wish, None if "HoldID" in faults else hold_id, clock)
    place = await places.find(tx, grant, wish, faults=faults, clock=clock)
    is_taken = await queries.insert_taken(
        tx, grant.practice_ids, grant.practice_id, provider_id=after["provider_id"], starts_at=place.starts_at,
        minutes=place.visit.minutes, before=place.visit.before, after=place.visit.after, booking_id=present["id"],
    )  # fmt: skip
    if not is_taken:
        raise places.refused(Why.TAKEN)
    return {"starts_at": place.starts_at, "location_id": place.location_id}


async def _with_hold(tx: Tx, grant: Grant, wish: Wish, hold_id: int | None, clock: Clock) -> Wish:
    """The hold ends, whatever becomes of it. If it still kept this very time, that was judged when it was made."""
    if hold_id is None:
        return wish
    held = await holds.update_released(tx, grant.practice_ids, hold_id, grant.partner_id, now=clock.real_now)
    if held is None:
        return wish
    held_wall = wall_of(ZoneInfo(held["time_zone"]), int(held["starts_at"].timestamp()))
    is_same = (held["provider_id"], *held_wall) == (wish.provider_id, wish.day, minute_of(wish.time))
    is_there = wish.asked.location_id in (None, held["location_id"])
    if not (is_same and is_there):
        return wish
    asked = replace(wish.asked, location_id=held["location_id"])
    return replace(wish, asked=asked, granted_at=held["starts_at"], granted_minutes=held["minutes"])


def _require_open(present: Row, status: str, *, is_moved: bool, now: datetime) -> None:
    """What is over is not moved or cancelled; what took place may be said to have not, and the other way round."""
    was = present["status"]
    if was == "Cancelled" or (was != "Booked" and (is_moved or status not in TOOK_PLACE)):
        raise Conflict("Conflict", f"This visit is {was} already.", code="status_conflict")
    if status in TOOK_PLACE and present["starts_at"] > now:
        raise Conflict("Conflict", f"This visit has not begun: it cannot be {status} yet.", code="status_conflict")


async def _faults(
    db: Reads, grant: Grant, *, patient_id: int | None, treatment_ids: Sequence[str], hold_id: int | None
) -> places.Faults:
    found = await queries.find_references(
        db, grant.practice_ids, patient_id=patient_id, treatment_ids=treatment_ids, hold_id=hold_id,
        partner_id=grant.partner_id,
    )  # fmt: skip
    faults = {}
    if not found["has_patient"]:
        faults["ProspectID"] = "is nobody of this practice"
    if found["unknown_treatments"]:
        faults["TreatmentIDs"] = f"names no treatment: {', '.join(found['unknown_treatments'][:5])}"
    if not found["has_hold"]:
        faults["HoldID"] = "is no hold of yours"
    return faults


def _told(row: Row) -> Told:
    """A booking as a change speaks of it."""
    day, minute = wall_of(ZoneInfo(row["time_zone"]), int(row["starts_at"].timestamp()))
    return {
        "provider_id": row["provider_id"], "date": day, "time": time_of(minute), "duration": row["minutes"],
        "prospect_id": row["patient_id"], "type": row["type"], "location_id": row["location_id"],
        "treatment_ids": row["treatment_ids"], "notes": row["notes"], "status": row["status"],
    }  # fmt: skip


async def _record(tx: Tx, grant: Grant, action: str, booking_id: int, *, request_id: str, now: datetime) -> None:
    await audit.record(
        tx, grant.practice_id, actor=grant.actor, action=action, subject=f"booking:{booking_id}",
        request_id=request_id, now=now,
    )  # fmt: skip
