"""Agreements: which exam groups examine for which practices. Knows no HTTP."""

from datetime import datetime

from openmedspa.kit.db import Row, Tx
from openmedspa.kit.errors import Invalid
from openmedspa.practices import queries, register
from openmedspa.usage import audit


async def add(tx: Tx, ppass: str, group: str, *, actor: str, now: datetime) -> bool:
    """From now on the group's providers are offered to the practice's patients; False when they were already."""
    practice, exam_group = await _parties(tx, ppass, group, "add")
    is_new = await queries.upsert_agreement(tx, practice["id"], exam_group["id"], now=now)
    if is_new:
        await _record(tx, "agreement.made", practice, exam_group, actor=actor, now=now)
    return is_new


async def end(tx: Tx, ppass: str, group: str, *, actor: str, now: datetime) -> bool:
    """From now on they are not; what is booked stays. False when there is no agreement."""
    practice, exam_group = await _parties(tx, ppass, group, "end")
    is_ended = await queries.update_agreement_ended(tx, practice["id"], exam_group["id"], now=now)
    if is_ended:
        await _record(tx, "agreement.ended", practice, exam_group, actor=actor, now=now)
    return is_ended


async def _parties(tx: Tx, ppass: str, group: str, verb: str) -> tuple[Row, Row]:
    """Invalid when the two are not a practice and an exam group; turned round, the hint turns them back."""
    practice, exam_group = await register.get_practice(tx, ppass), await register.get_practice(tx, group)
    if practice["kind"] != "practice":
        is_turned = exam_group["kind"] == "practice"
        words = f"{exam_group['ppass']} {practice['ppass']}" if is_turned else "PRACTICE EXAM_GROUP"
        raise Invalid(
            f"{practice['ppass']} is an exam group, and the practice comes first.",
            f"openmedspa agreements {verb} {words}",
        )
    if exam_group["kind"] != "exam_group":
        raise Invalid(f"{exam_group['ppass']} is no exam group.", "openmedspa practices create NAME --exam-group")
    return practice, exam_group


async def _record(tx: Tx, action: str, practice: Row, exam_group: Row, *, actor: str, now: datetime) -> None:
    await audit.record(
        tx, practice["id"], actor=actor, action=action, subject=f"exam_group:{exam_group['id']}", request_id=None,
        now=now,
    )  # fmt: skip
