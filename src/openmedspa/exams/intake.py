"""Intake answers an EMR may send with an order: which questions there are and what answers them. Pure."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

Question = Literal["pregnant-breastfeeding-ivf", "medications", "allergies", "medical-conditions"]
PREGNANCY = "pregnant-breastfeeding-ivf"


class Listed(Struct, frozen=True):
    """ "yes" with what it is, or "no" with nothing."""

    selected: Literal["yes", "no"]
    items: Annotated[list[str], Meta(examples=[["Latex"]])]

    def __post_init__(self) -> None:
        if self.selected == "no" and self.items:
            raise ValueError('`items` must be empty when selected is "no"')


class IntakeAnswer(Struct, frozen=True):
    """One answer that pre-fills the patient's form. Fields we do not know are ignored."""

    question: Annotated[Question, Meta(examples=["allergies"])]
    answer: Annotated[
        Literal["Yes", "No", "N/A"] | Listed,
        Meta(
            description="`Yes`, `No` or `N/A` for pregnant-breastfeeding-ivf; an object for the others.",
            examples=[{"selected": "yes", "items": ["Latex"]}],
        ),
    ]

    def __post_init__(self) -> None:
        is_word = isinstance(self.answer, str)
        if self.question == PREGNANCY and not is_word:
            raise ValueError('`answer` must be "Yes", "No" or "N/A"')
        if self.question != PREGNANCY and is_word:
            raise ValueError('`answer` must be an object with selected ("yes" or "no") and items')


def refuse_doubles(answers: list[IntakeAnswer]) -> None:
    """ValueError that names the second answer to a question."""
    seen: set[str] = set()
    for index, answer in enumerate(answers):
        if answer.question in seen:
            raise ValueError(f"`intake_answers[{index}].question` is a second answer to {answer.question}")
        seen.add(answer.question)
