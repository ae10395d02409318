"""Where a partner's webhooks go, what signs them, and which locations it subscribed to. One rule for all doors."""

from datetime import datetime

from openmedspa.kit.addresses import check_url
from openmedspa.kit.db import Tx
from openmedspa.kit.errors import Invalid
from openmedspa.kit.house import House
from openmedspa.partners.keys import Grant
from openmedspa.usage import audit
from openmedspa.webhooks import queries, signing


async def set_url(
    tx: Tx, house: House, grant: Grant, url: str, *, api_key: str, request_id: str, now: datetime
) -> None:
    """One URL per EMR: a second call moves it. Its secrets stay; `X-Signature` follows the key that set it last."""
    try:
        check_url(url, production=house.is_production, allow_loopback=house.allow_loopback)
    except ValueError:
        raise Invalid("Bad Request", "Invalid URL format", code="url_invalid") from None
    await queries.upsert_endpoint(
        tx,
        grant.partner_id,
        url=url,
        signing_secret_sealed=house.vault.seal(signing.new_secret()),
        api_key_id=grant.key_id,
        api_key_sealed=house.vault.seal(api_key),
        now=now,
    )
    await audit.record(
        tx, audit.PLATFORM, actor=grant.actor, action="webhook.set", subject=f"partner:{grant.partner_id}",
        request_id=request_id, now=now,
    )  # fmt: skip


async def subscribe(
    tx: Tx, grant: Grant, location_id: str, *, practice_id: int, request_id: str, now: datetime
) -> bool:
    """True if the subscription is new."""
    is_new = await queries.insert_subscription(tx, grant.partner_id, practice_id, location_id)
    if is_new:
        await audit.record(
            tx, practice_id, actor=grant.actor, action="location.subscribed", subject=location_id,
            request_id=request_id, now=now,
        )  # fmt: skip
    return is_new
