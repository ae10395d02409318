"""A visit as the rules know it: what stands in its row, what was decided, where a list goes on. Pure."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, date, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from openmedspa.exams.status import Status, Step
from openmedspa.kit.errors import Invalid

Outcome = Literal["approved", "approved_with_precaution", "conditionally_approved", "deferred"]


class Decision(Struct, frozen=True):
    """What a provider decided on one treatment; kept in the signed record, never changed."""

    treatment_id: str
    treatment: str
    outcome: Outcome
    conditions: str | None = None
    reason: str | None = None
    valid_until: date | None = None


class Visit(Struct, frozen=True):
    """A row of `visits` with its latest signed record; the fields stand in the order of the query's columns."""

    practice_id: int
    id: int
    gfe_id: str
    location_id: str
    kind: Literal["at_home", "in_person"]
    step_word: str
    first_name: str
    last_name: str
    email: str | None
    phone: str | None
    dob: date | None
    requested_treatments: list[str]
    requested_treatment_ids: list[str]
    link_generation: int
    ordered_at: datetime
    decisions_json: str | None
    signed_at: datetime | None

    @property
    def step(self) -> Step:
        return Step(self.step_word)

    @property
    def status(self) -> Status:
        return self.step.status

    @property
    def decisions(self) -> list[Decision]:
        return _decisions.decode(self.decisions_json) if self.decisions_json else []


class Cursor(Struct, frozen=True, array_like=True):
    """Where a list of visits goes on: the last one seen."""

    ordered_at: Annotated[datetime, Meta(tz=True)]
    id: Annotated[int, Meta(ge=0, le=2**63 - 1)]

    def text(self) -> str:
        return urlsafe_b64encode(msgspec.json.encode(self)).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        try:
            cursor = msgspec.json.decode(urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=cls)
            cursor.ordered_at.astimezone(UTC)  # a moment at the very edge of the calendar has none
            return cursor
        except (ValueError, OverflowError, msgspec.MsgspecError):
            raise Invalid(
                "after is invalid", "after must be a cursor from a `Link` header", code="field_invalid"
            ) from None


_decisions = msgspec.json.Decoder(list[Decision])
