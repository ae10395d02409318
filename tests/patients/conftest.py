"""The database as requests reach it, without a server around it."""

from collections.abc import AsyncIterator

import pytest

from openmedspa.app import open_house
from openmedspa.kit.db import Database
from openmedspa.settings import Settings


@pytest.fixture
async def db(settings: Settings) -> AsyncIterator[Database]:
    async with open_house(settings) as house:
        yield house.db
