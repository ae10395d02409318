"""The contract's fixed words and the forms of its answers: what several chapters look for. Holds no check."""

from typing import Any

from openmedspa.verify.shape import ANY_TEXT, HTTP_URL, TEXT, Each, Is, Maybe, like, one_of

KEY_MISSING = "Unauthorized: API key is missing."
KEY_INVALID = "Forbidden: Invalid API key."
NO_SCOPE = "EMR is not authorized for this endpoint"
NO_LOCATION = "EMR is not authorized for this location"
NO_VISIT = "EMR is not authorized to access this GFE"
VISIT_UNKNOWN = "GFE not found"
BAD_REQUEST = "Bad Request"
UNKNOWN_LOCATION, UNKNOWN_GFE = "loc_verify_nowhere", "gfe_verify_nowhere"

ENDED_OTHERWISE = (
    "Processing", "Scheduled", "Pending Review", "Not Completed", "Cancelled by client", "Cancelled", "Rejected",
)  # fmt: skip
PACIFIC_MOMENT = like(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?-0[78]:00", "an ISO 8601 time of Pacific offset, -07:00 or -08:00"
)
DOB = like(r"(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])-\d{4}", "a date as MM-DD-YYYY")
NAMES = Each(TEXT)
PATIENT = {"name": TEXT, "first_name": TEXT, "last_name": TEXT, "email": ANY_TEXT, "dob": Maybe(DOB)}
OPEN_VISIT: dict[str, Any] = {
    "gfe_id": TEXT,
    "status": one_of(*ENDED_OTHERWISE),
    "requested_treatments": NAMES,
    "patient_details": PATIENT,
}
OUTCOME: dict[str, Any] = {
    "approved_treatments": NAMES,
    "conditionally_approved_treatments": NAMES,
    "deferred_treatments": NAMES,
    "evaluation_completed": PACIFIC_MOMENT,
    "pdf_link": Maybe(HTTP_URL),
}
COMPLETED_VISIT: dict[str, Any] = OPEN_VISIT | {"status": "Completed"} | OUTCOME
EITHER_TEXT = Is("a text, or nothing", lambda value: value is None or isinstance(value, str))
DECISION = {
    "treatment": TEXT,
    "outcome": one_of("approved", "approved_with_precaution", "conditionally_approved", "deferred"),
    "conditions": EITHER_TEXT,
    "reason": EITHER_TEXT,
    "valid_until": EITHER_TEXT,
}


def visit_shape(visit: Any) -> dict[str, Any]:
    """The form that a visit of this status has."""
    return COMPLETED_VISIT if isinstance(visit, dict) and visit.get("status") == "Completed" else OPEN_VISIT
