"""People of a practice as a partner finds, makes and changes them. The rule once, for every door; knows no HTTP.

Who may see everybody needs the scope `Patients`; for others only those flagged as prospects exist.
"""

from datetime import datetime

from openmedspa.kit.db import Reads, Row, Tx
from openmedspa.partners.bearer import require_scope
from openmedspa.partners.keys import Grant
from openmedspa.partners.wire import not_found
from openmedspa.patients import facts, search
from openmedspa.patients.queries import people as queries
from openmedspa.patients.queries import tags
from openmedspa.patients.shapes import WIRE, ProspectIn, ProspectsQuery
from openmedspa.usage import audit

EVERYBODY = "Patients"  # the scope


def sees_only_prospects(grant: Grant) -> bool:
    return EVERYBODY not in grant.scopes


def require_everybody(grant: Grant) -> None:
    """Forbidden, naming the scope, for who may see prospects only."""
    require_scope(grant, EVERYBODY)


async def list_(db: Reads, grant: Grant, query: ProspectsQuery) -> tuple[list[Row], int]:
    """A page of whom the query means and the caller may see, and how many there are, counted to 10,001."""
    if query.prospect is False:
        require_everybody(grant)
    scope, practice_id = grant.practice_ids, grant.practice_id
    only_prospects = True if sees_only_prospects(grant) else query.prospect
    since = facts.parse_since(query.updatedSince) if query.updatedSince is not None else None
    if query.tagId is not None and await tags.find_tag(db, scope, practice_id, query.tagId) is None:
        raise facts.invalid("tagId", "is no tag of this practice")
    if query.search and query.search.strip():
        found = await search.find(
            db, scope, practice_id, text=query.search, only_prospects=only_prospects, tag_id=query.tagId,
            updated_since=since, limit=query.limit, offset=query.offset,
        )  # fmt: skip
        ids, counted = found.ids, found.counted
    else:
        ids, counted = await queries.list_ids(
            db, scope, practice_id, only_prospects=only_prospects, tag_id=query.tagId, updated_since=since,
            limit=query.limit, offset=query.offset,
        )  # fmt: skip
    return (await queries.list_people(db, scope, practice_id, ids) if ids else []), counted


async def get(db: Reads, grant: Grant, person_id: int) -> Row:
    """NotFound for who is not there, or not for this caller."""
    return _visible(grant, await queries.find_person(db, grant.practice_ids, grant.practice_id, person_id))


async def lock(tx: Tx, grant: Grant, person_id: int) -> Row:
    """Until commit; NotFound as above."""
    return _visible(grant, await queries.lock_person(tx, grant.practice_ids, grant.practice_id, person_id))


async def create(tx: Tx, grant: Grant, given: ProspectIn, *, request_id: str, now: datetime) -> Row:
    """Somebody new, whoever may be there already; orders find them by the facts that are given."""
    told = facts.of_new(given, now=now, wrong=await _wrong_provider(tx, grant, given))
    if not told["prospect"]:
        require_everybody(grant)
    person_id = await queries.insert_person(
        tx, grant.practice_ids, grant.practice_id, told, match_keys=facts.match_keys(told), actor=grant.actor,
        request_id=request_id, now=now,
    )  # fmt: skip
    await _record(tx, grant, "prospect.created", person_id, request_id=request_id, now=now)
    return await get(tx, grant, person_id)


async def change(
    tx: Tx, grant: Grant, person_id: int, given: ProspectIn, *, request_id: str, now: datetime
) -> tuple[Row, bool]:
    """The fields given and no others; the person, and whether anything is new.

    1. The row is locked: of two at once, the second compares with what the first has left.
    2. Only what differs is written. Visits keep their snapshot: nothing of theirs is touched.
    3. New facts bring new keys, and the keys of facts that are gone go with them: an order by an earlier name must make
       a new patient rather than land on somebody else's record.
    """
    known = await lock(tx, grant, person_id)
    if given.prospect == 0:
        require_everybody(grant)
    before = facts.of_row(known)
    after = facts.of_change(before, given, now=now, wrong=await _wrong_provider(tx, grant, given))
    if not after:
        return known, False
    await queries.update_person(
        tx, grant.practice_ids, grant.practice_id, person_id,
        before={column: before[column] for column in after}, after=after,
        match_keys=facts.match_keys({**before, **after}) - facts.match_keys(before),
        gone_keys=facts.match_keys(before) - facts.match_keys({**before, **after}),
        actor=grant.actor, request_id=request_id, now=now,
    )  # fmt: skip
    await _record(tx, grant, "prospect.changed", person_id, request_id=request_id, now=now)
    return await get(tx, grant, person_id), True


async def list_doubles(db: Reads, grant: Grant, person_id: int) -> list[int]:
    """Who may be the same person, of those whom the caller may see."""
    return await search.find_doubles(
        db, grant.practice_ids, grant.practice_id, person_id, only_prospects=sees_only_prospects(grant)
    )


def _visible(grant: Grant, person: Row | None) -> Row:
    if person is None or (sees_only_prospects(grant) and not person["prospect"]):
        raise not_found("prospect")
    return person


async def _wrong_provider(db: Reads, grant: Grant, given: ProspectIn) -> dict[str, str]:
    """Whoever treats or treated at the practice may be named, nobody else; the database keeps the rule."""
    if not given.provider_id or await queries.find_provider(
        db, grant.practice_ids, grant.practice_id, given.provider_id
    ):
        return {}
    return {WIRE["provider_id"]: "is no provider of this practice"}


async def _record(tx: Tx, grant: Grant, action: str, person_id: int, *, request_id: str, now: datetime) -> None:
    await audit.record(
        tx, grant.practice_id, actor=grant.actor, action=action, subject=f"patient:{person_id}", request_id=request_id,
        now=now,
    )  # fmt: skip
