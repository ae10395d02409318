"""Fifty who want one provider's time at the same moment, and what may be left when all have been answered."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import date, timedelta
from random import Random
from typing import Any

import asyncpg
from cast import Cast
from client import Answer, Client, open_client
from msgspec import Struct
from msgspec.structs import replace
from scheduling.staff import ahead, at, hire, keep, know, offer, overlaps, put_down

from openmedspa.scheduling.slots import time_of
from openmedspa.settings import Settings

Span = tuple[int, int]  # minutes of the day: from, until
MANY = 50
DAYS = 700  # that can be booked
NOON, EVENING = 720, 1000
SHORT, LONG = "FOLLOWUP", "CONSULT"
AROUND = {SHORT: (0, 0), LONG: (5, 10)}  # minutes kept free before and after; a hold without a type keeps the largest
REFUSALS = {"slot_taken", "slot_not_offered"}

BROKEN = """
select (select count(*) from taken_times where lapses_at is null or lapses_at > now())
         - (select count(*) from bookings where status <> 'Cancelled')
         - (select count(*) from holds where released_at is null and lapses_at > now()) as rows_too_many,
       (select count(*) from bookings b
        where (select count(*) from taken_times t where t.booking_id = b.id and t.provider_id = b.provider_id
                 and t.from_at <= b.starts_at and t.until_at >= b.starts_at + make_interval(mins => b.minutes))
              <> (b.status <> 'Cancelled')::int
           or (select count(*) from taken_times t where t.booking_id = b.id) > 1) as bookings_without_their_time
"""


class Ask(Struct, frozen=True):
    """A request, and the time that it takes when it is granted; without one it gives time back."""

    method: str
    path: str
    body: dict[str, Any] | None = None
    span: Span | None = None
    is_holders: bool = False


class Rush(Struct):
    """What was asked and what was answered, in the same order."""

    asks: Sequence[Ask]
    answers: Sequence[Answer]

    @property
    def won(self) -> list[Ask]:
        return [ask for ask, answer in zip(self.asks, self.answers, strict=True) if ask.span and answer.status < 300]

    @property
    def wrong(self) -> list[str]:
        """Answers that nobody should get, and winners who are in each other's way."""
        found = [f"{answer.status} {answer.json}" for answer in self.answers if not is_expected(answer)]
        spans = [ask.span for ask in self.won if ask.span]
        found += [f"{one} and {other}" for n, one in enumerate(spans) for other in spans[:n] if meet(one, other)]
        return found

    @property
    def refused_for_nothing(self) -> list[Span]:
        """Of those who lost, whose time nobody took."""
        return [
            ask.span for ask, answer in zip(self.asks, self.answers, strict=True)
            if ask.span and answer.status == 409 and not any(meet(ask.span, one.span) for one in self.won if one.span)
        ]  # fmt: skip


def is_expected(answer: Answer) -> bool:
    return answer.status in {200, 201} or (answer.status == 409 and answer.fault[1] in REFUSALS)


def meet(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


class Crowd:
    """Partners of one practice before one provider; each slot has a day of its own, where nothing else is."""

    def __init__(self, partners: Sequence[Client], owner: asyncpg.Connection, *, provider: int, patient: int) -> None:
        self.partners = partners
        self.owner = owner
        self.provider = provider
        self.patient = patient

    async def rush(self, asks: Sequence[Ask], *, seed: int = 0) -> Rush:
        """All at once, in any order."""
        asks = Random(seed).sample(asks, len(asks))
        to = [self.partners[number % len(self.partners)] for number in range(len(asks))]
        answers = await asyncio.gather(
            *(one.request(ask.method, ask.path, json=ask.body) for one, ask in zip(to, asks, strict=True))
        )
        return Rush(asks, answers)

    def book(self, day: date, start: int, minutes: int, *, code: str = SHORT, hold: int | None = None) -> Ask:
        body = self._place(day, start, minutes) | {"ProspectID": self.patient, "Type": code}
        body |= {"HoldID": hold} if hold else {}
        return Ask("POST", "/v1/GlowOffice/visits", body, _span(start, minutes, code), is_holders=hold is not None)

    def hold(self, day: date, start: int, minutes: int) -> Ask:
        return Ask("POST", "/v1/GlowOffice/holds", self._place(day, start, minutes), _span(start, minutes, LONG))

    def move(self, booking: int, day: date, start: int, minutes: int) -> Ask:
        return Ask("PATCH", self.visit(booking), self._place(day, start, minutes), _span(start, minutes, SHORT))

    def cancel(self, booking: int) -> Ask:
        return Ask("PATCH", self.visit(booking), {"Status": "Cancelled"})

    def release(self, hold: int) -> Ask:
        return Ask("DELETE", f"/v1/GlowOffice/holds/{hold}")

    def visit(self, booking: int) -> str:
        return f"/v1/GlowOffice/visits/{booking}"

    async def put_down(self, day: date, start: int, minutes: int) -> int:
        starts_at = at(day, time_of(start))
        return await put_down(self.owner, self.provider, starts_at, minutes=minutes, patient=self.patient)

    async def keep(self, day: date, start: int, minutes: int, *, lapses_in: timedelta = timedelta(minutes=5)) -> int:
        starts_at = at(day, time_of(start))
        return await keep(
            self.owner, self.provider, starts_at, key=Cast.PARTNER_KEY, minutes=minutes, lapses_in=lapses_in
        )

    async def give_back_holds(self) -> None:
        """A partner may hold so many times and no more, and each slot's winner may be a hold."""
        await self.owner.execute("delete from holds")

    async def broken(self) -> dict[str, int]:
        """What of the table's promises does not hold, by name; the owner's view, all practices."""
        row = await self.owner.fetchrow(BROKEN)
        assert row is not None
        counts = {**row, "overlaps": await overlaps(self.owner)}
        return {name: count for name, count in counts.items() if count}

    def _place(self, day: date, start: int, minutes: int) -> dict[str, Any]:
        return {
            "ProviderID": self.provider, "Date": day.isoformat(), "Time": time_of(start), "Duration": minutes
        }  # fmt: skip


def _span(start: int, minutes: int, code: str) -> Span:
    before, after = AROUND[code]
    return start - before, start + minutes + after


@asynccontextmanager
async def a_crowd(settings: Settings, owner: asyncpg.Connection, *, connections: int = 16) -> AsyncIterator[Crowd]:
    """Through one server that has so many connections to the database; 16 are the product's own number."""
    async with open_client(replace(settings, pool_size=connections), None) as client:
        partner = await client.as_partner(Cast.PARTNER_KEY, "GlowOffice")
        yield await before(owner, partner)


async def before(owner: asyncpg.Connection, *partners: Client) -> Crowd:
    """A provider whose every five minutes can be booked, and these partners before them."""
    for code, (minutes_before, minutes_after) in AROUND.items():
        await offer(owner, code=code, before=minutes_before, after=minutes_after)
    provider = await hire(owner, step=5)
    return Crowd(partners, owner, provider=provider, patient=await know(owner))


async def wishes(crowd: Crowd, day: date, random: Random, *, count: int, spread: int = 0) -> list[Ask]:
    """Bookings, holds and moves that all want noon, or a time within `spread` minutes of it."""
    asks = []
    for number in range(count):
        minutes = random.randrange(15, 91, 5)
        start = NOON - random.randrange(0, minutes, 5) + (random.randrange(-spread, spread, 5) if spread else 0)
        match random.choice(["book", "book", "long", "hold", "move"]):
            case "book":
                asks.append(crowd.book(day, start, minutes))
            case "long":
                asks.append(crowd.book(day, start, minutes, code=LONG))
            case "hold":
                asks.append(crowd.hold(day, start, minutes))
            case _:
                elsewhere = await crowd.put_down(day, EVENING + number * 5, 5)
                asks.append(crowd.move(elsewhere, day, start, minutes))
    return asks


async def at_noon(crowd: Crowd, day: date, random: Random) -> Rush:
    """All want a moment that is free: one gets it."""
    rush = await crowd.rush(await wishes(crowd, day, random, count=MANY), seed=random.randrange(10**6))
    assert len(rush.won) == 1 or rush.wrong
    return rush


async def around_noon(crowd: Crowd, day: date, random: Random) -> Rush:
    """They want times that partly overlap: who loses has lost to somebody."""
    rush = await crowd.rush(await wishes(crowd, day, random, count=MANY, spread=120), seed=random.randrange(10**6))
    assert (len(rush.won) > 1 and not rush.refused_for_nothing) or rush.wrong
    return rush


async def held(crowd: Crowd, day: date, random: Random) -> Rush:
    """One of those who come with the hold gets it, however many do."""
    hold = await crowd.keep(day, NOON - 15, 45)
    holders = [crowd.book(day, NOON - random.randrange(0, 30, 5), 30, hold=hold) for _ in range(10)]
    others = await wishes(crowd, day, random, count=MANY - len(holders))
    rush = await crowd.rush([*holders, *others], seed=random.randrange(10**6))
    assert [ask.is_holders for ask in rush.won] == [True] or rush.wrong
    return rush


async def lapsed(crowd: Crowd, day: date, random: Random) -> Rush:
    """Holds that lapsed lie where they all want to be, and are in nobody's way."""
    for number in range(6):
        await crowd.keep(day, NOON - 60 + number * 20, 20, lapses_in=timedelta(seconds=random.choice([-1, -2, -3])))
    return await at_noon(crowd, day, random)


async def given_back(crowd: Crowd, day: date, random: Random) -> Rush:
    """A booking is cancelled and a hold released while they ask: each gets what is free when it is judged."""
    booking, hold = await crowd.put_down(day, NOON - 30, 45), await crowd.keep(day, NOON + 15, 20)
    giving = [crowd.cancel(booking), crowd.release(hold)]
    rush = await crowd.rush(
        [*giving, *await wishes(crowd, day, random, count=MANY - len(giving))], seed=random.randrange(10**6)
    )
    assert all(answer.status == 200 for ask, answer in zip(rush.asks, rush.answers, strict=True) if not ask.span)
    assert len(rush.won) <= 1 or rush.wrong
    return rush


Scene = Callable[[Crowd, date, Random], Awaitable[Rush]]
SCENES: list[Scene] = [at_noon, around_noon, held, lapsed, given_back]


async def play(crowd: Crowd, slots: int) -> Counter[str]:
    """So many slots, one after the other; what went wrong, and how often."""
    wrong: Counter[str] = Counter()
    for number in range(slots):
        day = ahead(2 + number % DAYS)
        rush = await SCENES[number % len(SCENES)](crowd, day, Random(number))
        wrong.update(rush.wrong)
        await crowd.give_back_holds()
        if number % DAYS == DAYS - 1:  # all days have been used: they are emptied
            wrong.update(await crowd.broken())
            await crowd.owner.execute("truncate bookings cascade")
    wrong.update(await crowd.broken())
    return wrong
