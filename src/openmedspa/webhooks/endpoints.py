"""Where a partner's webhooks go, and which locations it subscribed to. One rule for all doors; no secrets."""

import re
from datetime import datetime

from msgspec import Struct
from yarl import URL

from openmedspa.kit.addresses import check_url
from openmedspa.kit.crypto import Vault
from openmedspa.kit.db import Reads, Row, Tx
from openmedspa.kit.errors import Conflict, Invalid, NotFound
from openmedspa.kit.house import House
from openmedspa.kit.nearest import did_you_mean
from openmedspa.partners.keys import Grant
from openmedspa.usage import audit
from openmedspa.webhooks import queries, signing

API = "api"  # the name of the one that POST /emr/webhooks sets
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


class SwitchedOn(Struct, frozen=True):
    """What became of an endpoint while it was off: since when, how many were given up, how many waited."""

    name: str
    off_since: datetime
    missed: int
    waiting: int


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


async def add(
    tx: Tx, vault: Vault, partner: Row, url: str, *, name: str | None, production: bool, allow_loopback: bool,
    actor: str, now: datetime,
) -> str:  # fmt: skip
    """One more endpoint of the partner, with secrets of its own; its name, after its host unless one is given."""
    try:
        check_url(url, production=production, allow_loopback=allow_loopback)
    except ValueError as trouble:
        raise Invalid(str(trouble), "Such as https://emr.example.com/webhooks") from None
    name = name if name is not None else re.sub(r"[^a-z0-9]+", "-", (URL(url).host or "").lower()).strip("-")[:40]
    if not NAME.fullmatch(name) or name == API:
        raise Invalid(
            f"“{name}” cannot name it: small letters, digits, - and _, at most 40, and not {API}, which the API sets.",
            "--name warehouse",
        )
    if await queries.find_endpoint(tx, partner["id"], name):
        raise Conflict(f"{partner['name']} has an endpoint {name} already.", "Give this one a name: --name warehouse")
    sealed = vault.seal(signing.new_secret())
    await queries.insert_endpoint(tx, partner["id"], name=name, url=url, signing_secret_sealed=sealed, now=now)
    await _record(tx, "webhook.added", partner, name, actor=actor, now=now)
    return name


async def remove(tx: Tx, partner: Row, name: str, *, actor: str, now: datetime) -> int:
    """Nothing is sent there any more, and what was stays readable; how many deliveries are given up by it."""
    endpoint = await get_endpoint(tx, partner, name)
    given_up = await queries.update_deleted(tx, endpoint["id"], now)
    await _record(tx, "webhook.removed", partner, name, actor=actor, now=now)
    return given_up


async def switch_off(tx: Tx, partner: Row, name: str | None, *, actor: str, now: datetime) -> list[str]:
    """One, or all of the partner's, until they are switched on again; the names of those that were on."""
    chosen = [await get_endpoint(tx, partner, name)] if name else await _list_endpoints(tx, partner)
    off = []
    for row in chosen:
        if await queries.update_switched_off(tx, row["id"], now, because=f"switched off by {actor}"):
            off.append(row["name"])
            await _record(tx, "webhook.switched_off", partner, row["name"], actor=actor, now=now)
    return off


async def switch_on(tx: Tx, partner: Row, name: str | None, *, actor: str, now: datetime) -> list[SwitchedOn]:
    """One, or all of the partner's; those that were off. What waited goes on at once, what was given up does not."""
    chosen = [await get_endpoint(tx, partner, name)] if name else await _list_endpoints(tx, partner)
    found = []
    for row in chosen:
        if was := await queries.update_switched_on(tx, row["id"]):
            found.append(SwitchedOn(row["name"], was["switched_off_at"], was["missed"], was["waiting"]))
            await _record(tx, "webhook.switched_on", partner, row["name"], actor=actor, now=now)
    return found


async def get_endpoint(db: Reads, partner: Row, name: str | None = None) -> Row:
    """By name; without one the API's own, or the only one. NotFound says which there are."""
    found = await _list_endpoints(db, partner)
    names = [row["name"] for row in found]
    if name in names:
        return found[names.index(name)]
    if name is None and (names[0] == API or len(names) == 1):
        return found[0]
    if name is None:
        raise Invalid(f"{partner['name']} has several endpoints: {', '.join(names)}.", "Say which: --endpoint NAME")
    hint = did_you_mean(name, names, f"There are {', '.join(names)}.")
    raise NotFound(f"{partner['name']} has no endpoint {name}.", hint)


async def _list_endpoints(db: Reads, partner: Row) -> list[Row]:
    if found := await queries.list_partner_endpoints(db, partner["id"]):
        return found
    hint = "Its software sets one: POST /emr/webhooks; or openmedspa webhooks add PARTNER URL"
    raise NotFound(f"{partner['name']} has no webhook URL yet.", hint)


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


async def _record(tx: Tx, action: str, partner: Row, name: str, *, actor: str, now: datetime) -> None:
    subject = f"partner:{partner['id']} {name}"
    await audit.record(tx, audit.PLATFORM, actor=actor, action=action, subject=subject, request_id=None, now=now)
