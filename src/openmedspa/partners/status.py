"""What state a key is in, said in one word for every door. Pure; clock and row are parameters."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, cast

from openmedspa.kit.db import Row

Status = Literal["Active", "Expires soon", "Replaced", "Expired", "Revoked"]
SOON = timedelta(days=7)
OVER: tuple[Status, ...] = ("Expired", "Revoked")


def status_of(key: Row | Mapping[str, Any], now: datetime) -> Status:
    """By `revoked_at` (its own, or its partner's), `expires_at` and `replaced_by`.

    Replaced: another key has taken over, and this one still works until it expires.
    """
    if key["revoked_at"] is not None:
        return "Revoked"
    expires_at: datetime | None = key["expires_at"]
    if expires_at is not None and expires_at <= now:
        return "Expired"
    if key["replaced_by"] is not None:
        return "Replaced"
    return "Active" if expires_at is None or expires_at - now > SOON else "Expires soon"


def is_live(key: Row | Mapping[str, Any], now: datetime) -> bool:
    """Whether it still opens anything."""
    return status_of(key, now) not in OVER


def wire_status(key: Row | Mapping[str, Any], now: datetime) -> Literal["Active", "Expired", "Revoked"]:
    """As `/v1/me` has it, which knows three words."""
    match status_of(key, now):
        case "Expired" | "Revoked" as over:
            return over
    return "Active"


def with_status(keys: Iterable[Row], now: datetime) -> list[dict[str, Any]]:
    """The rows by column name, each with its `status`."""
    return [{**cast("Mapping[str, Any]", key), "status": status_of(key, now)} for key in keys]
