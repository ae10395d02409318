"""A delivery that takes its worker down, again and again, is found out, and no innocent neighbour is blamed for it."""

from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest
from cast import make_visit
from client import Client
from receiver import hang, receiver
from webhooks.sending import later, send_due, subscribe, worker

from openmedspa.exams.visit import Visit
from openmedspa.kit.db import Row
from openmedspa.kit.house import House
from openmedspa.kit.outbound import Outbound
from openmedspa.webhooks import delivery, queries
from openmedspa.webhooks.delivery import LOST_POISON, LOST_SUSPECT, POISON, Deliveries


class Mortal(Deliveries):
    """A worker that one delivery kills, with all that it was about to send beside it."""

    def __init__(self, house: House, outbound: Outbound, *, poison: int) -> None:
        super().__init__(house, outbound)
        self.poison = poison
        self.is_dead = False

    def _hold(self, row: Row, visit: Visit | None, lease: UUID) -> None:
        self.is_dead = self.is_dead or row["id"] == self.poison
        if not self.is_dead:
            super()._hold(row, visit, lease)


async def claim_and_die(house: House) -> int:
    """A worker that is killed with what it has just claimed; how many deliveries that were."""
    async with Outbound(allow_loopback=True) as outbound:
        dying = Deliveries(house, outbound)
        dying._hold = lambda *_: None  # type: ignore[method-assign]
        return await dying.send_due()


async def die_at(house: House, times: int, *, first: int = 0) -> list[int]:
    """So many workers, each killed, each after the lease of the one before has run out."""
    return [await claim_and_die(later(house, seconds=30 * (first + number))) for number in range(times)]


async def test_what_kills_its_worker_is_given_up_in_words_and_can_be_replayed(
    glow_emr: Client, house: House, owner: asyncpg.Connection
) -> None:
    async with receiver() as partner:
        await subscribe(glow_emr, partner.url)
        await make_visit(glow_emr, status="Completed")
        assert await die_at(house, LOST_POISON) == [1] * LOST_POISON
        assert await owner.fetchval("select lost from deliveries") == LOST_POISON - 1
        assert await send_due(later(house, seconds=30 * LOST_POISON)) == 0
        row = await owner.fetchrow("select due_at, failed_at is not null as failed, lease, lost from deliveries")
        assert tuple(row) == (None, True, None, LOST_POISON)
        (listed,) = await queries.list_deliveries(house.system, None, limit=9)
        assert (listed["cause"], listed["status"]) == (POISON, None)
        assert partner.received == []
        answer = await glow_emr.post("/emr/webhooks/replay", {"event_id": listed["event_id"]})
        assert answer.json == {"success": True, "replayed": 1}
        assert await send_due(house) == 1
    assert len(partner.received) == 1
    assert await owner.fetchval("select lost from deliveries") == 0


async def test_suspects_are_held_one_at_a_time_beside_the_others(
    glow_emr: Client, house: House, owner: asyncpg.Connection
) -> None:
    async with receiver(hang) as slow:
        await subscribe(glow_emr, slow.url)
        for _ in range(5):
            await make_visit(glow_emr, status="Completed")
        assert await die_at(house, LOST_SUSPECT) == [5] * LOST_SUSPECT
        for _ in range(3):
            await make_visit(glow_emr, status="Completed")
        async with worker(later(house, seconds=30 * LOST_SUSPECT)) as ours:
            assert await ours.send_due() == 4  # the three that are new, and one of the five
            assert await ours.send_due() == 0
            later_on = house.now() + timedelta(seconds=30 * LOST_SUSPECT)
            held = await owner.fetch("select lost from deliveries where leased_until > $1", later_on)
            assert sorted(row["lost"] for row in held) == [0, 0, 0, 3]
            async with worker(later(house, seconds=30 * LOST_SUSPECT)) as another:
                assert await another.send_due() == 1  # one per worker
                await another.stop(0)
            await ours.stop(0)


async def test_the_next_suspect_comes_when_the_first_is_done(glow_emr: Client, house: House) -> None:
    async with receiver() as partner:
        await subscribe(glow_emr, partner.url)
        for _ in range(4):
            await make_visit(glow_emr, status="Completed")
        await die_at(house, LOST_SUSPECT)
        async with worker(later(house, seconds=30 * LOST_SUSPECT)) as ours:
            for sent in range(1, 5):
                assert await ours.send_due() == 1
                await ours.finish()
                assert len(partner.received) == sent
            assert await ours.send_due() == 0


async def test_an_innocent_neighbour_is_delivered_although_the_poison_goes_on(
    glow_emr: Client, house: House, owner: asyncpg.Connection
) -> None:
    """The poison kills whoever sends it. Its four neighbours share its fate three times and no more."""
    async with receiver() as partner:
        await subscribe(glow_emr, partner.url)
        for _ in range(5):
            await make_visit(glow_emr, status="Completed")
        poison = await owner.fetchval("select min(id) from deliveries")
        for number in range(40):
            async with Outbound(allow_loopback=True) as outbound:
                ours = Mortal(later(house, seconds=30 * number), outbound, poison=poison)
                await ours.send_due()
                if ours.is_dead:
                    for task in list(ours._tasks):
                        task.cancel()
                await ours.finish()
    ended = await owner.fetch("select id, delivered_at is not null as delivered, failed_at is not null from deliveries")
    assert {row["id"]: (row["delivered"], row[2]) for row in ended} == {
        row["id"]: ((False, True) if row["id"] == poison else (True, False)) for row in ended
    }
    assert len(partner.received) == 4


async def test_control_without_the_guard_the_poison_goes_on_for_ever(
    glow_emr: Client, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "LOST_POISON", 10**6)
    monkeypatch.setattr(delivery, "LOST_SUSPECT", 10**6)
    await subscribe(glow_emr, "http://127.0.0.1:9/hook")
    await make_visit(glow_emr, status="Completed")
    assert await die_at(house, 3 * LOST_POISON) == [1] * 3 * LOST_POISON


async def test_a_worker_that_stops_loses_nothing(glow_emr: Client, house: House, owner: asyncpg.Connection) -> None:
    async with receiver(hang) as slow:
        await subscribe(glow_emr, slow.url)
        await make_visit(glow_emr, status="Completed")
        for _ in range(4):
            async with worker(house) as ours:
                assert await ours.send_due() == 1
                await ours.stop(0)
    assert await owner.fetchval("select lost from deliveries") == 0


async def test_a_try_that_is_recorded_clears_the_suspicion(
    glow_emr: Client, house: House, owner: asyncpg.Connection
) -> None:
    async with receiver() as partner:
        await subscribe(glow_emr, partner.url)
        await make_visit(glow_emr, status="Completed")
        await die_at(house, 2)
        assert await send_due(later(house, seconds=70)) == 1
    assert await owner.fetchval("select lost from deliveries") == 0


def test_a_lease_is_shorter_than_what_these_tests_wait() -> None:
    assert timedelta(seconds=30) > delivery.LEASE
