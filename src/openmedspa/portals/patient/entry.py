"""Who stands at the patient's page: whoever has the link, and, once confirmed, the patient. Holds no rules."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from openmedspa.invitations import opening
from openmedspa.invitations.opening import PATIENT, SESSION_LIVES
from openmedspa.invitations.shapes import Invitation
from openmedspa.kit.house import House
from openmedspa.kit.http import Incoming
from openmedspa.kit.pages import cookie, set_cookie

COOKIE = "visit_session"


class Guest(Struct, frozen=True):
    """The grant of a request to /visit/…; `invitation.is_confirmed` says whether it may see the visit itself."""

    token: str
    invitation: Invitation
    actor: str = PATIENT

    @property
    def address(self) -> str:
        return f"/visit/{self.token}"


class VisitLink(Struct, frozen=True):
    """Lets in whoever has a link of today; what they may see beyond the practice's name is the door's to ask."""

    is_form = True
    is_system = False

    async def admit(self, incoming: Incoming, path: Mapping[str, str]) -> Guest:
        """NotFound for any other link."""
        token = path["token"]
        session_id = cookie(incoming, COOKIE)
        return Guest(token, await opening.open_link(incoming.house, token, session_id=session_id, now=incoming.now))

    def scope(self, grant: Guest) -> Sequence[int]:
        return [grant.invitation.practice_id]

    def csrf_seed(self, grant: Guest) -> str:
        """The link, so that a form outlives the hour of its session: what was typed can be confirmed and kept.

        No other site can address the form without the link; SameSite and the origin check stand beside it.
        """
        return grant.token


def session_cookie(house: House, guest: Guest, session_id: str) -> str:
    """Sent back to this link's own pages only."""
    seconds = int(SESSION_LIVES.total_seconds())
    return set_cookie(house, COOKIE, session_id, path=guest.address, max_age_seconds=seconds)
