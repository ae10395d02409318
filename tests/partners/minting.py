"""Tokens as a forger would make them: any header, any claims, any key, any signature."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from msgspec import Struct

from openmedspa.kit.house import House
from openmedspa.partners import tokens

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def as_json(value: object) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value).encode()


def signed(header: object, claims: object, key: bytes, *, digest: str = "sha256") -> str:
    """Any header and claims (a dict, or bytes as they are) with their HMAC by this key."""
    body = f"{b64(as_json(header))}.{b64(as_json(claims))}"
    return f"{body}.{b64(hmac.digest(key, body.encode(), digest))}"


def public_key(form: str) -> bytes:
    """What a server that also had asymmetric keys would publish, and a confused one take for an HMAC secret."""
    encoding = {"pem": serialization.Encoding.PEM, "der": serialization.Encoding.DER}[form]
    return RSA.public_key().public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo)


def by_private_key(header: object, claims: object, kind: str) -> str:
    """Signed by a key pair of the forger's."""
    body = f"{b64(as_json(header))}.{b64(as_json(claims))}"
    raw = body.encode()
    if kind == "rsa":
        signature = RSA.sign(raw, padding.PKCS1v15(), hashes.SHA256())
    elif kind == "pss":
        signature = RSA.sign(raw, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    else:
        signature = EC.sign(raw, ec.ECDSA(hashes.SHA256())) if kind == "ec" else ED.sign(raw)
    return f"{body}.{b64(signature)}"


class Mint(Struct, frozen=True):
    """The real key with its name, a real token and another, what they say, and the API key behind them."""

    kid: str
    secret: bytes
    good: str
    other: str
    api_key: str
    rival_key_id: str

    @property
    def header(self) -> dict[str, Any]:
        return {"alg": "HS256", "kid": self.kid, "typ": "JWT"}

    @property
    def claims(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(unb64(self.good.split(".")[1]))
        return found

    def with_claims(self, **changes: Any) -> str:
        return signed(self.header, {**self.claims, **changes}, self.secret)

    def by(self, key: bytes, *, digest: str = "sha256", **changes: Any) -> str:
        return signed({**self.header, **changes}, self.claims, key, digest=digest)

    def parts(self) -> list[str]:
        return self.good.split(".")


async def open_mint(house: House, *, good: str, other: str, api_key: str, rival_key_id: int) -> Mint:
    signing = await tokens.signing_keys(house.db, house.vault)
    secret = unb64(str(signing.by_kid[signing.newest].as_dict(private=True)["k"]))
    return Mint(signing.newest, secret, good, other, api_key, str(rival_key_id))


def seconds() -> int:
    return int(time.time())


def digest_of(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
