"""Doors on what belongs to a partner itself: its token, its profile, staging's clock and reset. Parse, call, answer."""

from datetime import datetime, timedelta
from typing import TypeVar

from openmedspa.kit.db import Reads
from openmedspa.kit.errors import Unauthorized
from openmedspa.kit.http import Call
from openmedspa.partners import access_requests, keys, profile, queries, sandbox, tokens
from openmedspa.partners.access_shapes import AccessRequestOut, AccessRequestSent
from openmedspa.partners.keys import Grant
from openmedspa.partners.shapes import ClockOut, MeOut, ResetOut, TokenOut

Answer = TypeVar("Answer", ClockOut, ResetOut)


async def issue_token(call: Call[None]) -> TokenOut:
    """Exchange an API key for an access token of this practice, good for 24 hours.

    Whatever is wrong with practice or key is answered in the same words.
    """
    # All of it each time, whatever is wrong: how long a no takes shall not tell which it was.
    signing = await tokens.signing_keys(call.db, call.house.vault)
    raw: str = call.body.apiKey
    asked = await queries.find_asked_for(call.db, keys.digest(raw), call.path["PPass"])
    environment = "production" if call.house.is_production else "staging"
    if asked is None or keys.environment_of(raw) != environment or not _is_current(asked["expires_at"], call.now):
        raise Unauthorized("There is no such practice for this API key.", code="credentials_invalid")
    call.incoming.caller = (asked["practice_id"], asked["partner_id"], asked["id"])
    call.house.keys_used[asked["id"]] = call.now
    token = tokens.issue(
        signing, key_id=asked["id"], ppass=asked["ppass"], scopes=asked["scopes"], now=call.now,
        ends=call.now + tokens.LIVES,
    )  # fmt: skip
    return TokenOut(accessToken=token, tokenType="Bearer", expiresIn="24h")


async def ask_for_access(call: Call[None]) -> AccessRequestOut:
    """Ask to become a partner: no key is needed, and the answer is the same for everybody.

    A link goes to `ContactEmail`; once it is confirmed, an operator looks at the request and, where a practice's
    patients are concerned, its owner. Then a second link leads to your key.
    """
    incoming = call.incoming
    await call.house.system.write(
        (),
        lambda tx: access_requests.ask(tx, call.body, house=call.house, address=incoming.address, now=call.now),
        address=incoming.address,
    )
    return AccessRequestOut(AccessRequestSent("ConfirmationSent"))


async def show_me(call: Call[Grant]) -> MeOut:
    """Your own profile: company, contact, what this token may do, your keys."""
    return await _me(call.db, call)


async def change_me(call: Call[Grant]) -> MeOut:
    """Change your own profile: the fields given, and no others."""
    await profile.change(
        call.tx, call.grant.partner_id, call.body, actor=call.grant.actor, request_id=call.request_id, now=call.now
    )
    return await _me(call.tx, call)


async def tell_anew(call: Call[Grant], answer: MeOut) -> MeOut:  # noqa: ARG001 what was kept is another key's, or old
    """A replay tells what this token may do, not what that of the first request might."""
    return await _me(call.db, call)


async def _me(db: Reads, call: Call[Grant]) -> MeOut:
    partner = await queries.find_profile(db, call.grant.partner_id)
    assert partner is not None  # a grant's partner lives
    keys_of = await queries.list_own_keys(db, call.grant.partner_id)
    return MeOut(profile.to_me(call.grant, partner, keys_of, now=call.incoming.now))


def _is_current(expires_at: datetime | None, now: datetime) -> bool:
    return expires_at is None or expires_at > now


async def show_clock(call: Call[Grant]) -> ClockOut:
    """Staging: what this account's clock shows."""
    return _clock(call.now, call.grant.clock_offset)


async def advance_clock(call: Call[Grant]) -> ClockOut:
    """Staging: put this account's clock forward; what falls due by then happens now."""
    by = timedelta(seconds=call.body.advance_seconds)
    ahead = await sandbox.advance(call.tx, call.grant, by, request_id=call.request_id, now=call.incoming.now)
    return _clock(call.incoming.now + ahead, ahead)


async def reset_account(call: Call[Grant]) -> ResetOut:
    """Staging: take this account's visits back to how they were when it was set up; clock and chaos too."""
    removed, restored = await sandbox.reset(call.tx, call.grant, request_id=call.request_id, now=call.incoming.now)
    return ResetOut(success=True, visits_removed=removed, visits_restored=restored, ahead_seconds=0)


async def look_anew(call: Call[Grant], answer: Answer) -> Answer:
    """The grant carries the clock: the next request of this process must not meet the old one."""
    call.db.fresh.forget("api_keys")
    return answer


def _clock(now: datetime, ahead: timedelta) -> ClockOut:
    return ClockOut(success=True, now=int(now.timestamp()), ahead_seconds=int(ahead.total_seconds()))
