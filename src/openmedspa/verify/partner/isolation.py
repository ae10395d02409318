"""Checks that a practice sees its own: another's path, people, tags, tickets and schedules are out of reach."""

from urllib.parse import quote

from openmedspa.verify.answer import require
from openmedspa.verify.checks import Chapter
from openmedspa.verify.partner.desk import at_desk
from openmedspa.verify.partner.trial import Trial, data, entries, person, word
from openmedspa.verify.partner.words import NOWHERE, names, refuses

chapter = Chapter("isolation", section="Practices apart", needs=("foreign_key", "foreign_ppass"))
PATHS = (
    "/prospects", "/prospects/1", "/tags", "/tickets", "/ticket/1", "/availability/providers",
    "/availability/providers/1", "/visits/1",
)  # fmt: skip


async def _theirs(trial: Trial, path: str, body: object, status: int = 201) -> dict[str, object]:
    """Something that the other practice makes for itself."""
    path = f"/{trial.given.foreign_ppass}{path}"
    return data(await trial.post(path, body, token=trial.given.foreign_token), 200, status)


@chapter.documented()
async def paths(trial: Trial) -> None:
    """A token of one practice is refused on another practice's path, and theirs on ours, with 403."""
    for path in PATHS:
        refuses(await trial.get(f"/{trial.given.foreign_ppass}{path}"), 403)
        refuses(await trial.get(trial.at(path), token=trial.given.foreign_token), 403)


@chapter.extension()
async def unknown_practice(trial: Trial) -> None:
    """A practice that does not exist is refused as another's is: nobody learns which there are."""
    nowhere = refuses(await trial.get(f"/{NOWHERE}/prospects"), 403)
    other = refuses(await trial.get(f"/{trial.given.foreign_ppass}/prospects"), 403)
    require(nowhere["code"] == other["code"], other["code"], nowhere)


@chapter.extension()
async def practice_before_body(trial: Trial) -> None:
    """The practice is looked at before the body, and nothing is written there."""
    path = f"/{trial.given.foreign_ppass}/prospects"
    refuses(await trial.post(path, raw=b"{"), 403)
    refuses(await trial.post(path, person()), 403)


@chapter.documented("prospects")
async def people(trial: Trial) -> None:
    """Another practice's person is not there: by id 404, in no search and in no list."""
    theirs = person()
    made = await _theirs(trial, "/prospects", theirs)
    path = trial.at(f"/prospects/{made['ID']}")
    refuses(await trial.get(path), 404)
    refuses(await trial.put(path, {"City": "Pasadena"}), 404)
    for text in (theirs["LastName"], theirs["EMail"], theirs["Phone"]):
        found = await trial.found(f"search={quote(text)}&limit=200")
        require(made["ID"] not in found, f"a list without {made['ID']}", found)
    listed = await trial.found("limit=200")
    require(made["ID"] not in listed, f"a list without {made['ID']}", listed)


@chapter.extension("prospects")
async def doubles(trial: Trial) -> None:
    """Another practice's person is never named as a likely double."""
    theirs = person()
    made = await _theirs(trial, "/prospects", theirs)
    answer = await trial.post(trial.at("/prospects"), theirs)
    answer.has_status(201)
    said = answer.headers.get("x-possible-duplicates", "")
    require(str(made["ID"]) not in said, f"X-Possible-Duplicates without {made['ID']}", f"“{said}”")


@chapter.extension("prospects")
async def tags(trial: Trial) -> None:
    """Another practice's tag is not there: by id 404, and it can be put on nobody of ours."""
    theirs, ours = await _theirs(trial, "/tags", {"name": f"verify {word()}"}), await trial.prospect()
    path = trial.at(f"/tags/{theirs['id']}")
    refuses(await trial.put(path, {"name": f"verify {word()}"}), 404)
    refuses(await trial.delete(path), 404)
    names(await trial.post(trial.at(f"/tags/prospects/{ours['ID']}"), {"tagId": theirs["id"]}), "tagId")
    names(await trial.get(trial.at(f"/prospects?tagId={theirs['id']}")), "tagId")
    await trial.delete(f"/{trial.given.foreign_ppass}/tags/{theirs['id']}", token=trial.given.foreign_token)


@chapter.documented("tickets")
async def tickets(trial: Trial) -> None:
    """Another practice's ticket is not there: shown, changed and commented on by nobody else."""
    theirs = await _theirs(trial, "/tickets", {"Subject": f"Verify {word()}"})
    path = trial.at(f"/ticket/{theirs['TicketID']}")
    refuses(await trial.get(path), 404)
    refuses(await trial.put(path, {"Status": "Closed"}), 404)
    comment = {"Comment": "Verify", "Author": "Vera"}
    refuses(await trial.post(trial.at(f"/tickets/{theirs['TicketID']}/comment"), comment), 404)


@chapter.extension("provider")
async def providers(trial: Trial) -> None:
    """Another practice's provider is not there: neither shown nor asked, neither booked nor held."""
    one, token = trial.given.provider, trial.given.foreign_token
    theirs = f"/{trial.given.foreign_ppass}"
    for query in ("", "/slots?date=2026-03-09&duration=30", "/next-slot?duration=30"):
        refuses(await trial.get(f"{theirs}/availability/providers/{one}{query}", token=token), 404)
    listed = [one["id"] for one in entries(await trial.get(f"{theirs}/availability/providers?limit=200", token=token))]
    require(one not in listed, f"a list without {one}", listed)
    body = {"ProviderID": one, "Date": "2020-01-06", "Time": "09:00:00", "Duration": 30}
    names(await trial.post(f"{theirs}/holds", body, token=token), "ProviderID")


@chapter.extension("provider", "visits", "prospects", "visit_type")
async def visits(trial: Trial) -> None:
    """Another practice's visits and holds are not there: shown, changed, cancelled and released by nobody else."""
    theirs, token = f"/{trial.given.foreign_ppass}", trial.given.foreign_token
    async with at_desk(trial) as desk:
        one, other = await desk.days(2)
        visit, hold = await desk.book(one.first), await desk.hold(other.first)
        path = f"{theirs}/visits/{visit['VisitID']}"
        refuses(await trial.get(path, token=token), 404)
        refuses(await trial.patch(path, {"Status": "Cancelled"}, token=token), 404)
        refuses(await trial.delete(f"{theirs}/holds/{hold['HoldID']}", token=token), 404)
        found = await desk.show(visit["VisitID"])
        require(found == visit, f"{visit}", found)
        times = await desk.slots(other.date)
        require(other.first.time not in times, f"slots without {other.first.time}", times)
