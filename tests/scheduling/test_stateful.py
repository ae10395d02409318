"""Bookings, moves, endings, holds and time that passes, at random through the doors, beside a model in a few lists."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import httpx2
import pytest
from cast import Cast
from client import Answer, Client
from conftest import settings_for
from hypothesis import HealthCheck
from hypothesis import settings as effort
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from msgspec.structs import replace
from scheduling.model import (
    BEGINNING,
    DAYS,
    HELD,
    HOURS,
    MINUTES,
    MOST_AROUND,
    NOTICE_MINUTES,
    STEP,
    TYPES,
    WISHES,
    Kept,
    Model,
    Wish,
    clock,
)
from scheduling.staff import ZONE, hire, know, offer, overlaps

from openmedspa.app import Front, build_app
from openmedspa.settings import Settings

EXAMPLES, STEPS = (300, 50) if os.environ.get("OPENMEDSPA_TORTURE") else (30, 30)
TABLES = ("taken_times", "holds", "booking_steps", "bookings")


class World:
    """The application on a clock of the test's own, with two providers."""

    def __init__(self, settings: Settings, runner: asyncio.Runner) -> None:
        self.settings = settings
        self.now = BEGINNING
        self.run = runner.run

    async def open(self, stack: AsyncExitStack) -> None:
        app = build_app(self.settings)
        assert isinstance(app, Front)
        await stack.enter_async_context(app.router.lifespan_context(app))
        app._apis["v1"].house = replace(app.state.house, now=lambda: self.now)
        http = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://test")
        self.door = Client(await stack.enter_async_context(http), app.state.house, None)
        self.owner: asyncpg.Connection = await asyncpg.connect(self.settings.database_url)
        stack.push_async_callback(self.owner.close)
        self.providers = [await hire(self.owner, hours=HOURS, step=STEP, notice=NOTICE_MINUTES) for _ in range(2)]
        self.patient = await know(self.owner)
        for code, (before, after) in TYPES.items():
            await offer(self.owner, code=code, before=before, after=after)

    async def begin(self, now: datetime) -> None:
        for table in TABLES:
            await self.owner.execute(f"delete from {table}")
        await self.set_clock(now)

    async def set_clock(self, now: datetime) -> None:
        """Tokens go by the same clock, and last a day."""
        self.now = now
        self.partner = await self.door.as_partner(Cast.PARTNER_KEY, "GlowOffice")

    async def taken(self) -> list[tuple[int, datetime, datetime]]:
        rows = await self.owner.fetch(
            """select provider_id, from_at, until_at from taken_times where lapses_at is null or lapses_at > $1
               order by 1, 2""",
            self.now,
        )
        return [tuple(row) for row in rows]


class Machine(RuleBasedStateMachine):
    bookings = Bundle("bookings")
    holds = Bundle("holds")

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.model = Model()
        self.world.run(self.world.begin(self.model.now))

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Answer:
        """A request; GETs say what they want in `body`, too."""
        options: dict[str, Any] = {"params" if method == "GET" else "json": body}
        return self.world.run(self.world.partner.request(method, f"/v1/GlowOffice{path}", **options))

    def place(self, wish: Wish) -> dict[str, Any]:
        return {
            "ProviderID": self.world.providers[wish.provider], "Date": wish.day.isoformat(),
            "Time": clock(wish.minute), "Duration": wish.minutes,
        }  # fmt: skip

    def agree(self, answer: Answer, granted: int, refusal: str | None) -> bool:
        """Whether it was granted, as the model says. Why not is the model's word when time alone was in the way."""
        if refusal is None:
            assert answer.status == granted, answer.json
            return True
        assert answer.status == 409, answer.json
        assert answer.fault[1] == refusal or (refusal, answer.fault[1]) == ("slot_not_offered", "slot_taken")
        return False

    @initialize(target=bookings, wishes=st.lists(WISHES, min_size=4, max_size=8))
    def book_some(self, wishes: list[Wish]) -> Any:
        booked = [self._book(wish, {}) for wish in wishes]
        return multiple(*(one for one in booked if isinstance(one, Kept)))

    @initialize(target=holds, wishes=st.lists(WISHES, min_size=2, max_size=4))
    def hold_some(self, wishes: list[Wish]) -> Any:
        held = [self._hold(wish, has_type=True) for wish in wishes]
        return multiple(*(one for one in held if isinstance(one, Kept)))

    @rule(target=bookings, booking=bookings, wish=WISHES)
    def book_beside(self, booking: Kept, wish: Wish) -> Any:
        """What another has, or from half an hour before it until half an hour after."""
        near = [minute for minute in MINUTES if abs(minute - booking.wish.minute) <= STEP]
        minute = near[wish.minute % len(near)]
        return self._book(replace(wish, provider=booking.wish.provider, day=booking.wish.day, minute=minute), {})

    @rule(target=bookings, wish=WISHES)
    def book(self, wish: Wish) -> Any:
        return self._book(wish, {})

    @rule(target=bookings, hold=holds, other=st.none() | WISHES)
    def book_with_hold(self, hold: Kept, other: Wish | None) -> Any:
        taken = self._book(other or hold.wish, {"HoldID": hold.id}, without=hold)
        if isinstance(taken, Kept) and hold.blocks(self.model.now):
            hold.status = "Released"
        return taken

    def _book(self, wish: Wish, more: dict[str, Any], *, without: Kept | None = None) -> Any:
        body = self.place(wish) | {"ProspectID": self.world.patient, "Type": wish.code} | more
        answer = self.ask("POST", "/visits", body)
        if not self.agree(answer, 201, self.model.refusal(wish, wish.around, without=without)):
            return multiple()
        self.model.kept.append(Kept(answer.json["data"]["VisitID"], wish, wish.span(wish.around)))
        return self.model.kept[-1]

    @rule(target=holds, wish=WISHES, has_type=st.booleans())
    def hold(self, wish: Wish, has_type: bool) -> Any:
        return self._hold(wish, has_type=has_type)

    def _hold(self, wish: Wish, *, has_type: bool) -> Any:
        around = wish.around if has_type else MOST_AROUND
        answer = self.ask("POST", "/holds", self.place(wish) | ({"Type": wish.code} if has_type else {}))
        if not self.agree(answer, 201, self.model.refusal(wish, around)):
            return multiple()
        data, lapses_at = answer.json["data"], self.model.now + HELD
        self.model.kept.append(Kept(data["HoldID"], wish, wish.span(around), lapses_at=lapses_at))
        return self.model.kept[-1]

    @rule(hold=consumes(holds))
    def release(self, hold: Kept) -> None:
        answer = self.ask("DELETE", f"/holds/{hold.id}")
        assert answer.status == (200 if hold.blocks(self.model.now) else 404)
        hold.status = "Released"

    @rule(booking=bookings, to=WISHES)
    def move(self, booking: Kept, to: Wish) -> None:
        answer = self.ask("PATCH", f"/visits/{booking.id}", self.place(to) | {"Type": to.code})
        if to == booking.wish:
            assert answer.status == 200
        elif booking.status != "Booked":
            assert answer.fault[:2] == (409, "status_conflict")
        elif self.agree(answer, 200, self.model.refusal(to, to.around, without=booking)):
            booking.wish, booking.span = to, to.span(to.around)

    @rule(booking=bookings, status=st.sampled_from(["Cancelled", "Cancelled", "Completed", "NoShow"]))
    def end(self, booking: Kept, status: str) -> None:
        answer = self.ask("PATCH", f"/visits/{booking.id}", {"Status": status})
        has_begun = booking.wish.start <= self.model.now
        may = {"Booked": status == "Cancelled" or has_begun, "Cancelled": False}.get(
            booking.status, status != "Cancelled"
        )
        if may or status == booking.status:
            assert answer.status == 200
            booking.status = status
        else:
            assert answer.fault[:2] == (409, "status_conflict")

    @rule(minutes=st.sampled_from([1, 4, 5, 6, 120, 600]))
    def wait(self, minutes: int) -> None:
        self.model.now += timedelta(minutes=minutes)
        self.world.run(self.world.set_clock(self.model.now))
        for day in DAYS:
            self._look(Wish(0, day, MINUTES[0], 15, "FOLLOWUP"), "FOLLOWUP")

    @rule(wish=WISHES, has_type=st.booleans())
    def look(self, wish: Wish, has_type: bool) -> None:
        self._look(wish, wish.code if has_type else None)

    def _look(self, wish: Wish, code: str | None) -> None:
        path = f"/availability/providers/{self.world.providers[wish.provider]}"
        asked = {"date": wish.day.isoformat(), "duration": wish.minutes} | ({"visitType": code} if code else {})
        slots = self.ask("GET", f"{path}/slots", asked).json["data"]
        assert slots["Slots"] == self.model.free(wish.provider, wish.day, wish.minutes, code)
        checked = self.ask("GET", f"{path}/check", asked | {"time": clock(wish.minute)}).json["data"]
        assert checked["Available"] is (clock(wish.minute) in slots["Slots"])

    @invariant()
    def the_next_slot_is_the_first_of_all_days(self) -> None:
        path = f"/availability/providers/{self.world.providers[0]}/next-slot"
        told = self.ask("GET", path, {"duration": 30, "visitType": "CONSULT", "maxDays": 9}).json["data"]["TheNextSlot"]
        today = self.model.now.astimezone(ZONE).date()
        days = [today + timedelta(days=ahead) for ahead in range(9)]
        first = next(((day.isoformat(), time) for day in days for time in self.model.free(0, day, 30, "CONSULT")), None)
        assert (told and (told["Date"], told["Time"])) == first

    @invariant()
    def what_is_taken_is_what_was_granted(self) -> None:
        providers = self.world.providers
        spans = [(providers[one.wish.provider], *one.span) for one in self.model.kept if one.blocks(self.model.now)]
        assert self.world.run(self.world.taken()) == sorted(spans)
        assert self.world.run(overlaps(self.world.owner)) == 0


@pytest.fixture
def world(dsn: str) -> Iterator[World]:
    with asyncio.Runner() as runner:
        world, stack = World(settings_for(dsn), runner), AsyncExitStack()
        world.run(world.open(stack))
        try:
            yield world
        finally:
            world.run(stack.aclose())


def test_bookings_holds_and_time_agree_with_a_simple_model(world: World) -> None:
    class Here(Machine):
        def __init__(self) -> None:
            super().__init__(world)

    run_state_machine_as_test(
        Here,
        settings=effort(
            max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
