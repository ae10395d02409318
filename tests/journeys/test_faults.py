"""What a kill may cost: nothing that was acknowledged. `OPENMEDSPA_TORTURE=300` runs the full figure."""

import asyncio
import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
from aiohttp import web
from receiver import Received, receiver
from served import Served, serving

TRIALS = int(os.environ.get("OPENMEDSPA_TORTURE", "10"))
ALONE = 100  # so many trials are the full figure, which is run by itself
CLIENTS = 8
BACK_SECONDS = 3.0


def order(number: int, location_id: str) -> dict[str, object]:
    return {
        "patient_details": {
            "first_name": "Ledger",
            "last_name": f"Entry{number}",
            "email": f"ledger{number}@example.com",
            "phone": "+12025550123",
        },
        "location_id": location_id,
        "appointment_time": 1640995200,
        "requested_treatments": ["Botox Injection"],
    }


class Ledger:
    """A client that writes down what was acknowledged, and asks again, with the same key, for what was not."""

    def __init__(self, served: Served) -> None:
        card = served.demo()
        self.served = served
        self.location_id = card["location_id"]
        self.headers = {"x-api-key": card["api_key"]}
        self.acknowledged: dict[int, str] = {}
        self.numbers = iter(range(1_000_000))
        self.retried = 0

    @asynccontextmanager
    async def load(self) -> AsyncIterator[None]:
        """Orders from several clients for as long as the block; each ends with an answer to its last order."""
        ending = asyncio.Event()
        async with asyncio.TaskGroup() as clients:
            for _ in range(CLIENTS):
                clients.create_task(self._order_until(ending))
            yield
            ending.set()

    async def _order_until(self, ending: asyncio.Event) -> None:
        async with httpx2.AsyncClient(base_url=self.served.url, headers=self.headers, timeout=10) as http:
            while not ending.is_set():
                number = next(self.numbers)
                self.acknowledged[number] = await self._order(http, number)

    async def _order(self, http: httpx2.AsyncClient, number: int) -> str:
        headers = {"idempotency-key": f"ledger-{number}"}
        while True:
            try:
                answer = await http.post("/emr/appointments", json=order(number, self.location_id), headers=headers)
            except httpx2.HTTPError:
                answer = None
            if answer is not None and answer.status_code == 201:
                gfe_id: str = answer.json()["gfe_id"]
                return gfe_id
            if answer is not None and answer.status_code == 429:
                await asyncio.sleep(float(answer.headers["retry-after"]))
                continue
            assert answer is None or answer.status_code in {409, 503}, answer.text
            self.retried += 1
            await asyncio.sleep(0.02)

    async def visits(self) -> dict[str, list[str]]:
        """Every visit that the server has of our patients, by last name."""
        async with httpx2.AsyncClient(base_url=self.served.url, headers=self.headers, timeout=60) as http:
            listed = (await http.get(f"/emr/gfes/{self.location_id}")).json()["gfes"]
        found: dict[str, list[str]] = {}
        for visit in listed:
            if visit["patient_details"]["first_name"] == "Ledger":
                found.setdefault(visit["patient_details"]["last_name"], []).append(visit["gfe_id"])
        return found


async def test_kill_nine_of_serve_loses_and_doubles_nothing(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        ledger = Ledger(served)
        back = []
        async with ledger.load():
            for _ in range(TRIALS):
                await asyncio.sleep(0.2 + random.random() / 3)
                served.kill()
                back.append(await asyncio.to_thread(served.start))
        found = await ledger.visits()
    assert found == {f"Entry{number}": [gfe_id] for number, gfe_id in ledger.acknowledged.items()}
    assert len(found) > TRIALS
    assert ledger.retried > 0, "no request was cut off: the kills hit nothing"
    if TRIALS >= ALONE:  # beside the rest of the suite a start waits for a core, and its time says nothing
        assert max(back) <= BACK_SECONDS, back


async def test_control_without_idempotency_keys_a_retry_doubles(tmp_path: Path) -> None:
    """What the keys above are for: the same order sent again without one is a second visit."""
    with serving(tmp_path) as served:
        card = served.demo()
        async with httpx2.AsyncClient(base_url=served.url, headers={"x-api-key": card["api_key"]}) as http:
            ids = {
                (await http.post("/emr/appointments", json=order(1, card["location_id"]))).json()["gfe_id"]
                for _ in range(2)
            }
    assert len(ids) == 2


async def test_kill_nine_of_a_worker_delays_its_delivery_by_at_most_thirty_seconds(tmp_path: Path) -> None:
    """Killed between sending and recording: another worker sends the same `webhook-id` again."""
    is_dead = asyncio.Event()

    async def hang_until_the_kill(number: int) -> web.Response:
        if number == 1:
            await is_dead.wait()
        return web.Response()

    async with receiver(hang_until_the_kill) as partner:
        with serving(tmp_path, "--no-worker") as served:
            worker = await asyncio.to_thread(served.spawn, "worker")
            await complete_a_visit(served, partner.url)
            await partner.wait_for(1, seconds=20)
            worker.kill()
            is_dead.set()
            heir = await asyncio.to_thread(served.spawn, "worker")
            received: list[Received] = await partner.wait_for(2, seconds=30)
            heir.terminate()
            heir.wait(timeout=20)
            worker.wait()
    assert received[0].headers["webhook-id"] == received[1].headers["webhook-id"]
    assert received[0].body == received[1].body


async def complete_a_visit(served: Served, url: str) -> str:
    card = served.demo()
    async with httpx2.AsyncClient(base_url=served.url + "/emr", headers={"x-api-key": card["api_key"]}) as http:
        (await http.post("/webhooks", json={"url": url})).raise_for_status()
        (await http.post("/subscriptions", json={"location_id": card["location_id"]})).raise_for_status()
        gfe_id: str = (await http.post("/appointments", json=order(1, card["location_id"]))).json()["gfe_id"]
        outcome = {"approved": ["Botox Injection"]}
        (await http.post(f"/staging/visits/{gfe_id}/outcome", json=outcome)).raise_for_status()
        return gfe_id
