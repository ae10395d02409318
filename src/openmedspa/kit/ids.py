"""Random ids with a prefix per kind. Knows nothing of what they name."""

import secrets
from base64 import b32encode


def new(prefix: str) -> str:
    """`gfe_` + 32 characters: 160 random bits in lower-case base32, so that nobody guesses one."""
    return prefix + b32encode(secrets.token_bytes(20)).decode().lower()
