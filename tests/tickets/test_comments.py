"""Comments on tickets, and the wall between practices."""

from typing import Any

import asyncpg
import pytest
from client import Client
from tickets.asking import comment, open_ticket


async def test_the_documents_example_adds_a_comment(glow_partner: Client, owner: asyncpg.Connection) -> None:
    opened = await open_ticket(glow_partner)
    answer = await glow_partner.post(
        f"/v1/GlowOffice/tickets/{opened['TicketID']}/comment",
        {"Comment": "This is a new comment", "Author": "Support Agent"},
    )
    assert answer.status == 201
    said = answer.json["data"]
    assert list(said) == ["CommentID", "Comment", "Author", "CreatedAt"]
    assert (said["Comment"], said["Author"]) == ("This is a new comment", "Support Agent")
    shown = (await glow_partner.get(f"/v1/GlowOffice/ticket/{opened['TicketID']}")).json["data"]
    assert shown["Comments"] == [said]
    assert shown["UpdatedAt"] == said["CreatedAt"]
    assert await owner.fetchval("select count(*) from audit where action = 'ticket.commented'") == 1


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"Comment", "Author"}),
        ({"Comment": "", "Author": "a"}, {"Comment"}),
        ({"Comment": " \n", "Author": "a"}, {"Comment"}),
        ({"Comment": "c", "Author": " "}, {"Author"}),
        ({"Comment": "c", "Author": "x" * 201}, {"Author"}),
        ({"Comment": "c", "Author": "a", "CommentID": 1, "CreatedAt": "x"}, {"CommentID", "CreatedAt"}),
        ({"Comment": 5, "Author": "a", "Nonsense": 1}, {"Comment", "Nonsense"}),
    ],
)
async def test_what_is_wrong_is_named_and_says_nothing(
    glow_partner: Client, owner: asyncpg.Connection, body: dict[str, Any], fields: set[str]
) -> None:
    opened = await open_ticket(glow_partner)
    answer = await glow_partner.post(f"/v1/GlowOffice/tickets/{opened['TicketID']}/comment", body)
    assert (answer.fault[:2], set(answer.fault[2])) == ((422, "field_invalid"), fields)
    assert await owner.fetchval("select count(*) from ticket_comments") == 0


async def test_a_replay_says_it_once(glow_partner: Client, owner: asyncpg.Connection) -> None:
    opened = await open_ticket(glow_partner)
    path, said = f"/v1/GlowOffice/tickets/{opened['TicketID']}/comment", {"Comment": "c", "Author": "a"}
    answers = [await glow_partner.post(path, said, headers={"idempotency-key": "c-1"}) for _ in range(2)]
    assert answers[0].json == answers[1].json
    assert await owner.fetchval("select count(*) from ticket_comments") == 1


async def test_a_foreign_ticket_is_as_unknown_as_none_and_nothing_of_it_changes(
    glow_partner: Client, rival_partner: Client, owner: asyncpg.Connection
) -> None:
    theirs = await open_ticket(rival_partner, "RivalOffice", Subject="Rival's")
    tables = (
        "select t::text, (select count(*) from ticket_comments), (select count(*) from ticket_steps) from tickets t"
    )
    before = await owner.fetch(tables)
    for number in (theirs["TicketID"], 999_999, "x", "0", "9" * 25):
        for word in ("ticket", "tickets"):
            path = f"/v1/GlowOffice/{word}/{number}"
            answers = [
                await glow_partner.get(path),
                await glow_partner.put(path, {"Status": "Closed"}),
                await glow_partner.post(f"{path}/comment", {"Comment": "c", "Author": "a"}),
            ]
            assert [answer.fault for answer in answers] == [(404, "ticket_not_found", {})] * 3
    assert await owner.fetch(tables) == before
    assert (await glow_partner.get("/v1/GlowOffice/tickets")).json["data"] == []
    assert (await glow_partner.get("/v1/RivalOffice/tickets")).fault[:2] == (403, "practice_foreign")


async def test_the_path_may_write_the_practice_in_any_case(glow_partner: Client) -> None:
    opened = await open_ticket(glow_partner)
    said = await comment(glow_partner, opened["TicketID"])
    shown = await glow_partner.get(f"/v1/glowoffice/ticket/{opened['TicketID']}")
    assert shown.json["data"]["Comments"] == [said]
