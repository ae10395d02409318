"""Checks of who is taken for the same person; seen by how the server spells a patient it knows already."""

from typing import Any

from openmedspa.verify.answer import require
from openmedspa.verify.checks import Chapter
from openmedspa.verify.people import person
from openmedspa.verify.trial import Trial

chapter = Chapter("matching", section="Patient matching", needs=("treatments",))


async def _names(trial: Trial, patient: dict[str, Any], *, in_person: bool = False) -> tuple[str, str]:
    """The names of the visit that is ordered for somebody."""
    changes = {"email": None, "phone": None, **patient} if in_person else patient
    order = trial.person(changes) if in_person else trial.home(changes)
    shown = (await trial.show(await trial.order(order, in_person=in_person)))["patient_details"]
    return shown["first_name"], shown["last_name"]


def _spelled_otherwise(patient: dict[str, Any]) -> dict[str, Any]:
    otherwise = {
        **patient,
        "first_name": f" {patient['first_name'].upper()} ",
        "last_name": patient["last_name"].lower(),
    }
    return otherwise | ({"email": patient["email"].upper()} if "email" in patient else {})


@chapter.documented()
async def at_home_by_email(trial: Trial) -> None:
    """At home the same names and e-mail are the same patient, however they are written."""
    patient = person()
    first = await _names(trial, patient)
    again = await _names(trial, _spelled_otherwise(patient))
    require(again == first, f"the patient's own spelling, {first}", again)


@chapter.documented()
async def at_home_another_email(trial: Trial) -> None:
    """At home another e-mail is another patient."""
    patient = person()
    await _names(trial, patient)
    other = _spelled_otherwise(patient) | {"email": person()["email"]}
    again, wanted = await _names(trial, other), (other["first_name"].strip(), other["last_name"])
    require(again == wanted, f"a new patient, as sent: {wanted}", again)


@chapter.documented()
async def in_person_by_birthday(trial: Trial) -> None:
    """In person the same names and date of birth are the same patient, however they are written."""
    patient = person(email=None, phone=None) | {"dob": "10/27/1990"}
    first = await _names(trial, patient, in_person=True)
    again = await _names(trial, _spelled_otherwise(patient), in_person=True)
    require(again == first, f"the patient's own spelling, {first}", again)


@chapter.documented()
async def in_person_another_birthday(trial: Trial) -> None:
    """In person another date of birth is another patient."""
    patient = person(email=None, phone=None) | {"dob": "10/27/1990"}
    await _names(trial, patient, in_person=True)
    other = _spelled_otherwise(patient) | {"dob": "10/28/1990"}
    again, wanted = await _names(trial, other, in_person=True), (other["first_name"].strip(), other["last_name"])
    require(again == wanted, f"a new patient, as sent: {wanted}", again)
