"""Checks of the catalogue and of a location's favourites."""

from openmedspa.verify.answer import require
from openmedspa.verify.checks import Chapter
from openmedspa.verify.contract.words import NO_LOCATION, UNKNOWN_LOCATION
from openmedspa.verify.shape import TEXT, Each
from openmedspa.verify.trial import Trial

chapter = Chapter("treatments", section="Endpoints: GET /treatments")
ENTRIES = Each({"id": TEXT, "name": TEXT})


@chapter.documented()
async def works(trial: Trial) -> None:
    """The catalogue is answered 200 with `data`, a list of `id` and `name`, and nothing else."""
    body = (await trial.get("/treatments")).is_(200, {"data": ENTRIES})
    ids = [entry["id"] for entry in body["data"]]
    require(len(set(ids)) == len(ids), "every id once", ids)


@chapter.documented()
async def favourites(trial: Trial) -> None:
    """?type=favorites with a location is answered with entries of the catalogue and `source`: "favorites"."""
    answer = await trial.get(f"/treatments?type=favorites&location_id={trial.given.location}")
    body = answer.is_(200, {"data": ENTRIES, "source": "favorites"})
    catalogue = (await trial.get("/treatments")).is_(200, {"data": ENTRIES})
    strange = [entry for entry in body["data"] if entry not in catalogue["data"]]
    require(strange == [], "entries of the catalogue only", strange)


@chapter.documented()
async def favourites_need_a_location(trial: Trial) -> None:
    """?type=favorites without a location is answered 400, in the documents' words."""
    for path in ("/treatments?type=favorites", "/treatments?type=favorites&location_id="):
        (await trial.get(path)).refuses_just(400, "location_id is required when requesting favorites")


@chapter.documented()
async def type_unknown(trial: Trial) -> None:
    """Another type is answered 400."""
    (await trial.get(f"/treatments?type=popular&location_id={trial.given.location}")).names("type")


@chapter.documented()
async def location_unknown(trial: Trial) -> None:
    """Favourites of a location that does not exist are answered 404, in this call's own words."""
    answer = await trial.get(f"/treatments?type=favorites&location_id={UNKNOWN_LOCATION}")
    answer.refuses_just(404, "Location not found")


@chapter.documented("foreign_location")
async def location_foreign(trial: Trial) -> None:
    """Favourites of a location that was not granted are answered 403."""
    answer = await trial.get(f"/treatments?type=favorites&location_id={trial.given.foreign_location}")
    answer.refuses_just(403, NO_LOCATION)
