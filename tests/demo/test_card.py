"""What `openmedspa demo --json` prints."""

from base64 import b64decode, b64encode

import pytest
from client import Client, open_client

from openmedspa.demo import constants
from openmedspa.demo.card import card
from openmedspa.demo.load import load
from openmedspa.kit.errors import Stopped
from openmedspa.partners import keys
from openmedspa.settings import Settings
from openmedspa.webhooks import queries as webhooks


async def test_it_holds_all_that_a_developer_needs(demo: Settings) -> None:
    assert await card(demo) == {
        "exam_api": {
            "base_url": "http://127.0.0.1:8123/emr",
            "api_key": constants.DEMO_KEY,
            "location_id": "loc_12345",
            "foreign_location_id": constants.FOREIGN_LOCATION,
            "foreign_gfe_id": constants.FOREIGN_GFE,
            "webhook_secret": constants.HEADER_SECRET,
            "webhook_signing_secret": constants.SIGNING_SECRET,
        },
        "partner_api": {
            "base_url": "http://127.0.0.1:8123/v1",
            "ppass": "DemoOffice",
            "provider_id": 1,
            "api_key": constants.DEMO_PARTNER_KEY,
            "narrow_api_key": constants.DEMO_NARROW_KEY,
            "foreign": {"ppass": "RivalOffice", "api_key": constants.RIVAL_PARTNER_KEY},
        },
        "admin": {"url": "http://127.0.0.1:8123/admin", "secret": constants.ADMIN_SECRET},
        "partner_portal": {"url": "http://127.0.0.1:8123/partner", "api_key": constants.DEMO_PARTNER_KEY},
    }


def test_its_keys_are_well_formed_and_of_staging() -> None:
    partner_keys = (constants.DEMO_PARTNER_KEY, constants.DEMO_NARROW_KEY, constants.RIVAL_PARTNER_KEY)
    for key in (constants.DEMO_KEY, constants.RIVAL_KEY, *partner_keys):
        assert keys.is_well_formed(key)
        assert keys.environment_of(key) == "staging"


def test_its_signing_secret_is_256_bits_in_plain_base64() -> None:
    encoded = constants.SIGNING_SECRET.removeprefix("whsec_")
    secret = b64decode(encoded, validate=True)
    assert len(secret) == 32
    assert b64encode(secret).decode() == encoded


async def test_its_secrets_are_those_of_the_url_that_the_emr_sets(empty: Settings) -> None:
    await load(empty)
    async with open_client(empty, constants.DEMO_KEY) as emr:
        (before,) = await webhooks.list_endpoints(emr.house.system)
        assert before["switched_off_at"] is not None
        assert before["location_ids"] == []
        answer = await emr.post("/emr/webhooks", {"url": "http://127.0.0.1:9321/hook"})
        assert answer.status == 200
        (after,) = await webhooks.list_endpoints(emr.house.system)
        assert (after["url"], after["switched_off_at"]) == ("http://127.0.0.1:9321/hook", None)
        stored = await webhooks.find_endpoint(emr.house.system, partner_id=1)
        assert stored is not None
        assert emr.house.vault.open(stored["header_secret_sealed"]) == constants.HEADER_SECRET
        assert emr.house.vault.open(stored["signing_secret_sealed"]) == constants.SIGNING_SECRET


async def test_it_is_true_after_a_rotation(empty: Settings) -> None:
    await load(empty)
    async with open_client(empty, constants.DEMO_KEY) as emr:
        (endpoint,) = await webhooks.list_endpoints(emr.house.system)
        sealed = emr.house.vault.seal("whsec_rotated")
        await webhooks.update_signing_secret(emr.house.system, endpoint["id"], sealed)
        await webhooks.update_header_secret(emr.house.system, endpoint["id"], None)
    exam_api = (await card(empty))["exam_api"]
    assert isinstance(exam_api, dict)
    assert (exam_api["webhook_signing_secret"], exam_api["webhook_secret"]) == ("whsec_rotated", None)


async def test_without_a_demo_it_says_how_to_get_one(empty: Settings) -> None:
    with pytest.raises(Stopped, match="not loaded") as stopped:
        await card(empty)
    assert (stopped.value.exit_code, stopped.value.hint) == (3, "openmedspa serve --demo")


async def test_a_revoked_key_is_not_handed_out(empty: Settings) -> None:
    await load(empty)
    async with open_client(empty, constants.DEMO_KEY) as emr:
        await emr.house.system.unscoped_row("update api_keys set revoked_at = now() where name = 'demo'")
    with pytest.raises(Stopped, match="revoked"):
        await card(empty)


async def test_each_partner_key_opens_its_own_practice_with_its_scopes(demo_emr: Client) -> None:
    for key, ppass, scopes in (
        (constants.DEMO_PARTNER_KEY, "DemoOffice", list(keys.SCOPES)),
        (constants.DEMO_NARROW_KEY, "DemoOffice", ["Prospects"]),
        (constants.RIVAL_PARTNER_KEY, "RivalOffice", list(keys.SCOPES)),
    ):
        me = (await (await demo_emr.as_partner(key, ppass)).get("/v1/me")).json["data"]
        assert (me["PPass"], sorted(me["Scopes"])) == (ppass, sorted(scopes))
    answer = await demo_emr.with_key(None).post("/v1/RivalOffice/auth/token", {"apiKey": constants.DEMO_PARTNER_KEY})
    assert answer.status == 401


async def test_a_partner_key_that_was_revoked_is_left_out(empty: Settings) -> None:
    await load(empty)
    async with open_client(empty, constants.DEMO_KEY) as emr:
        await emr.house.system.unscoped_row("update api_keys set revoked_at = now() where name = 'demo prospects only'")
    partner_api = (await card(empty))["partner_api"]
    assert isinstance(partner_api, dict)
    assert (partner_api["narrow_api_key"], partner_api["api_key"]) == (None, constants.DEMO_PARTNER_KEY)
