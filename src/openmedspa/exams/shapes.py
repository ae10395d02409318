"""The exam API's answers and queries, and the fields that orders share with them. No I/O, no rules."""

from typing import Annotated, Literal

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
    """Every refusal of the exam API: what is wrong and, where it helps, the field and why."""

    success: Literal[False]
    error: Annotated[str, Meta(examples=["GFE not found"])]
    message: str | UnsetType = UNSET


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
    conditions: str | None
    reason: str | None
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
    pdf_link: str | UnsetType = UNSET
    patient_details: PatientDetails
    decisions: list[DecisionOut] | UnsetType = UNSET


class OneVisit(Struct, frozen=True, forbid_unknown_fields=True):
    success: Literal[True]
    data: VisitOut


class VisitList(Struct, frozen=True, forbid_unknown_fields=True):
    success: Literal[True]
    location_id: LocationId
    count: int
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

    approved: list[str] = []
    conditionally_approved: list[str] = []
    deferred: list[str] = []


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
