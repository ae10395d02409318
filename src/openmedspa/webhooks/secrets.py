"""The secrets of a partner's endpoint: shown to the operator, renewed, replaced. Never logs one."""

from datetime import datetime

from msgspec import Struct

from openmedspa.kit.crypto import Vault
from openmedspa.kit.db import Reads, Row, Tx
from openmedspa.kit.errors import Invalid
from openmedspa.usage import audit
from openmedspa.webhooks import queries, signing
from openmedspa.webhooks.endpoints import get_endpoint

LONGEST_HEADER_SECRET = 512


class Secrets(Struct, frozen=True):
    """Named as in `openmedspa demo --json`: the header's secret, if one is configured, and the signatures'."""

    url: str
    webhook_secret: str | None
    webhook_signing_secret: str


async def show(db: Reads, vault: Vault, partner: Row, *, endpoint: str | None = None) -> Secrets:
    found = await get_endpoint(db, partner, endpoint)
    sealed = found["header_secret_sealed"]
    return Secrets(found["url"], vault.open(sealed) if sealed else None, vault.open(found["signing_secret_sealed"]))


async def rotate_signing(
    tx: Tx, vault: Vault, partner: Row, *, endpoint: str | None = None, actor: str, now: datetime
) -> None:
    """A new whsec_…; everything sent from now on is signed with it, tries of earlier events too."""
    found = await get_endpoint(tx, partner, endpoint)
    await queries.update_signing_secret(tx, found["id"], vault.seal(signing.new_secret()))
    await _record(tx, "webhook.signing_rotated", partner, found["name"], actor=actor, now=now)


async def set_header_secret(
    tx: Tx, vault: Vault, partner: Row, secret: str | None, *, endpoint: str | None = None, actor: str, now: datetime
) -> None:
    """What `X-Webhook-Secret` carries from now on; None to leave the header out."""
    if secret is not None and not _fits_a_header(secret):
        raise Invalid(
            f"A header's secret is 8 to {LONGEST_HEADER_SECRET} visible ASCII characters.",
            "Make one: openssl rand -hex 32",
        )
    found = await get_endpoint(tx, partner, endpoint)
    await queries.update_header_secret(tx, found["id"], vault.seal(secret) if secret is not None else None)
    await _record(tx, "webhook.header_secret_set", partner, found["name"], actor=actor, now=now)


def _fits_a_header(secret: str) -> bool:
    return 8 <= len(secret) <= LONGEST_HEADER_SECRET and all("!" <= character <= "~" for character in secret)


async def _record(tx: Tx, action: str, partner: Row, name: str, *, actor: str, now: datetime) -> None:
    subject = f"partner:{partner['id']} {name}"
    await audit.record(tx, audit.PLATFORM, actor=actor, action=action, subject=subject, request_id=None, now=now)
