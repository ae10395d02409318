"""Checks of a location's list: whole and by pages, newest first, each entry as it is shown alone."""

from typing import Any

from openmedspa.verify.answer import Answer, Broken, require
from openmedspa.verify.checks import Chapter
from openmedspa.verify.contract.words import DECISION, NO_LOCATION, OPEN_VISIT, UNKNOWN_LOCATION, visit_shape
from openmedspa.verify.shape import Each, Is, differences
from openmedspa.verify.trial import Trial

chapter = Chapter("list", section="Endpoints: GET /gfes/{location_id}")
NUMBER = Is("a whole number", lambda value: type(value) is int and value >= 0)
MOST_PAGES = 20  # others may order at the same time; ours are among the newest


def _is_list(trial: Trial, answer: Answer, *, entry: Any = OPEN_VISIT) -> list[Any]:
    """The entries of a list; each must be what `entry` says, or what a visit of its status looks like."""
    form = Is("a visit", lambda visit: isinstance(visit, dict))
    body = answer.is_(200, {"success": True, "location_id": trial.given.location, "count": NUMBER, "gfes": Each(form)})
    visits: list[Any] = body["gfes"]
    for visit in visits:
        shape = visit_shape(visit) if entry is OPEN_VISIT else {**visit_shape(visit), **entry}
        wrong = list(differences(shape, visit))
        require(not wrong, "every entry as the contract has it", f"{visit.get('gfe_id')}: {'; '.join(wrong[:3])}")
    require(body["count"] == len(visits), f"`count` {len(visits)}, as many as there are", body["count"])
    return visits


async def _all(trial: Trial) -> list[Any]:
    return _is_list(trial, await trial.get(f"/gfes/{trial.given.location}"))


@chapter.documented()
async def works(trial: Trial) -> None:
    """The list holds `success`, `location_id`, `count` and `gfes`; every entry is closed, `count` is their number."""
    await _all(trial)


@chapter.documented("treatments")
async def holds_new_visits(trial: Trial) -> None:
    """A visit that was ordered a moment ago is in the list, just as it is shown alone."""
    for in_person in (False, True):
        gfe_id = await trial.order(in_person=in_person)
        alone = await trial.show(gfe_id)
        found = [visit for visit in await _all(trial) if visit["gfe_id"] == gfe_id]
        require(found == [alone], "the visit once, as it is shown alone", found)


@chapter.extension("treatments")
async def newest_first(trial: Trial) -> None:
    """The list begins with the newest visit."""
    ordered = [await trial.order() for _ in range(3)]
    listed = [visit["gfe_id"] for visit in await _all(trial) if visit["gfe_id"] in ordered]
    require(listed == ordered[::-1], f"{ordered[::-1]}, newest first", listed)


@chapter.documented("treatments", "second_location")
async def only_this_location(trial: Trial) -> None:
    """Visits of the practice's other locations are not in it."""
    gfe_id = await trial.order(trial.home(location_id=trial.given.second_location))
    found = [visit for visit in await _all(trial) if visit["gfe_id"] == gfe_id]
    require(found == [], "no visit of another location", found)


@chapter.documented()
async def location_unknown(trial: Trial) -> None:
    """The list of a location that does not exist is answered 404."""
    (await trial.get(f"/gfes/{UNKNOWN_LOCATION}")).refuses(404, "Not Found", "Location not found")


@chapter.documented("foreign_location")
async def location_foreign(trial: Trial) -> None:
    """The list of a location that was not granted is answered 403."""
    (await trial.get(f"/gfes/{trial.given.foreign_location}")).refuses_just(403, NO_LOCATION)


@chapter.extension("treatments")
async def by_status(trial: Trial) -> None:
    """?status picks the visits that have it."""
    cancelled, other = await trial.order(), await trial.order()
    (await trial.patch(f"/appointments/{cancelled}/cancel")).has_status(200)
    answer = await trial.get(f"/gfes/{trial.given.location}?status=Cancelled%20by%20client")
    visits = _is_list(trial, answer)
    ids, statuses = {visit["gfe_id"] for visit in visits}, {visit["status"] for visit in visits}
    require(statuses == {"Cancelled by client"}, "visits of this status only", sorted(statuses))
    require(cancelled in ids and other not in ids, "the cancelled visit, not the other", answer.told)


@chapter.extension()
async def status_unknown(trial: Trial) -> None:
    """A status that is none is answered 400."""
    for word in ("Done", "completed", ""):
        (await trial.get(f"/gfes/{trial.given.location}?status={word}")).names("status")


@chapter.extension("treatments")
async def pages(trial: Trial) -> None:
    """?limit gives a page, and Link leads to the next one: every visit once, in the list's order."""
    ordered = [await trial.order() for _ in range(3)]
    first = await trial.get(f"/gfes/{trial.given.location}?limit=1")
    require(len(_is_list(trial, first)) == 1, "one visit", first.told)
    seen, answer = [visit["gfe_id"] for visit in first.json["gfes"]], first
    for _ in range(MOST_PAGES):
        path = _next(answer, trial.server.base)
        if path is None or set(ordered) <= set(seen):
            break
        answer = await trial.get(path.replace("limit=1&", "limit=25&"))
        seen += [visit["gfe_id"] for visit in _is_list(trial, answer)]
    ours = [gfe_id for gfe_id in seen if gfe_id in ordered]
    require(ours == ordered[::-1], f"{ordered[::-1]} in this order", ours)
    require(len(set(seen)) == len(seen), "no visit twice", seen)


def _next(answer: Answer, base: str) -> str | None:
    """The next page's path below the base, from the Link header; None on the last page."""
    link = answer.headers.get("link", "")
    if not link:
        return None
    target, _, relation = link.partition(";")
    if 'rel="next"' not in relation or not target.startswith("<"):
        raise Broken('Link: <…>; rel="next"', f"Link: {link}")
    prefix = "/" + base.split("/", 3)[3] if base.count("/") > 2 else ""
    path = target.strip("<> ").removeprefix(base)
    return path.removeprefix(prefix)


@chapter.extension()
async def last_page(trial: Trial) -> None:
    """The last page has no Link."""
    answer = await trial.get(f"/gfes/{trial.given.location}?limit=1000&status=Rejected")
    require("link" not in answer.headers, "no Link on a page that holds all", answer.headers.get("link"))
    _is_list(trial, answer)


@chapter.extension()
async def limit_bad(trial: Trial) -> None:
    """A limit is a whole number from 1 to 1,000; anything else is answered 400."""
    for limit in ("0", "1001", "-1", "ten", "1.5"):
        (await trial.get(f"/gfes/{trial.given.location}?limit={limit}")).names("limit")


@chapter.extension()
async def cursor_bad(trial: Trial) -> None:
    """A cursor that no Link gave is answered 400."""
    for after in ("x", "AAAA", "a" * 200):
        (await trial.get(f"/gfes/{trial.given.location}?limit=1&after={after}")).names("after")


@chapter.extension()
async def decisions(trial: Trial) -> None:
    """?include=decisions adds the decisions to each entry."""
    answer = await trial.get(f"/gfes/{trial.given.location}?include=decisions&limit=50")
    _is_list(trial, answer, entry={"decisions": Each(DECISION)})
