"""The exam API's doors on visits: parse, call, answer. No SQL, no rules."""

from collections.abc import AsyncGenerator, AsyncIterator
from datetime import UTC, datetime
from urllib.parse import urlencode

import msgspec

from openmedspa.exams import queries, sandbox, visits
from openmedspa.exams.links import visit_link
from openmedspa.exams.orders import AppointmentIn, InPersonIn
from openmedspa.exams.shapes import OneVisit, Ordered, OrderedInPerson, StagedOut, StatusOut, VisitList
from openmedspa.exams.status import Status, steps_of
from openmedspa.exams.visit import Cursor, Visit
from openmedspa.exams.wire import visit_out
from openmedspa.kit.db import Row
from openmedspa.kit.http import Answer, Call, Stream
from openmedspa.partners import access
from openmedspa.partners.keys import Grant
from openmedspa.treatments import catalogue
from openmedspa.usage import audit

encode = msgspec.json.Encoder().encode


async def order_at_home(call: Call[Grant]) -> Ordered:
    """Order an at-home exam: the patient is matched or created and invited by e-mail and text."""
    return Ordered(success=True, gfe_id=await _order(call, call.body))


async def order_in_person(call: Call[Grant]) -> OrderedInPerson:
    """Order an exam at the medspa; `visit_link` opens it on the patient's phone or the desk's screen."""
    gfe_id = await _order(call, call.body)
    return OrderedInPerson(success=True, visit_id=gfe_id, gfe_id=gfe_id)


async def look_again(call: Call[Grant], answer: Ordered) -> Ordered:
    """A replay is answered only while the location is still granted."""
    await access.require_location(call.db, call.grant, call.body.location_id)
    return answer


async def add_link(call: Call[Grant], answer: OrderedInPerson) -> OrderedInPerson:
    """The link is derived again for each answer: what is kept for replays holds ids only."""
    await access.require_location(call.db, call.grant, call.body.location_id)
    return msgspec.structs.replace(answer, visit_link=visit_link(call.house, answer.gfe_id))  # always the first link


async def _order(call: Call[Grant], body: AppointmentIn | InPersonIn) -> str:
    # All by the transaction's own connection: a second one, while twins wait with theirs, might never come free.
    treatments = (await catalogue.get(call.tx)).resolve(body.requested_treatments, field="requested_treatments")
    practice_id = await access.require_location(call.tx, call.grant, body.location_id)
    return await visits.order(
        call.tx,
        call.grant,
        body.order(),
        treatments,
        practice_id=practice_id,
        request_id=call.request_id,
        now=call.now,
        is_staging=not call.house.is_production,
    )


async def cancel(call: Call[Grant]) -> StatusOut:
    """Cancel an at-home visit that is not finished."""
    gfe_id = call.path["gfe_id"]
    await visits.cancel(call.tx, call.grant, gfe_id, request_id=call.request_id, now=call.now)
    return StatusOut(gfe_id=gfe_id, status=Status.CANCELLED_BY_CLIENT.word)


async def invite_again(call: Call[Grant]) -> StatusOut:
    """Send the invitation again, with a new link; the old one ends. At most three times, ten minutes apart."""
    visit = await visits.lock(call.tx, call.grant, call.path["gfe_id"])
    await visits.invite_again(call.tx, visit, actor=call.grant.actor, request_id=call.request_id, now=call.now)
    return StatusOut(gfe_id=visit.gfe_id, status=visit.status.word)


async def show(call: Call[Grant]) -> OneVisit:
    """A visit's status, and its outcome once it is completed."""
    visit = await visits.get(call.db, call.grant, call.path["gfe_id"])
    audit.note_read(call, visit.practice_id, "visit.read", visit.gfe_id)
    return OneVisit(success=True, data=visit_out(visit, include=call.query.include))


async def list_at_location(call: Call[Grant]) -> Answer | Stream:
    """All visits of a location, newest first; with `limit`, a page of them and a `Link` to the next."""
    location_id, query = call.path["location_id"], call.query
    practice_id = await access.require_location(call.db, call.grant, location_id)
    steps = steps_of(Status(query.status)) if query.status else None
    audit.note_read(call, practice_id, "visit.listed", f"{location_id} status={query.status or 'any'}")
    if query.limit is None and query.after is None:
        rows = queries.stream_visits(call.db, [practice_id], practice_id, location_id, steps=steps)
        return Stream(_stream(location_id, rows, include=query.include))
    limit = query.limit or 1000
    found = await queries.list_visits(
        call.db,
        [practice_id],
        practice_id,
        location_id,
        steps=steps,
        limit=limit + 1,
        after=Cursor.parse(query.after) if query.after is not None else None,
    )
    page = found[:limit]
    gfes = [visit_out(visit, include=query.include) for visit in page]
    body = VisitList(success=True, location_id=location_id, count=len(gfes), gfes=gfes)
    return Answer(body, _next(call, page[-1], limit) if len(found) > limit else {})


async def _stream(location_id: str, batches: AsyncIterator[list[Row]], *, include: str | None) -> AsyncGenerator[bytes]:
    """`VisitList` as it comes from the database; `count` stands last, because only then it is known."""
    count = 0
    head = b'{"success":true,"location_id":' + encode(location_id) + b',"gfes":['
    async for rows in batches:
        page = encode([visit_out(Visit(*row), include=include) for row in rows])
        yield (b"," if count else head) + page[1:-1]
        count += len(rows)
    yield (b"" if count else head) + b'],"count":' + str(count).encode() + b"}"


def _next(call: Call[Grant], last: Visit, limit: int) -> dict[str, str]:
    kept = {"status": call.query.status, "include": call.query.include}
    params = {"limit": limit, "after": Cursor(last.ordered_at, last.id).text()}
    params |= {name: value for name, value in kept.items() if value}
    return {"Link": f'<{call.incoming.path}?{urlencode(params)}>; rel="next"'}


async def stage_outcome(call: Call[Grant]) -> StagedOut:
    """Staging: decide a visit as the body says, without a provider."""
    outcome = sandbox.told(call.body, await catalogue.get(call.tx), now=call.now)
    visit = await visits.lock(call.tx, call.grant, call.path["gfe_id"])
    await sandbox.decide_as_told(
        call.tx, visit, outcome, actor=call.grant.actor, request_id=call.request_id, now=call.now
    )
    return StagedOut(success=True, gfe_id=visit.gfe_id, status=Status.COMPLETED.word)


async def stage_no_show(call: Call[Grant]) -> StagedOut:
    """Staging: the patient does not come."""
    visit = await visits.lock(call.tx, call.grant, call.path["gfe_id"])
    await visits.miss(call.tx, visit, actor=call.grant.actor, request_id=call.request_id, now=call.now)
    return StagedOut(success=True, gfe_id=visit.gfe_id, status=Status.NOT_COMPLETED.word)


async def stage_schedule(call: Call[Grant]) -> StagedOut:
    """Staging: the patient picks a time with an exam provider."""
    visit = await visits.lock(call.tx, call.grant, call.path["gfe_id"])
    at = datetime.fromtimestamp(call.body.time, UTC)
    await visits.schedule(call.tx, visit, at, actor=call.grant.actor, request_id=call.request_id, now=call.now)
    return StagedOut(success=True, gfe_id=visit.gfe_id, status=Status.SCHEDULED.word)
