"""A partner's desk at `glow`, ready to book."""

import asyncpg
import pytest
from cast import Cast
from client import Client
from scheduling import staff
from scheduling.asking import Desk

from openmedspa.partners import keys


@pytest.fixture
async def desk(glow_partner: Client, owner: asyncpg.Connection) -> Desk:
    """The partner may use both locations."""
    await owner.execute(
        """insert into grants (partner_id, practice_id, location_id)
           select k.partner_id, l.practice_id, l.id from api_keys k, locations l
           where k.key_sha256 = $1 and l.id = $2""",
        keys.digest(Cast.PARTNER_KEY), Cast.GLOW_SECOND,
    )  # fmt: skip
    glow_partner.house.db.fresh.forget_all()
    provider = await staff.hire(owner)
    await staff.offer(owner)
    return Desk(glow_partner, provider, await staff.know(owner))
