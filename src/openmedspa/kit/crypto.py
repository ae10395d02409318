"""Everything derived from OPENMEDSPA_SECRET_KEY: sealed values and link tokens. Holds no business word."""

import hmac
from base64 import urlsafe_b64encode
from hashlib import sha256
from os import urandom

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from openmedspa.kit.errors import Stopped

NONCE_BYTES = 12


class Vault:
    """Seals what must be used again (webhook secrets, signing keys) and derives link tokens.

    One secret key, one derived key per purpose, so that a token never doubles as a cipher key.
    """

    def __init__(self, secret_key: str) -> None:
        self._cipher = AESGCM(_derive(secret_key, b"seal"))
        self._link_key = _derive(secret_key, b"link")

    def seal(self, text: str) -> bytes:
        """AES-256-GCM: 12 bytes of nonce, then the ciphertext with its tag."""
        nonce = urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, text.encode(), None)

    def open(self, sealed: bytes) -> str:
        """What `seal` was given. Stopped when the secret key is another one than sealed it."""
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], None).decode()
        except InvalidTag:
            raise Stopped(
                "A sealed secret does not open with this OPENMEDSPA_SECRET_KEY.",
                "Set the key that this database was first served with.",
                exit_code=4,
            ) from None

    def link_mac(self, *parts: str) -> str:
        """22 URL-safe characters (128 bits) that only this installation can make for these parts."""
        mac = hmac.digest(self._link_key, "\x00".join(parts).encode(), "sha256")
        return urlsafe_b64encode(mac[:16]).decode().rstrip("=")


def _derive(secret_key: str, purpose: bytes) -> bytes:
    return hmac.digest(sha256(secret_key.encode()).digest(), b"openmedspa/" + purpose, "sha256")
