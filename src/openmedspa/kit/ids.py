"""Random ids with a prefix per kind. Knows nothing of what they name."""

import secrets


def new(prefix: str) -> str:
    """`gfe_` + 32 hexadecimal digits: 128 random bits, so that nobody guesses one."""
    return prefix + secrets.token_hex(16)
