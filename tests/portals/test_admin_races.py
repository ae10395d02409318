"""Two operators who press the same button at once: one did it, the other is told so, and nothing is done twice."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import asyncpg
import pytest
from portals.signing import Browser, open_admin

from openmedspa.settings import Settings


@pytest.fixture
async def admin(settings: Settings) -> AsyncIterator[Browser]:
    async with open_admin(settings) as (browser, _):
        yield browser


async def pressed(admin: Browser, path: str, form: dict[str, str]) -> Counter[int]:
    answers = await asyncio.gather(*(admin.post(path, form) for _ in range(6)))
    return Counter(answer.status_code for answer in answers)


async def test_a_key_is_rotated_once(admin: Browser, owner: asyncpg.Connection) -> None:
    key_id = await owner.fetchval("select min(id) from api_keys")
    await admin.get(f"/admin/keys/{key_id}")
    assert await pressed(admin, f"/admin/keys/{key_id}/rotate", {"overlap": "24"}) == {200: 1, 409: 5}
    assert await owner.fetchval("select count(*) from api_keys where replaces = $1", key_id) == 1


async def test_a_partner_is_made_once(admin: Browser, owner: asyncpg.Connection) -> None:
    await admin.get("/admin/partners")
    assert await pressed(admin, "/admin/partners", {"name": "Twice At Once"}) == {303: 1, 409: 5}
    assert await owner.fetchval("select count(*) from partners where name = 'Twice At Once'") == 1
