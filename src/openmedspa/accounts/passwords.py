"""Passwords and codes: kept so that a stolen database opens nothing, and checked. Knows nobody."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from openmedspa.kit.errors import Invalid

SHORTEST, LONGEST = 12, 200
CODE_SECONDS = 30
STEPS_BEHIND = 1  # how late a clock may be
_hasher = PasswordHasher()  # Argon2id with the parameters of RFC 9106 for small memory: 64 MiB
_few = ThreadPoolExecutor(2, thread_name_prefix="argon2")  # each takes 64 MiB and most of a core for some 50 ms
_NOBODYS = _hasher.hash("nobody has this password")


def require_good(password: str) -> None:
    """Length counts, not signs of every kind (NIST SP 800-63B)."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Invalid(f"A password has {SHORTEST} to {LONGEST} characters.", "A few words in a row do well.")
    if len(set(password)) < 5:
        raise Invalid("This password repeats a few characters.", "A few words in a row do well.")


async def hashed(password: str) -> str:
    return await asyncio.get_running_loop().run_in_executor(_few, _hasher.hash, password)


async def is_right(password: str, kept: str | None) -> bool:
    """Takes as long for an account that there is not (None)."""
    try:
        await asyncio.get_running_loop().run_in_executor(_few, _hasher.verify, kept or _NOBODYS, password[:LONGEST])
    except VerificationError:
        return False
    return kept is not None


def new_totp() -> str:
    """A secret for an authenticator app: base32, 160 bits."""
    return pyotp.random_base32()


def totp_address(secret: str, email: str) -> str:
    """What the QR code says."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name="OpenMedspa")


def step_of(secret: str, code: str, *, after: int, now: datetime) -> int | None:
    """The step of time that this code is good for; None when it is not good, or no newer than the last one used."""
    code = "".join(code.split())
    if not (code.isascii() and code.isdecimal()):
        return None
    current = int(now.timestamp()) // CODE_SECONDS
    totp = pyotp.TOTP(secret)
    for step in (current, current - STEPS_BEHIND, current + 1):
        if pyotp.utils.strings_equal(code, totp.generate_otp(step)):
            return step if step > after else None
    return None
