"""Tickets: opened, listed, shown at both spellings, changed; each status is a step with who and when."""

import asyncio
import re
from typing import Any

import asyncpg
import pytest
from cast import Cast
from client import Client
from injections import PAYLOADS
from tickets.asking import comment, open_ticket

FIELDS = ["TicketID", "Subject", "Body", "Status", "Priority", "CreatedAt", "UpdatedAt", "Comments"]
READ_ONLY: dict[str, Any] = {"TicketID": 1, "CreatedAt": "x", "UpdatedAt": "x", "Comments": []}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


async def steps(owner: asyncpg.Connection, ticket_id: int) -> list[str]:
    rows = await owner.fetch("select status, actor from ticket_steps where ticket_id = $1 order by id", ticket_id)
    assert all(row["actor"].startswith("key:") for row in rows)
    return [row["status"] for row in rows]


async def test_a_subject_is_all_that_a_ticket_needs(glow_partner: Client, owner: asyncpg.Connection) -> None:
    opened = await open_ticket(glow_partner)
    assert list(opened) == FIELDS
    assert (opened["Body"], opened["Status"], opened["Priority"], opened["Comments"]) == ("", "Open", "Normal", [])
    assert MOMENT.fullmatch(opened["CreatedAt"]) and opened["UpdatedAt"] == opened["CreatedAt"]
    assert await steps(owner, opened["TicketID"]) == ["Open"]
    assert await owner.fetchval("select subject from audit where action = 'ticket.opened'") == (
        f"ticket:{opened['TicketID']}"
    )


@pytest.mark.parametrize("word", ["ticket", "tickets"])
async def test_both_spellings_show_change_and_take_comments(glow_partner: Client, word: str) -> None:
    opened = await open_ticket(glow_partner, Body="b", Status="Pending", Priority="Urgent")
    path = f"/v1/GlowOffice/{word}/{opened['TicketID']}"
    assert (await glow_partner.get(path)).json == {"data": opened}
    changed = await glow_partner.put(path, {"Status": "Closed", "Subject": "Fixed"})
    assert changed.status == 200
    assert changed.json["data"] | {"UpdatedAt": ""} == opened | {
        "Status": "Closed", "Subject": "Fixed", "UpdatedAt": ""
    }  # fmt: skip
    said = await glow_partner.post(f"{path}/comment", {"Comment": "c", "Author": "a"})
    assert said.status == 201
    assert (await glow_partner.get(path)).json["data"]["Comments"] == [said.json["data"]]


async def test_each_new_status_is_a_step_and_what_changes_nothing_is_none(
    glow_partner: Client, owner: asyncpg.Connection
) -> None:
    opened = await open_ticket(glow_partner)
    path = f"/v1/GlowOffice/ticket/{opened['TicketID']}"
    for status in ("Pending", "Pending", "Closed", "Open"):
        assert (await glow_partner.put(path, {"Status": status})).json["data"]["Status"] == status
    assert await steps(owner, opened["TicketID"]) == ["Open", "Pending", "Closed", "Open"]
    before = await owner.fetchval("select updated_at from tickets")
    for body in ({}, {"Status": "Open"}, {"Subject": "Printer", "Body": "", "Priority": "Normal"}):
        assert (await glow_partner.put(path, body)).status == 200
    assert await owner.fetchval("select updated_at from tickets") == before
    assert await owner.fetchval("select count(*) from audit where action = 'ticket.changed'") == 3


async def test_the_list_has_the_newest_first_with_comments(glow_partner: Client) -> None:
    opened = [await open_ticket(glow_partner, Subject=f"Ticket {number}") for number in range(5)]
    said = [await comment(glow_partner, opened[1]["TicketID"], text) for text in ("first", "second")]
    answer = await glow_partner.get("/v1/GlowOffice/tickets")
    assert [ticket["Subject"] for ticket in answer.json["data"]] == [f"Ticket {number}" for number in (4, 3, 2, 1, 0)]
    assert [ticket["Comments"] for ticket in answer.json["data"]] == [[], [], [], said, []]
    pages = [(await glow_partner.get(f"/v1/GlowOffice/tickets?limit=2&page={page}")).json for page in (1, 2, 3, 4)]
    assert [ticket for page in pages for ticket in page["data"]] == answer.json["data"]
    assert pages[3]["pagination"] == {"page": 4, "limit": 2, "total": 5, "totalPages": 3}


async def test_the_list_can_be_of_one_status(glow_partner: Client) -> None:
    for status in ("Open", "Closed", "Open", "Pending"):
        await open_ticket(glow_partner, Subject=status, Status=status)
    for status, count in (("Open", 2), ("Closed", 1), ("Pending", 1)):
        answer = await glow_partner.get(f"/v1/GlowOffice/tickets?status={status}")
        assert [ticket["Subject"] for ticket in answer.json["data"]] == [status] * count
        assert answer.json["pagination"]["total"] == count
    assert (await glow_partner.get("/v1/GlowOffice/tickets?status=Gone")).fault[2].keys() == {"status"}
    assert (await glow_partner.get("/v1/GlowOffice/tickets?page=0&limit=5")).fault[2].keys() == {"page"}


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"Subject": ""}, {"Subject"}),
        ({"Subject": "  "}, {"Subject"}),
        ({"Subject": "x" * 256}, {"Subject"}),
        ({"Subject": None, "Body": 5}, {"Subject", "Body"}),
        ({"Status": "open", "Priority": "Medium"}, {"Status", "Priority"}),
        (READ_ONLY, set(READ_ONLY)),
        ({"Nonsense": 1}, {"Nonsense"}),
        ({"Body": "a\x00"}, {"Body"}),
    ],
)
async def test_what_is_wrong_is_named_and_writes_nothing(
    glow_partner: Client, owner: asyncpg.Connection, body: dict[str, Any], fields: set[str]
) -> None:
    opened = await open_ticket(glow_partner)
    tables = "select t::text, (select count(*) from ticket_steps) from tickets t"
    before = await owner.fetch(tables)
    posted = await glow_partner.post("/v1/GlowOffice/tickets", {"Subject": "x", **body})
    put = await glow_partner.put(f"/v1/GlowOffice/ticket/{opened['TicketID']}", body)
    for answer in (posted, put):
        assert (answer.fault[:2], set(answer.fault[2])) == ((422, "field_invalid"), fields)
    if fields == set(READ_ONLY):
        assert put.fault[2] == dict.fromkeys(READ_ONLY, "is read-only")
    assert await owner.fetch(tables) == before


async def test_a_ticket_without_a_subject_is_refused(glow_partner: Client) -> None:
    assert (await glow_partner.post("/v1/GlowOffice/tickets", {})).fault == (
        422, "field_invalid", {"Subject": "is required"}
    )  # fmt: skip


async def test_changes_at_once_lose_nothing(glow_partner: Client, owner: asyncpg.Connection) -> None:
    opened = await open_ticket(glow_partner)
    path = f"/v1/GlowOffice/ticket/{opened['TicketID']}"
    bodies = [{"Subject": "S"}, {"Body": "B"}, {"Status": "Closed"}, {"Priority": "High"}]
    answers = await asyncio.gather(*(glow_partner.put(path, body) for body in bodies))
    assert [answer.status for answer in answers] == [200] * 4
    found = (await glow_partner.get(path)).json["data"]
    assert (found["Subject"], found["Body"], found["Status"], found["Priority"]) == ("S", "B", "Closed", "High")
    assert await steps(owner, opened["TicketID"]) == ["Open", "Closed"]


async def test_a_replay_opens_no_second_ticket(glow_partner: Client, owner: asyncpg.Connection) -> None:
    headers = {"idempotency-key": "ticket-1"}
    first, second = [
        await glow_partner.post("/v1/GlowOffice/tickets", {"Subject": "x"}, headers=headers) for _ in range(2)
    ]
    assert (second.status, second.json) == (201, first.json)
    other = await glow_partner.post("/v1/GlowOffice/tickets", {"Subject": "y"}, headers=headers)
    assert other.fault[:2] == (409, "idempotency_mismatch")
    assert await owner.fetchval("select count(*) from tickets") == 1


async def test_hostile_texts_come_back_as_they_are(glow_partner: Client) -> None:
    opened = await open_ticket(glow_partner)
    path = f"/v1/GlowOffice/ticket/{opened['TicketID']}"
    for text in PAYLOADS:
        body = {"Body": text} | ({"Subject": text} if text.strip() else {})
        assert (await glow_partner.put(path, body)).status == 200, text
        said = await glow_partner.post(f"{path}/comment", {"Comment": f"x{text}", "Author": f"x{text}"})
        assert said.status == 201, text
        found = (await glow_partner.get(path)).json["data"]
        assert found | body == found
        assert (found["Comments"][-1]["Comment"], found["Comments"][-1]["Author"]) == (f"x{text}", f"x{text}")
        assert (await glow_partner.get("/v1/GlowOffice/tickets", params={"status": text})).status == 422
    assert len(found["Comments"]) == len(PAYLOADS)


async def test_reads_leave_their_rows(glow_partner: Client) -> None:
    opened = await open_ticket(glow_partner)
    glow_partner.house.reads.clear()
    await glow_partner.get(f"/v1/GlowOffice/tickets/{opened['TicketID']}")
    await glow_partner.get("/v1/GlowOffice/tickets?status=Open&page=2")
    noted = [(row[3], row[4]) for row in glow_partner.house.reads]
    assert noted == [("ticket.read", f"ticket:{opened['TicketID']}"), ("ticket.list", "tickets: Open, page 2")]


@pytest.mark.parametrize("word", ["ticket", "tickets"])
async def test_a_change_that_changes_nothing_is_a_look(glow_partner: Client, word: str) -> None:
    opened = await open_ticket(glow_partner)
    path = f"/v1/GlowOffice/{word}/{opened['TicketID']}"
    glow_partner.house.reads.clear()
    await glow_partner.put(path, {"Status": "Closed"})
    assert not glow_partner.house.reads  # the change has its own row
    await glow_partner.put(path, {"Status": "Closed"})
    noted = [(row[3], row[4]) for row in glow_partner.house.reads]
    assert noted == [("ticket.read", f"ticket:{opened['TicketID']}")]


async def test_without_the_scope_no_door_opens(glow_partner: Client) -> None:
    narrow = await glow_partner.as_partner(Cast.PROSPECTS_KEY, "GlowOffice")
    opened = await open_ticket(glow_partner)
    for method, path in (
        ("GET", "tickets"), ("POST", "tickets"), ("GET", f"ticket/{opened['TicketID']}"),
        ("PUT", f"tickets/{opened['TicketID']}"), ("POST", f"tickets/{opened['TicketID']}/comment"),
    ):  # fmt: skip
        assert (await narrow.request(method, f"/v1/GlowOffice/{path}", json={})).fault[:2] == (403, "scope_missing")
