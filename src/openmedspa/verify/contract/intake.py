"""Checks of the intake answers that may come with either order."""

from typing import Any

from openmedspa.verify.answer import require
from openmedspa.verify.checks import Chapter
from openmedspa.verify.trial import Trial

chapter = Chapter("intake", section="Request fields: intake_answers", needs=("treatments",))
PREGNANCY = "pregnant-breastfeeding-ivf"
YES: dict[str, Any] = {"selected": "yes", "items": ["Latex", "Peanuts"]}
NO: dict[str, Any] = {"selected": "no", "items": []}
ALL: list[dict[str, Any]] = [
    {"question": PREGNANCY, "answer": "N/A"},
    {"question": "medications", "answer": NO},
    {"question": "allergies", "answer": YES},
    {"question": "medical-conditions", "answer": NO},
]


async def _refused(trial: Trial, *items: Any) -> None:
    """Each after one good answer, so that a refusal has an index to name."""
    for item in items:
        answers = [{"question": "medications", "answer": NO}, item]
        answer = await trial.post("/appointments", trial.home(intake_answers=answers))
        answer.refuses(400)
        said = f"{answer.json['error']} {answer.json.get('message', '')}"
        require("intake_answers[1]" in said, "400, and words that name intake_answers[1]", answer.told)


@chapter.documented()
async def all_four(trial: Trial) -> None:
    """All four questions may be answered, at home and in person."""
    (await trial.post("/appointments", trial.home(intake_answers=ALL))).has_status(201)
    (await trial.post("/in-person", trial.person(intake_answers=ALL))).has_status(201)


@chapter.documented()
async def none(trial: Trial) -> None:
    """Intake answers may be left out, and the list may be empty."""
    (await trial.post("/appointments", trial.home(intake_answers=[]))).has_status(201)
    (await trial.post("/appointments", trial.home())).has_status(201)


@chapter.extension()
async def words(trial: Trial) -> None:
    """The question about pregnancy takes Yes, No and N/A, and nothing else."""
    for word in ("Yes", "No", "N/A"):
        answers = [{"question": PREGNANCY, "answer": word}]
        (await trial.post("/appointments", trial.home(intake_answers=answers))).has_status(201)
    await _refused(trial, *({"question": PREGNANCY, "answer": bad} for bad in ("yes", "Maybe", True, None, NO)))


@chapter.extension()
async def lists(trial: Trial) -> None:
    """The other questions take yes with items or no without; any other form is answered 400 with its index."""
    bad = [
        "Yes",
        {"selected": "Yes", "items": []},
        {"selected": "yes"},
        {"items": []},
        {"selected": "yes", "items": "x"},
    ]
    bad += [{"selected": "yes", "items": [1]}, {"selected": "no", "items": ["Latex"]}]
    await _refused(trial, *({"question": "allergies", "answer": answer} for answer in bad))


@chapter.extension()
async def question_unknown(trial: Trial) -> None:
    """A question that is not one of the four is answered 400 with its index."""
    await _refused(trial, {"question": "shoe-size", "answer": "Yes"}, {"answer": NO}, {"question": "allergies"}, "x")


@chapter.extension()
async def question_twice(trial: Trial) -> None:
    """A second answer to the same question is answered 400 with its index."""
    await _refused(trial, {"question": "medications", "answer": NO})


@chapter.extension()
async def refused_in_person(trial: Trial) -> None:
    """A wrong intake answer is refused in person as well."""
    answers = [{"question": "shoe-size", "answer": "Yes"}]
    answer = await trial.post("/in-person", trial.person(intake_answers=answers))
    answer.refuses(400)
    require("intake_answers[0]" in str(answer.json), "words that name intake_answers[0]", answer.told)


@chapter.extension()
async def unknown_fields(trial: Trial) -> None:
    """Unknown fields inside an intake answer are ignored, at home as well."""
    answers = [{**ALL[0], "source": "chart"}]
    (await trial.post("/appointments", trial.home(intake_answers=answers))).has_status(201)
