"""The links of an access request: derived from the secret key when needed, stored nowhere, each for one purpose."""

import re
from datetime import UTC, datetime
from hmac import compare_digest
from typing import Literal

from openmedspa.kit.house import House

Purpose = Literal["confirm", "key", "decision"]  # the asker's two, and the owner's
TOKEN = re.compile(r"(?P<id>[1-9][0-9]{0,17})\.[A-Za-z0-9_-]{22}")


def access_link(house: House, purpose: Purpose, request_id: int, approved_at: datetime | None = None) -> str:
    """The address to open. Approving anew ends the links of the approval before."""
    return f"{house.public_url}/access/{access_token(house, purpose, request_id, approved_at)}/{purpose}"


def access_token(house: House, purpose: Purpose, request_id: int, approved_at: datetime | None = None) -> str:
    """The part of that address which nobody else can make."""
    approval = approved_at.astimezone(UTC).isoformat() if approved_at and purpose != "confirm" else ""
    return f"{request_id}.{house.vault.link_mac('access', purpose, str(request_id), approval)}"


def request_named(token: str) -> int | None:
    """Which request a token says it is for; None when it is no token. It proves nothing yet."""
    match = TOKEN.fullmatch(token)
    return int(match["id"]) if match else None


def is_genuine(
    house: House, token: str, purpose: Purpose, request_id: int, approved_at: datetime | None = None
) -> bool:
    """Whether we made this token for this purpose, request and approval; a near miss takes as long as a far one."""
    if purpose != "confirm" and approved_at is None:
        return False
    return compare_digest(token.encode(), access_token(house, purpose, request_id, approved_at).encode())
