"""The background: each job in a loop of its own, so that none waits for another. Runs inside `serve`, or alone."""

import asyncio
from collections.abc import Awaitable, Callable

from openmedspa.exams import jobs as exams
from openmedspa.kit.db import AWAY
from openmedspa.kit.failures import log_failure
from openmedspa.kit.house import House
from openmedspa.kit.outbound import Outbound
from openmedspa.partners import jobs as partners
from openmedspa.webhooks.delivery import Deliveries

TROUBLE_SECONDS = 1.0
HOUR_SECONDS = 3600.0


async def run(house: House) -> None:
    """Work until cancelled."""
    async with _outbound(house) as outbound, asyncio.TaskGroup() as jobs:
        jobs.create_task(forever(Deliveries(house, outbound).run))
        jobs.create_task(_every(HOUR_SECONDS, lambda: exams.lapse(house)))
        jobs.create_task(_every(HOUR_SECONDS, lambda: partners.forget_old_idempotency_keys(house)))
        if not house.is_production:
            jobs.create_task(_every(0.5, lambda: exams.decide_for_themselves(house)))


def _outbound(house: House) -> Outbound:
    return Outbound(allow_loopback=house.allow_loopback, production=house.is_production)


async def _every(seconds: float, job: Callable[[], Awaitable[object]]) -> None:
    async def loop() -> None:
        while True:
            await job()
            await asyncio.sleep(seconds)

    await forever(loop)


async def forever(job: Callable[[], Awaitable[object]]) -> None:
    """Run it again after trouble: a job that died in silence would be the worst of all."""
    while True:
        try:
            await job()
        except AWAY:
            pass  # the database will be back
        except Exception as trouble:  # noqa: BLE001 whatever it was, the other jobs go on and so does this one
            log_failure(trouble, "worker")
        await asyncio.sleep(TROUBLE_SECONDS)
