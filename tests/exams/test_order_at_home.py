"""POST /emr/appointments: an at-home order, what it writes, and every field it refuses. Contract: Request fields."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from cast import ANA, Cast, at_home
from client import Client

GFE_ID = re.compile(r"gfe_[0-9a-f]{32}")  # 128 random bits


async def test_an_order_answers_the_visits_id_and_nothing_else(glow_emr: Client) -> None:
    answer = await glow_emr.post("/emr/appointments", at_home())
    assert (answer.status, answer.json) == (201, {"success": True, "gfe_id": answer.json["gfe_id"]})
    assert GFE_ID.fullmatch(answer.json["gfe_id"])


async def test_an_order_writes_patient_visit_step_invitations_and_audit(glow_emr: Client) -> None:
    answer = await glow_emr.post("/emr/appointments", at_home())
    gfe_id, db = answer.json["gfe_id"], glow_emr.house.system
    visit = await db.unscoped_row("select * from visits where gfe_id = $1", gfe_id)
    assert visit is not None
    columns = ("kind", "step", "location_id", "first_name", "last_name", "email", "phone", "dob", "flagged_at")
    assert [visit[column] for column in columns] == [
        "at_home", "ordered", Cast.GLOW, "Ana", "Lopez", "ana.lopez@example.com", "+12025550123", None, None,
    ]  # fmt: skip
    assert visit["appointment_at"] == datetime.fromtimestamp(1640995200, UTC)
    assert visit["requested_treatment_ids"] == ["treatment_001", "treatment_002"]
    patients = await db.unscoped_rows("select id, first_name, last_name, email, phone, dob from patients")
    assert [tuple(row) for row in patients] == [(visit["patient_id"], *ANA.values(), None)]
    steps = await db.unscoped_rows("select visit_id, step, actor like 'key:%' from visit_steps")
    assert [tuple(row) for row in steps] == [(visit["id"], "ordered", True)]
    messages = await db.unscoped_rows("select visit_id, channel, notice, address from messages order by channel")
    assert [tuple(row) for row in messages] == [
        (visit["id"], "email", "invited", ANA["email"]),
        (visit["id"], "sms", "invited", ANA["phone"]),
    ]
    audit = await db.unscoped_rows("select practice_id, action, subject, request_id from audit")
    assert [tuple(row) for row in audit] == [
        (visit["practice_id"], "visit.ordered", gfe_id, answer.headers["x-request-id"])
    ]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (["botox injection"], ["Botox Injection"]),
        (["  BOTOX "], ["Botox Injection"]),
        (["treatment_002"], ["Dermal Filler"]),
        (["Filler", "Dermal  Filler", "treatment_002", "Peel"], ["Dermal Filler", "Chemical Peel"]),
    ],
)
async def test_treatments_are_kept_by_the_catalogues_name(glow_emr: Client, sent: list[str], kept: list[str]) -> None:
    gfe_id = (await glow_emr.post("/emr/appointments", at_home(requested_treatments=sent))).json["gfe_id"]
    assert (await glow_emr.get(f"/emr/visits/{gfe_id}")).json["data"]["requested_treatments"] == kept


def patient(**changes: Any) -> dict[str, Any]:
    return at_home(patient=changes)


NAMES = "must have 1 to 100 characters after trimming, and no control characters"
EMAIL = "patient_details.email must be an e-mail address such as john.doe@example.com"
PHONE = "patient_details.phone must be 2 to 15 digits with an optional leading +, such as +12025550123"
MILLISECONDS = "appointment_time must be Unix seconds; 1640995200000 looks like milliseconds"
REQUIRED: list[tuple[dict[str, Any], str]] = [
    (at_home(location_id=None), "location_id"),
    (at_home(appointment_time=None), "appointment_time"),
    (at_home(requested_treatments=None), "requested_treatments"),
    (patient(first_name=None), "patient_details.first_name"),
    (patient(last_name=None), "patient_details.last_name"),
    (patient(email=None), "patient_details.email"),
    (patient(phone=None), "patient_details.phone"),
]
UNKNOWN: list[tuple[dict[str, Any], str]] = [
    (at_home(colour="red"), "colour"),
    (patient(dob="10/27/1990"), "patient_details.dob"),
]
WRONG: list[tuple[dict[str, Any], str, str]] = [
    *(
        (patient(**{name: bad}), f"patient_details.{name}", f"patient_details.{name} {NAMES}")
        for name in ("first_name", "last_name")
        for bad in ("", " ", "a" * 101, "a\nb", "a\u2028b", "a\x7fb")
    ),
    *(
        (patient(email=bad), "patient_details.email", EMAIL)
        for bad in (
            "",
            "ana",
            "ana@",
            "@example.com",
            "a b@example.com",
            "a@b",
            "a@b..c",
            "a" * 65 + "@example.com",
            "=?utf-8?q?x=0D=0ABcc=3A_x?=@example.com",
            "ana@=?utf-8?q?x?=.com",
        )
    ),
    *(
        (patient(phone=bad), "patient_details.phone", PHONE)
        for bad in ("", "+", "1", "0123456", "+0123", "++123", "202-555-0123", "1" * 16, " +12025550123", "٢٠٢")
    ),
    *((at_home(appointment_time=1640995200000), "appointment_time", MILLISECONDS) for _ in range(1)),
    *(
        (at_home(appointment_time=bad), "appointment_time", f"appointment_time must be a whole number, not {said}")
        for bad, said in (("1640995200", "text"), (True, "true or false"), (1.5, "a number"), ([], "a list"))
    ),
]


async def test_each_missing_field_is_named(glow_emr: Client) -> None:
    for order, field in REQUIRED:
        answer = await glow_emr.post("/emr/appointments", order)
        assert answer.error == (400, f"{field} is required", f"{field} is required"), field


async def test_each_unknown_field_is_named(glow_emr: Client) -> None:
    for order, field in UNKNOWN:
        answer = await glow_emr.post("/emr/appointments", order)
        assert answer.error == (400, f"{field} is not a known field", f"{field} is not a known field")


async def test_each_wrong_field_is_named_with_the_reason(glow_emr: Client) -> None:
    for order, field, why in WRONG:
        answer = await glow_emr.post("/emr/appointments", order)
        assert answer.error == (400, f"{field} is invalid", why), order


@pytest.mark.parametrize("time", [0, -1])
async def test_appointment_time_is_at_least_one(glow_emr: Client, time: int) -> None:
    status, error, message = (await glow_emr.post("/emr/appointments", at_home(appointment_time=time))).error
    assert (status, error) == (400, "appointment_time is invalid")
    assert message == "appointment_time must be at least 1"


async def test_appointment_time_may_be_anything_from_one_to_1e11(glow_emr: Client) -> None:
    for time in (1, 1640995200, 100_000_000_000):
        assert (await glow_emr.post("/emr/appointments", at_home(appointment_time=time))).status == 201


async def test_an_unknown_treatment_is_named_with_the_nearest(glow_emr: Client) -> None:
    answer = await glow_emr.post("/emr/appointments", at_home(requested_treatments=["Botox", "Lip Filer"]))
    assert answer.error == (
        400,
        "Unknown treatment: Lip Filer",
        "requested_treatments[1] is not in the catalogue. Did you mean Lip Filler or Dermal Filler?",
    )


async def test_treatments_are_a_list_of_at_least_one_text(glow_emr: Client) -> None:
    for bad in list[Any](([], "Botox", [1], [None], {})):
        status, error, message = (await glow_emr.post("/emr/appointments", at_home(requested_treatments=bad))).error
        assert status == 400
        assert error.startswith("requested_treatments")
        assert str(message).startswith("requested_treatments")


async def test_a_refused_order_writes_nothing(glow_emr: Client) -> None:
    assert (await glow_emr.post("/emr/appointments", at_home(location_id=Cast.RIVAL))).status == 403
    row = await glow_emr.house.system.unscoped_row(
        "select (select count(*) from patients) + (select count(*) from visits) + (select count(*) from audit) as rows"
    )
    assert row is not None
    assert row["rows"] == 0


async def test_names_of_a_hundred_characters_and_blanks_around_are_fine(glow_emr: Client) -> None:
    order = at_home(patient={"first_name": "  " + "é" * 100 + " ", "last_name": "O'Brien-Łuk 张"})
    gfe_id = (await glow_emr.post("/emr/appointments", order)).json["gfe_id"]
    details = (await glow_emr.get(f"/emr/visits/{gfe_id}")).json["data"]["patient_details"]
    assert (details["first_name"], details["last_name"]) == ("é" * 100, "O'Brien-Łuk 张")
