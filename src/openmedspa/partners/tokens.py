"""The partner API's tokens: signed, read, and the keys that sign them. Knows no HTTP.

HS256 and nothing else (RFC 8725 3.1): the header chooses among our keys by `kid`, never the algorithm.
"""

import base64
import binascii
import json
import re
import secrets
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from msgspec import Meta, Struct

from openmedspa.kit.crypto import Vault
from openmedspa.kit.db import Database, Reads, Tx
from openmedspa.kit.errors import Unauthorized
from openmedspa.partners import queries
from openmedspa.usage import audit

ALGORITHM = "HS256"
ISSUER, AUDIENCE = "openmedspa", "openmedspa/v1"
LAST_SECOND = 2**37  # the calendar's would be 253402300799; far enough
LIVES = timedelta(hours=24)
CLOCKS_APART_SECONDS = 60  # of two of our machines
LONGEST = 4_096
COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
HEADER = {"alg", "kid", "typ"}
SECRET_BYTES = 32


class Payload(Struct, frozen=True, forbid_unknown_fields=True):
    """What stands in a token of ours, and nothing else does."""

    iss: Literal["openmedspa"]
    aud: Literal["openmedspa/v1"]
    sub: Annotated[str, Meta(pattern=r"^[1-9][0-9]{0,8}\Z")]
    ppass: Annotated[str, Meta(pattern=r"^[A-Za-z][A-Za-z0-9]{2,31}\Z")]
    scopes: list[str]
    iat: Annotated[int, Meta(ge=0, le=LAST_SECOND)]
    exp: Annotated[int, Meta(ge=0, le=LAST_SECOND)]
    jti: Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]


class Claims(Struct, frozen=True):
    """What a token says of its holder."""

    key_id: int
    ppass: str
    scopes: frozenset[str]
    expires_at: datetime


class SigningKeys(Struct, frozen=True):
    """`newest` signs; all of them verify."""

    newest: str
    by_kid: dict[str, OctKey]


def issue(keys: SigningKeys, *, key_id: int, ppass: str, scopes: list[str], now: datetime, ends: datetime) -> str:
    """A token for the holder of a key at one practice, until `ends`."""
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(key_id),
        "ppass": ppass,
        "scopes": scopes,
        "iat": int(now.timestamp()),
        "exp": int(ends.timestamp()),
        "jti": secrets.token_hex(16),
    }
    header = {"alg": ALGORITHM, "kid": keys.newest}
    return jwt.encode(header, claims, keys.by_kid[keys.newest], algorithms=[ALGORITHM])


def read(keys: SigningKeys, token: str, *, now: datetime) -> Claims:
    """What a token of ours says. Unauthorized for any other, in the same words; an expired one is told so."""
    if len(token) > LONGEST or not COMPACT.fullmatch(token) or not _is_canonical(token):
        raise invalid()
    try:
        _refuse_doubles(token)
        found = jwt.decode(token, lambda signed: _key(keys, signed.headers()), algorithms=[ALGORITHM])
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise invalid() from None
    return _to_claims(found.claims, now)


async def signing_keys(db: Database, vault: Vault) -> SigningKeys:
    """The keys there are, kept in memory until they change."""
    return await db.fresh.get("token_keys", "", lambda: _load(db, vault))


async def require_signing_key(db: Database, vault: Vault) -> None:
    """A new installation makes its first key as its first process starts."""
    kid, sealed = _new(vault)
    await queries.insert_first_token_key(db, kid, sealed)


async def list_keys(db: Reads, *, now: datetime) -> list[dict[str, Any]]:
    """Each key that still verifies, the one that signs first: nothing of it but its name and its times."""
    return [
        {
            "kid": row["kid"],
            "created_at": row["created_at"],
            "retired_at": row["retired_at"],
            "verifies_until": row["retired_at"] + LIVES if row["retired_at"] else None,
        }
        for row in await queries.list_token_keys(db)
        if row["retired_at"] is None or row["retired_at"] + LIVES > now
    ]


async def rotate(tx: Tx, vault: Vault, *, ends_all: bool, actor: str, now: datetime) -> str:
    """A new key signs from now on. The old ones verify what they signed for its 24 hours, or end at once."""
    kid, sealed = _new(vault)
    await queries.insert_token_key(tx, kid, sealed)
    await (queries.delete_token_keys if ends_all else queries.update_token_keys_retired)(tx, but=kid)
    action = "token_keys.ended" if ends_all else "token_keys.rotated"
    await audit.record(
        tx, audit.PLATFORM, actor=actor, action=action, subject=f"token_key:{kid}", request_id=None, now=now
    )
    return kid


def invalid(why: str = "The access token is not valid.") -> Unauthorized:
    return Unauthorized(why, code="token_invalid", headers=_challenge("invalid_token"))


def expired() -> Unauthorized:
    return Unauthorized(
        "The access token has expired: ask for a new one with your API key.", code="token_expired",
        headers=_challenge("invalid_token"),
    )  # fmt: skip


def missing() -> Unauthorized:
    return Unauthorized("Send Authorization: Bearer and an access token.", code="token_missing", headers=_challenge(""))


def _challenge(error: str) -> dict[str, str]:
    """RFC 6750 3."""
    return {"WWW-Authenticate": f'Bearer realm="openmedspa", error="{error}"' if error else 'Bearer realm="openmedspa"'}


async def _load(db: Reads, vault: Vault) -> SigningKeys:
    rows = await queries.list_token_keys(db)
    return SigningKeys(rows[0]["kid"], {row["kid"]: _to_key(vault.open(row["secret_sealed"])) for row in rows})


def _new(vault: Vault) -> tuple[str, bytes]:
    secret = base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
    return secrets.token_hex(8), vault.seal(secret)


def _to_key(secret: str) -> OctKey:
    return OctKey.import_key(base64.b64decode(secret))


def _key(keys: SigningKeys, header: dict[str, Any]) -> OctKey:
    """By a `kid` of ours, in a header that says nothing else: no `crit`, no key or address of a key."""
    if header.keys() != HEADER or header["typ"] != "JWT" or header["alg"] != ALGORITHM:
        raise invalid()
    key = keys.by_kid.get(header["kid"]) if isinstance(header["kid"], str) else None
    if key is None:
        raise invalid()
    return key


def _refuse_doubles(token: str) -> None:
    """Of two members of one name, one reader takes the first and another the last."""
    for part in token.split(".")[:2]:
        json.loads(_decoded(part), object_pairs_hook=_single)


def _single(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise invalid()
    return made


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _is_canonical(token: str) -> bool:
    """Base64 has several spellings of the same bytes; a signature has one, so that a token has one."""
    for part in token.split("."):
        try:
            raw = _decoded(part)
        except (binascii.Error, ValueError):
            return False
        if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != part:
            return False
    return True


def _to_claims(claims: dict[str, Any], now: datetime) -> Claims:
    """The signature is ours, but so may be what another of our versions signed: every claim is looked at."""
    try:
        payload = msgspec.convert(claims, type=Payload)
    except msgspec.ValidationError:
        raise invalid() from None
    if not payload.iat <= payload.exp <= payload.iat + LIVES.total_seconds():
        raise invalid()
    if payload.iat > now.timestamp() + CLOCKS_APART_SECONDS:
        raise invalid()
    expires_at = datetime.fromtimestamp(payload.exp, UTC)
    if expires_at <= now:
        raise expired()
    return Claims(int(payload.sub), payload.ppass, frozenset(payload.scopes), expires_at)
