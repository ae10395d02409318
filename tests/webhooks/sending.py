"""Subscribing, and a worker's own code that sends what is due, for the tests of deliveries."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import msgspec
from cast import Cast
from client import Client

from openmedspa.kit.db import Row
from openmedspa.kit.house import House
from openmedspa.kit.outbound import Outbound
from openmedspa.webhooks.delivery import Deliveries


async def subscribe(emr: Client, url: str, location: str = Cast.GLOW) -> None:
    assert (await emr.post("/emr/webhooks", {"url": url})).status == 200
    assert (await emr.post("/emr/subscriptions", {"location_id": location})).status == 200


def later(house: House, **delta: float) -> House:
    """The same house, with its clock so much ahead."""
    return msgspec.structs.replace(house, now=lambda: house.now() + timedelta(**delta))


@asynccontextmanager
async def worker(house: House, *, allow_loopback: bool = True) -> AsyncIterator[Deliveries]:
    async with Outbound(allow_loopback=allow_loopback) as outbound:
        deliveries = Deliveries(house, outbound)
        yield deliveries
        await deliveries.finish()


async def send_due(house: House, *, allow_loopback: bool = True) -> int:
    async with worker(house, allow_loopback=allow_loopback) as deliveries:
        return await deliveries.send_due()


async def the_delivery(house: House) -> Row:
    row = await house.system.unscoped_row(
        """
        select d.*, t.status, t.cause
        from deliveries d left join delivery_tries t on t.delivery_id = d.id order by t.id desc
        """
    )
    assert row is not None
    return row
