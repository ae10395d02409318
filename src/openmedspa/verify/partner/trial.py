"""What a check of the partner API holds while it runs: the server, what is known of it, the last thing it sent."""

import random
import string
from collections.abc import Mapping
from typing import Any

from openmedspa.verify.answer import Answer, Broken, require
from openmedspa.verify.partner.given import Given
from openmedspa.verify.server import Server, encode, told

OWN = "\x00 the token that was given"
# Telephone numbers kept free for fiction: 555-0100 to 555-0199, in any area.
AREAS = (
    "202", "205", "213", "214", "215", "253", "303", "305", "312", "313", "404", "406", "408", "410", "412", "414",
    "415", "503", "504", "505", "510", "512", "602", "615", "617", "619", "702", "704", "713", "718", "801", "804",
)  # fmt: skip


class Trial:
    """`sent` is the request that a failure is about."""

    def __init__(self, server: Server, given: Given, *, who: str = "") -> None:
        self.server = server
        self.given = given
        self.sent = ""
        self._who = who

    def at(self, path: str) -> str:
        """The path below our practice."""
        return f"/{self.given.ppass}{path}"

    async def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        raw: bytes | None = None,
        token: str | None = OWN,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """A request with our token; `token=None` sends none, `raw` is sent instead of a JSON body."""
        data = encode(body) if raw is None else raw
        all_headers: dict[str, str] = {}
        if token is not None:
            all_headers["Authorization"] = f"Bearer {self.given.token if token == OWN else token}"
        if data is not None:
            all_headers["Content-Type"] = "application/json"
        all_headers |= headers or {}
        self.sent = told(method, path, all_headers, data)
        return await self.server.send(method, path, headers=all_headers, data=data, who=self._who)

    async def get(self, path: str, **options: Any) -> Answer:
        return await self.send("GET", path, **options)

    async def post(self, path: str, body: Any = None, **options: Any) -> Answer:
        return await self.send("POST", path, body, **options)

    async def put(self, path: str, body: Any = None, **options: Any) -> Answer:
        return await self.send("PUT", path, body, **options)

    async def patch(self, path: str, body: Any = None, **options: Any) -> Answer:
        return await self.send("PATCH", path, body, **options)

    async def delete(self, path: str, **options: Any) -> Answer:
        return await self.send("DELETE", path, **options)

    async def token_for(self, key: str, *, ppass: str = "") -> Answer:
        """Exchange a key for a token; the key stands in no report."""
        path = f"/{ppass or self.given.ppass}/auth/token"
        answer = await self.post(path, {"apiKey": key}, token=None)
        self.sent = f"POST {path} with an API key"
        return answer

    async def token(self) -> str:
        """A token of our own, just issued."""
        answer = await self.token_for(self.given.key)
        answer.has_status(200)
        token: str = answer.json["accessToken"]
        return token

    async def prospect(self, fields: Mapping[str, Any] | None = None, **options: Any) -> dict[str, Any]:
        """A new prospect of our practice, invented unless said otherwise, as the answer has it."""
        return data(await self.post(self.at("/prospects"), person() | dict(fields or {}), **options), 200, 201)

    async def shown(self, id_: int, **options: Any) -> dict[str, Any]:
        """The person as the server shows it now."""
        return data(await self.get(self.at(f"/prospects/{id_}"), **options))

    async def changed(self, id_: int, **fields: Any) -> dict[str, Any]:
        """The person after these fields were changed."""
        return data(await self.put(self.at(f"/prospects/{id_}"), fields))

    async def found(self, query: str, **options: Any) -> list[int]:
        """The ids that a list with this query holds, in its order."""
        answer = await self.get(self.at(f"/prospects?{query}"), **options)
        return [entry["ID"] for entry in entries(answer)]

    async def tag(self) -> dict[str, Any]:
        """A new tag of a name that nobody has."""
        return data(await self.post(self.at("/tags"), {"name": f"verify {word()}"}), 200, 201)

    async def ticket(self, **fields: Any) -> dict[str, Any]:
        """A new ticket."""
        body = {"Subject": f"Verify {word()}", "Body": "Only a check.", **fields}
        return data(await self.post(self.at("/tickets"), body), 200, 201)


def data(answer: Answer, *statuses: int) -> dict[str, Any]:
    """The answer's `data`, an object; Broken when it is another thing or another status than 200 or those."""
    answer.has_status(*(statuses or (200,)))
    body = answer.json
    found = body.get("data") if isinstance(body, dict) else None
    if not isinstance(found, dict):
        raise Broken("`data`, an object", answer.told)
    return found


def entries(answer: Answer) -> list[dict[str, Any]]:
    """The answer's `data`, a list of objects; Broken when it is another thing."""
    answer.has_status(200)
    body = answer.json
    found = body.get("data") if isinstance(body, dict) else None
    require(isinstance(found, list) and all(isinstance(one, dict) for one in found), "`data`, a list", answer.told)
    assert isinstance(found, list)
    return found


def person() -> dict[str, Any]:
    """Somebody who does not exist: a name and an address that nobody has, a telephone number kept free for fiction."""
    name = word()
    return {
        "FirstName": "Vera",
        "LastName": f"Testcase{name}",
        "EMail": f"vera.{name}@example.com",
        "Phone": phone(),
    }


def phone() -> str:
    """A number of the United States, as people write it."""
    return f"({random.choice(AREAS)}) 555-01{random.randrange(100):02}"  # noqa: S311 guards nothing


def word() -> str:
    """Ten letters that stand nowhere else."""
    return "".join(random.choices(string.ascii_lowercase, k=10))  # noqa: S311 guards nothing
