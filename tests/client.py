"""A partner's view of the server: real requests through the whole application, in this process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import canaries
import httpx2
from msgspec import Struct

from openmedspa.app import build_app
from openmedspa.kit.house import House
from openmedspa.settings import Settings


class Answer(Struct):
    status: int
    headers: httpx2.Headers
    json: Any

    @property
    def error(self) -> tuple[int, str, str | None]:
        """(status, error, message) of a refusal, which holds nothing else."""
        assert self.json.keys() <= {"success", "error", "message"}, self.json
        assert self.json["success"] is False
        return self.status, self.json["error"], self.json.get("message")

    @property
    def fault(self) -> tuple[int, str, dict[str, str]]:
        """(status, code, fields) of a refusal of the partner API, which holds a message besides."""
        error = self.json["error"]
        assert error.keys() <= {"code", "message", "fields"} and error["message"], self.json
        assert f"/docs/errors/{error['code']}" in self.headers["link"]
        return self.status, error["code"], error.get("fields", {})


class Client:
    """`key` travels in `x-api-key`, `token` as a bearer."""

    def __init__(self, http: httpx2.AsyncClient, house: House, key: str | None, token: str | None = None) -> None:
        self.http = http
        self.house = house
        self.key = key
        self.token = token

    def with_key(self, key: str | None) -> "Client":
        return Client(self.http, self.house, key)

    def with_token(self, token: str | None) -> "Client":
        return Client(self.http, self.house, None, token)

    async def as_partner(self, key: str, ppass: str) -> "Client":
        """The same server with a token that this key gets for this practice."""
        answer = await self.with_key(None).post(f"/v1/{ppass}/auth/token", {"apiKey": key})
        assert answer.status == 200, answer.json
        return self.with_token(answer.json["accessToken"])

    async def request(self, method: str, path: str, **options: Any) -> Answer:
        own = {"x-api-key": self.key} if self.key is not None else {}
        own |= {"authorization": f"Bearer {self.token}"} if self.token is not None else {}
        headers = {**own, **options.pop("headers", {})}
        response = await self.http.request(method, path, headers=headers, **options)
        canaries.watch("Location or Link", f"{response.headers.get('location', '')} {response.headers.get('link', '')}")
        return Answer(response.status_code, response.headers, response.json() if response.content else None)

    async def get(self, path: str, **options: Any) -> Answer:
        return await self.request("GET", path, **options)

    async def post(self, path: str, json: Any = None, **options: Any) -> Answer:
        return await self.request("POST", path, json=json, **options)

    async def patch(self, path: str, **options: Any) -> Answer:
        return await self.request("PATCH", path, **options)

    async def put(self, path: str, json: Any = None, **options: Any) -> Answer:
        return await self.request("PUT", path, json=json, **options)

    async def delete(self, path: str, **options: Any) -> Answer:
        return await self.request("DELETE", path, **options)


@asynccontextmanager
async def open_client(settings: Settings, key: str | None) -> AsyncIterator[Client]:
    app = build_app(settings)
    async with app.router.lifespan_context(app):
        transport = httpx2.ASGITransport(app=app, raise_app_exceptions=True)
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as http:
            yield Client(http, app.state.house, key)
