"""`openmedspa history ticket`: steps and comments, with who and when."""

import json

import asyncpg
import pytest
from cli.conftest import Prompt, desk, prompt
from client import Client
from tickets.asking import comment, open_ticket

__all__ = ["desk", "prompt"]  # fixtures


async def test_the_command_tells_steps_and_comments(
    glow_partner: Client, owner: asyncpg.Connection, desk: Prompt
) -> None:
    opened = await open_ticket(glow_partner)
    number = opened["TicketID"]
    await glow_partner.put(f"/v1/GlowOffice/ticket/{number}", {"Status": "Pending"})
    await comment(glow_partner, number, "esc \x1b[2J")
    await glow_partner.put(f"/v1/GlowOffice/ticket/{number}", {"Status": "Closed"})
    ran = desk("history", "ticket", str(number), "--json")
    assert ran.code == 0
    told = json.loads(ran.out)
    assert [(one["field"], one["before"], one["after"]) for one in told] == [
        ("Status", None, "Open"),
        ("Status", "Open", "Pending"),
        ("Comment", None, "Support Agent: esc \x1b[2J"),
        ("Status", "Pending", "Closed"),
    ]
    assert {one["actor"][:4] for one in told} == {"key:"}
    assert "\x1b" not in desk("history", "ticket", str(number)).out
    looked = await owner.fetch("select subject from audit where action = 'ticket.history_read'")
    assert [row["subject"] for row in looked] == [f"ticket:{number}"] * 2


@pytest.mark.usefixtures("glow_emr")
def test_a_ticket_that_is_not_there_has_none(desk: Prompt) -> None:
    ran = desk("history", "ticket", "999999")
    assert ran.code == 3 and "There is no ticket" in ran.err


async def test_the_app_can_neither_rewrite_nor_erase_the_past(owner: asyncpg.Connection) -> None:
    for table in ("ticket_steps", "ticket_comments"):
        for statement in (f"update {table} set actor = 'x'", f"delete from {table}"):
            for role in ("openmedspa_app", "openmedspa_system"):
                await owner.execute(f"set role {role}")
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await owner.execute(statement)
                await owner.execute("reset role")
