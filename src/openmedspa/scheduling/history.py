"""What became of a booking, who did it and when: for those who run the installation. Knows no terminal."""

from datetime import datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

from openmedspa.kit.db import Row, Tx
from openmedspa.kit.errors import NotFound
from openmedspa.scheduling.queries import bookings as queries
from openmedspa.usage import audit

ALSO = {"Type": "type", "ProspectID": "patient_id", "TreatmentIDs": "treatment_ids", "Notes": "notes"}


class Change(Struct, frozen=True):
    """One thing that a step changed."""

    at: datetime
    actor: str
    field: str
    before: str | None
    after: str


async def list_(tx: Tx, booking_id: int, *, actor: str, now: datetime) -> list[Change]:
    """The oldest first. Looking is recorded too; NotFound when there is no such booking."""
    practice_id = await queries.find_practice_across_practices(tx, booking_id)
    if practice_id is None:
        raise NotFound(f"There is no visit {booking_id}.", code="visit_not_found")
    await audit.record(
        tx, practice_id, actor=actor, action="booking.history_read", subject=f"booking:{booking_id}", request_id=None,
        now=now,
    )  # fmt: skip
    before: dict[str, str] = {}
    found = []
    for step in await queries.list_steps(tx, [practice_id], booking_id):
        told = _told(step)
        found += [
            Change(step["at"], step["actor"], field, before.get(field), said)
            for field, said in told.items()
            if before.get(field, "") != said
        ]
        before |= told
    return found


def _told(step: Row) -> dict[str, str]:
    """A step in words; the time is the location's."""
    starts_at = step["starts_at"].astimezone(ZoneInfo(step["time_zone"]))
    return {
        "Status": step["status"],
        "Time": f"{starts_at:%Y-%m-%d %H:%M}, {step['minutes']} minutes",
        "Provider": str(step["provider_id"]),
        "Location": step["location_id"],
        **{field: _said(step[column]) for field, column in ALSO.items() if step[column] is not None},
    }


def _said(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
