"""Who may enter the partner API: an access token, turned into a grant for one practice. Knows no route."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from openmedspa.kit.db import Tx
from openmedspa.kit.errors import Forbidden, Unauthorized
from openmedspa.kit.http import Incoming
from openmedspa.partners import idempotency, keys, limits, queries, tokens
from openmedspa.partners.keys import Grant


class Bearer(Struct, frozen=True):
    """The door of `/v1`: a token of ours whose key is still good for its practice."""

    openapi_name = "bearer"

    async def admit(self, incoming: Incoming) -> Grant:
        """The grant behind the request's token. Unauthorized without one that is ours, unexpired and not revoked."""
        try:
            grant = await _find_grant(incoming, _token(incoming))
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


class Scopes(Struct, frozen=True):
    """A route's access: the practice in its path, and the scopes of which its token must have one; none: any token."""

    any_of: tuple[str, ...] = ()

    @property
    def scope(self) -> str:
        return " or ".join(self.any_of) or "any token"

    def require(self, grant: Grant, path: Mapping[str, str]) -> None:
        if "PPass" in path and path["PPass"].lower() != grant.ppass.lower():
            raise Forbidden(
                "Forbidden",
                f"This token is for {grant.ppass}; get one for the practice you ask.",
                code="practice_foreign",
            )
        if self.any_of:
            require_scope(grant, *self.any_of)


def require_scope(grant: Grant, *any_of: str) -> None:
    """Forbidden, naming what is missing."""
    if not grant.scopes.intersection(any_of):
        needed = " or ".join(any_of)
        raise Forbidden("Forbidden", f"This needs the scope {needed}, which this key lacks.", code="scope_missing")


def _token(incoming: Incoming) -> str:
    said = incoming.all_of(b"authorization")
    if len(said) > 1:  # of two, a proxy in between may have looked at the other one
        raise tokens.invalid()
    scheme, _, token = "".join(said).partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise tokens.missing()
    if keys.environment_of(token):
        raise tokens.invalid("This is an API key: exchange it for an access token by POST /v1/{PPass}/auth/token.")
    return token


async def _find_grant(incoming: Incoming, token: str) -> Grant:
    """A token's grant, kept in memory until anything about keys, partners or grants changes."""
    db = incoming.db
    grant: Grant | None = db.fresh.kept("api_keys", token)
    if grant is None:
        limits.require_welcome(incoming)
        grant = await db.fresh.get("api_keys", token, lambda: _load(incoming, token))
    if grant is None:
        raise tokens.invalid()
    if grant.expires_at is not None and grant.expires_at <= incoming.now:
        raise tokens.expired()
    return grant


async def _load(incoming: Incoming, token: str) -> Grant | None:
    """As the key is now, within what the token says: a key that got narrower counts at once, a wider one does not.

    The signature is looked at in here, so that a signing key that ends meanwhile keeps the grant from being kept.
    """
    signing = await tokens.signing_keys(incoming.db, incoming.house.vault)
    claims = tokens.read(signing, token, now=incoming.now)
    grant = await queries.find_token_grant(incoming.db, claims.key_id, claims.ppass)
    if grant is None:
        return None
    ends = min(claims.expires_at, grant.expires_at or claims.expires_at)
    return replace(grant, scopes=grant.scopes & claims.scopes, expires_at=ends, ppass=claims.ppass)
