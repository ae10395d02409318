"""The exam API's answers and queries, and the fields that orders share with them. No I/O, no rules."""

from collections.abc import Collection
from typing import Annotated, ClassVar, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

LATEST_SECONDS = 100_000_000_000  # above it, somebody sent milliseconds

GfeId = Annotated[str, Meta(description="The visit's id.", examples=["gfe_abc123xyz789"])]
LocationId = Annotated[
    str, Meta(description="The medspa's location.", examples=["loc_12345"], extra_json_schema={"minLength": 1})
]
UnixSeconds = Annotated[
    int,
    Meta(
        description="Unix seconds (not milliseconds).",
        ge=1,
        examples=[1640995200],
        extra_json_schema={"maximum": LATEST_SECONDS},
    ),
]
StatusWord = Literal[
    "Processing", "Scheduled", "Pending Review", "Not Completed", "Completed", "Cancelled by client", "Cancelled",
    "Rejected",
]  # fmt: skip


class Refusal(Struct, frozen=True, forbid_unknown_fields=True):
    """Every refusal of the exam API: what is wrong and, where it helps, the field and why.

    `examples` are what the server really says: by status, for the first route that has such a parameter or field
    (`""`: any). A status without a fitting example is not documented for a route.
    """

    # fmt: off
    examples: ClassVar[list[tuple[int, str, str, str | None]]] = [  # status, parameter or field, error, message
        (400, "patient_details", "patient_details.email is invalid",
         "patient_details.email must be an e-mail address such as john.doe@example.com"),
        (400, "limit", "limit is invalid", "limit must be at least 1"),
        (400, "type", "location_id is required when requesting favorites", None),
        (400, "location_id", "Bad Request", "location_id field is required in request body"),
        (400, "url", "Bad Request", "URL field is required in request body"),
        (400, "time", "time is required", "time is required"),
        (400, "approved", "approved is invalid", "approved must be a list, not text"),
        (400, "since", "event_id or since is required", "Say event_id or since, and not both"),
        (400, "fail_next", "fail_next is invalid", "fail_next must be at most 100"),
        (400, "include", "include is invalid", "include may not be 'everything', only decisions"),
        (400, "", "Idempotency-Key is invalid", "Idempotency-Key must be 1 to 255 printable ASCII characters"),
        (401, "", "Unauthorized: API key is missing.", None),
        (403, "gfe_id", "EMR is not authorized to access this GFE", None),
        (403, "location_id", "EMR is not authorized for this location", None),
        (403, "", "EMR is not authorized for this endpoint", None),
        (404, "gfe_id", "GFE not found", None),
        (404, "since", "Event not found", None),
        (404, "type", "Location not found", None),
        (404, "location_id", "Not Found", "Location not found"),
        (405, "", "Method not allowed", "EMR endpoint {path} does not support DELETE"),
        (408, "", "Request timeout", "The body did not come within 30 seconds"),
        (409, "", "Idempotency-Key was used for another request",
         "This Idempotency-Key came before with another method, path or body; use a new key for a new request"),
        (413, "", "Payload too large", "The body may have at most 1048576 bytes"),
        (415, "", "Unsupported media type", "Send the body as Content-Type: application/json"),
        (429, "", "Too many requests", "This key may make 100 calls a second, 500 at once."),
        (500, "", "Internal server error", None),
        (503, "", "Service unavailable", "The database did not answer. Try again in a moment."),
    ]
    # fmt: on

    success: Literal[False]
    error: str
    message: str | UnsetType = UNSET

    @classmethod
    def example(cls, status: int, names: Collection[str], path: str) -> dict[str, object] | None:
        """The body of this status on a route with such names; None where the status does not come."""
        for of_status, name, error, message in cls.examples:
            if of_status == status and (not name or name in names):
                told = {"message": message.replace("{path}", path)} if message else {}
                return {"success": False, "error": error, **told}
        return None


class Ordered(Struct, frozen=True, forbid_unknown_fields=True):
    success: Literal[True]
    gfe_id: GfeId


class OrderedInPerson(Struct, frozen=True, forbid_unknown_fields=True):
    """Both ids are the same visit; `visit_link` is for the patient's own screen."""

    success: Literal[True]
    visit_id: GfeId
    gfe_id: GfeId
    visit_link: Annotated[str, Meta(examples=["https://exams.example.com/visit/abc123.dGhpcyBpcyBhIG1hYw"])] = ""


class StatusOut(Struct, frozen=True, forbid_unknown_fields=True):
    gfe_id: GfeId
    status: Annotated[str, Meta(examples=["Cancelled by client"])]


class PatientDetails(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """As the visit has them; `dob` (MM-DD-YYYY) is absent until known, `email` is empty until given."""

    name: Annotated[str, Meta(examples=["Jane Smith"])]
    first_name: Annotated[str, Meta(examples=["Jane"])]
    last_name: Annotated[str, Meta(examples=["Smith"])]
    dob: Annotated[str | UnsetType, Meta(examples=["05-15-1985"])] = UNSET
    email: Annotated[str, Meta(examples=["jane.smith@example.com"])]


class DecisionOut(Struct, frozen=True, forbid_unknown_fields=True):
    """One treatment's decision, asked for by `?include=decisions`."""

    treatment: Annotated[str, Meta(examples=["Botox Injection"])]
    outcome: Literal["approved", "approved_with_precaution", "conditionally_approved", "deferred"]
    conditions: Annotated[str | None, Meta(examples=[None])]
    reason: Annotated[str | None, Meta(examples=[None])]
    valid_until: Annotated[str | None, Meta(examples=["2025-05-02"])]


class VisitOut(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A visit; the outcome's fields are there when `status` is `Completed`."""

    gfe_id: GfeId
    status: Annotated[
        StatusWord,
        Meta(examples=["Completed"]),
    ]
    requested_treatments: Annotated[list[str], Meta(examples=[["Botox Injection"]])]
    approved_treatments: Annotated[list[str] | UnsetType, Meta(examples=[["Botox Injection"]])] = UNSET
    conditionally_approved_treatments: Annotated[list[str] | UnsetType, Meta(examples=[["Dermal Filler"]])] = UNSET
    deferred_treatments: Annotated[list[str] | UnsetType, Meta(examples=[["Chemical Peel"]])] = UNSET
    evaluation_completed: Annotated[
        str | UnsetType, Meta(description="ISO 8601, Pacific time.", examples=["2024-05-02T07:00:00-07:00"])
    ] = UNSET
    pdf_link: Annotated[
        str | UnsetType,
        Meta(
            description="The signed record. Not sent yet.", examples=["https://exams.example.com/gfe_abc123xyz789.pdf"]
        ),
    ] = UNSET
    patient_details: PatientDetails
    decisions: list[DecisionOut] | UnsetType = UNSET


class OneVisit(Struct, frozen=True, forbid_unknown_fields=True):
    success: Literal[True]
    data: VisitOut


class VisitList(Struct, frozen=True, forbid_unknown_fields=True):
    success: Literal[True]
    location_id: LocationId
    count: Annotated[int, Meta(examples=[1])]
    gfes: list[VisitOut]


Include = Annotated[Literal["decisions"] | None, Meta(description="`decisions` adds each treatment's decision.")]


class VisitQuery(Struct, frozen=True):
    include: Include = None


class VisitListQuery(Struct, frozen=True):
    status: Annotated[StatusWord | None, Meta(description="Only visits with this status.")] = None
    limit: Annotated[int, Meta(ge=1, le=1000, description="At most so many; the `Link` header leads on.")] | None = None
    after: Annotated[str, Meta(description="Cursor, from the `Link` header.", max_length=100)] | None = None
    include: Include = None


class OutcomeIn(Struct, frozen=True, forbid_unknown_fields=True):
    """What the sandbox's provider decides: every requested treatment once; others may be added."""

    approved: Annotated[list[str], Meta(examples=[["Botox Injection"]])] = []
    conditionally_approved: Annotated[list[str], Meta(examples=[[]])] = []
    deferred: Annotated[list[str], Meta(examples=[["Dermal Filler"]])] = []


class ScheduleIn(Struct, frozen=True, forbid_unknown_fields=True):
    time: UnixSeconds

    def __post_init__(self) -> None:
        check_seconds("time", self.time)


class StagedOut(Struct, frozen=True, forbid_unknown_fields=True):
    success: Literal[True]
    gfe_id: GfeId
    status: Annotated[str, Meta(examples=["Completed"])]


def check_seconds(field: str, seconds: int) -> None:
    if seconds > LATEST_SECONDS:
        raise ValueError(f"`{field}` must be Unix seconds; {seconds} looks like milliseconds")
