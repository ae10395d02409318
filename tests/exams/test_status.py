"""A visit's words and what may follow what: the contract's table, row by row. Pure."""

import pytest

from openmedspa.exams.status import MAY_BECOME, OPEN, Status, Step, require_may_become, require_open, steps_of
from openmedspa.kit.errors import Invalid

# Contract: Status words, second and third column.
TABLE = {
    "Processing": {"Scheduled", "Pending Review", "Not Completed", "Rejected", "Cancelled by client", "Cancelled"},
    "Scheduled": {"Processing", "Pending Review", "Not Completed", "Rejected", "Cancelled by client", "Cancelled"},
    "Pending Review": {"Completed", "Not Completed", "Processing", "Rejected"},
    "Not Completed": {"Processing", "Scheduled", "Cancelled by client", "Cancelled"},
    "Completed": set(),
    "Cancelled by client": set(),
    "Cancelled": set(),
    "Rejected": set(),
}


def may(now: Step, wanted: Step) -> bool:
    try:
        require_may_become(now, wanted, doing="moved")
    except Invalid as refused:
        assert refused.error == f"A visit with status {now.status.word} cannot be moved"
        return False
    return True


def test_the_words_are_the_contracts() -> None:
    assert [status.word for status in Status] == [
        "Processing", "Scheduled", "Pending Review", "Not Completed", "Completed", "Cancelled by client", "Cancelled",
        "Rejected",
    ]  # fmt: skip


def test_the_transitions_are_the_contracts() -> None:
    assert {now.word: {after.word for after in followers} for now, followers in MAY_BECOME.items()} == TABLE


@pytest.mark.parametrize("now", list(Step))
def test_each_step_may_become_what_its_word_may(now: Step) -> None:
    for wanted in Step:
        expected = wanted.status.word in TABLE[now.status.word] or (
            wanted.status is now.status and bool(TABLE[now.status.word])
        )
        assert may(now, wanted) is expected, (now, wanted)


def test_every_step_has_a_word_and_every_word_a_step() -> None:
    assert {step.status for step in Step} == set(Status)
    assert sorted(word for status in Status for word in steps_of(status)) == sorted(step.value for step in Step)


@pytest.mark.parametrize("step", list(Step))
def test_a_visit_is_open_while_its_word_may_become_another(step: Step) -> None:
    assert (step.status in OPEN) is bool(TABLE[step.status.word])
    if TABLE[step.status.word]:
        require_open(step, doing="completed")
        return
    with pytest.raises(Invalid, match=f"^A visit with status {step.status.word} cannot be completed$"):
        require_open(step, doing="completed")
