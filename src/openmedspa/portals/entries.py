"""Who may open operators' and partners' pages: whoever has a session, or sends the admin secret. Holds no rules."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from msgspec import Struct

from openmedspa.accounts import sessions
from openmedspa.accounts.shapes import SESSION_LIVES, Member, Operator, Role
from openmedspa.kit.errors import Forbidden
from openmedspa.kit.house import House
from openmedspa.kit.http import Incoming
from openmedspa.kit.pages import Elsewhere, cookie, set_cookie

ADMIN_COOKIE, PARTNER_COOKIE = "admin_session", "partner_session"


class Operators(Struct, frozen=True):
    """An operator of this role; a page that asks again by itself (`is_live`) keeps no session alive."""

    role: Role = "viewer"
    is_live: bool = False
    is_form = True
    is_system = True

    async def admit(self, incoming: Incoming, _path: Mapping[str, str]) -> Operator:
        """Elsewhere, to sign in, without a session; Forbidden for a viewer who would change something."""
        who = await _find_operator(incoming, is_activity=not self.is_live)
        if who is None:
            raise Elsewhere(_sign_in(incoming, "/admin"))
        if self.role == "admin" and not who.is_admin:
            raise Forbidden("Only an admin may do this", "You are signed in as a viewer.", code="role_missing")
        return who

    def scope(self, _grant: Operator) -> Sequence[int]:
        return ()

    def csrf_seed(self, grant: Operator) -> str | None:
        return grant.session_id.hex() or None


class Members(Struct, frozen=True):
    """A partner, signed in by a key that is still good."""

    is_live: bool = False
    is_form = True
    is_system = True

    async def admit(self, incoming: Incoming, _path: Mapping[str, str]) -> Member:
        session_id = cookie(incoming, PARTNER_COOKIE)
        who = await sessions.find_member(incoming, session_id, is_activity=not self.is_live) if session_id else None
        if who is None:
            raise Elsewhere(_sign_in(incoming, "/partner"))
        return who

    def scope(self, grant: Member) -> Sequence[int]:
        return grant.practice_ids

    def csrf_seed(self, grant: Member) -> str:
        return grant.session_id.hex()


def session_cookie(house: House, name: str, session_id: str) -> str:
    """For all pages of operators, or of partners; empty: signed out."""
    path = "/admin" if name == ADMIN_COOKIE else "/partner"
    seconds = int(SESSION_LIVES.total_seconds()) if session_id else 0
    return set_cookie(house, name, session_id, path=path, max_age_seconds=seconds)


def next_page(home: str, asked: str) -> str:
    """Where to go after signing in: back to a page of ours below `home`, and nowhere else."""
    is_ours = asked == home or asked.startswith((f"{home}/", f"{home}?"))
    return asked if is_ours and "\\" not in asked and asked.isprintable() and asked.isascii() else home


async def _find_operator(incoming: Incoming, *, is_activity: bool) -> Operator | None:
    scheme, _, secret = incoming.header(b"authorization").partition(" ")
    if scheme.lower() == "bearer" and secret:
        return await sessions.find_bearer(incoming, secret.strip())
    session_id = cookie(incoming, ADMIN_COOKIE)
    return await sessions.find_operator(incoming, session_id, is_activity=is_activity) if session_id else None


def _sign_in(incoming: Incoming, home: str) -> str:
    """After it, back to what was asked for; a form that was sent is lost, its page is not."""
    if incoming.method != "GET" or incoming.path == home:
        return f"{home}/sign-in"
    query = f"?{incoming.query.decode('latin-1')}" if incoming.query else ""
    return f"{home}/sign-in?next={quote(incoming.path + query)}"
