"""Tickets as tests open them."""

from typing import Any

from client import Client


async def open_ticket(partner: Client, ppass: str = "GlowOffice", **fields: Any) -> dict[str, Any]:
    answer = await partner.post(f"/v1/{ppass}/tickets", {"Subject": "Printer", **fields})
    assert answer.status == 201, answer.json
    ticket: dict[str, Any] = answer.json["data"]
    return ticket


async def comment(partner: Client, ticket_id: int, text: str = "This is a new comment") -> dict[str, Any]:
    said = {"Comment": text, "Author": "Support Agent"}
    answer = await partner.post(f"/v1/GlowOffice/tickets/{ticket_id}/comment", said)
    assert answer.status == 201, answer.json
    found: dict[str, Any] = answer.json["data"]
    return found
