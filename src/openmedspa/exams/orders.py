"""An order: the form in which an EMR sends one, and what its fields must be. No I/O."""

import re
from datetime import UTC, date, datetime
from enum import Enum
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from openmedspa.exams import intake
from openmedspa.exams.intake import IntakeAnswer
from openmedspa.exams.shapes import LocationId, UnixSeconds, check_seconds
from openmedspa.patients import birthdays, matching

# Blanks may stand around a name and are trimmed; control characters and line separators may not stand anywhere.
_BLANK = r" \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_CONTROL = r"\u0000-\u001f\u007f-\u009f\u2028\u2029"
NAME = rf"^[{_BLANK}]*[^{_BLANK}{_CONTROL}](?:[^{_CONTROL}]{{0,98}}[^{_BLANK}{_CONTROL}])?[{_BLANK}]*$"
_NO = r"\s@<>()\[\],:;\\\"\u0000-\u001f\u007f"
# `=?` begins an encoded word: mail programs would read something else than what stands there.
EMAIL = rf"^(?!.*=\?) *[^{_NO}]{{1,64}}@[^{_NO}.]+(?:\.[^{_NO}.]+)+ *$"
PHONE = r"^\+?[1-9][0-9]{1,14}$"
DOB = r"^(?:[0-9]{2}/[0-9]{2}/[0-9]{4}|[0-9]{2}-[0-9]{2}-[0-9]{4}|[0-9]{4}-[0-9]{2}-[0-9]{2})$"
MAX_EMAIL = 254
DOB_FORMS = ("%m/%d/%Y", "%m-%d-%Y", "%Y-%m-%d")

Name = Annotated[str, Meta(description="1 to 100 characters after trimming.", extra_json_schema={"pattern": NAME})]
Email = Annotated[
    str, Meta(extra_json_schema={"pattern": EMAIL, "maxLength": MAX_EMAIL}, examples=["john.doe@example.com"])
]
Phone = Annotated[
    str, Meta(description="Digits with an optional +.", extra_json_schema={"pattern": PHONE}, examples=["+1234567890"])
]
Dob = Annotated[
    str,
    Meta(
        description="MM/DD/YYYY, MM-DD-YYYY or YYYY-MM-DD.", extra_json_schema={"pattern": DOB}, examples=["10/27/1990"]
    ),
]
TreatmentNames = Annotated[
    list[Annotated[str, Meta(examples=["Botox Injection"])]],
    Meta(
        description="Names, aliases or ids of the catalogue; doubles collapse.",
        min_length=1,
        examples=[["Botox Injection", "Dermal Filler"]],
    ),
]


class Kind(Enum):
    AT_HOME = "at_home"
    IN_PERSON = "in_person"


class Order(Struct, frozen=True, kw_only=True):
    """An order as the rules know it, whichever form it came in; texts are trimmed."""

    kind: Kind
    location_id: str
    first_name: str
    last_name: str
    email: str | None
    phone: str | None
    dob: date | None
    appointment_at: datetime | None
    intake_sent: str | None  # JSON

    @property
    def match_key(self) -> bytes:
        """The key by which the patient of this order is found (contract: Patient matching)."""
        if self.kind is Kind.AT_HOME:
            return matching.home_key(self.first_name, self.last_name, self.email or "")
        assert self.dob is not None
        return matching.person_key(self.first_name, self.last_name, self.dob)

    @property
    def further_key(self) -> bytes | None:
        """The key under which a later at-home order shall find somebody who came in person."""
        if self.kind is Kind.IN_PERSON and self.email:
            return matching.home_key(self.first_name, self.last_name, self.email)
        return None


class AtHomePatient(Struct, frozen=True, forbid_unknown_fields=True):
    """Who is to be examined at home; the e-mail and the phone receive the link."""

    first_name: Annotated[Name, Meta(examples=["John"])]
    last_name: Annotated[Name, Meta(examples=["Doe"])]
    email: Email
    phone: Phone

    def __post_init__(self) -> None:
        _check_names(self.first_name, self.last_name)
        _check_contact(self.email, self.phone)


class InPersonPatient(Struct, frozen=True):
    """Who is to be examined at the medspa. Fields we do not know are ignored."""

    first_name: Annotated[Name, Meta(examples=["John"])]
    last_name: Annotated[Name, Meta(examples=["Doe"])]
    dob: Dob
    email: Email | None = None
    phone: Phone | None = None

    def __post_init__(self) -> None:
        _check_names(self.first_name, self.last_name)
        _check_contact(self.email, self.phone)
        parse_dob(self.dob)


class AppointmentIn(Struct, frozen=True, forbid_unknown_fields=True):
    """An at-home order."""

    patient_details: AtHomePatient
    location_id: LocationId
    appointment_time: Annotated[
        UnixSeconds, Meta(description="When the medspa treats, in Unix seconds; not the exam's time.")
    ]
    requested_treatments: TreatmentNames
    intake_answers: list[IntakeAnswer] | None = None

    def __post_init__(self) -> None:
        check_seconds("appointment_time", self.appointment_time)
        intake.refuse_doubles(self.intake_answers or [])

    def order(self) -> Order:
        patient = self.patient_details
        return Order(
            kind=Kind.AT_HOME,
            location_id=self.location_id,
            first_name=patient.first_name.strip(),
            last_name=patient.last_name.strip(),
            email=patient.email.strip(),
            phone=patient.phone,
            dob=None,
            appointment_at=datetime.fromtimestamp(self.appointment_time, UTC),
            intake_sent=_json(self.intake_answers),
        )


class InPersonIn(Struct, frozen=True):
    """An in-person order. Fields we do not know are ignored."""

    patient_details: InPersonPatient
    location_id: LocationId
    requested_treatments: TreatmentNames
    intake_answers: Annotated[
        list[IntakeAnswer] | None,
        Meta(examples=[[{"question": "allergies", "answer": {"selected": "yes", "items": ["Latex"]}}]]),
    ] = None

    def __post_init__(self) -> None:
        intake.refuse_doubles(self.intake_answers or [])

    def order(self) -> Order:
        patient = self.patient_details
        return Order(
            kind=Kind.IN_PERSON,
            location_id=self.location_id,
            first_name=patient.first_name.strip(),
            last_name=patient.last_name.strip(),
            email=patient.email.strip() if patient.email else None,
            phone=patient.phone,
            dob=parse_dob(patient.dob),
            appointment_at=None,
            intake_sent=_json(self.intake_answers),
        )


def parse_dob(text: str) -> date:
    """A real date of birth in one of the three forms. ValueError in words else."""
    if not re.fullmatch(DOB, text):
        raise ValueError("`dob` must be MM/DD/YYYY, MM-DD-YYYY or YYYY-MM-DD")
    form = DOB_FORMS[0] if "/" in text else DOB_FORMS[1] if text[2] == "-" else DOB_FORMS[2]
    try:
        born = datetime.strptime(text, form).date()  # noqa: DTZ007 a birthday has no time zone
    except ValueError:
        raise ValueError("`dob` is not a date of the calendar") from None
    today = date.today()  # noqa: DTZ011 a day's slack between zones is wanted: somewhere it is already tomorrow
    if why := birthdays.why_impossible(born, today):
        raise ValueError(f"`dob` {why}")
    return born


def _check_names(first_name: str, last_name: str) -> None:
    for field, name in (("first_name", first_name), ("last_name", last_name)):
        if not _NAME.fullmatch(name):
            raise ValueError(f"`{field}` must have 1 to 100 characters after trimming, and no control characters")


def _check_contact(email: str | None, phone: str | None) -> None:
    if email is not None and (len(email) > MAX_EMAIL or not _EMAIL.fullmatch(email)):
        raise ValueError("`email` must be an e-mail address such as john.doe@example.com")
    if phone is not None and not _PHONE.fullmatch(phone):
        raise ValueError("`phone` must be 2 to 15 digits with an optional leading +, such as +12025550123")


def _json(answers: list[IntakeAnswer] | None) -> str | None:
    return msgspec.json.encode(answers).decode() if answers else None


_NAME, _EMAIL, _PHONE = re.compile(NAME), re.compile(EMAIL), re.compile(PHONE)
