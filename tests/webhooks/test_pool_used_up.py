"""A worker that finds no connection for a moment goes on with what it has claimed, instead of waiting for the lease."""

from typing import Any

import pytest
from cast import make_visit
from client import Client
from msgspec.structs import replace
from receiver import receiver
from webhooks.sending import send_due, subscribe

from openmedspa.kit.db import Database
from openmedspa.kit.errors import Unavailable
from openmedspa.kit.house import House


class Stumbling(Database):
    """Has no free connection the first time it is asked for a statement with these words."""

    def __init__(self, other: Database, words: str) -> None:
        super().__init__(other.pool, other.fresh)
        self.words: str | None = words

    def _stumble(self, sql: str) -> None:
        if self.words and self.words in sql:
            self.words = None
            raise Unavailable("The server is busy. Try again in a moment.")

    async def unscoped_rows(self, sql: str, *args: object) -> Any:
        self._stumble(sql)
        return await super().unscoped_rows(sql, *args)

    async def unscoped_row(self, sql: str, *args: object) -> Any:
        self._stumble(sql)
        return await super().unscoped_row(sql, *args)


@pytest.mark.parametrize("words", ["as wanted (practice_id", "judged as ("], ids=["reading", "recording"])
async def test_what_is_claimed_is_sent_and_recorded_all_the_same(glow_emr: Client, house: House, words: str) -> None:
    async with receiver() as partner:
        await subscribe(glow_emr, partner.url)
        await make_visit(glow_emr, status="Completed")
        stumbling = Stumbling(house.system, words)
        await send_due(replace(house, system=stumbling))
        assert stumbling.words is None, "it did not stumble"
        assert len(partner.received) == 1
    row = await house.system.unscoped_row("select delivered_at is not null as is_delivered, lost from deliveries")
    assert row is not None and (row["is_delivered"], row["lost"]) == (True, 0)
