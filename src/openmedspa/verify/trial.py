"""What a check holds while it runs: the server, what is known of it, the inbox, and the last thing that was sent."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from openmedspa.verify import people
from openmedspa.verify.answer import Answer, Broken
from openmedspa.verify.given import Given
from openmedspa.verify.inbox import Inbox, Webhook
from openmedspa.verify.server import Server, encode, told
from openmedspa.verify.shape import TEXT, Maybe

OWN = "\x00 the key that was given"
POLL_SECONDS = 0.3


class Trial:
    """`sent` is the request that a failure is about."""

    def __init__(self, server: Server, given: Given, inbox: Inbox | None, *, who: str = "") -> None:
        self.server = server
        self.given = given
        self.sent = ""
        self._inbox = inbox
        self._who = who

    async def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        raw: bytes | None = None,
        key: str | None = OWN,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """A request with the key that was given; `key=None` sends none, `raw` is sent instead of a JSON body."""
        data = encode(body) if raw is None else raw
        all_headers: dict[str, str] = {}
        if key is not None:
            all_headers["x-api-key"] = self.given.key if key == OWN else key
        if data is not None:
            all_headers["Content-Type"] = "application/json"
        all_headers |= headers or {}
        self.sent = told(method, path, all_headers, data)
        return await self.server.send(method, path, headers=all_headers, data=data, who=self._who)

    async def get(self, path: str, **options: Any) -> Answer:
        return await self.send("GET", path, **options)

    async def post(self, path: str, body: Any = None, **options: Any) -> Answer:
        return await self.send("POST", path, body, **options)

    async def patch(self, path: str, **options: Any) -> Answer:
        return await self.send("PATCH", path, **options)

    def home(self, patient: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
        """A valid order at home, for somebody new."""
        return people.at_home(self.given, patient, **changes)

    def person(self, patient: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
        """A valid order in person, for somebody new."""
        return people.in_person(self.given, patient, **changes)

    async def order(self, body: dict[str, Any] | None = None, *, in_person: bool = False) -> str:
        """Order it; the visit's id."""
        path = "/in-person" if in_person else "/appointments"
        answer = await self.post(path, body or (self.person() if in_person else self.home()))
        link = {"visit_id": Maybe(TEXT), "visit_link": Maybe(TEXT)}
        gfe_id: str = answer.is_(201, {"success": True, "gfe_id": TEXT, **(link if in_person else {})})["gfe_id"]
        return gfe_id

    async def show(self, gfe_id: str) -> dict[str, Any]:
        """The visit as the server shows it now."""
        answer = await self.get(f"/visits/{gfe_id}")
        answer.has_status(200)
        data = answer.json.get("data") if isinstance(answer.json, dict) else None
        if not isinstance(data, dict):
            raise Broken("`data`, an object", answer.told)
        return data

    async def stage(self, gfe_id: str, name: str, body: Any = None) -> Answer:
        """One of staging's calls that stand in for people."""
        return await self.post(f"/staging/visits/{gfe_id}/{name}", body)

    async def complete(self, gfe_id: str, *, deferred: bool = False) -> None:
        """Have both treatments of an order at home decided: the first approved, the second as told."""
        first, second = (name for _, name in self.given.treatments[:2])
        body = {"approved": [first], "deferred": [second]} if deferred else {"approved": [first, second]}
        (await self.stage(gfe_id, "outcome", body)).has_status(200)

    async def becomes(self, gfe_id: str, status: str) -> dict[str, Any]:
        """The visit once it has this status by itself; Broken when it does not get there."""
        until = time.monotonic() + self.given.patience
        while (visit := await self.show(gfe_id)).get("status") != status:
            if time.monotonic() > until:
                raise Broken(f"status {status} within {self.given.patience:g} s", str(visit.get("status")))
            await asyncio.sleep(POLL_SECONDS)
        return visit

    @property
    def inbox(self) -> Inbox:
        assert self._inbox is not None, "a check that uses webhooks must say that it needs them"
        return self._inbox

    async def subscribe(self) -> None:
        """Have the webhooks of our location sent to our inbox."""
        (await self.post("/webhooks", {"url": self.inbox.url})).has_status(200)
        (await self.post("/subscriptions", {"location_id": self.given.location})).has_status(200)

    async def webhook(self) -> tuple[str, Webhook]:
        """A visit, completed, and the webhook that says so."""
        await self.subscribe()
        gfe_id = await self.order()
        await self.complete(gfe_id, deferred=True)
        return gfe_id, (await self.inbox.wait(gfe_id, seconds=self.given.patience))[0]
