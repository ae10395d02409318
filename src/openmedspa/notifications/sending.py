"""Claim → send → record: messages to patients and owners. No network call while a transaction is open.

1. A claim leases what is due to this worker. 2. The carrier takes it as far as it goes without the content. 3. One
statement looks whether it may still go out, and notes that it does. 4. The carrier gets the content. 5. What came of it
is recorded, if the lease is still ours. Whoever dies between 3 and 5 leaves a doubt: the message goes out once more,
flagged as a possible duplicate, and never a third time.
"""

import asyncio
import random
from contextlib import suppress
from datetime import timedelta
from functools import partial
from time import monotonic
from uuid import UUID, uuid4

from openmedspa.kit.db import AWAY
from openmedspa.kit.failures import log, log_failure
from openmedspa.kit.house import House
from openmedspa.kit.ladder import next_try_at
from openmedspa.notifications import queries, stops
from openmedspa.notifications.carriers import Missing, Outbox, Ways
from openmedspa.notifications.shapes import STOPPED, Carrier, Channel, Message, Result, Try

LEASE = timedelta(seconds=20)  # a killed worker's messages go on within the 30 s promised
RENEW_SECONDS = 5.0  # while they are being sent: a mail server may think for a minute
IN_FLIGHT = 32  # of each channel
KEPT_AT_ONCE = 200
POLL_SECONDS = 1.0  # no NOTIFY: PostgreSQL lets transactions that carry one commit one by one
STOP_SECONDS = 5.0
RELEASE_SECONDS = 2.0
RECORD_TRIES = 3
WARN_SECONDS = 3600.0
WRONG = "internal error"


class Messages:
    """One worker's messages in flight. `run` goes on until it is cancelled or `stop` is called."""

    def __init__(self, house: House, ways: Ways, *, lease: timedelta = LEASE) -> None:
        self.house = house
        self.ways = ways
        self.lease = lease
        self._tasks: dict[asyncio.Task[None], tuple[Message, UUID]] = {}
        self._claiming: UUID | None = None
        self._renewed = self._warned = float("-inf")
        self._is_stopping = False

    async def run(self) -> None:
        """Send what is due; when nothing is, sleep until a place is free or the poll."""
        while not self._is_stopping:
            await self._renew()
            await self._warn()
            if await self.send_due() == 0:
                await self._pause()

    async def send_due(self) -> int:
        """Claim what is due and has room, and start sending it; how many that were."""
        return sum([await self._send_due_by(channel) for channel in self.ways])

    async def finish(self) -> None:
        """Wait for what is in flight."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Claim no more, and give what is in flight so long to end. What does not is let go of."""
        self._is_stopping = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        left = dict(self._tasks)
        leases = {lease for _, lease in left.values()} | ({self._claiming} if self._claiming else set())
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        if leases:
            async with asyncio.timeout(RELEASE_SECONDS):
                await queries.update_released(self.house.system, list(leases))

    async def _send_due_by(self, channel: Channel) -> int:
        way = self.ways[channel]
        if isinstance(way, Missing):
            return 0
        if isinstance(way, Outbox):
            return await queries.claim_into_outbox(
                self.house.system, now=self.house.now(), channel=channel, limit=KEPT_AT_ONCE
            )
        room = IN_FLIGHT - sum(message.channel == channel for message, _ in self._tasks.values())
        return await self._claim(channel, way, room) if room else 0

    async def _claim(self, channel: Channel, carrier: Carrier, room: int) -> int:
        self._claiming = lease = uuid4()
        now = self.house.now()
        claimed = await queries.claim_messages(
            self.house.system, now=now, channel=channel, limit=room, lease=lease, leased_until=now + self.lease
        )
        for message in claimed:
            task = asyncio.create_task(self._carry(message, carrier, lease))
            self._tasks[task] = message, lease
            task.add_done_callback(self._tasks.__delitem__)
        self._claiming = None
        return len(claimed)

    async def _carry(self, message: Message, carrier: Carrier, lease: UUID) -> None:
        began = monotonic()
        try:
            result = await self._send(message, carrier, lease)
            if result.outcome != "withheld":
                made = self._made(message, carrier, result, duration_ms=round((monotonic() - began) * 1000))
                await self._record(message, lease, made)
        except Exception as trouble:  # noqa: BLE001 the lease runs out and the message is looked at again
            log_failure(trouble, f"message {message.id}")

    async def _send(self, message: Message, carrier: Carrier, lease: UUID) -> Result:
        """Our own trouble is a try like any other: definite before the carrier had it, a doubt afterwards."""
        is_out = False

        async def hand_over(reference: str | None) -> bool:
            nonlocal is_out
            is_out = await queries.update_handed_over(
                self.house.system, message.practice_id, message.id, lease=lease, reference=reference,
                now=self.house.now(),
            )  # fmt: skip
            return is_out

        try:
            return await carrier.send(message, hand_over)
        except Exception as trouble:  # noqa: BLE001
            log_failure(trouble, f"message {message.id}")
            return Result("doubted" if is_out else "failed", WRONG)

    def _made(self, message: Message, carrier: Carrier, result: Result, *, duration_ms: int) -> Try:
        """The try with its moment, and the ladder's next, by the account's clock."""
        assert result.outcome != "withheld"
        now = self.house.now() + message.clock_offset
        jitter = random.random()  # noqa: S311 spreads load, guards nothing
        return Try(
            now, duration_ms, result.outcome, result.cause or result.outcome, carrier.sender, result.reference,
            next_try_at(message.tries + 1, now, jitter=jitter),
        )  # fmt: skip

    async def _record(self, message: Message, lease: UUID, made: Try) -> None:
        """Write down what came of it, unless the lease was lost meanwhile: then another worker's word counts.

        Tried again while the database is away: a word that is lost here becomes a duplicate at the patient's.
        """
        record = partial(queries.insert_try, self.house.system, message.practice_id, message.id, lease=lease, made=made)
        for _ in range(RECORD_TRIES - 1):
            with suppress(*AWAY):
                await record()
                break
            await asyncio.sleep(POLL_SECONDS)
        else:
            await record()
        if made.cause == STOPPED:
            await queries.insert_stop(self.house.system, stops.e164(message.address), self.house.now())

    async def _renew(self) -> None:
        """Now and then, so that a lease ends only with its worker."""
        if not self._tasks or monotonic() - self._renewed < RENEW_SECONDS:
            return
        self._renewed = monotonic()
        held = list(self._tasks.values())
        await queries.update_leases(
            self.house.system, [message.practice_id for message, _ in held], [message.id for message, _ in held],
            leases=[lease for _, lease in held], until=self.house.now() + self.lease,
        )  # fmt: skip

    async def _warn(self) -> None:
        """Once an hour at most, and only while somebody waits for a carrier that the settings do not name."""
        missing = {channel: way.why for channel, way in self.ways.items() if isinstance(way, Missing)}
        if not missing or monotonic() - self._warned < WARN_SECONDS:
            return
        if await queries.is_anything_due(self.house.system, list(missing), self.house.now()):
            self._warned = monotonic()
            log.warning("messages to patients wait, for nobody carries them: %s", "; ".join(missing.values()))

    async def _pause(self) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        else:
            await asyncio.sleep(POLL_SECONDS)
