"""The intake's four questions as a form: how they are put, what is typed, and which answers that makes. Pure."""

from collections.abc import Mapping
from typing import Literal, cast

from msgspec import Struct

from openmedspa.exams.intake import PREGNANCY, IntakeAnswer, Listed
from openmedspa.exams.intake import Question as Code
from openmedspa.invitations.answers import LONGEST_ITEM, MOST_ITEMS
from openmedspa.invitations.shapes import Answers

ITEMS = "-items"  # medications-items: the list below the question `medications`
YES_NO = {"yes": "Yes", "no": "No"}


class Question(Struct, frozen=True):
    code: Code
    title: str
    hint: str
    choices: Mapping[str, str]
    example: str = ""  # of what a list may hold; "" where there is no list

    @property
    def is_list(self) -> bool:
        return self.code != PREGNANCY


class Shown(Struct, frozen=True):
    """A question as the page shows it."""

    question: Question
    selected: str
    items: str
    told: str  # what the practice sent, in words
    answered: str  # what stands there now, in words
    mistake: str = ""


class Reading(Struct, frozen=True):
    """What a form says: the answers it makes, or what is wrong by question; and everything typed, to show again."""

    answers: list[IntakeAnswer]
    mistakes: dict[str, str]
    typed: dict[str, str]


QUESTIONS = [
    Question(
        "pregnant-breastfeeding-ivf",
        "Are you pregnant, breastfeeding or in fertility treatment (IVF)?",
        "Many treatments have to wait until afterwards.",
        {"Yes": "Yes", "No": "No", "N/A": "Does not apply to me"},
    ),
    Question(
        "medications",
        "Do you take any medicines or supplements?",
        "With or without a prescription, also creams, vitamins and blood thinners.",
        YES_NO,
        "Aspirin, low dose",
    ),
    Question(
        "allergies",
        "Do you have any allergies?",
        "To medicines, numbing creams or injections, latex, metals, food or stings.",
        YES_NO,
        "Latex",
    ),
    Question(
        "medical-conditions",
        "Do you have, or have you had, any medical conditions?",
        "Also operations, implants and whatever you see a doctor for.",
        YES_NO,
        "High blood pressure",
    ),
]
FIELDS = [name for question in QUESTIONS for name in (question.code, question.code + ITEMS)]


def read(form: Mapping[str, str]) -> Reading:
    """What is answered counts, what is not stays open for the next time; a list is named or empty, never both."""
    typed = {name: form.get(name, "") for name in FIELDS}
    answers, mistakes = [], {}
    for question in QUESTIONS:
        selected, items = typed[question.code], _lines(typed[question.code + ITEMS])
        if mistake := _mistake(question, selected, items):
            mistakes[str(question.code)] = mistake
        elif selected:
            answers.append(_answer(question, selected, items))
    return Reading(answers, mistakes, typed)


def show(sent: Answers, answered: Answers, reading: Reading | None = None) -> list[Shown]:
    """The questions filled with what was typed just now, saved last, or sent by the practice, in this order."""
    return [_show(question, sent, answered, reading) for question in QUESTIONS]


def _show(question: Question, sent: Answers, answered: Answers, reading: Reading | None) -> Shown:
    known = answered.get(question.code) or sent.get(question.code)
    selected, items = _fields(known)
    if reading:
        selected, items = reading.typed[question.code], reading.typed[question.code + ITEMS]
    mistake = reading.mistakes.get(question.code, "") if reading else ""
    return Shown(question, selected, items, _in_words(sent.get(question.code)), _in_words(known), mistake)


def _mistake(question: Question, selected: str, items: list[str]) -> str:
    if not selected and not items:
        return ""
    if selected not in question.choices:
        return "Choose an answer."
    if not question.is_list:
        return ""
    if selected == "no" and items:
        return "You chose No, and there is text in the list. Choose Yes, or empty the list."
    if selected == "yes" and not items:
        return "You chose Yes. Write down which, each on its own line; if you do not know the name, what it is for."
    if len(items) > MOST_ITEMS:
        return f"These are {len(items)} lines. {MOST_ITEMS} is the most: put what belongs together on one line."
    too_long = next((index for index, item in enumerate(items, 1) if len(item) > LONGEST_ITEM), None)
    return f"Line {too_long} is too long. {LONGEST_ITEM} characters is the most: make two of it." if too_long else ""


def _answer(question: Question, selected: str, items: list[str]) -> IntakeAnswer:
    if question.is_list:
        return IntakeAnswer(question.code, Listed(cast("Literal['yes', 'no']", selected), items))
    return IntakeAnswer(question.code, cast("Literal['Yes', 'No', 'N/A']", selected))


def _lines(text: str) -> list[str]:
    """One entry a line; blank lines and spaces around are nothing."""
    return [line for line in (" ".join(line.split()) for line in text.splitlines()) if line]


def _fields(answer: IntakeAnswer | None) -> tuple[str, str]:
    """What is chosen, and the list as text."""
    if answer is None:
        return "", ""
    if isinstance(answer.answer, Listed):
        return answer.answer.selected, "\n".join(answer.answer.items)
    return answer.answer, ""


def _in_words(answer: IntakeAnswer | None) -> str:
    if answer is None:
        return ""
    if isinstance(answer.answer, Listed):
        items = "; ".join(answer.answer.items)
        return f"{YES_NO[answer.answer.selected]}{' – ' if items else ''}{items}"
    return {"N/A": "does not apply"}.get(answer.answer, answer.answer)
