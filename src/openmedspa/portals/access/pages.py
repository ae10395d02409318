"""The doors of /request-access and of the links that go out about it: take apart, call, answer. No rules."""

from collections.abc import Mapping
from typing import Any

from openmedspa.kit import parsing
from openmedspa.kit.db import Reads, Row
from openmedspa.kit.errors import Conflict, Invalid, NotFound, Refused, TooMany
from openmedspa.kit.http import Call
from openmedspa.kit.pages import Redirect, View
from openmedspa.partners import access_decisions, access_requests
from openmedspa.partners.access_links import Purpose
from openmedspa.partners.access_shapes import (
    CONFIRM_WITHIN,
    SCOPE_WORDS,
    AccessRequestIn,
    is_owners,
    lapses_at,
    status_of,
)

TEXTS = {
    "Company": "Your company",
    "Practice": "The practice",
    "ContactName": "Your name",
    "ContactEmail": "Your e-mail address",
    "Purpose": "What it is for",
}


async def show_form(call: Call[None]) -> View:
    """Who asks, for which practice, to do what."""
    if call.query.get("done") == "sent":
        return _view(call, "access/sent.html", {"days": CONFIRM_WITHIN.days})
    return _form(call, {}, {})


async def ask(call: Call[None]) -> View | Redirect:
    """Written down, and a link sent that confirms it; the answer is the same for everybody."""
    given = _given(call.body)
    try:
        wanted = parsing.form(given, AccessRequestIn)
        await access_requests.ask(call.tx, wanted, house=call.house, address=call.incoming.address, now=call.now)
    except Invalid as refused:
        return _form(call, given, _mistakes(refused.fields), status=refused.status)
    except TooMany as refused:
        return _form(call, given, {"Company": f"{refused.detail} Try again in a minute."}, refused=refused)
    return Redirect("/request-access?done=sent")


async def show_confirm(call: Call[None]) -> View:
    """What was asked for with this address, and a button; mail scanners open links, and confirm nothing by it."""
    return _about(call, "access/confirm.html", await _found(call.house.system, call, "confirm"))


async def confirm(call: Call[None]) -> Redirect:
    """The address is the asker's."""
    row = await _found(call.tx, call, "confirm")
    await access_requests.confirm(call.tx, row["id"], house=call.house, trace=call.request_id, now=call.now)
    return Redirect(f"/access/{call.path['token']}/confirm")


async def show_key(call: Call[None]) -> View:
    """What was approved, and the button that makes the key; afterwards only that it was taken."""
    return _about(call, "access/key.html", await _found(call.house.system, call, "key"), key="", refused=None)


async def take_key(call: Call[None]) -> View:
    """The key, this once."""
    row = await _found(call.tx, call, "key")
    key, refused = "", None
    try:
        key, _ = await access_requests.take(call.tx, row["id"], house=call.house, trace=call.request_id, now=call.now)
    except Conflict as conflict:
        refused = conflict
    row = await _found(call.tx, call, "key")
    return _about(call, "access/key.html", row, key=key, refused=refused, code=refused.status if refused else 200)


async def show_decision(call: Call[None]) -> View:
    """The owner's: who wants what, and what was answered."""
    return _decision(call, await _found(call.house.system, call, "decision"))


async def decide(call: Call[None]) -> View | Redirect:
    """The owner agrees, or refuses with a reason."""
    row = await _found(call.tx, call, "decision")
    answer, reason = call.body.get("answer", ""), call.body.get("reason", "")
    try:
        if answer == "agree":
            await access_decisions.agree(call.tx, row["id"], house=call.house, trace=call.request_id, now=call.now)
        elif answer == "refuse":
            await access_decisions.refuse(
                call.tx, row["id"], reason=reason, house=call.house, trace=call.request_id, now=call.now
            )
        else:
            raise Invalid("Nothing was chosen", fields={"answer": "Agree or refuse."})
    except Invalid as refused:
        return _decision(call, row, reason=reason, mistakes=refused.fields, status=refused.status)
    return Redirect(f"/access/{call.path['token']}/decision")


async def _found(db: Reads, call: Call[None], purpose: Purpose) -> Row:
    row = await access_requests.find_by_link(db, call.house, call.path["token"], purpose, now=call.now)
    if purpose == "decision" and row["owner_email"] is None:
        raise NotFound("There is nothing here", "This link is not one of ours, or it has ended.")
    return row


def _given(form: Mapping[str, str]) -> dict[str, Any]:
    """As the API's body has it; an empty field is one that was left out."""
    texts = {name: form[name].replace("\r\n", "\n") for name in TEXTS if form.get(name, "").strip()}
    scopes = [scope for scope in SCOPE_WORDS if form.get(f"Scopes.{scope}")]
    return {**texts, **({"Scopes": scopes} if scopes else {})}


def _mistakes(fields: Mapping[str, str]) -> dict[str, str]:
    """In the page's words, in its order."""
    order = ("Company", "ContactName", "ContactEmail", "Practice", "Scopes", "Purpose")
    return {name: _mistake(name, fields[name]) for name in order if name in fields}


def _mistake(name: str, why: str) -> str:
    if name == "Scopes":
        return "Choose at least one scope."
    return "Say what it is for." if (name, why) == ("Purpose", "is required") else f"{TEXTS[name]} {why}."


def _form(
    call: Call[None],
    typed: Mapping[str, object],
    mistakes: Mapping[str, str],
    *,
    status: int = 200,
    refused: Refused | None = None,
) -> View:
    values = {"typed": typed, "mistakes": mistakes, "scopes": [(one, one, words) for one, words in SCOPE_WORDS.items()]}
    headers = refused.headers if refused else {}
    return _view(call, "access/form.html", values, status=refused.status if refused else status, headers=headers)


def _decision(
    call: Call[None], row: Row, *, reason: str = "", mistakes: Mapping[str, str] | None = None, status: int = 200
) -> View:
    return _about(call, "access/decision.html", row, reason=reason, mistakes=mistakes or {}, code=status)


def _about(call: Call[None], template: str, row: Row, *, code: int = 200, **more: object) -> View:
    words = row["granted_scopes"] if row["approved_at"] else row["scopes"]
    values = {
        "asked": row,
        "state": status_of(row, call.now),
        "ends_at": lapses_at(row) if row["approved_at"] else None,
        "is_owners": is_owners,
        "scopes": [(one, SCOPE_WORDS[one]) for one in words],
        "address": f"/access/{call.path['token']}",
        **more,
    }
    return _view(call, template, values, status=code)


def _view(
    call: Call[None],
    template: str,
    values: Mapping[str, object],
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> View:
    common = {"is_staging": not call.house.is_production, "public_url": call.house.public_url}
    return View(template, {**values, **common}, status=status, headers=headers or {})
