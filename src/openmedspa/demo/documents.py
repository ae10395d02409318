"""The documents' own two visits, so that their example ids answer as they say. Pure: no I/O; now is a parameter."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta

from openmedspa.demo import constants
from openmedspa.demo.journeys import Journey
from openmedspa.demo.outcomes import CONDITIONS, PROVIDERS, REASONS
from openmedspa.demo.people import Person
from openmedspa.demo.visits import Catalogue, Office, Patient, Visit, base_visit, new_patient, signed
from openmedspa.exams.decisions import decide
from openmedspa.exams.status import Step
from openmedspa.exams.visit import Decision

JANE = Person("Jane", "Smith", "jane.smith@example.com", "+12025550185", date(1985, 5, 15))
JOHN = Person("John", "Doe", "john.doe@example.com", "+12025550190", date(1990, 10, 27))
DOCUMENTED = 2
SIGNED_AT = datetime(2024, 5, 2, 14, tzinfo=UTC)  # the documents' moment, to the letter: so it lists last
PROVIDER = PROVIDERS[0]
JANES_WAY = {
    Step.ORDERED: 1_200, Step.INTAKE_STARTED: 30, Step.INTAKE_DONE: 22, Step.WAITING: 21, Step.IN_EXAM: 19,
    Step.WRITING: 8, Step.SIGNED: 0,
}  # fmt: skip
JOHNS_WAY = {Step.ORDERED: 70, Step.INTAKE_STARTED: 55}


def documented(
    office: Office, catalogue: Catalogue, *, patient_ids: Iterator[int], visit_ids: Iterator[int], now: datetime
) -> tuple[list[Patient], list[Visit]]:
    """Jane, whose outcome holds one of each; and John, who has just begun."""
    told = [
        (JANE, _way(JANES_WAY, until=SIGNED_AT), "Botox Injection", constants.DOCUMENTED_COMPLETED),
        (JOHN, _way(JOHNS_WAY, until=now), "Chemical Peel", constants.DOCUMENTED_PROCESSING),
    ]
    patients, visits = [], []
    for person, way, wish, gfe_id in told:
        patient = new_patient(office, person, way, next(patient_ids))
        patient.dob = person.dob
        patients.append(patient)
        visits.append(
            base_visit(
                office, patient, way, [catalogue[wish]], visit_id=next(visit_ids), gfe_id=gfe_id, provider=PROVIDER
            )
        )
    jane, john = visits
    # John has no match keys: the documents' own order for John Doe shall show a new patient, without a date of birth.
    patients[1].match_keys = []
    return patients, [signed(jane, _janes_decisions(catalogue), provider=PROVIDER), john]


def _way(minutes_before: Mapping[Step, int], *, until: datetime) -> Journey:
    return Journey("at_home", [(step, until - timedelta(minutes=count)) for step, count in minutes_before.items()])


def _janes_decisions(catalogue: Catalogue) -> list[Decision]:
    today = SIGNED_AT.date()
    botox, filler, peel = (catalogue[name] for name in ("Botox Injection", "Dermal Filler", "Chemical Peel"))
    return [
        decide(botox, "approved", today=today, conditions=None, reason=None),
        decide(filler, "conditionally_approved", today=today, conditions=CONDITIONS["filler"], reason=None),
        decide(peel, "deferred", today=today, conditions=None, reason=REASONS["peel"]),
    ]
