"""Intake answers with an order: what each question takes, the index that a refusal names, and what is kept."""

import json
from typing import Any

import asyncpg
import msgspec
import pytest
from cast import at_home, in_person
from client import Client

from openmedspa.exams.intake import IntakeAnswer, refuse_doubles

YES = {"selected": "yes", "items": ["Latex", "Peanuts"]}
NO = {"selected": "no", "items": []}
ALL: list[dict[str, Any]] = [
    {"question": "pregnant-breastfeeding-ivf", "answer": "N/A"},
    {"question": "medications", "answer": NO},
    {"question": "allergies", "answer": YES},
    {"question": "medical-conditions", "answer": {"selected": "yes", "items": []}},
]
GOOD: list[tuple[str, Any]] = [
    *(("pregnant-breastfeeding-ivf", word) for word in ("Yes", "No", "N/A")),
    *((question, answer) for question in ("medications", "allergies", "medical-conditions") for answer in (YES, NO)),
]
WORD = 'answer must be "Yes", "No" or "N/A"'
LIST = 'answer must be an object with selected ("yes" or "no") and items'
BAD: list[tuple[Any, str | None]] = [
    ({"question": "pregnant-breastfeeding-ivf", "answer": NO}, WORD),
    ({"question": "allergies", "answer": "Yes"}, LIST),
    ({"question": "allergies", "answer": {"selected": "no", "items": ["Latex"]}}, "answer.items must be empty"),
    ({"question": "allergies", "answer": {"selected": "Yes", "items": []}}, None),
    ({"question": "allergies", "answer": {"selected": "yes"}}, "answer.items is required"),
    ({"question": "allergies", "answer": {"items": []}}, "answer.selected is required"),
    ({"question": "allergies", "answer": {"selected": "yes", "items": "Latex"}}, None),
    ({"question": "allergies", "answer": {"selected": "yes", "items": [1]}}, None),
    ({"question": "allergies", "answer": {"selected": "yes", "items": None}}, None),
    ({"question": "pregnant-breastfeeding-ivf", "answer": "yes"}, None),
    ({"question": "pregnant-breastfeeding-ivf", "answer": True}, None),
    ({"question": "pregnant-breastfeeding-ivf", "answer": None}, None),
    ({"question": "shoe-size", "answer": "Yes"}, None),
    ({"question": "", "answer": "Yes"}, None),
    ({"question": "allergies"}, "answer is required"),
    ({"answer": YES}, "question is required"),
    ({}, "question is required"),
    ("allergies", None),
    (None, None),
]


@pytest.mark.parametrize(("question", "answer"), GOOD)
def test_each_question_takes_its_answers(question: str, answer: Any) -> None:
    read = msgspec.convert({"question": question, "answer": answer}, IntakeAnswer)
    assert msgspec.to_builtins(read) == {"question": question, "answer": answer}


@pytest.mark.parametrize(("item", "why"), BAD)
def test_any_other_answer_is_refused(item: Any, why: str | None) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(item, IntakeAnswer)


def test_a_second_answer_to_a_question_is_refused() -> None:
    answers = msgspec.convert([*ALL, ALL[1]], list[IntakeAnswer])
    refuse_doubles(answers[:-1])
    with pytest.raises(ValueError, match=r"^`intake_answers\[4\]\.question` is a second answer to medications$"):
        refuse_doubles(answers)


@pytest.mark.parametrize(("path", "order"), [("/emr/appointments", at_home), ("/emr/in-person", in_person)])
async def test_a_refusal_names_the_index(glow_emr: Client, path: str, order: Any) -> None:
    for item, why in BAD:
        status, error, message = (await glow_emr.post(path, order(intake_answers=[*ALL[:2], item]))).error
        assert status == 400, item
        assert "intake_answers[2]" in error, item
        assert str(message).startswith("intake_answers[2]"), item
        if why:
            assert str(message).startswith(f"intake_answers[2].{why}"), item


async def test_a_double_names_the_index_of_the_second(glow_emr: Client) -> None:
    answer = await glow_emr.post("/emr/appointments", at_home(intake_answers=[*ALL, ALL[0]]))
    field = "intake_answers[4].question"
    assert answer.error == (400, f"{field} is invalid", f"{field} is a second answer to pregnant-breastfeeding-ivf")


async def test_intake_answers_are_a_list(glow_emr: Client) -> None:
    for bad in list[Any](("allergies", {}, 5)):
        answer = await glow_emr.post("/emr/appointments", at_home(intake_answers=bad))
        assert answer.error[:2] == (400, "intake_answers is invalid")


@pytest.mark.parametrize(("path", "order"), [("/emr/appointments", at_home), ("/emr/in-person", in_person)])
async def test_what_the_emr_sent_is_kept_beside_what_the_patient_answers(
    glow_emr: Client, owner: asyncpg.Connection, path: str, order: Any
) -> None:
    more = [{**ALL[0], "source": "chart"}, *ALL[1:]]  # fields we do not know are ignored inside the items
    assert (await glow_emr.post(path, order(intake_answers=more))).status == 201
    row = await owner.fetchrow("select intake_sent, intake_answered from visits")
    assert (msgspec.json.decode(row["intake_sent"]), row["intake_answered"]) == (ALL, None)


@pytest.mark.parametrize("answers", [None, []])
async def test_no_answers_keep_nothing(glow_emr: Client, owner: asyncpg.Connection, answers: Any) -> None:
    order = {**at_home(), "intake_answers": answers}
    assert (await glow_emr.post("/emr/appointments", order)).status == 201
    assert await owner.fetchval("select intake_sent from visits") is None


async def test_nul_and_half_surrogates_in_an_answer_are_refused(glow_emr: Client) -> None:
    for text in ("Lat\x00ex", "Lat\ud800ex"):
        answers = [{"question": "allergies", "answer": {"selected": "yes", "items": [text]}}]
        body = json.dumps(in_person(intake_answers=answers))
        answer = await glow_emr.post("/emr/in-person", content=body, headers={"content-type": "application/json"})
        assert answer.error[0] == 400
