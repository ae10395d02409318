"""The demo's patients and visits as rows, told from invented people and journeys. Pure: no I/O; now is a parameter."""
# ruff: noqa: S311 - a seeded generator is the point

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from random import Random
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from openmedspa.demo import outcomes
from openmedspa.demo.journeys import LIVE, Journey, Kind, journey, opening_after
from openmedspa.demo.people import Person, intake
from openmedspa.exams.intake import PREGNANCY
from openmedspa.exams.status import Step
from openmedspa.exams.visit import Decision
from openmedspa.patients import matching
from openmedspa.treatments.shapes import Treatment

BY_PROVIDER = {Step.IN_EXAM, Step.WRITING, Step.SIGNED, Step.BROKEN_OFF}
BY_EMR = {Step.ORDERED, Step.CANCELLED_BY_CLIENT}
BY_PATIENT = {Step.INTAKE_STARTED, Step.INTAKE_DONE, Step.WAITING, Step.SCHEDULED, Step.CANCELLED_BY_PATIENT}
NOTICES = {Step.CANCELLED_BY_CLIENT: "cancelled", Step.SIGNED: "completed"}
Catalogue = Mapping[str, Treatment]  # by name


class Office(Struct, frozen=True):
    """A location, the EMR that orders there, and how many of its visits stand at each step."""

    practice_id: int
    location_id: str
    partner_id: int
    key_id: int
    visits: Mapping[Step, int]


class Patient(Struct):
    """A row of `patients` and its match keys. The date of birth is known once an order or the intake has told it."""

    practice_id: int
    id: int
    first_name: str
    last_name: str
    email: str | None
    phone: str | None
    created_at: datetime
    match_keys: list[str]
    dob: date | None = None


class Visit(Struct, frozen=True, kw_only=True):
    """A row of `visits` and what hangs on it; the fields are the columns that queries.insert_visits reads."""

    practice_id: int
    id: int
    gfe_id: str
    location_id: str
    kind: Kind
    step: Step
    patient_id: int
    partner_id: int
    first_name: str
    last_name: str
    email: str | None
    phone: str | None
    dob: date | None
    requested_treatments: list[str]
    requested_treatment_ids: list[str]
    ordered_at: datetime
    updated_at: datetime
    steps: list[dict[str, Any]]
    notices: list[dict[str, Any]]
    appointment_at: datetime | None = None
    scheduled_at: datetime | None = None
    intake_sent: list[dict[str, Any]] | None = None
    decisions: list[Decision] | None = None
    signed_by: str | None = None


def tell(
    offices: Sequence[Office], crowd: Sequence[Person], catalogue: Catalogue, *, seed: int, patient_ids: Iterator[int],
    visit_ids: Iterator[int], now: datetime,
) -> tuple[list[Patient], list[Visit]]:  # fmt: skip
    """All visits of one practice's offices, oldest first, and the patients of its crowd whom they made."""
    random = Random(seed)
    journeys = [
        (office, journey(random, step, now=now))
        for office in offices
        for step, count in office.visits.items()
        for _ in range(count)
    ]
    journeys.sort(key=lambda told: told[1].ordered_at)
    patients: dict[str, Patient] = {}
    busy: set[str] = set()
    visits = []
    for index, (office, way) in enumerate(journeys):
        person = _somebody(random, [person for person in crowd if person.email not in busy], index, way.kind)
        if way.step in LIVE:
            busy.add(person.email)  # nobody is in two exams at once
        patient = patients.get(person.email) or new_patient(office, person, way, next(patient_ids))
        patients[person.email] = patient
        if way.kind == "in_person" or way.has(Step.INTAKE_STARTED):
            patient.dob = person.dob  # the link asks for it when it is opened first
        visits.append(_visit(random, office, patient, way, person, catalogue=catalogue, visit_id=next(visit_ids)))
    return list(patients.values()), visits


def new_patient(office: Office, person: Person, way: Journey, patient_id: int) -> Patient:
    """As the first order makes one; at the desk, one in five gives no e-mail and no phone."""
    silent = way.kind == "in_person" and person.dob.day % 5 == 0
    email, phone = (None, None) if silent else (person.email, person.phone)
    keys = [matching.home_key(person.first_name, person.last_name, email)] if email else []
    if way.kind == "in_person":
        keys.append(matching.person_key(person.first_name, person.last_name, person.dob))
    return Patient(
        office.practice_id, patient_id, person.first_name, person.last_name, email, phone, way.ordered_at,
        ["\\x" + key.hex() for key in keys],
    )  # fmt: skip


def base_visit(
    office: Office, patient: Patient, way: Journey, requested: Sequence[Treatment], *, visit_id: int, gfe_id: str,
    provider: str,
) -> Visit:  # fmt: skip
    """The visit without intake and outcome: snapshot of the patient, history, messages sent."""
    steps = [{"step": step, "actor": _actor(step, office, provider), "at": at} for step, at in way.taken]
    notices = [{"notice": NOTICES[step], "at": at} for step, at in way.taken if step in NOTICES]
    if way.kind == "at_home":
        notices.insert(0, {"notice": "invited", "at": way.ordered_at})
    return Visit(
        practice_id=office.practice_id, id=visit_id, gfe_id=gfe_id, location_id=office.location_id, kind=way.kind,
        step=way.step, patient_id=patient.id, partner_id=office.partner_id, first_name=patient.first_name,
        last_name=patient.last_name, email=patient.email, phone=patient.phone, dob=patient.dob,
        requested_treatments=[treatment.name for treatment in requested],
        requested_treatment_ids=[treatment.id for treatment in requested], ordered_at=way.ordered_at,
        updated_at=way.ended_at, scheduled_at=way.scheduled_at, steps=steps, notices=notices,
    )  # fmt: skip


def signed(visit: Visit, decisions: list[Decision], *, provider: str) -> Visit:
    return replace(visit, decisions=decisions, signed_by=f"provider:{provider}")


def _visit(
    random: Random, office: Office, patient: Patient, way: Journey, person: Person, *, catalogue: Catalogue,
    visit_id: int,
) -> Visit:  # fmt: skip
    requested, provider = outcomes.wishes(random, catalogue), random.choice(outcomes.PROVIDERS)
    gfe_id = "gfe_" + random.randbytes(16).hex()  # as kit.ids makes them
    visit = base_visit(office, patient, way, requested, visit_id=visit_id, gfe_id=gfe_id, provider=provider)
    sent = intake(person, seed=random.randrange(1_000_000)) if random.random() < 1 / 3 else None
    at = way.scheduled_at or way.ordered_at
    appointment_at = opening_after(at, random.randint(2, 12), random.randrange(36)) if way.kind == "at_home" else None
    visit = replace(visit, intake_sent=sent, appointment_at=appointment_at)
    if way.step is not Step.SIGNED:
        return visit
    return signed(visit, _decisions(random, visit, requested, person, catalogue), provider=provider)


def _decisions(
    random: Random, visit: Visit, requested: list[Treatment], person: Person, catalogue: Catalogue
) -> list[Decision]:
    today = visit.updated_at.date()
    is_pregnant = {"question": PREGNANCY, "answer": "Yes"} in (visit.intake_sent or [])
    age = (today - person.dob).days // 365
    return outcomes.decided(random, requested, catalogue, is_pregnant=is_pregnant, age=age, today=today)


def _somebody(random: Random, crowd: Sequence[Person], index: int, kind: Kind) -> Person:
    """Who was born in the first ten days of a month comes to the desk, the others stay at home; some return."""
    pool = [person for person in crowd if (person.dob.day < 11) == (kind == "in_person")]
    return pool[index % len(pool)] if random.random() < 0.5 else random.choice(pool)


def _actor(step: Step, office: Office, provider: str) -> str:
    if step in BY_EMR:
        return f"key:{office.key_id}"
    return f"provider:{provider}" if step in BY_PROVIDER else "patient" if step in BY_PATIENT else "system"
