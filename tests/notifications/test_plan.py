"""The poll of every second reads what is due, however much was sent before."""

import json
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest
from cast import make_visit
from client import Client
from house.statements import Recorder

from openmedspa.kit.db import SYSTEM_ROLE
from openmedspa.notifications import queries

NOW = datetime(2020, 1, 1, tzinfo=UTC)
FILL = """
insert into messages (practice_id, visit_id, channel, notice, address, queued_at, sent_at)
select practice_id, visit_id, channel, notice, address, now(), now() from messages, generate_series(1, 20000)
"""
FEW_BLOCKS = 50


@pytest.mark.parametrize("ahead", ["0", "400 days"], ids=["no clock ahead", "one clock a year ahead"])
async def test_a_poll_that_finds_nothing_reads_next_to_nothing(
    glow_emr: Client, owner: asyncpg.Connection, ahead: str
) -> None:
    await make_visit(glow_emr)
    await owner.execute(FILL)
    await owner.execute("update partners set clock_offset = $1::text::interval where name = 'Rival EMR'", ahead)
    await owner.execute("vacuum analyze messages")
    recorder = Recorder("claim")
    claimed = queries.claim_messages(
        recorder, now=NOW, channel="email", limit=32, lease=UUID(int=1), leased_until=NOW  # type: ignore[arg-type]
    )  # fmt: skip
    await claimed
    (asked,) = recorder.asked
    await owner.execute(f"set role {SYSTEM_ROLE}")
    plan = json.loads(
        await owner.fetchval(f"explain (analyze, buffers, format json) {asked.sql}", *asked.args)
    )[0]["Plan"]  # fmt: skip
    assert "messages_due" in json.dumps(plan)
    assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < FEW_BLOCKS
