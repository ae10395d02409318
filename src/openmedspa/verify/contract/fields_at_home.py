"""Checks of the fields of an order at home: which are required, what each may hold, how treatments are named."""

from typing import Any

from openmedspa.verify.answer import require
from openmedspa.verify.checks import Chapter, Does
from openmedspa.verify.people import without_none
from openmedspa.verify.trial import Trial

chapter = Chapter("at-home-fields", section="Request fields", needs=("treatments",))
FIELDS = ("patient_details", "location_id", "appointment_time", "requested_treatments")
PATIENT_FIELDS = ("first_name", "last_name", "email", "phone")


def _needs(field: str, *, of_patient: bool) -> Does:
    async def needs(trial: Trial) -> None:
        order = trial.home()
        of = order["patient_details"] if of_patient else order
        del of[field]
        (await trial.post("/appointments", order)).names(field)

    return needs


for _field in FIELDS:
    chapter.add(f"needs-{_field}", f"An order at home without `{_field}` is answered 400, and names it.",
                _needs(_field, of_patient=False))  # fmt: skip
for _field in PATIENT_FIELDS:
    chapter.add(f"needs-{_field}", f"An order at home without the patient's `{_field}` is answered 400, and names it.",
                _needs(_field, of_patient=True))  # fmt: skip


async def _refused(trial: Trial, field: str, *values: Any) -> None:
    for value in values:
        (await trial.post("/appointments", trial.home(**{field: value}))).names(field)


async def _refused_of_patient(trial: Trial, field: str, *values: Any) -> None:
    for value in values:
        (await trial.post("/appointments", trial.home({field: value}))).names(field)


@chapter.extension()
async def names_of_100(trial: Trial) -> None:
    """Names may have 100 characters and any letters; blanks around them are trimmed."""
    order = trial.home({"first_name": "  " + "é" * 100 + " ", "last_name": "O'Brien-Łuk 张"})
    shown = (await trial.show(await trial.order(order)))["patient_details"]
    kept = (shown["first_name"], shown["last_name"])
    require(kept == ("é" * 100, "O'Brien-Łuk 张"), "the names as they were sent, trimmed", kept)


@chapter.extension()
async def names_bad(trial: Trial) -> None:
    """Names that are empty, blank or longer than 100 characters are answered 400, and so is what is no text."""
    for field in ("first_name", "last_name"):
        await _refused_of_patient(trial, field, "", "   ", "a" * 101, 5, ["Vera"])


@chapter.extension()
async def email_bad(trial: Trial) -> None:
    """What is no e-mail address is answered 400."""
    await _refused_of_patient(trial, "email", "", "vera", "vera@", "@example.com", "a b@example.com", 5)


@chapter.extension()
async def phone_bad(trial: Trial) -> None:
    """A phone is + and 2 to 15 digits, the first not 0; anything else is answered 400."""
    await _refused_of_patient(trial, "phone", "", "+", "0123456", "++12", "202-555-0123", "1" * 16, 12025550123)


@chapter.documented()
async def phone_with_and_without_plus(trial: Trial) -> None:
    """A phone is taken with a plus and without one."""
    for phone in ("+12025550123", "12025550123"):
        (await trial.post("/appointments", trial.home({"phone": phone}))).has_status(201)


@chapter.documented()
async def time_in_the_past(trial: Trial) -> None:
    """An appointment may lie in the past, as the documents' example does, and as far back as second 1."""
    for moment in (1640995200, 1, 4_000_000_000):
        (await trial.post("/appointments", trial.home(appointment_time=moment))).has_status(201)


@chapter.documented()
async def time_bad(trial: Trial) -> None:
    """An appointment's time is a whole number of at least 1; anything else is answered 400."""
    await _refused(trial, "appointment_time", 0, -1, 1.5, True, "1640995200", "2022-01-01T00:00:00Z", [])


@chapter.extension()
async def time_in_milliseconds(trial: Trial) -> None:
    """A time in milliseconds is answered 400, in words that say so."""
    answer = await trial.post("/appointments", trial.home(appointment_time=1640995200000))
    answer.names("appointment_time")
    require("millisecond" in str(answer.json).lower(), "words that say milliseconds", answer.told)


@chapter.documented()
async def treatments_empty(trial: Trial) -> None:
    """An order without any treatment is answered 400."""
    await _refused(trial, "requested_treatments", [])


@chapter.documented()
async def treatments_not_texts(trial: Trial) -> None:
    """Treatments are a list of texts; anything else is answered 400."""
    await _refused(trial, "requested_treatments", "Botox Injection", [1], [None], {}, [["Botox Injection"]])


@chapter.extension()
async def treatment_unknown(trial: Trial) -> None:
    """A treatment that is not in the catalogue is answered 400, with the nearest names there are."""
    name = trial.given.treatments[0][1]
    answer = await trial.post("/appointments", trial.home(requested_treatments=[name + "zq"]))
    answer.refuses(400)
    require(name in answer.json.get("message", ""), f"a message that offers {name}", answer.told)


async def _kept(trial: Trial, sent: list[str], kept: list[str]) -> None:
    shown = (await trial.show(await trial.order(trial.home(requested_treatments=sent))))["requested_treatments"]
    require(shown == kept, f"the catalogue's names, {kept}", shown)


@chapter.extension()
async def treatments_in_any_case(trial: Trial) -> None:
    """Treatments are found without regard to case and blanks around them; the visit has the catalogue's name."""
    (_, first), (_, second) = trial.given.treatments[:2]
    await _kept(trial, [first.upper(), f"  {second.lower()} "], [first, second])


@chapter.extension()
async def treatments_by_id(trial: Trial) -> None:
    """Treatments are found by their ids as well."""
    (id_, name), (_, second) = trial.given.treatments[:2]
    await _kept(trial, [id_, second], [name, second])


@chapter.extension("alias")
async def treatments_by_alias(trial: Trial) -> None:
    """Treatments are found by their other names as well."""
    alias, _, name = trial.given.alias.partition("=")
    await _kept(trial, [alias], [name])


@chapter.extension()
async def treatments_twice(trial: Trial) -> None:
    """A treatment that is named twice is requested once."""
    (_, first), (_, second) = trial.given.treatments[:2]
    await _kept(trial, [first, second, first.lower()], [first, second])


@chapter.documented()
async def unknown_field(trial: Trial) -> None:
    """An order at home is closed: a field it does not know is answered 400 and named, the patient's too."""
    (await trial.post("/appointments", trial.home(colour="red"))).names("colour")
    (await trial.post("/appointments", trial.home({"nickname": "V"}))).names("nickname")


@chapter.extension()
async def location_of_another_kind(trial: Trial) -> None:
    """A location is a text; anything else is answered 400."""
    await _refused(trial, "location_id", 5, ["loc_1"], {})


@chapter.extension()
async def refused_in_whole(trial: Trial) -> None:
    """An order that is refused leaves no visit behind."""
    order = without_none(trial.home(appointment_time=0))
    name = order["patient_details"]["last_name"]
    (await trial.post("/appointments", order)).has_status(400)
    listed = await trial.get(f"/gfes/{trial.given.location}")
    listed.has_status(200)
    found = [visit for visit in listed.json["gfes"] if visit["patient_details"]["last_name"] == name]
    require(found == [], "no visit of this patient", found)
