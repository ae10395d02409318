"""A provider's free time as a check works with it: found well ahead, booked and held, and all of it given back."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import date, timedelta
from typing import Any, NamedTuple

from openmedspa.verify.answer import Answer, Broken
from openmedspa.verify.partner.trial import Trial, data

MINUTES = 30
FARTHEST, WELL_AHEAD = 730, 28  # days
MOST_DAYS = 70


class Slot(NamedTuple):
    """A start: day and time on the provider's wall clock."""

    date: str
    time: str


class Day(NamedTuple):
    date: str
    times: list[str]

    @property
    def first(self) -> Slot:
        return Slot(self.date, self.times[0])


async def ask(trial: Trial, what: str = "", **query: object) -> Answer:
    """One of the questions about our provider: schedule, check, slots or next-slot; without a word, who they are."""
    path = f"/availability/providers/{trial.given.provider}" + (f"/{what}" if what else "")
    words = "&".join(f"{name}={value}" for name, value in query.items())
    return await trial.get(trial.at(f"{path}?{words}" if words else path))


async def next_slot(trial: Trial, **query: object) -> Slot | None:
    """The first free time; None when there is none in this window."""
    asked = {"duration": MINUTES, "maxDays": FARTHEST, **query}
    found = data(await ask(trial, "next-slot", **asked))["TheNextSlot"]
    return None if found is None else Slot(found["Date"], found["Time"])


async def slots(trial: Trial, day: str, **query: object) -> list[str]:
    """What is free on a day."""
    found: list[str] = data(await ask(trial, "slots", date=day, **({"duration": MINUTES} | query)))["Slots"]
    return found


async def check(trial: Trial, slot: Slot, **query: object) -> dict[str, Any]:
    """What is said of one time."""
    asked = {"duration": MINUTES, **query}
    return data(await ask(trial, "check", date=slot.date, time=slot.time, **asked))


async def free_days(trial: Trial, count: int, *, ahead: int = WELL_AHEAD, **query: object) -> list[Day]:
    """Days with more than one free time, so many days after the first of all, nearer ones only for want of others.

    Broken when there are not enough.
    """
    first, found = await next_slot(trial, **query), list[Day]()
    for days in (*range(ahead, ahead + MOST_DAYS), *range(1, ahead)) if first else ():
        assert first is not None
        day = (date.fromisoformat(first.date) + timedelta(days=days)).isoformat()
        if len(times := await slots(trial, day, **query)) > 1:
            found.append(Day(day, times))
        if len(found) == count:
            return found
    raise Broken(f"{count} days with free time within {MOST_DAYS + ahead} days after the next slot", f"{len(found)}")


class Desk:
    """Books and holds for an invented person, and knows what there is to give back."""

    def __init__(self, trial: Trial, prospect_id: int) -> None:
        self.trial = trial
        self.prospect_id = prospect_id
        self._visits: set[int] = set()
        self._holds: set[int] = set()

    async def days(self, count: int = 1) -> list[Day]:
        return await free_days(self.trial, count, visitType=self.trial.given.visit_type)

    async def slots(self, day: str) -> list[str]:
        return await slots(self.trial, day, visitType=self.trial.given.visit_type)

    async def check(self, slot: Slot) -> dict[str, Any]:
        return await check(self.trial, slot, visitType=self.trial.given.visit_type)

    async def schedule(self, day: str) -> list[dict[str, Any]]:
        """What stands in the schedule of a day."""
        found: dict[str, Any] = data(await ask(self.trial, "schedule", startDate=day, endDate=day))["schedule"]
        return list(found.get(day, []))

    async def try_to_book(self, slot: Slot, *, headers: Mapping[str, str] | None = None, **fields: Any) -> Answer:
        """Ask for a visit, whatever comes of it."""
        body = {**self._wanted(slot), "ProspectID": self.prospect_id, **fields}
        answer = await self.trial.post(self.trial.at("/visits"), body, headers=headers)
        self._visits |= _number(answer, "VisitID")
        return answer

    async def book(self, slot: Slot, **fields: Any) -> dict[str, Any]:
        return data(await self.try_to_book(slot, **fields), 201)

    async def try_to_hold(self, slot: Slot) -> Answer:
        """Ask for a hold, whatever comes of it."""
        answer = await self.trial.post(self.trial.at("/holds"), self._wanted(slot))
        self._holds |= _number(answer, "HoldID")
        return answer

    async def hold(self, slot: Slot) -> dict[str, Any]:
        return data(await self.try_to_hold(slot), 201)

    async def change(self, visit_id: int, **fields: Any) -> Answer:
        return await self.trial.patch(self.trial.at(f"/visits/{visit_id}"), fields)

    async def show(self, visit_id: int) -> dict[str, Any]:
        return data(await self.trial.get(self.trial.at(f"/visits/{visit_id}")))

    async def leave(self) -> None:
        """Cancel and release what is left. A failure is about what the check sent last, so that stays."""
        sent = self.trial.sent
        with suppress(Broken):
            for hold_id in self._holds:
                await self.trial.delete(self.trial.at(f"/holds/{hold_id}"))
            for visit_id in self._visits:
                await self.change(visit_id, Status="Cancelled")
        self.trial.sent = sent

    def _wanted(self, slot: Slot) -> dict[str, Any]:
        given = self.trial.given
        return {
            "ProviderID": given.provider, "Date": slot.date, "Time": slot.time, "Duration": MINUTES,
            "Type": given.visit_type,
        }  # fmt: skip


@asynccontextmanager
async def at_desk(trial: Trial) -> AsyncIterator[Desk]:
    """One check at a time, or they would take each other's slots."""
    async with trial.server.turn:
        desk = Desk(trial, (await trial.prospect())["ID"])
        try:
            yield desk
        finally:
            await desk.leave()


def _number(answer: Answer, name: str) -> set[int]:
    """The number of what was made, if something was."""
    try:
        return {int(answer.json["data"][name])} if answer.status < 300 else set()
    except (Broken, KeyError, TypeError, ValueError):
        return set()
