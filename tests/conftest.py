"""A real PostgreSQL for every test: one cluster a session, one database a test, copied from a migrated template."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import asyncpg
import canaries
import pytest
from cast import Cast, cast_the_play
from client import Client, open_client

from openmedspa import installation
from openmedspa.kit import embedded_postgres
from openmedspa.kit.house import House
from openmedspa.settings import Settings

TEMPLATE = "template_openmedspa"
SECRET = "a test's secret key, of no use anywhere else"
numbers = count(1)
ROOMY_BYTES = 4 * 1024**3


@pytest.fixture(scope="session")
def cluster() -> Iterator[str]:
    """The DSN of an embedded PostgreSQL that forgets everything; durability is tested on one of its own."""
    with (
        tempfile.TemporaryDirectory(prefix="oms", dir=_in_memory()) as folder,
        embedded_postgres.serve(Path(folder), settings={"fsync": "off", "full_page_writes": "off"}) as dsn,
    ):
        yield dsn


@pytest.fixture(autouse=True)
def no_health_fact_where_none_belongs() -> Iterator[None]:
    with canaries.watching():
        yield


def named(dsn: str, database: str) -> str:
    return dsn.replace("/openmedspa?", f"/{database}?")


def settings_for(dsn: str) -> Settings:
    return Settings(
        database_url=dsn, secret_key=SECRET, environment="staging", demo=True, run_worker=False, pool_size=8,
        public_url="http://exams.example.com",
    )  # fmt: skip


@pytest.fixture(scope="session")
def template(cluster: str) -> str:
    """A migrated database that holds the cast, to be copied."""

    async def prepare() -> None:
        await _create(cluster, TEMPLATE)
        settings = settings_for(named(cluster, TEMPLATE))
        await installation.upgrade(settings)
        await cast_the_play(settings)

    asyncio.run(prepare())
    return TEMPLATE


@pytest.fixture
async def dsn(cluster: str, template: str) -> AsyncIterator[str]:
    name = f"test_{next(numbers)}"
    await _create(cluster, name, template)
    yield named(cluster, name)
    await _drop(cluster, name)


@pytest.fixture
async def owner(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection as the database's owner, who may do what no role of ours may."""
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


@pytest.fixture
def settings(dsn: str) -> Settings:
    return settings_for(dsn)


@pytest.fixture
async def glow_emr(settings: Settings) -> AsyncIterator[Client]:
    """The EMR that serves `glow`, at a server of its own."""
    async with open_client(settings, Cast.GLOW_KEY) as client:
        yield client


@pytest.fixture
def rival_emr(glow_emr: Client) -> Client:
    """The EMR of another practice, at the same server."""
    return glow_emr.with_key(Cast.RIVAL_KEY)


@pytest.fixture
async def glow_partner(glow_emr: Client) -> Client:
    """A partner of `glow` with every scope of the partner API, at the same server."""
    return await glow_emr.as_partner(Cast.PARTNER_KEY, "GlowOffice")


@pytest.fixture
async def rival_partner(glow_emr: Client) -> Client:
    """A partner of another practice, with every scope, at the same server."""
    return await glow_emr.as_partner(Cast.RIVAL_PARTNER_KEY, "RivalOffice")


@pytest.fixture
def house(glow_emr: Client) -> House:
    return glow_emr.house


def _in_memory() -> str | None:
    """A file system in memory, where there is a roomy one: a database is copied for every test, 1,500 files each."""
    memory = Path("/dev/shm")
    is_roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOMY_BYTES
    return str(memory) if is_roomy else None


@asynccontextmanager
async def _maintenance(cluster: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(named(cluster, "postgres"))
    try:
        yield connection
    finally:
        await connection.close()


async def _create(cluster: str, name: str, template: str = "template1") -> None:
    async with _maintenance(cluster) as connection:
        await connection.execute(f"create database {name} template {template} strategy file_copy")


async def _drop(cluster: str, name: str) -> None:
    async with _maintenance(cluster) as connection:
        await connection.execute(f"drop database {name} with (force)")
