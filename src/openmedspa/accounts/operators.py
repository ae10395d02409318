"""Operators' accounts: made, changed, ended. One rule for every door; knows no HTTP."""

import re
from datetime import datetime

from openmedspa.accounts import passwords, queries
from openmedspa.accounts.shapes import ROLES
from openmedspa.kit.crypto import Vault
from openmedspa.kit.db import Reads, Row, Tx
from openmedspa.kit.errors import Conflict, Invalid, NotFound
from openmedspa.kit.nearest import did_you_mean
from openmedspa.practices import register
from openmedspa.usage import audit


async def create(
    tx: Tx, vault: Vault, email: str, *, name: str, role: str, password: str, actor: str, now: datetime
) -> tuple[Row, str]:
    """A new account, and the secret for its authenticator app, which is not shown again."""
    if not re.fullmatch(register.ADDRESS, email):
        raise Invalid(f"“{email}” is no e-mail address.", "openmedspa operators create robin@example.com")
    _require_role(role)
    passwords.require_good(password)
    if await queries.find_operator(tx, email):
        raise Conflict(f"There is an operator {email} already.", "openmedspa operators list")
    totp = passwords.new_totp()
    row = await queries.insert_operator(
        tx, email=email, name=name.strip() or email, role=role, password_argon2=await passwords.hashed(password),
        totp_sealed=vault.seal(totp), now=now,
    )  # fmt: skip
    await _record(tx, "operator.created", row["id"], actor=actor, now=now)
    return row, totp


async def get(db: Reads, email: str) -> Row:
    """NotFound, with the nearest address, when there is none."""
    if row := await queries.find_operator(db, email):
        return row
    known = [row["email"] for row in await queries.list_operators(db)]
    raise NotFound(f"There is no operator {email}.", did_you_mean(email, known, "openmedspa operators list"))


async def set_role(tx: Tx, email: str, role: str, *, actor: str, now: datetime) -> None:
    """Counts from the next page on."""
    _require_role(role)
    row = await get(tx, email)
    await queries.update_role(tx, row["id"], role)
    await _record(tx, f"operator.role_{role}", row["id"], actor=actor, now=now)


async def reset(tx: Tx, vault: Vault, email: str, *, password: str, actor: str, now: datetime) -> str:
    """A new password and a new secret for the app; whoever was signed in is signed out."""
    passwords.require_good(password)
    row, totp = await get(tx, email), passwords.new_totp()
    await queries.update_credentials(
        tx, row["id"], password_argon2=await passwords.hashed(password), totp_sealed=vault.seal(totp)
    )
    await queries.delete_operator_sessions(tx, row["id"])
    await _record(tx, "operator.reset", row["id"], actor=actor, now=now)
    return totp


async def switch(tx: Tx, email: str, *, is_on: bool, actor: str, now: datetime) -> None:
    """An account that is off signs nobody in, and those who are signed in are signed out."""
    row = await get(tx, email)
    await queries.update_disabled(tx, row["id"], None if is_on else now)
    await queries.delete_operator_sessions(tx, row["id"])
    await _record(tx, "operator.enabled" if is_on else "operator.disabled", row["id"], actor=actor, now=now)


async def sign_out(tx: Tx, email: str, *, actor: str, now: datetime) -> int:
    """Everywhere; how many sessions ended."""
    row = await get(tx, email)
    ended = await queries.delete_operator_sessions(tx, row["id"])
    await _record(tx, "operator.signed_out", row["id"], actor=actor, now=now)
    return ended


async def switch_secret(tx: Tx, *, is_on: bool, actor: str, now: datetime) -> None:
    """The admin secret of the settings counts, or counts no more. Invalid for the last way in."""
    if not is_on and not any(
        row["role"] == "admin" and row["disabled_at"] is None for row in await queries.list_operators(tx)
    ):
        raise Invalid(
            "Nobody could open the dashboard then: there is no admin yet.",
            "openmedspa operators create robin@example.com --role admin",
        )
    await queries.update_secret_off(tx, None if is_on else now)
    await audit.record(
        tx, audit.PLATFORM, actor=actor, action="admin_secret.on" if is_on else "admin_secret.off",
        subject="installation", request_id=None, now=now,
    )  # fmt: skip


def _require_role(role: str) -> None:
    if role not in ROLES:
        raise Invalid(f"“{role}” is no role.", did_you_mean(role, ROLES, "There are admin and viewer."))


async def _record(tx: Tx, action: str, operator_id: int, *, actor: str, now: datetime) -> None:
    await audit.record(
        tx, audit.PLATFORM, actor=actor, action=action, subject=f"operator:{operator_id}", request_id=None, now=now
    )
