"""What the demo's providers decided: invented, plausible, never advice. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date
from random import Random

from openmedspa.exams.decisions import decide
from openmedspa.exams.visit import Decision, Outcome
from openmedspa.treatments.shapes import Treatment

POPULAR = {
    "Botox Injection": 24, "Dermal Filler": 14, "Lip Filler": 9, "Chemical Peel": 8, "Dysport": 6, "Xeomin": 3,
    "Juvéderm": 5, "Restylane": 4, "Sculptra": 3, "Kybella": 2, "Microneedling": 7, "RF Microneedling": 3,
    "Laser Hair Removal": 6, "IPL Photofacial": 4, "Hydradermabrasion": 2, "IV Hydration": 3, "B12 Injection": 3,
    "Semaglutide": 5, "Tirzepatide": 4, "Tretinoin": 2,
}  # fmt: skip
PROVIDERS = ["Ingrid Halvorsen, NP", "Kwame Boateng, MD", "Priya Sundaram, PA", "Rosa Villanueva, NP"]
OUTCOMES: Sequence[Outcome] = ("approved", "approved_with_precaution", "conditionally_approved", "deferred")
WEIGHTS = (66, 12, 12, 10)

PRECAUTIONS = {
    "toxin": "Takes fish oil: expect more bruising, and press each point for a minute.",
    "filler": "History of cold sores away from the area: stop at any sign of an outbreak.",
    "laser": "Fitzpatrick type IV: begin at a low fluence.",
    "iv": "Mild high blood pressure: measure it before the infusion.",
    "weight": "Begin at the lowest dose and review after four weeks.",
}
CONDITIONS = {
    "toxin": "Only once 90 days have passed since the last toxin treatment.",
    "filler": "Only with a letter from the rheumatologist about the current medication.",
    "laser": "Only after four weeks without sun or self-tanner, and after a test spot.",
    "peel": "Only with cold sore prophylaxis, begun the day before.",
    "needling": "Only after a week without retinoids.",
    "iv": "Only with a kidney function test of the last six months.",
    "weight": "Only once the primary physician has confirmed that the pancreatitis has resolved.",
}
REASONS = {
    "toxin": "Neuromuscular disease is being investigated; a new exam when neurology has reported.",
    "filler": "An infection in the area; a new exam once it has healed.",
    "laser": "A light-sensitising medicine is being taken; a new exam two weeks after its end.",
    "peel": "Isotretinoin was stopped less than six months ago; a new exam when they have passed.",
    "weight": "Family history of medullary thyroid cancer.",
}
PRECAUTION = "Sensitive skin: patch test first, and a follow-up call after two days."
CONDITION = "Only once the primary physician has cleared it in writing."
REASON = "Not enough is known about the current medication; a new exam with the list at hand."
PREGNANT = "Pregnant, breastfeeding or in fertility treatment; a new exam afterwards."


def wishes(random: Random, catalogue: Mapping[str, Treatment]) -> list[Treatment]:
    """One to three treatments, popular ones more often."""
    drawn = random.choices(list(POPULAR), list(POPULAR.values()), k=random.choices((1, 2, 3), (55, 33, 12))[0])
    return [catalogue[name] for name in dict.fromkeys(drawn)]


def decided(
    random: Random, requested: list[Treatment], catalogue: Mapping[str, Treatment], *, is_pregnant: bool, age: int,
    today: date,
) -> list[Decision]:  # fmt: skip
    """A decision on each treatment asked for, and now and then on one that came up in the exam."""
    seen = {treatment.id: treatment for treatment in requested}
    if random.random() < 0.15:
        seen |= {treatment.id: treatment for treatment in wishes(random, catalogue)[:1]}
    return [_decision(random, treatment, is_pregnant=is_pregnant, age=age, today=today) for treatment in seen.values()]


def _decision(random: Random, treatment: Treatment, *, is_pregnant: bool, age: int, today: date) -> Decision:
    outcome = random.choices(OUTCOMES, WEIGHTS)[0]
    reason = REASONS.get(treatment.class_, REASON)
    if is_pregnant or age < treatment.min_age:
        outcome, reason = "deferred", PREGNANT if is_pregnant else f"Under {treatment.min_age} years of age."
    conditions = {
        "approved_with_precaution": PRECAUTIONS.get(treatment.class_, PRECAUTION),
        "conditionally_approved": CONDITIONS.get(treatment.class_, CONDITION),
    }
    return decide(
        treatment,
        outcome,
        today=today,
        conditions=conditions.get(outcome),
        reason=reason if outcome == "deferred" else None,
    )
