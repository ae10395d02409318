"""`openmedspa history article`: what it said, version by version, and who wrote it."""

import json

import asyncpg
import pytest
from cli.conftest import Prompt, desk, prompt
from client import Client
from knowledge.shelves import add

__all__ = ["desk", "prompt"]  # fixtures


async def test_the_command_tells_field_by_field(glow_partner: Client, desk: Prompt) -> None:
    number = await add(glow_partner, title="One", article="Text.")
    await glow_partner.put(f"/v1/kb/{number}", {"Title": "Two", "Tags": "a, b"})
    await glow_partner.put(f"/v1/kb/{number}", {"Active": False})
    ran = desk("history", "article", str(number), "--json")
    assert ran.code == 0
    told = [(one["actor"][:4], one["field"], one["before"], one["after"]) for one in json.loads(ran.out)]
    assert told == [
        ("oper", "Title", None, "One"),
        ("oper", "Article", None, "Text."),
        ("oper", "Category", None, ""),
        ("oper", "Type", None, ""),
        ("oper", "Tags", None, ""),
        ("oper", "Active", None, True),
        ("key:", "Title", "One", "Two"),
        ("key:", "Tags", "", "a, b"),
        ("key:", "Active", True, False),
    ]


@pytest.mark.usefixtures("glow_emr")
def test_an_article_that_is_not_there_has_none(desk: Prompt) -> None:
    ran = desk("history", "article", "999999")
    assert ran.code == 3 and "There is no article" in ran.err


async def test_the_app_can_neither_rewrite_nor_erase_the_past(owner: asyncpg.Connection) -> None:
    for statement in ("update article_versions set written_by = 'x'", "delete from article_versions"):
        for role in ("openmedspa_app", "openmedspa_system"):
            await owner.execute(f"set role {role}")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await owner.execute(statement)
            await owner.execute("reset role")
