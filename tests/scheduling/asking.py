"""Bookings, holds and questions about free time as a partner sends them."""

from datetime import date
from typing import Any

import asyncpg
from client import Answer, Client
from msgspec import Struct
from scheduling import staff

PROVIDERS = "/v1/GlowOffice/availability/providers"
VISITS = "/v1/GlowOffice/visits"
HOLDS = "/v1/GlowOffice/holds"
Fault = tuple[int, str, dict[str, str]]
TAKEN: Fault = (409, "slot_taken", {})
NOT_OFFERED: Fault = (409, "slot_not_offered", {})
EVERYTHING = [
    "providers", "provider_hours", "visit_types", "bookings", "booking_steps", "holds", "taken_times", "time_off",
    "patients", "changes",
]  # fmt: skip
CHANGES = "with changes as (select * from audit where action not like '%.read')"  # reads arrive when they are flushed
# Every spelling of a day and of a time that is none.
NO_DAYS = ["2026-02-30", "2026-13-01", "2027-02-29", "26-03-09", "2026-3-9", "20260309", "2026-03-09T10:00", "today",
           "", "0000-01-01", "10000-01-01", "1", "2026-03-09 "]  # fmt: skip
NO_TIMES = ["24:00", "24:00:00", "9:00", "10:60", "10:00:60", "10", "10:00:00.5", "10:00Z", "10:00:00+00:00", "noon",
            "", "10:00 ", "10:00\n", "-1:00", "1000", "１０:00"]  # fmt: skip


class Desk(Struct, frozen=True):
    """A partner's desk: a provider who works day and night, and somebody to book for."""

    partner: Client
    provider: int
    person: int

    def body(self, time: str = "10:00:00", **changes: Any) -> dict[str, Any]:
        """A booking that is taken as it stands, changed; a value of ... leaves a field out."""
        told = {
            "ProviderID": self.provider, "ProspectID": self.person, "Date": staff.ahead().isoformat(), "Time": time,
            "Duration": 30, "Type": "FOLLOWUP", **changes,
        }  # fmt: skip
        return {field: value for field, value in told.items() if value is not ...}

    async def book(self, time: str = "10:00:00", *, partner: Client | None = None, **changes: Any) -> Answer:
        return await (partner or self.partner).post(VISITS, self.body(time, **changes))

    async def booked(self, time: str = "10:00:00", **changes: Any) -> dict[str, Any]:
        answer = await self.book(time, **changes)
        assert answer.status == 201, answer.json
        visit: dict[str, Any] = answer.json["data"]
        return visit

    async def change(self, visit: dict[str, Any], body: Any, **options: Any) -> Answer:
        return await self.partner.patch(f"{VISITS}/{visit['VisitID']}", json=body, **options)

    async def show(self, visit: dict[str, Any]) -> dict[str, Any]:
        answer = await self.partner.get(f"{VISITS}/{visit['VisitID']}")
        assert answer.status == 200, answer.json
        found: dict[str, Any] = answer.json["data"]
        return found

    async def hold(self, time: str = "10:00:00", *, partner: Client | None = None, **changes: Any) -> Answer:
        return await (partner or self.partner).post(HOLDS, self.body(time, **{"ProspectID": ..., **changes}))

    async def held(self, time: str = "10:00:00", **changes: Any) -> dict[str, Any]:
        answer = await self.hold(time, **changes)
        assert answer.status == 201, answer.json
        hold: dict[str, Any] = answer.json["data"]
        return hold

    async def ask(self, question: str, *, provider: int | None = None, **query: Any) -> Answer:
        """check, slots, next-slot or schedule."""
        return await self.partner.get(f"{PROVIDERS}/{provider or self.provider}/{question}", params=query)

    async def is_free(self, time: str, day: date | None = None, *, duration: int = 30, **query: Any) -> bool:
        asked = {"date": (day or staff.ahead()).isoformat(), "time": time, "duration": duration, **query}
        answer = await self.ask("check", **asked)
        assert answer.status == 200, answer.json
        is_free: bool = answer.json["data"]["Available"]
        return is_free

    async def slots(self, day: date, *, duration: int = 30, **query: Any) -> list[str]:
        answer = await self.ask("slots", **{"date": day.isoformat(), "duration": duration, **query})
        assert answer.status == 200, answer.json
        found: list[str] = answer.json["data"]["Slots"]
        assert answer.json["data"]["Count"] == len(found)
        return found


async def rows(owner: asyncpg.Connection) -> dict[str, list[Any]]:
    """Everything that a call of these doors could write."""
    return {
        table: [row[0] for row in await owner.fetch(f"{CHANGES} select t::text from {table} t order by 1")]
        for table in EVERYTHING
    }
