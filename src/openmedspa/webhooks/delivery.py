"""Claim → try → let go: deliveries to partners' endpoints. No network call while a transaction is open."""

import asyncio
from collections import Counter
from collections.abc import Coroutine
from datetime import timedelta
from functools import partial
from time import monotonic
from uuid import UUID, uuid4

from openmedspa.exams.record import read_versions
from openmedspa.exams.visit import Visit
from openmedspa.kit.db import Row, patiently
from openmedspa.kit.failures import log_failure
from openmedspa.kit.house import House
from openmedspa.kit.outbound import Outbound
from openmedspa.webhooks import queries, tries
from openmedspa.webhooks.body import version_of

LEASE = timedelta(seconds=20)  # longer than an exchange may take, shorter than the 30 s a killed worker may cost
# How many deliveries one worker holds at once. Few enough that their sockets fit a process's usual 1,024 files.
IN_FLIGHT = 512
CROWDED = 256  # from here on nobody gets more than a few, so that an endpoint we know nothing of yet finds a place
PER_ENDPOINT = 16
PER_ENDPOINT_CROWDED = 2
PER_FAILING = 1  # of an endpoint whose last try failed: each may hold its place for a whole exchange
# After a try that ended badly its endpoint rests, and has one place until a try ends well: one that fails at once is
# not hammered, and one that answers 200 and then drips, or sends what is dear to read, does not have us read all day.
REST_SECONDS = 1.0
# A worker that dies takes its leases along, and one delivery may be why. Who was there so often is sent one at a time,
# so that no innocent neighbour is blamed any further; in the end it is given up.
LOST_SUSPECT = 3
LOST_POISON = 8
POISON = f"the worker that held it died {LOST_POISON} times in a row: given up; see the worker's log before a replay"
STOP_SECONDS = 10.0  # an exchange's limit
RELEASE_SECONDS = 2.0
POLL_SECONDS = 1.0


class Deliveries:
    """One worker's deliveries in flight. `run` goes on until it is cancelled or `stop` is called."""

    def __init__(self, house: House, outbound: Outbound, *, lease: timedelta = LEASE) -> None:
        self.house = house
        self.outbound = outbound
        self.lease = lease
        self._busy: Counter[int] = Counter()
        self._tasks: dict[asyncio.Task[None], UUID] = {}
        self._resting: dict[int, float] = {}  # until when; kept until a try ends well
        self._suspects = 0
        self._claiming: UUID | None = None
        self._is_stopping = False

    async def run(self) -> None:
        """Send what is due; when nothing is, sleep until a NOTIFY, a free place or the slow poll."""
        wake = self.house.system.fresh.work
        while not self._is_stopping:
            wake.clear()
            if await self.send_due() == 0:
                await _first_of(wake.wait(), *self._tasks)

    async def send_due(self) -> int:
        """Claim what is due and has room, and start sending it; how many that were."""
        held = self._busy.total()
        is_crowded = held >= CROWDED
        room = (IN_FLIGHT if is_crowded else CROWDED) - held
        if room <= 0:
            return 0
        self._claiming = lease = uuid4()
        now = self.house.now()
        claimed = await queries.claim_deliveries(
            self.house.system, now=now, lease=lease, leased_until=now + self.lease, busy=self._taken(),
            per_endpoint=PER_ENDPOINT_CROWDED if is_crowded else PER_ENDPOINT, per_failing=PER_FAILING, limit=room,
            did_badly=list(self._resting),
            takes_suspect=self._suspects == 0, lost_suspect=LOST_SUSPECT, lost_poison=LOST_POISON, poison_cause=POISON,
        )  # fmt: skip
        wanted = [version_of(row) for row in claimed]
        # Patiently: what is claimed and not held would wait for its lease to run out, and count as lost.
        visits = await patiently(lambda: read_versions(self.house.system, wanted)) if claimed else {}
        for row in claimed:
            self._hold(row, visits.get(version_of(row)), lease)
        self._claiming = None
        return len(claimed)

    async def finish(self) -> None:
        """Wait for what is in flight."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Claim no more, and give what is in flight so long to end. What does not is let go of without a try."""
        self._is_stopping = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        left = dict(self._tasks)
        leases = {*left.values()} | ({self._claiming} if self._claiming else set())
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        if leases:
            async with asyncio.timeout(RELEASE_SECONDS):
                await queries.update_released(self.house.system, list(leases), now=self.house.now())

    def _taken(self) -> dict[int, int]:
        """How many places of each endpoint are taken; all of them while it rests."""
        now = monotonic()
        return {**+self._busy, **{each: IN_FLIGHT for each, until in self._resting.items() if until > now}}

    def _hold(self, row: Row, visit: Visit | None, lease: UUID) -> None:
        self._busy[row["endpoint_id"]] += 1
        self._suspects += row["lost"] >= LOST_SUSPECT
        task = asyncio.create_task(self._deliver(row, visit, lease))
        self._tasks[task] = lease
        task.add_done_callback(partial(self._let_go, row))

    def _let_go(self, row: Row, task: asyncio.Task[None]) -> None:
        del self._tasks[task]
        self._busy[row["endpoint_id"]] -= 1
        self._suspects -= row["lost"] >= LOST_SUSPECT

    async def _deliver(self, row: Row, visit: Visit | None, lease: UUID) -> None:
        try:
            if await tries.carry_out(self.house, self.outbound, row, visit, lease=lease):
                self._resting.pop(row["endpoint_id"], None)
            else:
                self._resting[row["endpoint_id"]] = monotonic() + REST_SECONDS
        except Exception as trouble:  # noqa: BLE001 the lease runs out and the delivery is tried again
            log_failure(trouble, f"delivery {row['id']}")


async def _first_of(wake: Coroutine[None, None, object], *tasks: asyncio.Task[None]) -> None:
    waiter = asyncio.create_task(wake)
    try:
        await asyncio.wait({waiter, *tasks}, timeout=POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiter.cancel()
