"""Checks of tags: made, renamed, deleted, put on people and taken off again."""

from openmedspa.verify.answer import Answer, require
from openmedspa.verify.checks import Chapter
from openmedspa.verify.partner.trial import Trial, data, entries, word
from openmedspa.verify.partner.words import NOBODY, TAG, a_list, names, refuses

chapter = Chapter("tags", section="Tags", needs=("prospects",))
MOST_PAGES = 50


async def _put_on(trial: Trial, person_id: int, tag_id: int) -> Answer:
    return await trial.post(trial.at(f"/tags/prospects/{person_id}"), {"tagId": tag_id})


async def _on(trial: Trial, person_id: int) -> list[int]:
    return sorted(tag["id"] for tag in (await trial.shown(person_id))["Tags"])


@chapter.extension()
async def works(trial: Trial) -> None:
    """A tag is answered 201 with id and name, and stands in the list."""
    name = f"verify {word()}"
    body = (await trial.post(trial.at("/tags"), {"name": name})).is_(201, {"data": {**TAG, "name": name}})
    listed: list[object] = []
    for page in range(1, MOST_PAGES + 1):
        here = (await trial.get(trial.at(f"/tags?limit=200&page={page}"))).is_(200, a_list(TAG))["data"]
        listed += here
        if body["data"] in here or not here:
            break
    require(body["data"] in listed, f"{body['data']} in the list", f"{len(listed)} others")
    await trial.delete(trial.at(f"/tags/{body['data']['id']}"))


@chapter.extension()
async def renamed(trial: Trial) -> None:
    """A tag gets another name, and whoever has it has it under the new one."""
    tag, person = await trial.tag(), await trial.prospect()
    (await _put_on(trial, person["ID"], tag["id"])).has_status(200)
    name = f"verify {word()}"
    after = data(await trial.put(trial.at(f"/tags/{tag['id']}"), {"name": name}))
    require(after == {"id": tag["id"], "name": name}, name, after)
    shown = (await trial.shown(person["ID"]))["Tags"]
    require(shown == [after], f"{after}", shown)
    await trial.delete(trial.at(f"/tags/{tag['id']}"))


@chapter.extension()
async def name_taken(trial: Trial) -> None:
    """Two tags of one name, in whatever case, are refused with 409."""
    tag, other = await trial.tag(), await trial.tag()
    refuses(await trial.post(trial.at("/tags"), {"name": tag["name"].upper()}), 409)
    refuses(await trial.put(trial.at(f"/tags/{other['id']}"), {"name": tag["name"]}), 409)
    for one in (tag, other):
        await trial.delete(trial.at(f"/tags/{one['id']}"))


@chapter.extension()
async def name_bad(trial: Trial) -> None:
    """A tag without a name, or of a blank one, is refused with 422 that names it."""
    for body in ({}, {"name": ""}, {"name": "  "}, {"name": 5}, {"name": None}):
        names(await trial.post(trial.at("/tags"), body), "name")


@chapter.extension()
async def assigned(trial: Trial) -> None:
    """A tag is put on a person, and stands on the person from then on."""
    tag, person = await trial.tag(), await trial.prospect()
    (await _put_on(trial, person["ID"], tag["id"])).has_status(200)
    require((await trial.shown(person["ID"]))["Tags"] == [tag], f"{tag}", "another list")
    await trial.delete(trial.at(f"/tags/{tag['id']}"))


@chapter.extension()
async def assigned_twice(trial: Trial) -> None:
    """Putting a tag on twice is the same as once."""
    tag, person = await trial.tag(), await trial.prospect()
    for _ in range(2):
        (await _put_on(trial, person["ID"], tag["id"])).has_status(200)
    on = await _on(trial, person["ID"])
    require(on == [tag["id"]], "the tag once", on)
    await trial.delete(trial.at(f"/tags/{tag['id']}"))


@chapter.extension()
async def filtered(trial: Trial) -> None:
    """?tagId lists those who have the tag, and nobody else."""
    tag, one, other = await trial.tag(), await trial.prospect(), await trial.prospect()
    (await _put_on(trial, one["ID"], tag["id"])).has_status(200)
    found = await trial.found(f"tagId={tag['id']}")
    require(found == [one["ID"]], f"{one['ID']} without {other['ID']}", found)
    await trial.delete(trial.at(f"/tags/{tag['id']}"))


@chapter.extension()
async def taken_off(trial: Trial) -> None:
    """A tag is taken off a person, and the others stay; without a tag's number all are taken off."""
    tags, person = [await trial.tag() for _ in range(3)], await trial.prospect()
    for tag in tags:
        (await _put_on(trial, person["ID"], tag["id"])).has_status(200)
    path = trial.at(f"/tags/prospects/{person['ID']}")
    (await trial.delete(f"{path}/{tags[0]['id']}")).has_status(200)
    on = await _on(trial, person["ID"])
    require(on == sorted(tag["id"] for tag in tags[1:]), "the other two", on)
    (await trial.delete(path)).has_status(200)
    on = await _on(trial, person["ID"])
    require(on == [], "no tag", on)
    for tag in tags:
        await trial.delete(trial.at(f"/tags/{tag['id']}"))


@chapter.extension()
async def deleted(trial: Trial) -> None:
    """A deleted tag is gone, from the people as well."""
    tag, person = await trial.tag(), await trial.prospect()
    (await _put_on(trial, person["ID"], tag["id"])).has_status(200)
    (await trial.delete(trial.at(f"/tags/{tag['id']}"))).has_status(200)
    on = await _on(trial, person["ID"])
    require(on == [], "no tag", on)
    refuses(await trial.put(trial.at(f"/tags/{tag['id']}"), {"name": f"verify {word()}"}), 404)
    refuses(await trial.delete(trial.at(f"/tags/{tag['id']}")), 404)


@chapter.extension()
async def unknown(trial: Trial) -> None:
    """A person that does not exist is answered 404; an unknown tag is a wrong field, 422 that names tagId."""
    tag, person = await trial.tag(), await trial.prospect()
    refuses(await _put_on(trial, NOBODY, tag["id"]), 404)
    names(await _put_on(trial, person["ID"], NOBODY), "tagId")
    names(await trial.get(trial.at(f"/prospects?tagId={NOBODY}")), "tagId")
    await trial.delete(trial.at(f"/tags/{tag['id']}"))


@chapter.extension()
async def list_by_pages(trial: Trial) -> None:
    """The list of tags comes by pages."""
    made = [await trial.tag() for _ in range(2)]
    for limit in (1, 2):
        found = entries(await trial.get(trial.at(f"/tags?limit={limit}")))
        require(len(found) == limit, f"{limit} on a page", found)
    beyond = entries(await trial.get(trial.at("/tags?limit=200&page=10000")))
    require(beyond == [], "an empty page beyond the last", beyond)
    for tag in made:
        await trial.delete(trial.at(f"/tags/{tag['id']}"))
