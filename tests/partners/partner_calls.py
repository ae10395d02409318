"""A request for every route of the partner API, right in everything but, perhaps, its token; and what it is about.

A new route has to be entered here: the tests of who may call what go through the route table and find it missing.
"""

from typing import Any

import asyncpg
from cast import Cast
from client import Answer, Client
from msgspec import Struct
from scheduling import staff

from openmedspa.kit.http import Route
from openmedspa.routes.partner import PARTNER_API

ROUTES = list(PARTNER_API)
PRODUCT = {"VendorCode": "V001", "ProductCode": "P001", "Product": "Example Product", "RetailPrice": 99.99}
BODIES: dict[str, Any] = {
    "POST /v1/{PPass}/auth/token": {"apiKey": "set by the test"},
    "POST /v1/access-requests": {
        "Company": "Quillhaven Bookings",
        "Practice": "Glow",
        "ContactName": "Robin Doe",
        "ContactEmail": "robin@emr.example.com",
        "Scopes": ["Visits"],
        "Purpose": "We book visits.",
    },
    "PATCH /v1/me": {"Phone": "555-0123"},
    "POST /v1/products": {"products": [PRODUCT]},
    "PUT /v1/kb/{id}": {"Title": "Changed"},
    "POST /v1/{PPass}/prospects": {"FirstName": "Jane", "LastName": "Doe"},
    "PUT /v1/{PPass}/prospects/{id}": {"NickName": "Janie"},
    "POST /v1/{PPass}/tags": {"name": "Another"},
    "PUT /v1/{PPass}/tags/{id}": {"name": "Renamed"},
    "POST /v1/{PPass}/tags/prospects/{id}": {"tagId": 0},  # the seed's tag
    "POST /v1/{PPass}/tickets": {"Subject": "A question"},
    "PUT /v1/{PPass}/ticket/{id}": {"Status": "Closed"},
    "PUT /v1/{PPass}/tickets/{id}": {"Status": "Pending"},
    "POST /v1/{PPass}/tickets/{id}/comment": {"Comment": "An answer", "Author": "Robin"},
    "POST /v1/{PPass}/ticket/{id}/comment": {"Comment": "An answer", "Author": "Robin"},
    "POST /v1/{PPass}/visits": {"Type": "FOLLOWUP", "ProviderID": 0, "ProspectID": 0},  # place and people of the seed
    "PATCH /v1/{PPass}/visits/{id}": {"Notes": "Parking is behind the house"},
    "POST /v1/{PPass}/holds": {"Duration": 30, "ProviderID": 0},
}
QUERIES = {
    "schedule": "startDate=2026-03-09&endDate=2026-03-15",
    "slots": "date=2026-03-09&duration=30",
    "check": "date=2026-03-09&time=10:15:00&duration=30",
    "next-slot": "duration=30&maxDays=30",
}
WITHOUT_BODY = {
    "GET /v1/me", "GET /v1/products", "GET /v1/kb", "GET /v1/kb/{id}",
    "GET /v1/{PPass}/prospects", "GET /v1/{PPass}/prospects/{id}", "GET /v1/{PPass}/tags",
    "DELETE /v1/{PPass}/tags/{id}", "DELETE /v1/{PPass}/tags/prospects/{id}/{tagId}",
    "DELETE /v1/{PPass}/tags/prospects/{id}",
    "GET /v1/{PPass}/tickets", "GET /v1/{PPass}/ticket/{id}", "GET /v1/{PPass}/tickets/{id}",
    "GET /v1/{PPass}/availability/providers", "GET /v1/{PPass}/availability/providers/{id}",
    *(f"GET /v1/{{PPass}}/availability/providers/{{id}}/{question}" for question in QUERIES),
    "GET /v1/{PPass}/visits/{id}", "DELETE /v1/{PPass}/holds/{id}",
}  # fmt: skip
# The contract's table of scopes, by the first word behind API and practice.
SCOPES = {
    "prospects": {"Prospects", "Patients"}, "tags": {"Prospects", "Patients"}, "products": {"ProductPro.Products"},
    "kb": {"KB"}, "tickets": {"Tickets"}, "ticket": {"Tickets"}, "availability": {"Providers"},
    "visits": {"Visits"}, "holds": {"Visits"}, "me": set[str](),
}  # fmt: skip


class Seed(Struct, frozen=True):
    """What a practice has one of; articles belong to nobody."""

    person: int
    tag: int
    article: int
    ticket: int
    provider: int
    booking: int
    hold: int


def name(route: Route) -> str:
    return f"{route.method} {route.path}"


def word(route: Route) -> str:
    """The first word behind the API's own and the practice's name."""
    return next(part for part in route.path.split("/")[2:] if not part.startswith("{"))


async def plant(owner: asyncpg.Connection, ppass: str, *, surname: str = "Seed") -> Seed:
    """Somebody flagged with a tag, an article, a ticket with a comment, a provider with a visit and a hold."""
    practice = await owner.fetchval("select id from practices where ppass = $1", ppass)
    person = await owner.fetchval(
        """insert into patients (practice_id, first_name, last_name, email, phone, prospect_since)
           values ($1, 'Pat', $2, 'pat@example.com', '555-0100', now()) returning id""",
        practice, surname,
    )  # fmt: skip
    tag = await owner.fetchval("insert into tags (practice_id, name) values ($1, $2) returning id", practice, surname)
    await owner.execute(
        "insert into patient_tags (practice_id, patient_id, tag_id) values ($1, $2, $3)", practice, person, tag
    )
    article = await owner.fetchval(
        "insert into articles (title, article, written_by) values ('Seed', 'Words', 'test') returning id"
    )
    ticket = await owner.fetchval(
        "insert into tickets (practice_id, subject, body) values ($1, $2, '') returning id", practice, surname
    )
    await owner.execute(
        """insert into ticket_comments (practice_id, ticket_id, comment, author, actor, created_at)
           values ($1, $2, $3, 'x', 'x', now())""",
        practice, ticket, surname,
    )  # fmt: skip
    provider = await staff.hire(owner, ppass)
    await staff.offer(owner, ppass)
    booking = await staff.put_down(owner, provider, staff.at(staff.ahead(), "08:00"), patient=person)
    key = {"GlowOffice": Cast.PARTNER_KEY, "RivalOffice": Cast.RIVAL_PARTNER_KEY}[ppass]
    hold = await staff.keep(owner, provider, staff.at(staff.ahead(), "09:00"), key=key)
    return Seed(person, tag, article, ticket, provider, booking, hold)


def path_of(route: Route, seed: Seed, ppass: str) -> str:
    about = {
        "kb": seed.article,
        "ticket": seed.ticket,
        "tickets": seed.ticket,
        "availability": seed.provider,
        "visits": seed.booking,
        "holds": seed.hold,
    }.get(word(route), seed.person)
    if route.path.endswith("/tags/{id}"):
        about = seed.tag
    path = route.path.format(PPass=ppass, id=about, tagId=seed.tag)
    query = QUERIES.get(path.rpartition("/")[2])
    return f"{path}?{query}" if query else path


async def send(client: Client, route: Route, seed: Seed, *, ppass: str = "GlowOffice", **options: Any) -> Answer:
    body = BODIES.get(name(route))
    if body and "tagId" in body:
        body = {"tagId": seed.tag}
    if body and "ProviderID" in body:
        body |= {"ProviderID": seed.provider, "Date": staff.ahead().isoformat(), "Time": "10:00:00"}
    if body and "ProspectID" in body:
        body |= {"ProspectID": seed.person}
    return await client.request(route.method, path_of(route, seed, ppass), json=body, **options)
