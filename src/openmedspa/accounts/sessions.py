"""Signing in and out, and who is signed in. Guesses are limited by account and address; who is in stays in."""

import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from time import monotonic

from openmedspa.accounts import passwords, queries
from openmedspa.accounts.shapes import OPERATOR_IDLES, PARTNER_IDLES, SECRET, SESSION_LIVES, Member, Operator
from openmedspa.kit.db import Row
from openmedspa.kit.errors import Forbidden, TooMany
from openmedspa.kit.house import House
from openmedspa.kit.http import Incoming
from openmedspa.partners import access, keys, limits
from openmedspa.partners.keys import Environment
from openmedspa.usage import audit

ID_BYTES = 32
NOTED = timedelta(seconds=30)  # a session's idle time is put off this often, not with every page
# Guesses: at an account from one subscriber, at an account from everywhere, at any account from one subscriber.
HERE, EVERYWHERE, ANY = (5, 1 / 60), (100, 1 / 20), (30, 1 / 10)
WRONG = "After five wrong tries, each further one takes a minute's wait."


async def sign_in_operator(incoming: Incoming, email: str, password: str, code: str) -> str:
    """A new session's id, for the cookie. Forbidden when anything does not match, whichever it was."""
    house, now = incoming.house, incoming.now
    _count_guess(incoming, email.strip().lower(), is_everywhere=True)
    row = await queries.find_operator(house.system, email.strip())
    is_right = await passwords.is_right(password, row["password_argon2"] if row else None)
    step = (
        passwords.step_of(house.vault.open(row["totp_sealed"]), code, after=row["totp_step"], now=now)
        if row is not None and row["disabled_at"] is None and is_right
        else None
    )
    if row is None or step is None or not await queries.update_signed_in(house.system, row["id"], step=step, now=now):
        raise _wrong()
    return await _begin(incoming, OPERATOR_IDLES, actor=f"operator:{row['id']}", operator_id=row["id"])


async def sign_in_by_secret(incoming: Incoming, secret: str) -> str:
    """As the admin secret's holder. Forbidden for another one, and once it is switched off."""
    _count_guess(incoming, SECRET)
    if not await is_secret(incoming.house, secret):
        raise _wrong()
    mark = _mark(incoming.house)
    return await _begin(incoming, OPERATOR_IDLES, actor=SECRET.replace(" ", "-"), secret_mark=mark)


async def sign_in_partner(incoming: Incoming, raw: str) -> str:
    """As the partner whose key this is. Forbidden for one that opens nothing."""
    _count_guess(incoming, "partner")
    environment: Environment = "production" if incoming.house.is_production else "staging"
    raw = raw.strip()
    is_ours = keys.is_well_formed(raw) and keys.environment_of(raw) == environment
    grant = await access.find_grant_of(incoming.house.system, raw, now=incoming.now) if is_ours else None
    if grant is None:
        raise _wrong()
    return await _begin(incoming, PARTNER_IDLES, actor=grant.actor, key_id=grant.key_id)


async def find_operator(incoming: Incoming, session_id: str, *, is_activity: bool = True) -> Operator | None:
    """Who this session is; None once it is over. Only what somebody does puts its end off, and no page by itself."""
    house, now, digest = incoming.house, incoming.now, _digest(session_id)
    row = await queries.find_operator_session(house.system, digest, now)
    if row is None or (row["operator_id"] is None and row["secret_mark"] != _mark(house)):
        return None
    if is_activity:
        await _put_off(house, digest, row, OPERATOR_IDLES, now)
    if row["operator_id"] is None:
        return by_secret(digest, row["ends_at"])
    return Operator(
        session_id=digest, operator_id=row["operator_id"], name=row["name"], email=row["email"], role=row["role"],
        ends_at=row["ends_at"],
    )  # fmt: skip


def by_secret(session_id: bytes = b"", ends_at: datetime | None = None) -> Operator:
    """The admin secret's holder."""
    return Operator(
        session_id=session_id, operator_id=None, name="Admin secret", email="", role="admin", ends_at=ends_at
    )


async def is_secret(house: House, secret: str) -> bool:
    """Whether this is the admin secret of the settings, and it counts."""
    is_same = compare_digest(secret.encode(), house.admin_secret.encode()) and bool(house.admin_secret)
    return await queries.find_secret_off(house.system) is None and is_same


async def find_bearer(incoming: Incoming, secret: str) -> Operator | None:
    """A program with the admin secret. Wrong ones are counted as guesses, and after too many none is looked at."""
    _count_guess(incoming, SECRET, cost=0)
    if await is_secret(incoming.house, secret):
        return by_secret()
    _count_guess(incoming, SECRET)
    return None


async def find_member(incoming: Incoming, session_id: str, *, is_activity: bool = True) -> Member | None:
    """Which partner this session is, and what its key may reach now; None once session or key are over."""
    house, now, digest = incoming.house, incoming.now, _digest(session_id)
    row = await queries.find_member_session(house.system, digest, now)
    grant = await access.find_grant_of_key(house.system, row["key_id"], now=now) if row else None
    if row is None or grant is None:
        return None
    if is_activity:
        await _put_off(house, digest, row, PARTNER_IDLES, now)
    return Member(
        session_id=digest, key_id=grant.key_id, partner_id=grant.partner_id, partner=row["partner"],
        key_name=row["key_name"], scopes=grant.scopes, practice_ids=grant.practice_ids, places=grant.places,
    )  # fmt: skip


async def sign_out(house: House, session_id: str) -> None:
    await queries.delete_session(house.system, _digest(session_id))


async def sign_out_everywhere(house: House, who: Operator | Member) -> int:
    """Every session of this account, of the admin secret, or of all of a partner's keys; how many."""
    if isinstance(who, Member):
        return await queries.delete_member_sessions(house.system, who.partner_id)
    if who.operator_id is None:
        return await queries.delete_secret_sessions(house.system)
    return await queries.delete_operator_sessions(house.system, who.operator_id)


async def _begin(
    incoming: Incoming, idles: timedelta, *, actor: str, operator_id: int | None = None, key_id: int | None = None,
    secret_mark: str | None = None,
) -> str:  # fmt: skip
    """A new session, and its audit row."""
    house, now, session_id = incoming.house, incoming.now, secrets.token_urlsafe(ID_BYTES)
    async with house.system.transaction(address=incoming.address) as tx:
        await queries.insert_session(
            tx, _digest(session_id), operator_id=operator_id, key_id=key_id, secret_mark=secret_mark,
            idle_at=now + idles, ends_at=now + SESSION_LIVES, address=incoming.address or None, now=now,
        )  # fmt: skip
        await audit.record(
            tx, audit.PLATFORM, actor=actor, action="page.signed_in", subject=actor, request_id=incoming.id, now=now
        )
    return session_id


async def _put_off(house: House, digest: bytes, row: Row, idles: timedelta, now: datetime) -> None:
    if row["idle_at"] < now + idles - NOTED:
        await queries.update_session_idle(house.system, digest, now + idles)


def _count_guess(incoming: Incoming, account: str, *, is_everywhere: bool = False, cost: int = 1) -> None:
    """Every try at a form counts, also a right one. In each process, as other limits (decision 14). `cost=0` looks.

    A password is counted from everywhere, too; keys and the admin secret are too long to be guessed.
    """
    subscriber = limits.subscriber(incoming.address)
    names = [(("guess", account, subscriber), HERE), (("guesses", subscriber), ANY)]
    for name, (burst, per_second) in [*names, (("guess", account), EVERYWHERE)][: 3 if is_everywhere else 2]:
        taken = incoming.house.buckets.take(name, per_second=per_second, burst=burst, now=monotonic(), cost=cost)
        if not taken.is_granted:
            raise TooMany(
                "Too many tries", f"Wait {taken.next_seconds} seconds, then try again. Who is signed in stays so.",
                retry_after_seconds=max(1, taken.next_seconds),
            )  # fmt: skip


def _wrong() -> Forbidden:
    return Forbidden("That did not match", WRONG, code="sign_in_wrong")


def _digest(session_id: str) -> bytes:
    """The id is random, so a plain SHA-256 is enough."""
    return sha256(session_id.encode()).digest()


def _mark(house: House) -> str:
    """Of the admin secret: changes with it, and does not give it away."""
    return house.vault.link_mac("admin-secret", house.admin_secret)
