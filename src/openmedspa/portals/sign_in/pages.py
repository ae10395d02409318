"""The doors of …/sign-in and …/sign-out, of operators and of partners: take the form apart, call, go on. No rules."""

from openmedspa.accounts import sessions
from openmedspa.accounts.shapes import Member, Operator
from openmedspa.kit.errors import Refused
from openmedspa.kit.http import Call
from openmedspa.kit.pages import Redirect, View, cookie
from openmedspa.portals.entries import ADMIN_COOKIE, PARTNER_COOKIE, next_page, session_cookie

OUT = {"here": "You are signed out.", "everywhere": "You are signed out, here and everywhere else."}


async def show_admin(call: Call[None]) -> View:
    """For operators: an account, or the admin secret."""
    return _admin(call, typed=call.query)


async def show_partner(call: Call[None]) -> View:
    """For partners: a key."""
    return _partner(call, typed=call.query)


async def sign_in_operator(call: Call[None]) -> View | Redirect:
    """E-mail, password and the app's code."""
    form = call.body
    try:
        session_id = await sessions.sign_in_operator(
            call.incoming, form.get("email", ""), form.get("password", ""), form.get("code", "")
        )
    except Refused as refused:
        return _admin(call, typed=form, refused=refused)
    return _in(call, ADMIN_COOKIE, session_id)


async def sign_in_by_secret(call: Call[None]) -> View | Redirect:
    """The admin secret of the settings."""
    try:
        session_id = await sessions.sign_in_by_secret(call.incoming, call.body.get("secret", "").strip())
    except Refused as refused:
        return _admin(call, typed=call.body, refused=refused)
    return _in(call, ADMIN_COOKIE, session_id)


async def sign_in_partner(call: Call[None]) -> View | Redirect:
    """An API key."""
    try:
        session_id = await sessions.sign_in_partner(call.incoming, call.body.get("key", ""))
    except Refused as refused:
        return _partner(call, typed=call.body, refused=refused)
    return _in(call, PARTNER_COOKIE, session_id)


async def sign_out(call: Call[Operator | Member]) -> Redirect:
    """This browser's session ends."""
    await sessions.sign_out(call.house, cookie(call.incoming, _cookie_of(call.grant)))
    return _out(call, "here")


async def sign_out_everywhere(call: Call[Operator | Member]) -> Redirect:
    """Every session of this account ends."""
    await sessions.sign_out_everywhere(call.house, call.grant)
    return _out(call, "everywhere")


def _in(call: Call[None], name: str, session_id: str) -> Redirect:
    home = "/admin" if name == ADMIN_COOKIE else "/partner"
    return Redirect(next_page(home, call.body.get("next", "")), cookies=[session_cookie(call.house, name, session_id)])


def _out(call: Call[Operator | Member], where: str) -> Redirect:
    name = _cookie_of(call.grant)
    home = "/admin" if name == ADMIN_COOKIE else "/partner"
    return Redirect(f"{home}/sign-in?out={where}", cookies=[session_cookie(call.house, name, "")])


def _cookie_of(who: Operator | Member) -> str:
    return PARTNER_COOKIE if isinstance(who, Member) else ADMIN_COOKIE


def _admin(call: Call[None], *, typed: dict[str, str], refused: Refused | None = None) -> View:
    values = {"has_secret": bool(call.house.admin_secret), "email": typed.get("email", "")}
    return _shown(call, "sign_in/admin.html", values, typed, refused)


def _partner(call: Call[None], *, typed: dict[str, str], refused: Refused | None = None) -> View:
    return _shown(call, "sign_in/partner.html", {}, typed, refused)


def _shown(
    call: Call[None], template: str, values: dict[str, object], typed: dict[str, str], refused: Refused | None
) -> View:
    """What was typed stays, but for secrets."""
    common = {
        "next": typed.get("next", ""),
        "refused": refused,
        "out": OUT.get(call.query.get("out", ""), ""),
        "is_staging": not call.house.is_production,
    }
    status = refused.status if refused else 200
    return View(template, {**values, **common}, status=status, headers=refused.headers if refused else {})
