"""Bookings: made, moved, ended. What `slots` offers is taken here and nothing else. Knows no HTTP."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import UNSET
from msgspec.structs import asdict

from openmedspa.kit.db import Reads, Row, Tx
from openmedspa.kit.errors import Conflict, Invalid
from openmedspa.partners.keys import Grant
from openmedspa.partners.wire import not_found
from openmedspa.scheduling import places
from openmedspa.scheduling.clock import wall_of
from openmedspa.scheduling.diaries import Asked
from openmedspa.scheduling.queries import bookings as queries
from openmedspa.scheduling.queries import holds
from openmedspa.scheduling.shapes import BookingChange, BookingIn
from openmedspa.scheduling.slots import Why, minute_of, time_of
from openmedspa.usage import audit

PLACE = ("provider_id", "location_id", "date", "time", "duration", "type")  # what has to be offered
TOOK_PLACE = ("Completed", "NoShow")
ENDINGS = {"Cancelled": "booking.cancelled", "Completed": "booking.completed", "NoShow": "booking.missed"}


async def get(db: Reads, grant: Grant, booking_id: int) -> Row:
    """NotFound when there is none in this scope."""
    found = await queries.find_booking(db, grant.practice_ids, booking_id)
    if found is None:
        raise not_found("visit")
    return found


async def book(tx: Tx, grant: Grant, wanted: BookingIn, *, request_id: str, now: datetime) -> int:
    """The booking's number.

    1. End the hold that it takes the place of: from here on this transaction sees that time as free, and others wait.
    2. Judge the time by the same function that offers it.
    3. Take it: the constraint decides between those who judged at the same moment. A refusal gives the hold back.
    """
    faults = await _faults(
        tx, grant, patient_id=wanted.prospect_id, treatment_ids=wanted.treatment_ids or [], hold_id=wanted.hold_id
    )
    if wanted.hold_id is not None and "HoldID" not in faults:
        await holds.update_released(tx, grant.practice_ids, wanted.hold_id, grant.partner_id, now=now)
    asked = Asked(minutes=wanted.duration, visit_type=wanted.type, location_id=wanted.location_id)
    place = await places.find(
        tx, grant, wanted.provider_id, asked, day=wanted.date, time=wanted.time, faults=faults, now=now
    )
    made = await queries.insert_booking(
        tx, grant.practice_ids, grant.practice_id, provider_id=wanted.provider_id, location_id=place.location_id,
        patient_id=wanted.prospect_id, visit_type=wanted.type, starts_at=place.starts_at, minutes=place.visit.minutes,
        before=place.visit.before, after=place.visit.after, treatment_ids=wanted.treatment_ids or [],
        notes=wanted.notes, actor=grant.actor, now=now,
    )  # fmt: skip
    if made is None:
        raise places.refused(Why.TAKEN)
    await _record(tx, grant, "booking.made", made["id"], request_id=request_id, now=now)
    return int(made["id"])


async def change(
    tx: Tx, grant: Grant, booking_id: int, wanted: BookingChange, *, request_id: str, now: datetime
) -> bool:
    """Move it, end it, or change what is said about it; whether anything is new.

    1. Lock the booking: two that move it come one after the other.
    2. To move it, give its time back, judge the new one and take that; a refusal leaves everything as it was.
    """
    present = await queries.lock_booking(tx, grant.practice_ids, booking_id)
    if present is None:
        raise not_found("visit")
    before = _told(present)
    given = {name: value for name, value in asdict(wanted).items() if value is not UNSET}
    if (minute := minute_of(given.get("time", before["time"]))) is not None:
        given |= {"time": time_of(minute)} if "time" in given else {}
    after = before | given
    if after == before:
        return False
    is_moved = any(after[name] != before[name] for name in PLACE)
    is_ended = after["status"] != before["status"]
    if is_moved and "status" in given:
        why = "must be left out when a visit is moved: it is moved or ended"
        raise Invalid("Status is invalid", f"Status {why}", code="field_invalid", fields={"Status": why})
    if is_moved or is_ended:
        _require_open(present, after["status"], is_moved=is_moved, now=now)
    faults = await _faults(
        tx, grant, patient_id=given.get("prospect_id"), treatment_ids=given.get("treatment_ids", []), hold_id=None
    )
    starts_at, location_id = present["starts_at"], present["location_id"]
    if is_moved:
        place = await _move(tx, grant, present, after, faults=faults, now=now)
        starts_at, location_id = place.starts_at, place.location_id
    elif faults:
        raise places.invalid(faults)
    if after["status"] == "Cancelled":
        await queries.delete_taken(tx, grant.practice_ids, booking_id)
    await queries.update_booking(
        tx, grant.practice_ids, booking_id, provider_id=after["provider_id"], location_id=location_id,
        patient_id=after["prospect_id"], visit_type=after["type"], starts_at=starts_at, minutes=after["duration"],
        status=after["status"], treatment_ids=after["treatment_ids"], notes=after["notes"],
        is_step=is_moved or is_ended, actor=grant.actor, now=now,
    )  # fmt: skip
    action = "booking.moved" if is_moved else ENDINGS[after["status"]] if is_ended else "booking.changed"
    await _record(tx, grant, action, booking_id, request_id=request_id, now=now)
    return True


async def _move(
    tx: Tx, grant: Grant, present: Row, after: dict[str, Any], *, faults: places.Faults, now: datetime
) -> places.Place:
    """One that has begun and stays where it is may become longer, shorter or another type: who comes next decides."""
    before, has_begun = _told(present), present["starts_at"] <= now
    stays = all(after[name] == before[name] for name in ("provider_id", "location_id", "date", "time"))
    await queries.delete_taken(tx, grant.practice_ids, present["id"])
    asked = Asked(minutes=after["duration"], visit_type=after["type"], location_id=after["location_id"])
    place = await places.find(
        tx, grant, after["provider_id"], asked, day=after["date"], time=after["time"], faults=faults, now=now,
        begun_at=present["starts_at"] if stays and has_begun else None,
    )  # fmt: skip
    is_taken = await queries.insert_taken(
        tx, grant.practice_ids, grant.practice_id, provider_id=after["provider_id"], starts_at=place.starts_at,
        minutes=place.visit.minutes, before=place.visit.before, after=place.visit.after, booking_id=present["id"],
    )  # fmt: skip
    if not is_taken:
        raise places.refused(Why.TAKEN)
    return place


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
        faults["TreatmentIDs"] = f"has no treatments: {', '.join(found['unknown_treatments'][:5])}"
    if not found["has_hold"]:
        faults["HoldID"] = "is no hold of yours"
    return faults


def _told(row: Row) -> dict[str, Any]:
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
