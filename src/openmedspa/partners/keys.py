"""API keys: what one looks like, and what its holder may do. Pure; never touches the database."""

import secrets
import zlib
from datetime import datetime, timedelta
from hashlib import sha256
from string import ascii_letters, digits
from typing import Literal

from msgspec import Struct

from openmedspa.kit.errors import Forbidden

Environment = Literal["production", "staging"]
PREFIXES: dict[Environment, str] = {"production": "oms_live_", "staging": "oms_test_"}
ALPHABET = digits + ascii_letters
RANDOM_LENGTH = 30  # of 62 characters: 178 bits
CHECKSUM_LENGTH = 6
SCOPES = ("Exams", "Prospects", "Patients", "Providers", "Visits", "ProductPro.Products", "KB", "Tickets")


PER_SECOND, BURST = 100, 500  # calls of a key, unless it was given others
MOST = 1_000_000


class Grant(Struct, frozen=True):
    """What the holder of a key may reach: `places` maps each location it may use to that location's practice."""

    key_id: int
    partner_id: int
    scopes: frozenset[str]
    places: dict[str, int]
    practice_ids: list[int]
    expires_at: datetime | None = None
    clock_offset: timedelta = timedelta(0)  # staging's time control: how far this account's clock is ahead
    per_second: int = 0  # how many calls; 0: as many as it likes
    burst: int = 1
    ppass: str = ""  # the practice of a token; a key alone names none

    @property
    def actor(self) -> str:
        return f"key:{self.key_id}"

    @property
    def caller(self) -> tuple[int | None, int | None, int | None]:
        """As calls are counted: by practice, if there is only one, by partner and by key."""
        return (self.practice_ids[0] if len(self.practice_ids) == 1 else None, self.partner_id, self.key_id)

    @property
    def practice_id(self) -> int:
        """The one practice of a token's holder."""
        (practice_id,) = self.practice_ids
        return practice_id

    def require_location(self, location_id: str) -> int:
        """The practice of a location this key may use."""
        practice_id = self.places.get(location_id)
        if practice_id is None:
            raise Forbidden("EMR is not authorized for this location", code="location_forbidden")
        return practice_id

    def require_visit_at(self, location_id: str) -> None:
        if location_id not in self.places:
            raise Forbidden("EMR is not authorized to access this GFE", code="visit_forbidden")


def new(environment: Environment) -> str:
    """A key with its checksum, so that a mistyped one is told from an unknown one without asking the database."""
    return with_checksum(PREFIXES[environment] + "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_LENGTH)))


def with_checksum(stem: str) -> str:
    """The stem and six characters of its CRC-32 in base 62."""
    rest, characters = zlib.crc32(stem.encode()), []
    for _ in range(CHECKSUM_LENGTH):
        rest, digit = divmod(rest, len(ALPHABET))
        characters.append(ALPHABET[digit])
    return stem + "".join(reversed(characters))


def is_well_formed(key: str) -> bool:
    stem = key[:-CHECKSUM_LENGTH]
    has_length = len(stem) == len(PREFIXES["staging"]) + RANDOM_LENGTH
    return has_length and key.isascii() and environment_of(key) is not None and with_checksum(stem) == key


def environment_of(key: str) -> Environment | None:
    return next((environment for environment, prefix in PREFIXES.items() if key.startswith(prefix)), None)


def digest(key: str) -> bytes:
    """What the database keeps of a key. It is random, so a plain SHA-256 is enough: there is nothing to guess."""
    return sha256(key.encode()).digest()
