"""How often a call goes to the database and back, counted on the wire: PostgreSQL's own protocol through a proxy."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from cast import Cast, at_home, in_person, make_visit
from client import Client, open_client

from openmedspa.settings import Settings


class Wire:
    """Carries bytes between the server and PostgreSQL, and counts how often the direction turns."""

    def __init__(self, socket: str) -> None:
        self.socket = socket
        self.trips = 0

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        database = await asyncio.open_unix_connection(self.socket)
        is_waiting = [False]
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._ask(reader, database[1], is_waiting))
                both.create_task(self._answer(database[0], writer, is_waiting))
        finally:
            database[1].close()
            writer.close()

    async def _ask(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, is_waiting: list[bool]) -> None:
        while data := await source.read(65536):
            if not is_waiting[0]:
                self.trips += 1
            is_waiting[0] = True
            target.write(data)
        target.close()

    async def _answer(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, is_waiting: list[bool]) -> None:
        while data := await source.read(65536):
            is_waiting[0] = False
            target.write(data)
        target.close()


@pytest.fixture
async def wired(settings: Settings) -> AsyncIterator[tuple[Client, Wire]]:
    """The server with one database connection, which goes through the wire."""
    parts = urlsplit(settings.database_url)
    wire = Wire(f"{parse_qs(parts.query)['host'][0]}/.s.PGSQL.5432")
    proxy = await asyncio.start_server(wire.carry, "127.0.0.1")
    port = proxy.sockets[0].getsockname()[1]
    address = f"postgresql://openmedspa@127.0.0.1:{port}{parts.path}"
    through = msgspec.structs.replace(settings, database_url=address, pool_size=1)
    async with open_client(through, Cast.GLOW_KEY) as client:
        yield client, wire
    proxy.close()


async def least(client: Client, wire: Wire, method: str, path: str, bodies: list[object], status: int) -> int:
    """Round trips of the cheapest of several calls: the first ones prepare, and a heartbeat may come in between."""
    counts = []
    for body in bodies:
        before = wire.trips
        answer = await client.request(method, path, json=body)
        counts.append(wire.trips - before)
        assert answer.status == status, answer.json
    return min(counts)


async def test_an_order_takes_three_round_trips(wired: tuple[Client, Wire]) -> None:
    client, wire = wired
    at_homes: list[object] = [at_home(patient={"first_name": f"Ana{'abcdefgh'[n]}"}) for n in range(8)]
    assert await least(client, wire, "POST", "/emr/appointments", at_homes, 201) == 3
    in_persons: list[object] = [in_person(patient={"first_name": f"Ana{'abcdefgh'[n]}"}) for n in range(8)]
    assert await least(client, wire, "POST", "/emr/in-person", in_persons, 201) == 3


async def test_an_order_for_a_known_patient_takes_three_round_trips_too(wired: tuple[Client, Wire]) -> None:
    client, wire = wired
    assert await least(client, wire, "POST", "/emr/appointments", [at_home()] * 8, 201) == 3


async def test_a_visit_is_read_in_one_round_trip(wired: tuple[Client, Wire]) -> None:
    client, wire = wired
    gfe_id = await make_visit(client, status="Completed")
    assert await least(client, wire, "GET", f"/emr/visits/{gfe_id}", [None] * 8, 200) == 1


async def test_the_catalogue_is_answered_from_memory(wired: tuple[Client, Wire]) -> None:
    client, wire = wired
    assert await least(client, wire, "GET", "/emr/treatments", [None] * 8, 200) == 0
