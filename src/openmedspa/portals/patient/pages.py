"""The doors of /visit/…: take the form apart, call, show. No SQL, no rules."""

from collections.abc import Mapping
from math import ceil

from openmedspa.invitations import answers, identity
from openmedspa.invitations.shapes import Guesses
from openmedspa.kit.http import Call
from openmedspa.kit.pages import Redirect, View
from openmedspa.portals.layout.colours import accent
from openmedspa.portals.patient import birthday, questionnaire, words
from openmedspa.portals.patient.birthday import Mistake
from openmedspa.portals.patient.entry import Guest, session_cookie
from openmedspa.portals.patient.questionnaire import Reading
from openmedspa.usage import audit

VISIT, SCHEDULE, ANSWERS = "visit", "schedule", "answers"  # what a form says it was sent from, to come back there
LATE = "An hour has passed since you confirmed who you are. Please confirm again: what you typed is kept."
NOT_SAVED = "Welcome back. What you typed is not saved yet: check it, and save."


async def open_visit(call: Call[Guest]) -> View:
    """The practice and what will happen; once confirmed, the visit itself."""
    return _show(call, page=VISIT)


async def open_schedule(call: Call[Guest]) -> View:
    """The same page, about another time first."""
    return _show(call, page=SCHEDULE)


async def look_again(call: Call[Guest]) -> Redirect:
    """Where a form was sent to, opened without one: by reloading, or from a bookmark."""
    return Redirect(call.grant.address)


async def confirm(call: Call[Guest]) -> View | Redirect:
    """The date of birth: right, it opens the visit; wrong, it is counted and the page says so."""
    guest, form = call.grant, call.body
    invitation, page = guest.invitation, form.get("page", VISIT)
    if invitation.has_ended(call.now):
        return _ended(call)
    born = birthday.born_on(form, today=call.now.astimezone(invitation.tz).date())
    if isinstance(born, Mistake):
        return _identity(call, page=page, form=form, mistake=born, status=400)
    found = await identity.confirm(call.tx, invitation, born, request_id=call.request_id, now=call.now)
    if isinstance(found, Guesses):
        return _refused(call, found, page=page, form=form)
    cookie = session_cookie(call.house, guest, found.session_id)
    if page == ANSWERS:
        return _with_typed(call, form, cookie)
    return Redirect(f"{guest.address}/schedule" if page == SCHEDULE else guest.address, cookies=[cookie])


async def save_answers(call: Call[Guest]) -> View | Redirect:
    """Keep the patient's answers, and look at the page anew."""
    guest, reading = call.grant, questionnaire.read(call.body)
    if guest.invitation.has_ended(call.now):
        return _ended(call)
    if not guest.invitation.is_confirmed:
        return _identity(call, page=ANSWERS, form=reading.typed, notice=LATE, status=403)
    if reading.mistakes:
        return _visit(call, page=VISIT, reading=reading, status=400)
    await answers.save(call.tx, guest.invitation, reading.answers, request_id=call.request_id, now=call.now)
    return Redirect(f"{guest.address}?saved=1")


def _show(call: Call[Guest], *, page: str) -> View:
    invitation = call.grant.invitation
    if invitation.has_ended(call.now):
        return _ended(call)
    if not invitation.is_confirmed:
        guesses = invitation.guesses
        is_shut = guesses.is_closed or guesses.is_paused(call.now)
        return _identity(call, page=page, shut=guesses if is_shut else None)
    return _visit(call, page=page)


def _with_typed(call: Call[Guest], form: Mapping[str, str], cookie: str) -> View:
    """Confirmed again in the middle of answering: the form as it was typed, under a new session."""
    reading = questionnaire.read(form)
    view = _visit(call, page=VISIT, reading=reading, notice=NOT_SAVED)
    return View(view.template, view.values, cookies=[cookie])


def _refused(call: Call[Guest], guesses: Guesses, *, page: str, form: Mapping[str, str]) -> View:
    if guesses.is_closed or guesses.paused_until is None or not guesses.is_paused(call.now):
        shut = guesses if guesses.is_closed else None
        return _identity(call, page=page, form=form, wrong=guesses, shut=shut, status=403)
    view = _identity(call, page=page, form=form, wrong=guesses, shut=guesses, status=429)
    seconds = ceil((guesses.paused_until - call.now).total_seconds())
    return View(view.template, view.values, status=429, headers={"Retry-After": str(seconds)})


def _identity(
    call: Call[Guest],
    *,
    page: str,
    form: Mapping[str, str] | None = None,
    mistake: Mistake | None = None,
    wrong: Guesses | None = None,
    shut: Guesses | None = None,
    notice: str = "",
    status: int = 200,
) -> View:
    """`shut`: no date is looked at now, so the page has no form; `form` is what was typed."""
    guesses = shut or wrong
    values = {
        **_frame(call),
        "page": page,
        "typed": {part: (form or {}).get(part, "") for part in birthday.PARTS},
        "carried": {name: (form or {}).get(name, "") for name in questionnaire.FIELDS} if page == ANSWERS else {},
        "months": birthday.MONTHS,
        "mistake": mistake,
        "refused": words.refused(guesses, now=call.now, tz=call.grant.invitation.tz) if guesses else "",
        "is_shut": shut is not None,
        "is_closed": shut is not None and shut.is_closed,
        "notice": notice,
    }
    return View("patient/identity.html", values, status=status)


def _visit(
    call: Call[Guest], *, page: str, reading: Reading | None = None, notice: str = "", status: int = 200
) -> View:
    invitation = call.grant.invitation
    audit.note_read(call, invitation.practice_id, "visit.opened", invitation.gfe_id)
    saved_at = invitation.answered_at
    questions = questionnaire.show(invitation.sent, invitation.answered, reading)
    values = {
        **_frame(call),
        "page": page,
        "first_name": invitation.first_name,
        "state": words.state(invitation),
        "treatments": invitation.requested_treatments,
        "verdicts": [words.verdict(decision) for decision in invitation.decisions],
        "is_open": invitation.is_answerable(call.now),
        "questions": questions,
        "still_open": sum(not shown.answered for shown in questions),
        "mistakes": reading.mistakes if reading and not notice else {},
        "saved_at": words.moment(saved_at, invitation.tz) if saved_at else "",
        "is_just_saved": call.query.get("saved") == "1" and saved_at is not None and invitation.is_answerable(call.now),
        "notice": notice,
    }
    return View("patient/visit.html", values, status=status)


def _ended(call: Call[Guest]) -> View:
    return View("patient/ended.html", _frame(call), status=410)


def _frame(call: Call[Guest]) -> dict[str, object]:
    """What every page of a link shows: whose it is, in which colour, and how long the link lives."""
    invitation = call.grant.invitation
    return {
        "address": call.grant.address,
        "practice": invitation.practice,
        "accent": accent(invitation.colour),
        "reply_to": invitation.reply_to,
        "is_in_person": invitation.kind == "in_person",
        "ends_at": words.moment(invitation.ends_at, invitation.tz),
    }
