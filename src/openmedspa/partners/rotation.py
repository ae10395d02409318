"""A key that takes over from another, which goes on for a while so that nobody has to switch at the same instant.

Webhooks: `X-Signature` is keyed with the API key that set the URL, and goes on being so. Its receiver has that key,
and only its owner knows when the new one has arrived there: calling `POST /emr/webhooks` with it moves the header over,
also after the old key has expired. A key that leaked is to be revoked: that ends its signatures as well.
"""

from datetime import datetime, timedelta

from asyncpg import UniqueViolationError

from openmedspa.kit.db import Again, Row, Tx
from openmedspa.kit.errors import Conflict, Invalid
from openmedspa.partners import keys, queries, registry
from openmedspa.partners.keys import Environment
from openmedspa.partners.status import status_of
from openmedspa.usage import audit

OVERLAP = timedelta(hours=24)
LONGEST_OVERLAP = timedelta(days=90)


async def rotate_key(
    tx: Tx, key_id: int, *, overlap: timedelta, environment: Environment, actor: str, now: datetime
) -> tuple[str, Row]:
    """A new key with the old one's name, scopes, places and limits, and its row (as `keys list` shows it).

    It lives as long as the old one was meant to. The old one ends after the overlap, or before if it would have;
    0 ends it at once. Conflict for one that is over or has been replaced; Invalid for an overlap that is none.
    """
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise Invalid(f"The old key goes on for 0 to {LONGEST_OVERLAP.days} days.", "--overlap 24h")
    old = await registry.get_key(tx, key_id)
    _require_rotatable(old, now)
    key = keys.new(environment)
    expires_at = old["expires_at"] and now + (old["expires_at"] - old["created_at"])
    try:
        row = await queries.insert_key(
            tx, old["partner_id"], name=old["name"], key_sha256=keys.digest(key), prefix=key[:12], last_four=key[-4:],
            scopes=old["scopes"], location_ids=old["location_ids"], expires_at=expires_at,
            per_second=old["per_second"], burst=old["burst"], replaces=key_id,
        )  # fmt: skip
    except UniqueViolationError:  # somebody else rotated it at this very moment: look again
        raise Again from None
    await queries.update_key_expiry(tx, key_id, now + overlap)
    await audit.record(
        tx, audit.PLATFORM, actor=actor, action="key.rotated", subject=f"key:{key_id} by key:{row['id']}",
        request_id=None, now=now,
    )  # fmt: skip
    return key, await registry.get_key(tx, row["id"])


def _require_rotatable(old: Row, now: datetime) -> None:
    status = status_of(old, now)
    if status in {"Expired", "Revoked"}:
        raise Conflict(f"Key {old['id']} is {status.lower()}: there is nothing to take over.", "openmedspa keys create")
    if old["replaced_by"] is not None:
        raise _replaced(old["id"], old["replaced_by"])


def _replaced(key_id: int, by: int | None = None) -> Conflict:
    what = f"key {by}" if by else "another key"
    return Conflict(f"Key {key_id} has been replaced by {what} already.", "openmedspa keys list")
