"""What may happen to a visit: ordered, cancelled, scheduled, missed. The rule once, for every door."""

from datetime import datetime, timedelta
from math import ceil

from openmedspa.exams import queries
from openmedspa.exams.orders import Order
from openmedspa.exams.status import Status, Step, require_may_become
from openmedspa.exams.visit import Visit
from openmedspa.kit import ids
from openmedspa.kit.db import Again, Reads, Tx
from openmedspa.kit.errors import Conflict, Forbidden, Invalid, NotFound
from openmedspa.notifications import messages
from openmedspa.partners.keys import Grant
from openmedspa.treatments.shapes import Treatment
from openmedspa.usage import audit

CANCELLABLE = frozenset({Status.PROCESSING, Status.SCHEDULED, Status.NOT_COMPLETED})
DECIDES_AFTER = timedelta(seconds=3)
DECIDES_FOR_THEMSELVES = frozenset({"approve", "condition", "defer", "mixed", "noshow"})
INVITABLE = frozenset({Status.PROCESSING, Status.SCHEDULED})
MOST_INVITATIONS = 4  # the first, and three more
BETWEEN_INVITATIONS = timedelta(minutes=10)
INVITATION_LIVES = timedelta(days=30)
SYSTEM = "system"


async def order(
    tx: Tx,
    grant: Grant,
    order: Order,
    treatments: list[Treatment],
    *,
    practice_id: int,
    request_id: str,
    now: datetime,
    is_staging: bool,
) -> str:
    """Place an order; the new visit's id. The patient, the invitations and the audit row are the same statement."""
    gfe_id = ids.new("gfe_")
    decides = is_staging and order.last_name.casefold() in DECIDES_FOR_THEMSELVES
    placed = await queries.insert_order(
        tx,
        grant.practice_ids,
        order,
        gfe_id=gfe_id,
        practice_id=practice_id,
        partner_id=grant.partner_id,
        treatment_names=[treatment.name for treatment in treatments],
        treatment_ids=[treatment.id for treatment in treatments],
        actor=grant.actor,
        request_id=request_id,
        now=now,
        decides_at=now + DECIDES_AFTER if decides else None,
    )
    if placed is None:
        raise Again  # the patient was committed after our statement began: look again
    return gfe_id


async def get(db: Reads, grant: Grant, gfe_id: str) -> Visit:
    """A visit at one of the grant's locations; NotFound or Forbidden else, as the contract words them."""
    return await _permitted(db, grant, gfe_id, await queries.find_visit(db, grant.practice_ids, gfe_id))


async def lock(tx: Tx, grant: Grant, gfe_id: str) -> Visit:
    """As `get`, and locked until commit: a provider opening it at this moment waits for us, or has won."""
    return await _permitted(tx, grant, gfe_id, await queries.lock_visit(tx, grant.practice_ids, gfe_id))


async def lock_of_patient(tx: Tx, practice_id: int, gfe_id: str) -> Visit | None:
    """As `lock`, for the patient, whose way to it is their link and no grant."""
    return await queries.lock_visit(tx, [practice_id], gfe_id)


async def lock_across_practices(tx: Tx, gfe_id: str) -> Visit:
    """For the operator, who sees all practices. NotFound when there is no such visit."""
    practice_id = await queries.find_practice(tx, gfe_id)
    visit = await queries.lock_visit(tx, [practice_id], gfe_id) if practice_id is not None else None
    if visit is None:
        raise NotFound(f"There is no visit {gfe_id}.", "openmedspa outbox list", code="visit_not_found")
    return visit


async def cancel(tx: Tx, grant: Grant, gfe_id: str, *, request_id: str, now: datetime) -> None:
    """End an at-home visit on the client's word.

    1. Lock it. 2. Refuse what may not be cancelled, naming its status.
    3. The step, the message to the patient and the audit row become true together.
    """
    visit = await lock(tx, grant, gfe_id)
    if visit.kind == "in_person":
        raise Invalid("In-person visits cannot be cancelled through this endpoint", code="visit_in_person")
    if visit.status not in CANCELLABLE:
        raise Invalid(f"A visit with status {visit.status.word} cannot be cancelled", code="status_conflict")
    scope = grant.practice_ids
    await queries.insert_step(tx, scope, visit, Step.CANCELLED_BY_CLIENT, actor=grant.actor, now=now)
    await messages.withdraw_and_queue(tx, scope, visit.practice_id, visit.id, "cancelled", now=now)
    await audit.record(
        tx,
        visit.practice_id,
        actor=grant.actor,
        action="visit.cancelled",
        subject=gfe_id,
        request_id=request_id,
        now=now,
    )


async def invite_again(tx: Tx, visit: Visit, *, actor: str, request_id: str | None, now: datetime) -> None:
    """Send a locked visit's invitation anew, with a new link; every link made before ends, a closed one as well."""
    if visit.kind == "in_person":
        raise Invalid("In-person visits have no invitation: the order answers their link", code="visit_in_person")
    if visit.status not in INVITABLE:
        raise Invalid(f"A visit with status {visit.status.word} cannot be invited again", code="status_conflict")
    if visit.link_generation >= MOST_INVITATIONS:
        raise Conflict(
            f"This patient was invited {MOST_INVITATIONS} times",
            "Ask them for another address, and order anew",
            code="invited_too_often",
        )
    scope = [visit.practice_id]
    last = await queries.find_last_invitation(tx, scope, visit.practice_id, visit.id)
    if last is not None and now - last < BETWEEN_INVITATIONS:
        wait = BETWEEN_INVITATIONS - (now - last)
        raise Conflict(
            "This patient was invited a moment ago",
            f"Mail may take that long. Try again in {ceil(wait.total_seconds() / 60)} minutes",
            code="invited_just_now",
            headers={"Retry-After": str(ceil(wait.total_seconds()))},
        )
    await queries.update_link_generation(tx, scope, visit.practice_id, visit.id)
    await messages.withdraw_and_queue(tx, scope, visit.practice_id, visit.id, "invited", now=now)
    await _record(tx, visit, "visit.invited_again", actor=actor, request_id=request_id, now=now)


async def schedule(
    tx: Tx, visit: Visit, scheduled_at: datetime, *, actor: str, request_id: str | None, now: datetime
) -> None:
    """The patient picked a time with an exam provider; picking another one moves it."""
    require_may_become(visit.step, Step.SCHEDULED, doing="scheduled")
    await queries.insert_step(
        tx, [visit.practice_id], visit, Step.SCHEDULED, actor=actor, now=now, scheduled_at=scheduled_at
    )
    await _record(tx, visit, "visit.scheduled", actor=actor, request_id=request_id, now=now)


async def begin_intake(tx: Tx, visit: Visit, *, actor: str, now: datetime) -> None:
    """The patient has answered something; the audit row stands with the answers."""
    require_may_become(visit.step, Step.INTAKE_STARTED, doing="begun")
    await queries.insert_step(tx, [visit.practice_id], visit, Step.INTAKE_STARTED, actor=actor, now=now)


async def miss(tx: Tx, visit: Visit, *, actor: str, request_id: str | None, now: datetime) -> None:
    """The patient did not come."""
    require_may_become(visit.step, Step.MISSED, doing="missed")
    await queries.insert_step(tx, [visit.practice_id], visit, Step.MISSED, actor=actor, now=now)
    await _record(tx, visit, "visit.missed", actor=actor, request_id=request_id, now=now)


async def lapse(tx: Tx, visit: Visit, *, now: datetime) -> None:
    """The invitation is older than it lives."""
    require_may_become(visit.step, Step.LINK_EXPIRED, doing="lapsed")
    await queries.insert_step(tx, [visit.practice_id], visit, Step.LINK_EXPIRED, actor=SYSTEM, now=now)
    await _record(tx, visit, "visit.lapsed", actor=SYSTEM, request_id=None, now=now)


async def _permitted(db: Reads, grant: Grant, gfe_id: str, visit: Visit | None) -> Visit:
    if visit is None:
        if await queries.exists_anywhere(db, gfe_id):
            raise Forbidden("EMR is not authorized to access this GFE", code="visit_forbidden")
        raise NotFound("GFE not found", code="visit_not_found")
    grant.require_visit_at(visit.location_id)
    return visit


async def _record(tx: Tx, visit: Visit, action: str, *, actor: str, request_id: str | None, now: datetime) -> None:
    await audit.record(
        tx, visit.practice_id, actor=actor, action=action, subject=visit.gfe_id, request_id=request_id, now=now
    )
