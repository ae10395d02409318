"""Databases for the demo: one with it, for all who only read, and empty ones for those who load."""

import asyncio
from collections.abc import AsyncIterator
from itertools import count

import asyncpg
import pytest
from client import Client, open_client

from openmedspa import installation
from openmedspa.demo.constants import DEMO_KEY
from openmedspa.demo.load import load
from openmedspa.partners.keys import Environment
from openmedspa.settings import Settings

numbers = count(1)


async def migrated(cluster: str, environment: Environment = "staging") -> Settings:
    """Settings of a new database with the tables and nothing in them."""
    name = f"test_demo_{next(numbers)}"
    connection = await asyncpg.connect(cluster.replace("/openmedspa?", "/postgres?"))
    try:
        await connection.execute(f"create database {name} template template1 strategy file_copy")
    finally:
        await connection.close()
    settings = Settings(
        database_url=cluster.replace("/openmedspa?", f"/{name}?"), secret_key="a demo's", environment=environment,
        demo=environment == "staging", run_worker=False, pool_size=4, port=8123,
    )  # fmt: skip
    await installation.upgrade(settings)
    return settings


@pytest.fixture(scope="session")
def demo(cluster: str) -> Settings:
    """A database with the demo in it, which tests leave as it is."""

    async def prepare() -> Settings:
        settings = await migrated(cluster)
        await load(settings)
        return settings

    return asyncio.run(prepare())


@pytest.fixture
async def empty(cluster: str) -> Settings:
    return await migrated(cluster)


@pytest.fixture
async def production(cluster: str) -> Settings:
    return await migrated(cluster, "production")


@pytest.fixture
async def demo_emr(demo: Settings) -> AsyncIterator[Client]:
    async with open_client(demo, DEMO_KEY) as client:
        yield client
