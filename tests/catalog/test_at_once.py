"""The same products written by several at once: each row once, every count true, no deadlock and no 5xx."""

import asyncio

from catalog.shelves import listed, row, send
from client import Client

TWINS, ROWS = 8, 40


async def test_twins_that_create_the_same_rows_create_each_once(glow_partner: Client) -> None:
    forwards = [row(number) for number in range(ROWS)]
    answers = await asyncio.gather(
        *(send(glow_partner, *(forwards if twin % 2 else reversed(forwards))) for twin in range(TWINS))
    )
    assert [answer.status for answer in answers] == [200] * TWINS
    told = [answer.json["data"] for answer in answers]
    assert sum(one["created"] for one in told) == ROWS
    assert all(one["created"] + one["unchanged"] == ROWS and not one["failed"] for one in told)


async def test_twins_that_change_the_same_rows_end_with_one_of_theirs(glow_partner: Client) -> None:
    await send(glow_partner, *(row(number) for number in range(ROWS)))

    def sent(twin: int) -> list[dict[str, object]]:
        rows = [row(number, RetailPrice=twin) for number in range(ROWS + twin)]
        return rows if twin % 2 else rows[::-1]

    answers = await asyncio.gather(*(send(glow_partner, *sent(twin)) for twin in range(TWINS)))
    assert [answer.status for answer in answers] == [200] * TWINS
    assert all(not answer.json["data"]["failed"] for answer in answers)
    found = await listed(glow_partner, "?limit=200")
    assert len(found) == ROWS + TWINS - 1
    assert len({one["RetailPrice"] for one in found[:ROWS]}) == 1


async def test_twins_that_change_other_fields_of_the_same_rows_lose_nothing(glow_partner: Client) -> None:
    await send(glow_partner, *(row(number) for number in range(ROWS)))
    fields = ["Description", "Category", "Brand", "UPC", "Unit"]
    answers = await asyncio.gather(
        *(send(glow_partner, *(row(number, **{field: field}) for number in range(ROWS))) for field in fields)
    )
    assert [answer.json["data"]["updated"] for answer in answers] == [ROWS] * len(fields)
    assert all(one[field] == field for one in await listed(glow_partner, "?limit=200") for field in fields)


async def test_two_partners_that_want_the_same_rows_share_them_out(glow_partner: Client, rival_partner: Client) -> None:
    rows = [row(number) for number in range(ROWS)]
    answers = await asyncio.gather(send(glow_partner, *rows), send(rival_partner, *rows[::-1]))
    assert [answer.status for answer in answers] == [200, 200]
    told = [answer.json["data"] for answer in answers]
    assert sum(one["created"] for one in told) == ROWS
    assert all(one["created"] + len(one["failed"]) == ROWS for one in told)
