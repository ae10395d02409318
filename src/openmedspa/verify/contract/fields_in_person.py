"""Checks of the fields of an order in person: which are required, the date of birth, what is ignored."""

from datetime import UTC, datetime, timedelta

from openmedspa.verify.answer import require
from openmedspa.verify.checks import Chapter, Does
from openmedspa.verify.trial import Trial

chapter = Chapter("in-person-fields", section="Request fields", needs=("treatments",))
FIELDS = ("patient_details", "location_id", "requested_treatments")
PATIENT_FIELDS = ("first_name", "last_name", "dob")


def _needs(field: str, *, of_patient: bool) -> Does:
    async def needs(trial: Trial) -> None:
        order = trial.person()
        of = order["patient_details"] if of_patient else order
        del of[field]
        (await trial.post("/in-person", order)).names(field)

    return needs


for _field in FIELDS:
    chapter.add(f"needs-{_field}", f"An order in person without `{_field}` is answered 400, and names it.",
                _needs(_field, of_patient=False))  # fmt: skip
for _field in PATIENT_FIELDS:
    chapter.add(f"needs-{_field}", f"In person, an order without `{_field}` of the patient is answered 400 and named.",
                _needs(_field, of_patient=True))  # fmt: skip


async def _refused(trial: Trial, *dobs: object) -> None:
    for dob in dobs:
        (await trial.post("/in-person", trial.person({"dob": dob}))).names("dob")


async def _dob_kept(trial: Trial, sent: str, kept: str) -> None:
    shown = (await trial.show(await trial.order(trial.person({"dob": sent}), in_person=True)))["patient_details"]
    require(shown.get("dob") == kept, f"`dob` {kept}", shown)


@chapter.documented()
async def dob_with_slashes(trial: Trial) -> None:
    """A date of birth is taken as MM/DD/YYYY and shown as MM-DD-YYYY."""
    await _dob_kept(trial, "02/03/1990", "02-03-1990")


@chapter.extension()
async def dob_with_dashes(trial: Trial) -> None:
    """A date of birth is taken as MM-DD-YYYY and YYYY-MM-DD as well, and shown as MM-DD-YYYY."""
    await _dob_kept(trial, "02-03-1990", "02-03-1990")
    await _dob_kept(trial, "1990-02-03", "02-03-1990")


@chapter.extension()
async def dob_of_another_form(trial: Trial) -> None:
    """A date of birth in any other form is answered 400."""
    await _refused(trial, "", "1990", "10/27/90", "27.10.1990", "1990/10/27", "10/27-1990", 19901027)


@chapter.extension()
async def dob_not_in_the_calendar(trial: Trial) -> None:
    """A day that the calendar does not have is answered 400; a leap day is none of these."""
    await _refused(trial, "02/30/1990", "13/01/1990", "02/29/1999", "00/10/1990")
    await _dob_kept(trial, "02/29/2000", "02-29-2000")


@chapter.extension()
async def dob_in_the_future(trial: Trial) -> None:
    """A date of birth in the future is answered 400."""
    await _refused(trial, f"{datetime.now(UTC) + timedelta(days=3):%m/%d/%Y}")


@chapter.extension()
async def dob_too_long_ago(trial: Trial) -> None:
    """A date of birth more than 130 years ago is answered 400; 129 years ago is not."""
    year = datetime.now(UTC).year
    await _refused(trial, f"01/01/{year - 131}")
    await _dob_kept(trial, f"01/01/{year - 129}", f"01-01-{year - 129}")


@chapter.documented()
async def contact_is_optional(trial: Trial) -> None:
    """An e-mail and a phone may be sent and are not needed; the e-mail is shown."""
    sent = {"email": "vera.contact@example.com", "phone": "+12025550123"}
    shown = (await trial.show(await trial.order(trial.person(sent), in_person=True)))["patient_details"]
    require(shown.get("email") == sent["email"], f"`email` {sent['email']}", shown)
    await trial.order(trial.person(), in_person=True)


@chapter.extension()
async def contact_bad(trial: Trial) -> None:
    """An e-mail or a phone that is sent must be one."""
    for field, value in (("email", "vera"), ("email", 5), ("phone", "0123"), ("phone", "202-555-0123")):
        (await trial.post("/in-person", trial.person({field: value}))).names(field)


@chapter.documented()
async def treatments_empty(trial: Trial) -> None:
    """An order in person without any treatment is answered 400."""
    (await trial.post("/in-person", trial.person(requested_treatments=[]))).names("requested_treatments")


@chapter.documented()
async def unknown_fields(trial: Trial) -> None:
    """An order in person is open: fields it does not know are ignored, the patient's too."""
    order = trial.person({"nickname": "V", "nested": [{"a": None}]}, colour="red", appointment_time="later")
    (await trial.post("/in-person", order)).has_status(201)
