"""What a patient reads: the state of their visit, each decision, and times, in plain words. Pure."""

from datetime import date, datetime
from math import ceil
from zoneinfo import ZoneInfo

from msgspec import Struct, structs

from openmedspa.exams.status import Step
from openmedspa.exams.visit import Decision
from openmedspa.invitations.shapes import MOST_WRONG_IN_ALL, MOST_WRONG_IN_ROW, PAUSE, Guesses, Invitation
from openmedspa.portals.patient.birthday import MONTHS

PAUSE_MINUTES = int(PAUSE.total_seconds() // 60)


class State(Struct, frozen=True):
    """How the visit stands (`label`, `headline`, `text`), and what to do `next`; `tone` picks the colour."""

    label: str
    tone: str
    headline: str
    text: str
    next: str


class Verdict(Struct, frozen=True):
    """One treatment's decision."""

    treatment: str
    label: str
    tone: str
    text: str
    note_title: str
    note: str
    until: str


STATES: dict[Step, State] = {
    Step.SCHEDULED: State(
        "Scheduled", "good", "Your exam has a time", "It is on {time}.",
        "Until then, check your answers below. At that time, be somewhere private where you can talk.",
    ),
    Step.IN_EXAM: State(
        "In review", "calm", "A provider has your visit open",
        "They are looking at what you answered and at the treatments you asked for.",
        "There is nothing to do on this page. The result appears here once the provider has signed it.",
    ),
    Step.WRITING: State(
        "In review", "calm", "The provider is writing the result", "Your exam is done.",
        "There is nothing to do on this page. The result appears here once the provider has signed it.",
    ),
    Step.SIGNED: State(
        "Completed", "good", "Your result is here", "A provider decided on each treatment on {time}.",
        "Your practice sees this result too. Contact them to plan what comes next.",
    ),
    Step.MISSED: State(
        "Not completed", "warn", "Your exam did not take place", "We did not meet you at the time of your exam.",
        "Ask your practice for another time. Your answers below are kept.",
    ),
    Step.BROKEN_OFF: State(
        "Not completed", "warn", "Your exam was not finished", "It ended before the provider could decide.",
        "Ask your practice how to go on. Your answers below are kept.",
    ),
    Step.CANCELLED_BY_CLIENT: State(
        "Cancelled", "warn", "Your practice cancelled this exam", "It will not take place, and no result will follow.",
        "If you did not expect that, ask your practice.",
    ),
    Step.CANCELLED_BY_PATIENT: State(
        "Cancelled", "warn", "This exam was cancelled", "It will not take place, and no result will follow.",
        "If you change your mind, ask your practice for a new invitation.",
    ),
    Step.CANCELLED_BY_PLATFORM: State(
        "Cancelled", "warn", "This exam was cancelled", "It will not take place, and no result will follow.",
        "Ask your practice what happened, and whether they can send you a new invitation.",
    ),
    Step.INELIGIBLE: State(
        "Not possible", "warn", "This exam could not go ahead",
        "An exam of this kind is not possible for you at the moment.",
        "Ask your practice for the reason and for what else they can offer.",
    ),
}  # fmt: skip
PROCESSING = State(
    "In preparation", "calm", "Your exam is coming up", "{practice} asked for it, ahead of your treatment.", "",
)  # fmt: skip
TO_CHECK, SAVED = "Check your answers below and save them.", "Your answers are saved; you can still change them below."
AT_HOME = (
    "The exam itself cannot be started on this page yet: your practice tells you when and how you meet the provider."
)
IN_PERSON = "Tell the team at the practice when you are done."
# outcome: label, tone, text, title of the provider's own words
VERDICTS = {
    "approved": ("Cleared", "good", "You can have this treatment.", "From the provider"),
    "approved_with_precaution": (
        "Cleared, with care", "good", "You can have this treatment. Whoever treats you takes extra care.", "Take care",
    ),
    "conditionally_approved": (
        "Cleared on a condition", "warn", "You can have this treatment once this is met.", "Condition",
    ),
    "deferred": (
        "Not now", "bad", "The provider advises against this treatment for now. A later exam may decide otherwise.",
        "Reason",
    ),
}  # fmt: skip


def state(invitation: Invitation) -> State:
    """Of a visit whose invitation has not ended."""
    found = STATES.get(invitation.step) or _processing(invitation)
    at = invitation.signed_at if invitation.step is Step.SIGNED else invitation.scheduled_at
    values = {"practice": invitation.practice, "time": moment(at, invitation.tz) if at else "a day to be told"}
    return structs.replace(found, text=found.text.format_map(values))


def _processing(invitation: Invitation) -> State:
    first = SAVED if invitation.answered_at else TO_CHECK
    return structs.replace(PROCESSING, next=f"{first} {IN_PERSON if invitation.kind == 'in_person' else AT_HOME}")


def verdict(decision: Decision) -> Verdict:
    label, tone, text, title = VERDICTS[decision.outcome]
    note = decision.reason if decision.outcome == "deferred" else decision.conditions
    if not note and decision.outcome in ("conditionally_approved", "deferred"):
        note = "Your practice can tell you what the provider wrote."
    until = day(decision.valid_until) if decision.valid_until and decision.outcome != "deferred" else ""
    return Verdict(decision.treatment, label, tone, text, title, note or "", until)


def refused(guesses: Guesses, *, now: datetime, tz: ZoneInfo) -> str:
    """Why no date of birth is looked at, or what a wrong one means."""
    if guesses.is_closed:
        return (
            f"A wrong date of birth was given {MOST_WRONG_IN_ALL} times, so this link is closed. Ask your practice to "
            "send you a new one."
        )
    if guesses.paused_until and guesses.is_paused(now):
        minutes = ceil((guesses.paused_until - now).total_seconds() / 60)
        wait = "1 minute" if minutes == 1 else f"{minutes} minutes"
        return (
            f"A wrong date of birth was given {MOST_WRONG_IN_ROW} times in a row. To protect your visit, this page "
            f"waits until {clock(guesses.paused_until, tz)}: try again in {wait}."
        )
    return (
        "This is not the date of birth we have for this visit. Check all three fields and try again. After "
        f"{MOST_WRONG_IN_ROW} wrong dates in a row, the page waits for {PAUSE_MINUTES} minutes."
    )


def moment(at: datetime, tz: ZoneInfo) -> str:
    """Tuesday, March 4, 2025 at 2:30 pm PST"""
    local = at.astimezone(tz)
    return f"{local:%A}, {day(local.date())} at {clock(at, tz)}"


def clock(at: datetime, tz: ZoneInfo) -> str:
    """2:30 pm PST"""
    local = at.astimezone(tz)
    return f"{local.hour % 12 or 12}:{local.minute:02} {'am' if local.hour < 12 else 'pm'} {local.tzname()}"


def day(on: date) -> str:
    """March 4, 2025, as people write it where the exams are."""
    return f"{MONTHS[on.month - 1]} {on.day}, {on.year}"
