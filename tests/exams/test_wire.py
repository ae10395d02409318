"""Dates and names as the wire spells them: Pacific time through the year, MM-DD-YYYY, and the form of a birthday."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openmedspa.exams.decisions import pacific
from openmedspa.exams.orders import parse_dob
from openmedspa.exams.visit import Cursor, Visit
from openmedspa.exams.wire import missing, patient_details, visit_out


def visit(**changes: object) -> Visit:
    fields: dict[str, object] = {
        "practice_id": 1, "id": 1, "gfe_id": "gfe_x", "location_id": "loc_x", "kind": "at_home", "step_word": "ordered",
        "first_name": "Ana", "last_name": "Lopez", "email": None, "phone": None, "dob": None,
        "requested_treatments": ["Botox Injection"], "requested_treatment_ids": ["treatment_001"],
        "link_generation": 1, "ordered_at": datetime(2024, 5, 2, tzinfo=UTC), "decisions_json": None, "signed_at": None,
    }  # fmt: skip
    return Visit(**{**fields, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2024, 5, 2, 14, tzinfo=UTC), "2024-05-02T07:00:00-07:00"),
        (datetime(2024, 12, 2, 15, tzinfo=UTC), "2024-12-02T07:00:00-08:00"),
        (datetime(2025, 3, 9, 9, 59, 59, tzinfo=UTC), "2025-03-09T01:59:59-08:00"),
        (datetime(2025, 3, 9, 10, tzinfo=UTC), "2025-03-09T03:00:00-07:00"),
        (datetime(2025, 11, 2, 8, 30, tzinfo=UTC), "2025-11-02T01:30:00-07:00"),
        (datetime(2025, 11, 2, 9, 30, tzinfo=UTC), "2025-11-02T01:30:00-08:00"),
        (datetime(2024, 5, 2, 14, 0, 0, 999999, tzinfo=UTC), "2024-05-02T07:00:00-07:00"),
        (datetime(2024, 5, 3, 1, tzinfo=timezone(timedelta(hours=11))), "2024-05-02T07:00:00-07:00"),
    ],
)
def test_evaluation_completed_is_pacific_time(moment: datetime, text: str) -> None:
    assert pacific(moment) == text
    assert visit_out(visit(signed_at=moment, step_word="signed", decisions_json="[]")).evaluation_completed == text


@given(st.integers(631152000, 3786912000).map(lambda seconds: datetime.fromtimestamp(seconds + 0.5, UTC)))
def test_evaluation_completed_names_the_same_second(moment: datetime) -> None:
    assert datetime.fromisoformat(pacific(moment)) == moment.replace(microsecond=0)


@given(st.dates(date(1900, 1, 1), date(2020, 12, 31)))
def test_a_birthday_is_read_in_three_forms_and_written_in_one(day: date) -> None:
    if day.year > datetime.now(UTC).year - 130:
        forms = (f"{day:%m/%d/%Y}", f"{day:%m-%d-%Y}", f"{day:%Y-%m-%d}")
        assert {parse_dob(form) for form in forms} == {day}
    assert patient_details(visit(dob=day)).dob == f"{day.month:02}-{day.day:02}-{day.year:04}"


@given(st.text(max_size=12))
def test_no_text_breaks_the_reading_of_a_birthday(text: str) -> None:
    try:
        parse_dob(text)
    except ValueError as refused:
        assert str(refused).startswith("`dob` ")


@given(st.datetimes(timezones=st.just(UTC)), st.integers(0, 2**63 - 1))
def test_a_cursor_reads_what_it_wrote(ordered_at: datetime, number: int) -> None:
    cursor = Cursor(ordered_at, number)
    assert Cursor.parse(cursor.text()) == cursor
    assert len(cursor.text()) <= 100


def test_an_unknown_path_is_named_without_the_prefix() -> None:
    assert missing("", "/invalid-path") == ("Not found", "EMR endpoint /invalid-path not found")
