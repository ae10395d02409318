"""A practice's tags, and who carries them. The rule once, for every door; knows no HTTP."""

from datetime import datetime

from asyncpg import UniqueViolationError

from openmedspa.kit.db import Reads, Tx
from openmedspa.kit.errors import Conflict
from openmedspa.partners.keys import Grant
from openmedspa.partners.wire import PageQuery, not_found
from openmedspa.patients import facts, people
from openmedspa.patients.queries import tags as queries
from openmedspa.patients.shapes import Tag
from openmedspa.usage import audit


async def list_(db: Reads, grant: Grant, query: PageQuery) -> tuple[list[Tag], int]:
    return await queries.list_tags(db, grant.practice_ids, grant.practice_id, limit=query.limit, offset=query.offset)


async def create(tx: Tx, grant: Grant, name: str, *, request_id: str, now: datetime) -> Tag:
    """Conflict when there is one of this name, which is compared without regard to case."""
    _require_name(name)
    tag = await queries.insert_tag(tx, grant.practice_ids, grant.practice_id, name, now=now)
    if tag is None:
        raise _taken()
    await _record(tx, grant, "tag.created", f"tag:{tag.id}", request_id=request_id, now=now)
    return tag


async def rename(tx: Tx, grant: Grant, tag_id: int, name: str, *, request_id: str, now: datetime) -> Tag:
    """Whoever carries it carries it under the new name, and counts as changed; Conflict as above."""
    _require_name(name)
    was = await _lock(tx, grant, tag_id)
    if await queries.find_namesake(tx, grant.practice_ids, grant.practice_id, name) not in (None, tag_id):
        raise _taken()
    if name != was.name:
        await _change_carriers(tx, grant, tag_id, name, request_id=request_id, now=now)
    try:
        tag = await queries.update_tag(tx, grant.practice_ids, grant.practice_id, tag_id, name)
    except UniqueViolationError:  # another one took the name at this very moment
        raise _taken() from None
    if tag is None:
        raise not_found("tag")
    await _record(tx, grant, "tag.renamed", f"tag:{tag.id}", request_id=request_id, now=now)
    return tag


async def delete(tx: Tx, grant: Grant, tag_id: int, *, request_id: str, now: datetime) -> Tag:
    """The practice has it no longer, and so nobody carries it: whoever did counts as changed."""
    await _lock(tx, grant, tag_id)
    await _change_carriers(tx, grant, tag_id, None, request_id=request_id, now=now)
    tag = await queries.delete_tag(tx, grant.practice_ids, grant.practice_id, tag_id)
    if tag is None:
        raise not_found("tag")
    await _record(tx, grant, "tag.deleted", f"tag:{tag.id}", request_id=request_id, now=now)
    return tag


async def assign(
    tx: Tx, grant: Grant, person_id: int, tag_id: int, *, request_id: str, now: datetime
) -> tuple[list[Tag], bool]:
    """All that the person carries then, and whether anything is new: twice is the same as once."""
    await people.lock(tx, grant, person_id)
    tag = await queries.lock_tag(tx, grant.practice_ids, grant.practice_id, tag_id)
    if tag is None:
        raise facts.invalid("tagId", "is no tag of this practice")
    before = await queries.list_tags_of(tx, grant.practice_ids, grant.practice_id, person_id)
    if tag in before:
        return before, False
    await queries.insert_tag_of(tx, grant.practice_ids, grant.practice_id, person_id, tag_id, now=now)
    return await _changed(tx, grant, "prospect.tagged", person_id, before, request_id=request_id, now=now), True


async def take(
    tx: Tx, grant: Grant, person_id: int, tag_id: int | None = None, *, request_id: str, now: datetime
) -> list[Tag]:
    """Take one tag from a person, or all; those that are gone. NotFound for a tag that the practice does not have."""
    await people.lock(tx, grant, person_id)
    if tag_id is not None and await queries.lock_tag(tx, grant.practice_ids, grant.practice_id, tag_id) is None:
        raise not_found("tag")
    before = await queries.list_tags_of(tx, grant.practice_ids, grant.practice_id, person_id)
    gone = [tag for tag in before if tag_id in (None, tag.id)]
    if gone:
        ids = [tag.id for tag in gone]
        await queries.delete_tags_of(tx, grant.practice_ids, grant.practice_id, person_id, ids)
        await _changed(tx, grant, "prospect.untagged", person_id, before, request_id=request_id, now=now)
    return gone


async def _lock(tx: Tx, grant: Grant, tag_id: int) -> Tag:
    """Until commit nobody puts it on anybody. NotFound when there is none.

    People come first, then the tag, here as where tags are put on them: who waits for whom is always the same.
    """
    await queries.lock_carriers(tx, grant.practice_ids, grant.practice_id, tag_id)
    tag = await queries.lock_tag_alone(tx, grant.practice_ids, grant.practice_id, tag_id)
    if tag is None:
        raise not_found("tag")
    return tag


async def _change_carriers(
    tx: Tx, grant: Grant, tag_id: int, name: str | None, *, request_id: str, now: datetime
) -> None:
    """All who carry a tag that is about to get this name; None: that is about to go."""
    await queries.update_carriers(
        tx, grant.practice_ids, grant.practice_id, tag_id, name, actor=grant.actor, request_id=request_id, now=now
    )


async def _changed(
    tx: Tx, grant: Grant, action: str, person_id: int, before: list[Tag], *, request_id: str, now: datetime
) -> list[Tag]:
    """What they carry now; the change, and that somebody made it."""
    after = await queries.list_tags_of(tx, grant.practice_ids, grant.practice_id, person_id)
    await queries.update_person_tagged(
        tx, grant.practice_ids, grant.practice_id, person_id,
        before=[tag.name for tag in before], after=[tag.name for tag in after],
        actor=grant.actor, request_id=request_id, now=now,
    )  # fmt: skip
    await _record(tx, grant, action, f"patient:{person_id}", request_id=request_id, now=now)
    return after


def _require_name(name: str) -> None:
    if not name.strip():
        raise facts.invalid("name", "must not be blank")


def _taken() -> Conflict:
    return Conflict("Conflict", "There is a tag of this name already.", code="tag_taken")


async def _record(tx: Tx, grant: Grant, action: str, subject: str, *, request_id: str, now: datetime) -> None:
    await audit.record(
        tx, grant.practice_id, actor=grant.actor, action=action, subject=subject, request_id=request_id, now=now
    )
