"""A list reads the comments of the page that is shown, and of no ticket that it passes over."""

import json
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest
from client import Client
from house.statements import Recorder
from tickets.asking import comment, open_ticket

from openmedspa.tickets import queries

PAGE = {"limit": 2, "offset": 6, "most_counted": 100}


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", []):
        yield from nodes(part)


@pytest.mark.parametrize("of_status", [False, True])
async def test_comments_are_read_of_the_page_alone(
    glow_partner: Client, owner: asyncpg.Connection, of_status: bool
) -> None:
    for _ in range(10):
        await comment(glow_partner, (await open_ticket(glow_partner))["TicketID"])
    practice_id = await owner.fetchval("select practice_id from tickets limit 1")
    recorder: Any = Recorder("")
    if of_status:
        await queries.list_tickets_of_status(recorder, [practice_id], "Open", **PAGE)
    else:
        await queries.list_tickets(recorder, [practice_id], **PAGE)
    asked = recorder.asked[0]
    told = await owner.fetchval(f"explain (analyze, format json) {asked.sql}", *asked.args)
    read = [node for node in nodes(json.loads(told)[0]["Plan"]) if node.get("Relation Name") == "ticket_comments"]
    assert [node["Actual Loops"] for node in read] == [2]
