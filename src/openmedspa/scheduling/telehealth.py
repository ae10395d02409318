"""Who of the exam groups can examine somebody, and when: by the licence of the patient's state, and by free time.

An exam group is a tenant of its own, so what is read here is read in the scope of the groups that a practice has an
agreement with, and nothing of the practice's.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from openmedspa.kit.db import Reads, Row
from openmedspa.scheduling import diaries, slots
from openmedspa.scheduling.clock import moment_of
from openmedspa.scheduling.diaries import Asked
from openmedspa.scheduling.queries import diaries as queries

EXAM = "EXAM"  # the visit type by which a group's buffers are kept


class Offer(Struct, frozen=True):
    """A moment at which an exam provider is free, and by which licence they may examine."""

    group_id: int
    provider_id: int
    name: str
    title: str | None
    licence_number: str
    starts_at: datetime
    time_zone: str


async def next_exams(db: Reads, practice_id: int, state: str, *, minutes: int, days: int, now: datetime) -> list[Offer]:
    """The first free moment of each provider licensed where the patient is, the earliest first; today is a day."""
    found = []
    for row in await _licensed(
        db, practice_id, state, minutes=minutes, since=now, until=now + timedelta(days=days), now=now
    ):
        page = diaries.to_page(row, Asked(minutes=minutes, visit_type=EXAM))
        left = (row["expires_on"] - now.astimezone(page.zone).date()).days + 1  # of the licence
        if (first := slots.next_offered(page.diary, page.visit, min(days, left), now=now)) is not None:
            found.append(_offer(row, moment_of(page.zone, *first)))
    return sorted(found, key=_by_time)


async def list_exams(
    db: Reads, practice_id: int, state: str, *, minutes: int, since: datetime, until: datetime, now: datetime
) -> list[Offer]:
    """All free moments of those providers that begin within this time, in order: a list to pick from."""
    found = []
    for row in await _licensed(db, practice_id, state, minutes=minutes, since=since, until=until, now=now):
        page = diaries.to_page(row, Asked(minutes=minutes, visit_type=EXAM))
        day, last = since.astimezone(page.zone).date(), until.astimezone(page.zone).date()
        while day <= min(last, row["expires_on"]):
            moments = (moment for _, moment in slots.offered(page.diary, page.visit, day, now=now))
            found += [_offer(row, moment) for moment in moments if since.timestamp() <= moment < until.timestamp()]
            day += timedelta(days=1)
    return sorted(found, key=_by_time)


async def _licensed(
    db: Reads, practice_id: int, state: str, *, minutes: int, since: datetime, until: datetime, now: datetime
) -> Sequence[Row]:
    groups = await queries.list_exam_groups(db, practice_id)
    first, last = diaries.window(since.date(), until.date(), now=now)
    return await queries.list_licensed_diaries(
        db, groups, state, visit_type=EXAM, minutes=minutes, since=first, until=last, now=now
    )


def _offer(row: Row, moment: int) -> Offer:
    return Offer(
        group_id=row["practice_id"], provider_id=row["id"], name=row["name"], title=row["title"],
        licence_number=row["number"], starts_at=datetime.fromtimestamp(moment, UTC), time_zone=row["time_zone"],
    )  # fmt: skip


def _by_time(offer: Offer) -> tuple[datetime, int]:
    return offer.starts_at, offer.provider_id
