"""The background: each job in a loop of its own, so that none waits for another. Runs inside `serve`, or alone."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from time import monotonic

from openmedspa.accounts import jobs as accounts
from openmedspa.exams import jobs as exams
from openmedspa.invitations import jobs as invitations
from openmedspa.kit.db import AWAY
from openmedspa.kit.failures import log, log_failure
from openmedspa.kit.house import House
from openmedspa.kit.outbound import Outbound
from openmedspa.notifications.carriers import open_carriers
from openmedspa.notifications.sending import Messages
from openmedspa.partners import jobs as partners
from openmedspa.scheduling import jobs as scheduling
from openmedspa.usage import jobs as usage
from openmedspa.webhooks import jobs as webhooks
from openmedspa.webhooks.delivery import Deliveries

TROUBLE_SECONDS = 1.0
WELL_SECONDS = 60.0  # longer than any wait for the database: who went on for so long was well in between
CANCEL_SECONDS = 0.5
HOUR_SECONDS = 3600.0


async def run(house: House) -> None:
    """Work until cancelled, then end what is in flight; being cancelled again does not cut that short."""
    async with _outbound(house) as outbound, open_carriers(house) as carriers:
        deliveries, messages = Deliveries(house, outbound), Messages(house, carriers)
        jobs = [
            forever(deliveries.run, name="deliveries"),
            forever(messages.run, name="messages"),
            # Staging's clocks can be put forward, and who does that watches what comes of it.
            _every(HOUR_SECONDS if house.is_production else 1.0, lambda: exams.lapse(house), name="lapsing"),
            _every(HOUR_SECONDS, lambda: partners.forget_old_idempotency_keys(house), name="forgetting"),
            _every(HOUR_SECONDS, lambda: partners.forget_old_token_keys(house), name="forgetting token keys"),
            _every(HOUR_SECONDS, lambda: partners.forget_unconfirmed_requests(house), name="forgetting requests"),
            _every(HOUR_SECONDS, lambda: webhooks.forget_old(house), name="forgetting webhooks"),
            _every(HOUR_SECONDS, lambda: invitations.forget_ended_sessions(house), name="sessions"),
            _every(HOUR_SECONDS, lambda: accounts.forget_ended_sessions(house), name="page sessions"),
            _every(HOUR_SECONDS, lambda: scheduling.sweep_holds(house), name="sweeping holds"),
            _every(HOUR_SECONDS, lambda: usage.forget_old_calls(house), name="forgetting calls"),
        ]
        if not house.is_production:
            jobs.append(_every(0.5, lambda: exams.decide_for_themselves(house), name="deciding"))
        running = {asyncio.create_task(job) for job in jobs}
        try:
            await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _whatever_comes(_end(running, deliveries, messages))


async def _end(running: set[asyncio.Task[None]], *senders: Deliveries | Messages) -> None:
    """Cancelled again and again: `asyncio.wait_for` may swallow a cancellation that comes as it ends (Python 3.11)."""
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=CANCEL_SECONDS)
    for trouble in await asyncio.gather(*(sender.stop() for sender in senders), return_exceptions=True):
        if isinstance(trouble, (*AWAY, TimeoutError)):
            log.warning("worker: leases are left to run out (%s)", type(trouble).__name__)
        elif trouble is not None:
            raise trouble


async def _whatever_comes(work: Coroutine[None, None, None]) -> None:
    """Await it to its end, however often we are cancelled meanwhile; it must know when to end by itself."""
    task = asyncio.create_task(work)
    while not task.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait({task})
    if not task.cancelled():
        task.result()


def _outbound(house: House) -> Outbound:
    return Outbound(allow_loopback=house.allow_loopback, production=house.is_production)


async def _every(seconds: float, job: Callable[[], Awaitable[object]], *, name: str) -> None:
    async def loop() -> None:
        while True:
            await job()
            await asyncio.sleep(seconds)

    await forever(loop, name=name)


async def forever(job: Callable[[], Awaitable[object]], *, name: str = "background") -> None:
    """Run it again after trouble: a job that died in silence would be the worst of all.

    While the database is away that is said once, and again when the trouble is another or comes back.
    """
    told: type[Exception] | None = None
    while True:
        began = monotonic()
        try:
            await job()
        except AWAY as away:
            if type(away) is not told or monotonic() - began > WELL_SECONDS:
                log.warning("%s: no database (%s), tried again every second", name, type(away).__name__)
            told = type(away)
        except Exception as trouble:  # noqa: BLE001 whatever it was, the other jobs go on and so does this one
            log_failure(trouble, name)
            told = None
        await asyncio.sleep(TROUBLE_SECONDS)
