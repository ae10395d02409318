"""A partner's desk at `glow`, ready to book."""

import asyncpg
import pytest
from client import Client
from scheduling import staff
from scheduling.asking import Desk


@pytest.fixture
async def desk(glow_partner: Client, owner: asyncpg.Connection) -> Desk:
    provider = await staff.hire(owner)
    await staff.offer(owner)
    return Desk(glow_partner, provider, await staff.know(owner))
