"""Checks of the order at home: what it answers, where it is refused, and what the visit shows afterwards."""

from openmedspa.verify.answer import require
from openmedspa.verify.checks import Chapter
from openmedspa.verify.contract.words import NO_LOCATION, UNKNOWN_LOCATION
from openmedspa.verify.shape import TEXT
from openmedspa.verify.trial import Trial

chapter = Chapter("at-home", section="Endpoints: POST /appointments", needs=("treatments",))
ID_LENGTH = 22  # 128 bits in base64


@chapter.documented()
async def works(trial: Trial) -> None:
    """An order at home is answered 201 with `success` and `gfe_id`, and nothing else."""
    (await trial.post("/appointments", trial.home())).is_(201, {"success": True, "gfe_id": TEXT})


@chapter.documented()
async def shown(trial: Trial) -> None:
    """An order at home is at once shown, as Processing and with what was sent."""
    order = trial.home()
    gfe_id, patient = await trial.order(order), order["patient_details"]
    (await trial.get(f"/visits/{gfe_id}")).is_(200, {"success": True, "data": {
        "gfe_id": gfe_id, "status": "Processing", "requested_treatments": order["requested_treatments"],
        "patient_details": {
            "name": f"{patient['first_name']} {patient['last_name']}", "first_name": patient["first_name"],
            "last_name": patient["last_name"], "email": patient["email"],
        },
    }})  # fmt: skip


@chapter.extension()
async def ids_cannot_be_guessed(trial: Trial) -> None:
    """A visit's id begins with gfe_ and is long enough for 128 random bits; no two are alike."""
    ids = [await trial.order() for _ in range(3)]
    for gfe_id in ids:
        is_long = gfe_id.startswith("gfe_") and len(gfe_id) >= len("gfe_") + ID_LENGTH
        require(is_long, f"gfe_ and at least {ID_LENGTH} characters", gfe_id)
    require(len(set(ids)) == len(ids), "another id for each visit", ids)


@chapter.documented()
async def location_unknown(trial: Trial) -> None:
    """An order at a location that does not exist is answered 404."""
    answer = await trial.post("/appointments", trial.home(location_id=UNKNOWN_LOCATION))
    answer.refuses(404, "Not Found", "Location not found")


@chapter.documented("foreign_location")
async def location_foreign(trial: Trial) -> None:
    """An order at a location that was not granted is answered 403."""
    answer = await trial.post("/appointments", trial.home(location_id=trial.given.foreign_location))
    answer.refuses_just(403, NO_LOCATION)
