"""Checks of subscribing to a location."""

from typing import Any

from openmedspa.verify.checks import Chapter
from openmedspa.verify.contract.words import BAD_REQUEST, NO_LOCATION, UNKNOWN_LOCATION
from openmedspa.verify.shape import one_of
from openmedspa.verify.trial import Trial

chapter = Chapter("subscriptions", section="Endpoints: POST /subscriptions")
NEW, AGAIN = "Successfully subscribed to location", "Already subscribed to this location"


@chapter.documented()
async def works(trial: Trial) -> None:
    """Subscribing is answered 200 with the documents' sentence, a second time with another one."""
    body = {"location_id": trial.given.location}
    (await trial.post("/subscriptions", body)).is_(200, {"success": True, "message": one_of(NEW, AGAIN)})
    (await trial.post("/subscriptions", body)).is_(200, {"success": True, "message": AGAIN})


@chapter.documented()
async def location_missing(trial: Trial) -> None:
    """Without a location it is answered 400, in the documents' words; without any body as well."""
    for body in list[Any](({}, None)):
        answer = await trial.post("/subscriptions", body)
        answer.refuses(400, BAD_REQUEST, "location_id field is required in request body")


@chapter.documented()
async def location_empty(trial: Trial) -> None:
    """With an empty location it is answered 400, in the documents' words."""
    answer = await trial.post("/subscriptions", {"location_id": ""})
    answer.refuses(400, BAD_REQUEST, "location_id cannot be empty")


@chapter.extension()
async def location_of_another_kind(trial: Trial) -> None:
    """A location that is no text is answered 400."""
    for value in (5, None, ["loc_1"], True):
        (await trial.post("/subscriptions", {"location_id": value})).names("location_id")


@chapter.extension()
async def unknown_field(trial: Trial) -> None:
    """A field that is not known is answered 400 and named."""
    (await trial.post("/subscriptions", {"location_id": trial.given.location, "colour": "red"})).names("colour")


@chapter.documented()
async def location_unknown(trial: Trial) -> None:
    """Subscribing to a location that does not exist is answered 404."""
    answer = await trial.post("/subscriptions", {"location_id": UNKNOWN_LOCATION})
    answer.refuses(404, "Not Found", "Location not found")


@chapter.documented("foreign_location")
async def location_foreign(trial: Trial) -> None:
    """Subscribing to a location that was not granted is answered 403."""
    answer = await trial.post("/subscriptions", {"location_id": trial.given.foreign_location})
    answer.refuses_just(403, NO_LOCATION)
