"""Who may enter the exam API: the key of the `x-api-key` header, turned into a grant. Decides nothing about visits."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from openmedspa.kit.db import Reads, Tx
from openmedspa.kit.errors import Forbidden, NotFound, Unauthorized
from openmedspa.kit.http import Incoming, Outdated
from openmedspa.partners import idempotency, keys, limits, queries
from openmedspa.partners.keys import Environment, Grant

HEADER = b"x-api-key"


class ApiKey(Struct, frozen=True):
    """The door of `/emr`: a valid key of this environment."""

    environment: Environment
    openapi_name = "apiKey"

    async def admit(self, incoming: Incoming) -> Grant:
        """The grant behind the request's key. Unauthorized without one that is known, live and of this environment."""
        raw = incoming.header(HEADER)
        try:
            if not raw:
                raise Unauthorized("Unauthorized: API key is missing.", code="key_missing")
            grant = await find_grant(incoming, raw, environment=self.environment)
        except Unauthorized:
            limits.count_stranger(incoming)
            raise
        incoming.house.keys_used[grant.key_id] = incoming.now
        incoming.caller = grant.caller
        limits.count_call(incoming, grant)
        return grant

    def count_stranger(self, incoming: Incoming) -> None:
        limits.count_stranger(incoming)

    def scope(self, grant: Grant) -> Sequence[int]:
        return grant.practice_ids

    def now(self, grant: Grant, moment: datetime) -> datetime:
        """The moment on this account's clock, which staging can put forward."""
        return moment + grant.clock_offset

    async def once(
        self, tx: Tx, grant: Grant, *, key: str, request_hash: bytes, work: Callable[[], Awaitable[bytes]]
    ) -> bytes:
        return await idempotency.once(tx, grant, key=key, request_hash=request_hash, work=work)


class Key(Struct, frozen=True):
    """A route's access: the scope its key must have."""

    scope: str

    def require(self, grant: Grant, path: Mapping[str, str]) -> None:  # noqa: ARG002 the doors know whose a place is
        if self.scope not in grant.scopes:
            raise Forbidden("EMR is not authorized for this endpoint", code="scope_missing")


async def find_grant(incoming: Incoming, raw: str, *, environment: Environment) -> Grant:
    """A key's grant, kept in memory until anything about keys, partners or grants changes."""
    db, sha256 = incoming.db, keys.digest(raw)
    grant: Grant | None = db.fresh.kept("api_keys", sha256)
    if grant is None:  # one that is kept was well-formed and of this environment when it came first
        if not keys.is_well_formed(raw):
            raise _invalid_key()
        if keys.environment_of(raw) != environment:
            raise _invalid_key(f"This is a {keys.environment_of(raw)} key; this server is {environment}.")
        limits.require_welcome(incoming)
        grant = await db.fresh.get("api_keys", sha256, lambda: queries.find_grant(db, sha256))
    if grant is None or (grant.expires_at is not None and grant.expires_at <= incoming.now):
        raise _invalid_key()
    return grant


async def find_grant_of(db: Reads, raw: str, *, now: datetime) -> Grant | None:
    """What a key reaches at this moment, without looking at what is kept in memory; None when it opens nothing."""
    return _if_live(await queries.find_grant(db, keys.digest(raw)), now)


async def find_grant_of_key(db: Reads, key_id: int, *, now: datetime) -> Grant | None:
    """The same of a key that is known by its number."""
    return _if_live(await queries.find_grant_by_id(db, key_id), now)


async def require_location(db: Reads, grant: Grant, location_id: str) -> int:
    """The practice of a location that exists and is granted; a miss asks the database, so that a new grant counts."""
    if location_id in grant.places:
        return grant.places[location_id]
    if await queries.find_location_practice(db, location_id) is None:
        raise NotFound("Not Found", "Location not found", code="location_not_found")
    newest = await queries.find_grant_by_id(db, grant.key_id)
    if newest is not None and location_id in newest.places:
        db.fresh.forget("api_keys")
        raise Outdated  # the scope of this request is the old grant's
    return grant.require_location(location_id)


def _if_live(grant: Grant | None, now: datetime) -> Grant | None:
    return None if grant is None or (grant.expires_at is not None and grant.expires_at <= now) else grant


def _invalid_key(message: str | None = None) -> Unauthorized:
    return Unauthorized("Forbidden: Invalid API key.", message, code="key_invalid")
