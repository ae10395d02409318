"""Who is signed in, and what a session lives by. No I/O."""

from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

Role = Literal["admin", "viewer"]  # an admin changes things, a viewer looks
ROLES: tuple[Role, ...] = ("admin", "viewer")

SESSION_LIVES = timedelta(hours=12)
OPERATOR_IDLES = timedelta(minutes=15)
PARTNER_IDLES = timedelta(minutes=30)
SECRET = "admin secret"  # noqa: S105 a name


class Operator(Struct, frozen=True, kw_only=True):
    """Somebody who may see what every practice and partner does: by an account, or by the admin secret.

    `session_id` is the cookie's SHA-256; empty for a program that sent the admin secret along.
    """

    session_id: bytes
    operator_id: int | None
    name: str
    email: str
    role: Role
    ends_at: datetime | None = None

    @property
    def actor(self) -> str:
        return f"operator:{self.operator_id}" if self.operator_id else SECRET.replace(" ", "-")

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"


class Member(Struct, frozen=True, kw_only=True):
    """A partner, signed in by one of its keys: sees its own calls, keys and webhooks, and nobody else's."""

    session_id: bytes
    key_id: int
    partner_id: int
    partner: str
    key_name: str
    scopes: frozenset[str]
    practice_ids: list[int]
    places: dict[str, int]

    @property
    def actor(self) -> str:
        return f"key:{self.key_id}"
