"""A visit's steps, the words the wire has for them, and what may follow what. Pure (contract: Status words)."""

from enum import Enum

from openmedspa.kit.errors import Invalid


class Status(Enum):
    """What the wire says."""

    PROCESSING = "Processing"
    SCHEDULED = "Scheduled"
    PENDING_REVIEW = "Pending Review"
    NOT_COMPLETED = "Not Completed"
    COMPLETED = "Completed"
    CANCELLED_BY_CLIENT = "Cancelled by client"
    CANCELLED = "Cancelled"
    REJECTED = "Rejected"

    @property
    def word(self) -> str:
        return self.value


class Step(Enum):
    """What the database keeps; finer than the wire's words."""

    ORDERED = "ordered"
    INTAKE_STARTED = "intake_started"
    INTAKE_DONE = "intake_done"
    WAITING = "waiting"
    SCHEDULED = "scheduled"
    IN_EXAM = "in_exam"
    WRITING = "writing"
    SIGNED = "signed"
    MISSED = "missed"
    BROKEN_OFF = "broken_off"
    LINK_EXPIRED = "link_expired"
    CANCELLED_BY_CLIENT = "cancelled_by_client"
    CANCELLED_BY_PATIENT = "cancelled_by_patient"
    CANCELLED_BY_PLATFORM = "cancelled_by_platform"
    INELIGIBLE = "ineligible"

    @property
    def status(self) -> Status:
        return STATUS_OF[self]


STATUS_OF = {
    Step.ORDERED: Status.PROCESSING,
    Step.INTAKE_STARTED: Status.PROCESSING,
    Step.INTAKE_DONE: Status.PROCESSING,
    Step.WAITING: Status.PROCESSING,
    Step.SCHEDULED: Status.SCHEDULED,
    Step.IN_EXAM: Status.PENDING_REVIEW,
    Step.WRITING: Status.PENDING_REVIEW,
    Step.SIGNED: Status.COMPLETED,
    Step.MISSED: Status.NOT_COMPLETED,
    Step.BROKEN_OFF: Status.NOT_COMPLETED,
    Step.LINK_EXPIRED: Status.NOT_COMPLETED,
    Step.CANCELLED_BY_CLIENT: Status.CANCELLED_BY_CLIENT,
    Step.CANCELLED_BY_PATIENT: Status.CANCELLED,
    Step.CANCELLED_BY_PLATFORM: Status.CANCELLED,
    Step.INELIGIBLE: Status.REJECTED,
}

_LEAVES_OPEN = {Status.CANCELLED_BY_CLIENT, Status.CANCELLED, Status.REJECTED}
MAY_BECOME: dict[Status, frozenset[Status]] = {
    Status.PROCESSING: frozenset({Status.SCHEDULED, Status.PENDING_REVIEW, Status.NOT_COMPLETED, *_LEAVES_OPEN}),
    Status.SCHEDULED: frozenset({Status.PROCESSING, Status.PENDING_REVIEW, Status.NOT_COMPLETED, *_LEAVES_OPEN}),
    Status.PENDING_REVIEW: frozenset({Status.COMPLETED, Status.NOT_COMPLETED, Status.PROCESSING, Status.REJECTED}),
    Status.NOT_COMPLETED: frozenset(
        {Status.PROCESSING, Status.SCHEDULED, Status.CANCELLED_BY_CLIENT, Status.CANCELLED}
    ),
    Status.COMPLETED: frozenset(),
    Status.CANCELLED_BY_CLIENT: frozenset(),
    Status.CANCELLED: frozenset(),
    Status.REJECTED: frozenset(),
}
OPEN = frozenset(status for status, followers in MAY_BECOME.items() if followers)


def steps_of(status: Status) -> list[str]:
    """The steps behind a word, as the database spells them."""
    return [step.value for step in Step if step.status is status]


def require_open(now: Step, *, doing: str) -> None:
    """Invalid, naming the current status, when the visit has ended."""
    if now.status not in OPEN:
        raise Invalid(f"A visit with status {now.status.word} cannot be {doing}", code="status_conflict")


def require_may_become(now: Step, wanted: Step, *, doing: str) -> None:
    """Invalid, naming the current status, when a visit may not take this step. Steps within an open status are free."""
    require_open(now, doing=doing)
    if wanted.status is not now.status and wanted.status not in MAY_BECOME[now.status]:
        raise Invalid(f"A visit with status {now.status.word} cannot be {doing}", code="status_conflict")
