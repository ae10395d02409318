"""Opening the patient's link, and the session that follows a confirmed date of birth. Knows no HTTP."""

import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from openmedspa.exams import links, visits
from openmedspa.exams.visit import Visit
from openmedspa.invitations import queries
from openmedspa.invitations.shapes import Invitation
from openmedspa.kit.db import Tx
from openmedspa.kit.errors import NotFound
from openmedspa.kit.house import House

PATIENT = "patient"  # the actor of everything that is done through a link
SESSION_LIVES = timedelta(minutes=60)
WHAT = "This link does not work any more"
WHY = (
    "It may have been cut off when it was copied, or a newer one has taken its place. Open the link from the latest "
    "message again, or ask your practice to send you a new one."
)


async def open_link(house: House, token: str, *, session_id: str, now: datetime) -> Invitation:
    """The visit behind a link. NotFound, which says no more than that, when the link is not one of today's."""
    gfe_id = links.visit_named(token)
    practice_id = await queries.find_practice_id(house.db, gfe_id) if gfe_id else None
    if gfe_id is None or practice_id is None:
        raise NotFound(WHAT, WHY)
    found = await queries.find_invitation(house.db, [practice_id], gfe_id, session_sha256=_digest(session_id), now=now)
    if found is None or not links.is_genuine(house, token, gfe_id, found.generation):
        raise NotFound(WHAT, WHY)
    return found


async def lock(tx: Tx, invitation: Invitation) -> Visit:
    """The visit, locked until commit; NotFound when its link was ended since the request began."""
    visit = await visits.lock_of_patient(tx, invitation.practice_id, invitation.gfe_id)
    if visit is None or visit.link_generation != invitation.generation:
        raise NotFound(WHAT, WHY)
    return visit


async def begin_session(tx: Tx, visit: Visit, *, now: datetime) -> str:
    """A new session's id, 256 random bits; only its digest is kept. It ends in an hour, whatever is done with it."""
    session_id = secrets.token_urlsafe(32)
    await queries.insert_session(
        tx,
        [visit.practice_id],
        visit.practice_id,
        visit.id,
        visit.link_generation,
        id_sha256=_digest(session_id),
        created_at=now,
        expires_at=now + SESSION_LIVES,
    )
    return session_id


def _digest(session_id: str) -> bytes:
    return sha256(session_id.encode()).digest()
