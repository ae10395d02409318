"""What is in the demo, as `openmedspa demo --json` prints it: addresses, keys, ids and secrets as they are now."""

from collections.abc import Collection

from openmedspa.accounts import queries as accounts
from openmedspa.demo import constants, queries
from openmedspa.demo.load import opened
from openmedspa.installation import require_ready
from openmedspa.kit.crypto import Vault
from openmedspa.kit.db import Row
from openmedspa.kit.errors import Stopped
from openmedspa.partners import keys
from openmedspa.settings import Settings


async def card(settings: Settings) -> dict[str, object]:
    """What a developer needs to begin. Stopped when the demo is not there, or its first key was revoked."""
    await require_ready(settings)
    async with opened(settings) as db:
        row = await queries.find_card(db, keys.digest(constants.DEMO_KEY))
        live = await queries.list_live_keys(db, [keys.digest(key) for key in _partner_keys()])
        is_secret_off = await accounts.find_secret_off(db) is not None
    if row is None:
        raise Stopped("The demo is not loaded here.", "openmedspa serve --demo", exit_code=3)
    if row["is_revoked"]:
        raise Stopped("The demo's API key has been revoked.", "Begin anew with another --data-dir.", exit_code=4)
    secret = settings.admin_secret or constants.ADMIN_SECRET
    return {
        "exam_api": _exam_api(settings, row),
        "partner_api": {
            "base_url": settings.base_url + constants.PARTNER_API_PATH,
            "ppass": constants.DEMO_OFFICE.ppass,
            "provider_id": constants.PROVIDER,
            "api_key": _if_live(constants.DEMO_PARTNER_KEY, live),
            "narrow_api_key": _if_live(constants.DEMO_NARROW_KEY, live),
            "foreign": {
                "ppass": constants.RIVAL_OFFICE.ppass,
                "api_key": _if_live(constants.RIVAL_PARTNER_KEY, live),
            },
        },
        "admin": {
            "url": settings.base_url + constants.ADMIN_PATH,
            "secret": None if is_secret_off else secret,
        },
        "partner_portal": {
            "url": settings.base_url + constants.PARTNER_PAGE_PATH,
            "api_key": _if_live(constants.DEMO_PARTNER_KEY, live),
        },
    }


def _exam_api(settings: Settings, row: Row) -> dict[str, object]:
    vault, header_secret = Vault(settings.secret_key), row["header_secret_sealed"]
    return {
        "base_url": settings.base_url + constants.EXAM_API_PATH,
        "api_key": constants.DEMO_KEY,
        "location_id": constants.LOCATION,
        "foreign_location_id": constants.FOREIGN_LOCATION,
        "foreign_gfe_id": constants.FOREIGN_GFE,
        "webhook_secret": vault.open(header_secret) if header_secret else None,
        "webhook_signing_secret": vault.open(row["signing_secret_sealed"]),
    }


def _partner_keys() -> list[str]:
    tenants = (constants.DEMO_OFFICE, constants.RIVAL_OFFICE)
    return [entry.key for tenant in tenants for entry in tenant.partner_keys]


def _if_live(key: str, live: Collection[bytes]) -> str | None:
    """None once it was revoked: a key that opens nothing is not handed out."""
    return key if keys.digest(key) in live else None
