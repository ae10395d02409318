"""Checks of the order in person: what it answers, where it is refused, and what the visit shows afterwards."""

from openmedspa.verify.answer import require
from openmedspa.verify.checks import Chapter
from openmedspa.verify.contract.words import NO_LOCATION, UNKNOWN_LOCATION
from openmedspa.verify.shape import HTTP_URL, TEXT
from openmedspa.verify.trial import Trial

chapter = Chapter("in-person", section="Endpoints: POST /in-person", needs=("treatments",))


@chapter.documented()
async def works(trial: Trial) -> None:
    """An order in person is answered 201 with `visit_id`, `gfe_id` and `visit_link`; both ids are the same."""
    answer = await trial.post("/in-person", trial.person())
    body = answer.is_(201, {"success": True, "visit_id": TEXT, "gfe_id": TEXT, "visit_link": HTTP_URL})
    require(body["visit_id"] == body["gfe_id"], "`visit_id` and `gfe_id` alike", answer.told)


@chapter.documented()
async def shown(trial: Trial) -> None:
    """An order in person is at once shown, with its date of birth as MM-DD-YYYY and an empty e-mail."""
    order = trial.person({"dob": "02/03/1990"})
    gfe_id, patient = await trial.order(order, in_person=True), order["patient_details"]
    (await trial.get(f"/visits/{gfe_id}")).is_(200, {"success": True, "data": {
        "gfe_id": gfe_id, "status": "Processing", "requested_treatments": order["requested_treatments"],
        "patient_details": {
            "name": f"{patient['first_name']} {patient['last_name']}", "first_name": patient["first_name"],
            "last_name": patient["last_name"], "email": "", "dob": "02-03-1990",
        },
    }})  # fmt: skip


@chapter.documented()
async def location_unknown(trial: Trial) -> None:
    """An order in person at a location that does not exist is answered 404."""
    answer = await trial.post("/in-person", trial.person(location_id=UNKNOWN_LOCATION))
    answer.refuses(404, "Not Found", "Location not found")


@chapter.documented("foreign_location")
async def location_foreign(trial: Trial) -> None:
    """An order in person at a location that was not granted is answered 403."""
    answer = await trial.post("/in-person", trial.person(location_id=trial.given.foreign_location))
    answer.refuses_just(403, NO_LOCATION)
