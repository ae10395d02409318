"""Claim → send → record: deliveries to partners' endpoints. No network call while a transaction is open."""

import asyncio
import random
from collections import Counter
from collections.abc import Coroutine, Mapping
from datetime import timedelta
from functools import partial
from uuid import UUID, uuid4

import msgspec

from openmedspa.exams.record import Version, read_versions
from openmedspa.exams.visit import Visit
from openmedspa.exams.wire import visit_out
from openmedspa.kit.db import Row
from openmedspa.kit.errors import Stopped
from openmedspa.kit.failures import log_failure
from openmedspa.kit.house import House
from openmedspa.kit.ladder import next_try_at, parse_retry_after
from openmedspa.kit.outbound import Answer, Outbound
from openmedspa.webhooks import queries, signing
from openmedspa.webhooks.shapes import CompletedVisit, VisitCompleted

LEASE = timedelta(seconds=20)  # longer than an exchange may take, shorter than the 30 s a killed worker may cost
# How many deliveries one worker holds at once. Few enough that their sockets fit a process's usual 1,024 files.
IN_FLIGHT = 512
CROWDED = 256  # from here on nobody gets more than a few, so that an endpoint we know nothing of yet finds a place
PER_ENDPOINT = 16
PER_ENDPOINT_CROWDED = 2
PER_FAILING = 1  # of an endpoint whose last try failed: each may hold its place for a whole exchange
STOP_SECONDS = 10.0  # an exchange's limit
RELEASE_SECONDS = 2.0
POLL_SECONDS = 1.0
GONE = 410
WRONG_KEY = "internal: the secrets of this endpoint do not open with this OPENMEDSPA_SECRET_KEY"
WITHDRAWN = "the partner's access to the location was withdrawn"
encode = msgspec.json.Encoder().encode


class Unsent(Answer):
    """No answer because nothing left the house: it says nothing about the endpoint."""


class Deliveries:
    """One worker's deliveries in flight. `run` goes on until it is cancelled or `stop` is called."""

    def __init__(self, house: House, outbound: Outbound, *, lease: timedelta = LEASE) -> None:
        self.house = house
        self.outbound = outbound
        self.lease = lease
        self._busy: Counter[int] = Counter()
        self._tasks: dict[asyncio.Task[None], UUID] = {}
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
            self.house.system, now=now, lease=lease, leased_until=now + self.lease, busy=+self._busy,
            per_endpoint=PER_ENDPOINT_CROWDED if is_crowded else PER_ENDPOINT, per_failing=PER_FAILING, limit=room,
        )  # fmt: skip
        visits = await read_versions(self.house.system, [_version(row) for row in claimed]) if claimed else {}
        for row in claimed:
            self._busy[row["endpoint_id"]] += 1
            task = asyncio.create_task(self._deliver(row, visits, lease))
            self._tasks[task] = lease
            task.add_done_callback(partial(self._let_go, row["endpoint_id"]))
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

    def _let_go(self, endpoint_id: int, task: asyncio.Task[None]) -> None:
        del self._tasks[task]
        self._busy[endpoint_id] -= 1

    async def _deliver(self, row: Row, visits: Mapping[Version, Visit], lease: UUID) -> None:
        try:
            await self._record(row, await self._send_or_say_why(row, visits), lease)
        except Exception as trouble:  # noqa: BLE001 the lease runs out and the delivery is tried again
            log_failure(trouble, f"delivery {row['id']}")

    async def _send_or_say_why(self, row: Row, visits: Mapping[Version, Visit]) -> Answer:
        """Our own trouble is a try like any other: the operator sees it, and it waits for the ladder's next step."""
        try:
            if not row["is_granted"]:
                return Unsent(cause=WITHDRAWN)
            return await self._send(row, visits[_version(row)])
        except Stopped as trouble:
            log_failure(trouble, f"delivery {row['id']}")
            return Unsent(cause=WRONG_KEY)
        except Exception as trouble:  # noqa: BLE001
            log_failure(trouble, f"delivery {row['id']}")
            return Unsent(cause="internal error")

    async def _send(self, row: Row, visit: Visit) -> Answer:
        body = event_body(row, visit)
        vault = self.house.vault
        headers = signing.headers(
            body,
            webhook_id=row["event_id"],
            timestamp=int(self.house.now().timestamp()),
            secret=vault.open(row["signing_secret_sealed"]),
            user_agent=self.house.webhook_user_agent,
            header_secret=vault.open(row["header_secret_sealed"]) if row["header_secret_sealed"] else None,
            api_key=vault.open(row["api_key_sealed"]) if row["api_key_sealed"] else None,
        )
        return await self.outbound.post(row["url"], body, headers)

    async def _record(self, row: Row, answer: Answer, lease: UUID) -> None:
        """Write down what came of it, unless the lease was lost meanwhile: then another worker's word counts."""
        now = self.house.now()
        is_delivered = answer.status is not None and 200 <= answer.status < 300
        is_over = is_delivered or answer.status == GONE or not row["is_granted"]
        next_due_at = None if is_over else next_try_at(
            row["tries"] + 1,
            now,
            jitter=random.random(),  # noqa: S311 spreads load, guards nothing
            retry_after_seconds=parse_retry_after(answer.retry_after, now),
        )  # fmt: skip
        await queries.insert_try(
            self.house.system, row["practice_id"], row["id"], lease=lease, at=now, duration_ms=answer.duration_ms,
            status=answer.status, cause=answer.cause or f"HTTP {answer.status}", is_delivered=is_delivered,
            is_answer=not isinstance(answer, Unsent), next_due_at=next_due_at,
        )  # fmt: skip
        if answer.status == GONE:
            await queries.update_switched_off(self.house.system, row["endpoint_id"], now)


def event_body(row: Row, visit: Visit) -> bytes:
    """The event as it is sent, the same bytes at every try: built from the record's version, which never changes."""
    out = visit_out(visit)
    fields = {name: getattr(out, name) for name in CompletedVisit.__struct_fields__ if name != "location_id"}
    return encode(
        VisitCompleted(
            event="visit.completed",
            timestamp=int(row["occurred_at"].timestamp() * 1000),
            success=True,
            data=CompletedVisit(location_id=visit.location_id, **fields),
        )
    )


def _version(row: Row) -> Version:
    return row["practice_id"], row["visit_id"], row["record_version"]


async def _first_of(wake: Coroutine[None, None, object], *tasks: asyncio.Task[None]) -> None:
    waiter = asyncio.create_task(wake)
    try:
        await asyncio.wait({waiter, *tasks}, timeout=POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiter.cancel()
