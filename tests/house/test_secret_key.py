"""A database and its secret key belong together: another key is refused before anything is served."""

import msgspec
import pytest
from client import Client, open_client

from openmedspa.kit.errors import Stopped
from openmedspa.settings import Settings


async def test_another_secret_key_is_refused_at_the_start(glow_emr: Client, settings: Settings) -> None:
    other = msgspec.structs.replace(settings, secret_key="another key, quite as long as the first")
    with pytest.raises(Stopped, match="OPENMEDSPA_SECRET_KEY"):
        async with open_client(other, glow_emr.key):
            pass


async def test_the_same_key_is_welcome_again(glow_emr: Client, settings: Settings) -> None:
    async with open_client(settings, glow_emr.key) as again:
        assert (await again.get("/emr/treatments")).status == 200
