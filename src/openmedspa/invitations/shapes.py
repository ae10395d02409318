"""What the patient's page knows: the visit seen through its link, and how its guesses stand. No I/O."""

from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from openmedspa.exams.intake import IntakeAnswer
from openmedspa.exams.status import Status, Step
from openmedspa.exams.visit import Decision
from openmedspa.exams.visits import INVITATION_LIVES

Answers = dict[str, IntakeAnswer]  # by question
UNFINISHED = frozenset({Step.ORDERED, Step.INTAKE_STARTED, Step.INTAKE_DONE, Step.WAITING})
ANSWERABLE = frozenset({Status.PROCESSING, Status.SCHEDULED, Status.NOT_COMPLETED})
MOST_WRONG_IN_ROW, MOST_WRONG_IN_ALL = 5, 15
PAUSE = timedelta(minutes=15)


class Guesses(Struct, frozen=True):
    """How often a wrong date of birth was given under one link, and until when none is looked at."""

    wrong_in_all: int = 0
    paused_until: datetime | None = None

    @property
    def is_closed(self) -> bool:
        return self.wrong_in_all >= MOST_WRONG_IN_ALL

    def is_paused(self, now: datetime) -> bool:
        return self.paused_until is not None and now < self.paused_until


class Invitation(Struct, frozen=True):
    """A visit seen through its link; the fields stand in the order of the query's columns."""

    practice_id: int
    visit_id: int
    gfe_id: str
    kind: Literal["at_home", "in_person"]
    step_word: str
    generation: int
    first_name: str
    requested_treatments: list[str]
    ordered_at: datetime
    scheduled_at: datetime | None
    sent_json: str | None
    answered_json: str | None
    answered_at: datetime | None
    decisions_json: str | None
    signed_at: datetime | None
    practice: str
    colour: str
    reply_to: str | None
    time_zone: str
    clock_offset: timedelta  # staging's: how far ahead the clock of the visit's account is
    wrong_in_all: int
    paused_until: datetime | None
    is_confirmed: bool  # the request's session is of this visit and this link, and lives

    @property
    def step(self) -> Step:
        return Step(self.step_word)

    @property
    def status(self) -> Status:
        return self.step.status

    @property
    def ends_at(self) -> datetime:
        return self.ordered_at + INVITATION_LIVES

    @property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def guesses(self) -> Guesses:
        return Guesses(self.wrong_in_all, self.paused_until)

    @property
    def sent(self) -> Answers:
        """What the practice's software sent with the order."""
        return _read(self.sent_json)

    @property
    def answered(self) -> Answers:
        """What the patient saved last."""
        return _read(self.answered_json)

    @property
    def decisions(self) -> list[Decision]:
        return _decisions.decode(self.decisions_json) if self.decisions_json else []

    def account_now(self, now: datetime) -> datetime:
        return now + self.clock_offset

    def has_ended(self, now: datetime) -> bool:
        """Nobody finished it in time; the job that says so in the database comes by within the hour."""
        is_due = self.step in UNFINISHED and self.ends_at <= self.account_now(now)
        return is_due or self.step is Step.LINK_EXPIRED

    def is_answerable(self, now: datetime) -> bool:
        """Whether the patient may still change their answers."""
        return self.status in ANSWERABLE and not self.has_ended(now)


def _read(text: str | None) -> Answers:
    return {answer.question: answer for answer in _answers.decode(text)} if text else {}


_answers = msgspec.json.Decoder(list[IntakeAnswer])
_decisions = msgspec.json.Decoder(list[Decision])
