"""One `serve --demo` for all tests of `verify`, with the keys that a complete run needs; and a run in this process."""

import json
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from cli.conftest import Prompt, prompt
from served import Served, environment, serving

from openmedspa.demo import constants
from openmedspa.partners import keys
from openmedspa.verify.contents import CONTRACT
from openmedspa.verify.given import Given
from openmedspa.verify.inbox import open_inbox
from openmedspa.verify.meeting import meet
from openmedspa.verify.partner import contents as partner_contents
from openmedspa.verify.partner import meeting as partner_meeting
from openmedspa.verify.partner.given import Given as PartnerGiven
from openmedspa.verify.run import Run, chosen, run
from openmedspa.verify.server import session

__all__ = ["Prompt", "prompt"]  # the prompt is a fixture here as well
SECOND = "loc_12346"
Verify = Callable[..., Awaitable[Run]]


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("verify")) as served:
        served.card = served.demo()
        yield served


@pytest.fixture(scope="session")
def known(demo: Served) -> dict[str, str]:
    """Everything that may be known of the demo; keys that it does not have are made, and one of them is ended."""
    card = demo.card
    made = {
        "ended_key": (),
        "narrow_key": ("--location", card["location_id"]),
        "scopeless_key": ("--scope", "Prospects"),
    }
    with ThreadPoolExecutor() as threads:
        keys_made = list(threads.map(lambda flags: _make_key(demo, *flags), made.values()))
    _type(demo, "keys", "revoke", str(keys_made[0]["id"]), "--yes")
    return {
        "key": card["api_key"],
        "location": card["location_id"],
        "second_location": SECOND,
        "foreign_location": card["foreign_location_id"],
        "foreign_gfe": card["foreign_gfe_id"],
        **dict(zip(made, (key["key"] for key in keys_made), strict=True)),
        "other_key": keys.with_checksum("oms_live_" + "Nobody".ljust(keys.RANDOM_LENGTH, "1")),
        "alias": "Tox=Botox Injection",
        "secret": card["webhook_signing_secret"],
        "header_secret": card["webhook_secret"],
    }


@pytest.fixture(scope="session")
def known_partner(demo: Served) -> dict[str, str]:
    """The same for the partner API; its keys are the demo's own, and one more that is ended."""
    card = demo.demo("partner_api")
    ended = json.loads(_type(demo, "keys", "create", constants.DEMO_OFFICE.partner, "--json"))
    _type(demo, "keys", "revoke", str(ended["id"]), "--yes")
    return {
        "ppass": card["ppass"],
        "key": card["api_key"],
        "prospects_key": card["narrow_api_key"],
        "foreign_ppass": card["foreign"]["ppass"],
        "foreign_key": card["foreign"]["api_key"],
        "ended_key": ended["key"],
    }


@pytest.fixture
def verify(known: dict[str, str]) -> Verify:
    """`await verify(url, "cancel.*")`: these checks at that address."""

    async def verify(url: str, *patterns: str, **changes: Any) -> Run:
        given = Given(**{**known, **changes})
        async with session(given.timeout) as http, open_inbox("127.0.0.1", 0) as inbox:
            subject = await meet(http, url, given, inbox=inbox)
            return await run(subject, chosen(CONTRACT, patterns))

    return verify


@pytest.fixture
def verify_partner(known_partner: dict[str, str]) -> Verify:
    """The same of the partner API's checks."""

    async def verify(url: str, *patterns: str) -> Run:
        values: dict[str, Any] = dict(known_partner)
        given = PartnerGiven(**values)
        async with session(given.timeout) as http:
            subject = await partner_meeting.meet(http, url, given)
            return await run(subject, chosen(partner_contents.CONTRACT, patterns))

    return verify


def _make_key(demo: Served, *flags: str) -> dict[str, Any]:
    key: dict[str, Any] = json.loads(_type(demo, "keys", "create", "Demo EMR", *flags, "--json"))
    return key


def _type(demo: Served, *words: str) -> str:
    done = subprocess.run(
        demo.command(*words), env=environment(), capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip()
