"""Claim → send → record: deliveries to partners' endpoints. No network call while a transaction is open."""

import asyncio
import random
from collections import Counter
from collections.abc import Coroutine
from datetime import timedelta
from uuid import UUID, uuid4

import msgspec

from openmedspa.exams.record import Version, read_versions
from openmedspa.exams.visit import Visit
from openmedspa.exams.wire import visit_out
from openmedspa.kit.db import Row
from openmedspa.kit.failures import log_failure
from openmedspa.kit.house import House
from openmedspa.kit.outbound import Answer, Outbound
from openmedspa.webhooks import queries, signing
from openmedspa.webhooks.ladder import next_try_at, parse_retry_after
from openmedspa.webhooks.shapes import CompletedVisit, VisitCompleted

LEASE = timedelta(seconds=20)  # longer than an exchange may take, shorter than the 30 s a killed worker may cost
PER_ENDPOINT = 16  # how many of one endpoint's deliveries one worker holds at once
IN_FLIGHT = 256
POLL_SECONDS = 1.0
GONE = 410
encode = msgspec.json.Encoder().encode


class Deliveries:
    """One worker's deliveries in flight. `run` goes on until it is cancelled."""

    def __init__(self, house: House, outbound: Outbound, *, lease: timedelta = LEASE) -> None:
        self.house = house
        self.outbound = outbound
        self.lease = lease
        self._busy: Counter[int] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Send what is due; when nothing is, sleep until a NOTIFY, a free place or the slow poll."""
        wake = self.house.system.fresh.work
        while True:
            wake.clear()
            if await self.send_due() == 0:
                await _first_of(wake.wait(), *self._tasks)

    async def send_due(self) -> int:
        """Claim what is due and has room, and start sending it; how many that were."""
        room = IN_FLIGHT - self._busy.total()
        if room <= 0:
            return 0
        lease = uuid4()
        now = self.house.now()
        claimed = await queries.claim_deliveries(
            self.house.system, now=now, lease=lease, leased_until=now + self.lease,
            busy=+self._busy, per_endpoint=PER_ENDPOINT, limit=room,
        )  # fmt: skip
        visits = await read_versions(self.house.system, [_version(row) for row in claimed]) if claimed else {}
        for row in claimed:
            self._busy[row["endpoint_id"]] += 1
            task = asyncio.create_task(self._deliver(row, visits[_version(row)], lease))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return len(claimed)

    async def finish(self) -> None:
        """Wait for what is in flight."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _deliver(self, row: Row, visit: Visit, lease: UUID) -> None:
        try:
            answer = await self._send(row, visit)
            await self._record(row, answer, lease)
        except Exception as trouble:  # noqa: BLE001 the lease runs out and the delivery is tried again
            log_failure(trouble, f"delivery {row['id']}")
        finally:
            self._busy[row["endpoint_id"]] -= 1

    async def _send(self, row: Row, visit: Visit) -> Answer:
        if not row["is_granted"]:
            return Answer(status=None, cause="the partner's access to the location was withdrawn")
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
            next_due_at=next_due_at,
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
