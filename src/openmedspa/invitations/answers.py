"""The patient's own answers, beside what the practice sent. Knows no HTTP."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from openmedspa.exams import visits
from openmedspa.exams.intake import IntakeAnswer
from openmedspa.exams.status import Step
from openmedspa.invitations import opening, queries
from openmedspa.invitations.opening import PATIENT
from openmedspa.invitations.shapes import Invitation
from openmedspa.kit.db import Tx
from openmedspa.kit.errors import Conflict
from openmedspa.usage import audit

MOST_ITEMS, LONGEST_ITEM = 50, 200


async def save(
    tx: Tx, invitation: Invitation, answers: Sequence[IntakeAnswer], *, request_id: str, now: datetime
) -> None:
    """Keep them; whoever saves last has the last word. Conflict when the visit has gone on and takes no answers."""
    visit = await opening.lock(tx, invitation)
    current = msgspec.structs.replace(invitation, step_word=visit.step_word)
    if not current.is_answerable(now):
        raise Conflict(
            "Your answers can no longer be changed here",
            "Your exam has gone on in the meantime. Tell the provider or your practice what has changed.",
        )
    account_now = invitation.account_now(now)
    await queries.update_answers(
        tx,
        [visit.practice_id],
        visit.practice_id,
        visit.id,
        msgspec.json.encode(answers).decode(),
        answered_at=account_now,
    )
    if visit.step is Step.ORDERED:
        await visits.begin_intake(tx, visit, actor=PATIENT, now=account_now)
    await audit.record(
        tx,
        visit.practice_id,
        actor=PATIENT,
        action="intake.answered",
        subject=visit.gfe_id,
        request_id=request_id,
        now=now,
    )
