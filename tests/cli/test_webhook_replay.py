"""`webhooks replay` of many: row by row as they go, batch after batch."""

import asyncpg
import pytest
from cast import make_visit
from client import Client
from webhooks.sending import subscribe

from .conftest import Prompt

URL = "https://emr.example.com/hook"
EVENTS = """
insert into events (practice_id, id, kind, visit_id, record_version, occurred_at)
select ev.practice_id, 'evt_' || lpad(n::text, 32, '0'), ev.kind, ev.visit_id, ev.record_version, ev.occurred_at
from (select * from events limit 1) ev, generate_series(1, 2000) n
"""


@pytest.fixture
async def many(glow_emr: Client, owner: asyncpg.Connection) -> None:
    """2,001 events of one moment."""
    await subscribe(glow_emr, URL)
    await make_visit(glow_emr, status="Completed")
    await owner.execute(EVENTS)


@pytest.mark.usefixtures("many")
async def test_many_are_sent_again_with_a_word_between_batches(desk: Prompt) -> None:
    ran = desk("webhooks", "replay", "--since", "1h")
    assert (ran.code, len(ran.lines), len(set(ran.lines))) == (0, 2_001, 2_001)
    assert {line.partition("\t")[2] for line in ran.lines} == {URL}
    assert ran.err.splitlines() == ["1000 so far …", "2000 so far …", "2001 on their way."]


@pytest.mark.usefixtures("many")
async def test_many_that_are_left_out_are_counted_together(desk: Prompt, owner: asyncpg.Connection) -> None:
    await owner.execute("update endpoints set switched_off_at = now()")
    ran = desk("webhooks", "replay", "--since", "1h")
    assert (ran.code, ran.lines) == (4, [])
    assert f"2001 left out: {URL} of Glow EMR is switched off." in ran.err
