"""The partner API's doors on people and tags: parse, call, answer. No SQL, no rules."""

from typing import TypeVar
from urllib.parse import urlencode

from msgspec.structs import asdict

from openmedspa.kit.http import Answer, Call
from openmedspa.partners.keys import Grant
from openmedspa.partners.wire import number, pagination
from openmedspa.patients import facts, people, tags
from openmedspa.patients.shapes import (
    Deleted,
    OneProspect,
    OneTag,
    ProspectList,
    TagList,
    TagsDeleted,
    TagsOfPerson,
)
from openmedspa.usage import audit

OfPerson = TypeVar("OfPerson", TagsOfPerson, TagsDeleted)


async def list_prospects(call: Call[Grant]) -> ProspectList:
    """The practice's people, the newest first, or those that a search finds, the best match first.

    With the scope `Prospects` alone, only those flagged as prospects.
    """
    rows, counted = await people.list_(call.db, call.grant, call.query)
    asked = urlencode({name: value for name, value in asdict(call.query).items() if value is not None})
    audit.note_read(call, call.grant.practice_id, "prospect.listed", asked)
    return ProspectList([facts.to_prospect(row) for row in rows], pagination(call.query, counted))


async def create_prospect(call: Call[Grant]) -> OneProspect:
    """Add a person: by `FirstName` and `LastName`, or `FullName`, and whatever else you know.

    A likely double is created all the same; the header `X-Possible-Duplicates` names who it may be, by `ID`, separated
    by commas.
    """
    person = await people.create(call.tx, call.grant, call.body, request_id=call.request_id, now=call.now)
    return OneProspect(facts.to_prospect(person))


async def name_doubles(call: Call[Grant], answer: OneProspect) -> Answer:
    """Looked for after each answer, replayed or not: who may be told of somebody can change."""
    await look_again(call, answer)
    doubles = await people.list_doubles(call.db, call.grant, answer.data.id)
    return Answer(answer, {"X-Possible-Duplicates": ",".join(map(str, doubles))} if doubles else {})


async def look_again(call: Call[Grant], answer: OneProspect) -> OneProspect:
    """A replay is answered only to who may see the person, as they are now and as they were told of then."""
    if not answer.data.prospect:
        people.require_everybody(call.grant)
    await _look(call, answer.data.id)
    return answer


async def show_prospect(call: Call[Grant]) -> OneProspect:
    """One person, with all that is known of them."""
    person = await people.get(call.db, call.grant, number(call.path["id"], of="prospect"))
    _note_read(call, person["id"])
    return OneProspect(facts.to_prospect(person))


async def change_prospect(call: Call[Grant]) -> OneProspect:
    """Change a person: the fields given, and no others; null forgets a field.

    Visits that were ordered before keep what they had.
    """
    person_id = number(call.path["id"], of="prospect")
    person, is_new = await people.change(
        call.tx, call.grant, person_id, call.body, request_id=call.request_id, now=call.now
    )
    if not is_new:
        _note_read(call, person_id)
    return OneProspect(facts.to_prospect(person))


async def list_tags(call: Call[Grant]) -> TagList:
    """The practice's tags, by name."""
    found, counted = await tags.list_(call.db, call.grant, call.query)
    return TagList(found, pagination(call.query, counted))


async def create_tag(call: Call[Grant]) -> OneTag:
    """Add a tag; its name is unique in the practice, without regard to case."""
    return OneTag(await tags.create(call.tx, call.grant, call.body.name, request_id=call.request_id, now=call.now))


async def rename_tag(call: Call[Grant]) -> OneTag:
    """Give a tag another name; whoever carries it carries it still."""
    tag_id = number(call.path["id"], of="tag")
    return OneTag(
        await tags.rename(call.tx, call.grant, tag_id, call.body.name, request_id=call.request_id, now=call.now)
    )


async def delete_tag(call: Call[Grant]) -> TagsDeleted:
    """Delete a tag; nobody carries it any longer."""
    tag_id = number(call.path["id"], of="tag")
    gone = await tags.delete(call.tx, call.grant, tag_id, request_id=call.request_id, now=call.now)
    return TagsDeleted(Deleted([gone]))


async def assign_tag(call: Call[Grant]) -> TagsOfPerson:
    """Put a tag on a person; twice is the same as once. The answer has all tags of the person."""
    person_id = number(call.path["id"], of="prospect")
    carried, is_new = await tags.assign(
        call.tx, call.grant, person_id, call.body.tagId, request_id=call.request_id, now=call.now
    )
    if not is_new:
        _note_read(call, person_id)
    return TagsOfPerson(carried)


async def take_tag(call: Call[Grant]) -> TagsDeleted:
    """Take a tag from a person; the answer says whether they carried it."""
    person_id, tag_id = number(call.path["id"], of="prospect"), number(call.path["tagId"], of="tag")
    gone = await tags.take(call.tx, call.grant, person_id, tag_id, request_id=call.request_id, now=call.now)
    return TagsDeleted(Deleted(gone))


async def take_all_tags(call: Call[Grant]) -> TagsDeleted:
    """Take all tags from a person; the answer has those that they carried."""
    person_id = number(call.path["id"], of="prospect")
    gone = await tags.take(call.tx, call.grant, person_id, request_id=call.request_id, now=call.now)
    return TagsDeleted(Deleted(gone))


async def see_again(call: Call[Grant], answer: OfPerson) -> OfPerson:
    """A replay is answered only to who may see the person."""
    await _look(call, number(call.path["id"], of="prospect"))
    return answer


async def _look(call: Call[Grant], person_id: int) -> None:
    """What can be a replay counts as a look at the person: a replay writes nothing else down."""
    if people.sees_only_prospects(call.grant):
        await people.get(call.db, call.grant, person_id)
    if call.incoming.header(b"idempotency-key"):
        _note_read(call, person_id)


def _note_read(call: Call[Grant], person_id: int) -> None:
    audit.note_read(call, call.grant.practice_id, "prospect.read", f"patient:{person_id}")
