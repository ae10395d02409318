"""Who opened the link: the date of birth as the second fact, and how often it may be wrong. Knows no HTTP."""

from datetime import date, datetime

from msgspec import Struct

from openmedspa.invitations import opening, queries
from openmedspa.invitations.opening import PATIENT
from openmedspa.invitations.shapes import PAUSE, Guesses, Invitation
from openmedspa.kit.db import Tx
from openmedspa.patients import matching
from openmedspa.usage import audit


class Confirmed(Struct, frozen=True):
    session_id: str


async def confirm(tx: Tx, invitation: Invitation, born: date, *, request_id: str, now: datetime) -> Confirmed | Guesses:
    """Compare the date of birth; a new session, or how the guesses stand after it.

    1. Lock the visit: guesses that come at once are looked at one after another, each knowing those before it.
    2. While there is a pause, or once the link is closed, nothing is compared.
    3. The first date ever given is kept; any later one must be the same.
    4. A wrong one is counted and recorded, and that is committed: the caller answers and does not raise.
    """
    visit = await opening.lock(tx, invitation)
    scope, practice_id, generation = [visit.practice_id], visit.practice_id, visit.link_generation
    guesses = await queries.find_guesses(tx, scope, practice_id, visit.id, generation)
    if guesses.is_closed or guesses.is_paused(now):
        return guesses
    if visit.dob not in (None, born):
        await _record(tx, invitation, "identity.refused", request_id=request_id, now=now)
        return await queries.count_wrong_guess(tx, scope, practice_id, visit.id, generation, pause_until=now + PAUSE)
    if visit.dob is None:
        key = matching.person_key(visit.first_name, visit.last_name, born)
        await queries.update_dob(tx, scope, practice_id, visit.id, born, match_key=key, now=now)
    await queries.update_guesses_after_right_one(tx, scope, practice_id, visit.id, generation)
    await _record(tx, invitation, "identity.confirmed", request_id=request_id, now=now)
    return Confirmed(await opening.begin_session(tx, visit, now=now))


async def _record(tx: Tx, invitation: Invitation, action: str, *, request_id: str, now: datetime) -> None:
    await audit.record(
        tx,
        invitation.practice_id,
        actor=PATIENT,
        action=action,
        subject=invitation.gfe_id,
        request_id=request_id,
        now=now,
    )
