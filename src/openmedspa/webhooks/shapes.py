"""The wire of subscriptions, webhook endpoints and their deliveries, and the body of an event. No I/O."""

from typing import Annotated, ClassVar, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from openmedspa.exams.shapes import LATEST_SECONDS, GfeId, LocationId, PatientDetails, check_seconds

EventId = Annotated[
    str, Meta(description="The webhook's `webhook-id`.", examples=["evt_2f6d1c0b9a8e47d3b5c4f1e0a9d8c7b6"])
]
State = Literal["waiting", "delivered", "failed"]
Moment = Annotated[
    str,
    Meta(
        description="ISO 8601, UTC.", examples=["2024-05-02T14:00:00.000Z"], extra_json_schema={"format": "date-time"}
    ),
]


class SubscriptionIn(Struct, frozen=True, forbid_unknown_fields=True):
    words: ClassVar[dict[str, str]] = {"location_id": "location_id field is required in request body"}

    location_id: LocationId


class WebhookIn(Struct, frozen=True, forbid_unknown_fields=True):
    words: ClassVar[dict[str, str]] = {"url": "URL field is required in request body"}

    url: Annotated[
        str,
        Meta(
            description="http or https, without user info and fragment; in production https and a public address.",
            examples=["https://emr.example.com/webhooks/exams"],
            extra_json_schema={"format": "uri", "maxLength": 2048},
        ),
    ]


class Subscribed(Struct, frozen=True, forbid_unknown_fields=True):
    success: Literal[True]
    message: Annotated[str, Meta(examples=["Successfully subscribed to location"])]


class UrlSet(Struct, frozen=True, forbid_unknown_fields=True):
    success: Literal[True]
    message: Annotated[str, Meta(examples=["Webhook URL updated successfully"])]


class DeliveriesQuery(Struct, frozen=True):
    limit: Annotated[int, Meta(ge=1, le=1000, description="At most so many.")] = 100
    event_id: Annotated[str, Meta(description="Only this event's.", max_length=100)] | None = None


class DeliveryOut(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An event on its way to one endpoint; `next_try_at` is null once it is delivered or given up."""

    event_id: EventId
    gfe_id: GfeId
    endpoint: Annotated[str, Meta(description="`api` is the one that POST /emr/webhooks sets.", examples=["api"])]
    url: Annotated[str, Meta(examples=["https://emr.example.com/webhooks/exams"])]
    state: Annotated[State, Meta(examples=["delivered"])]
    tries: Annotated[int, Meta(examples=[2])]
    created_at: Moment
    next_try_at: Annotated[Moment | None, Meta(examples=[None])]
    delivered_at: Annotated[Moment | None, Meta(examples=["2024-05-02T14:00:05.412Z"])]
    last_status: Annotated[int | None, Meta(description="null: no HTTP answer came.", examples=[200])]
    last_duration_ms: Annotated[int | None, Meta(examples=[23])]
    last_cause: Annotated[str | None, Meta(description="In words.", examples=["HTTP 200"])]


class DeliveryList(Struct, frozen=True, forbid_unknown_fields=True):
    success: Literal[True]
    deliveries: list[DeliveryOut]


class ReplayIn(Struct, frozen=True, forbid_unknown_fields=True):
    """One of both: an event, or the moment since which all are sent again."""

    event_id: Annotated[EventId | UnsetType, Meta(examples=["evt_2f6d1c0b9a8e47d3b5c4f1e0a9d8c7b6"])] = UNSET
    since: (
        Annotated[int, Meta(description="Unix seconds.", ge=1, extra_json_schema={"maximum": LATEST_SECONDS})]
        | UnsetType
    ) = UNSET

    def __post_init__(self) -> None:
        if self.since is not UNSET:
            check_seconds("since", self.since)


class ReplayOut(Struct, frozen=True, forbid_unknown_fields=True):
    success: Literal[True]
    replayed: Annotated[int, Meta(description="Deliveries on their way again.", examples=[3])]


class ChaosIn(Struct, frozen=True, forbid_unknown_fields=True):
    """What goes wrong on purpose, at each of your endpoints; what is left out is 0."""

    fail_next: Annotated[
        int, Meta(ge=0, le=100, description="So many next tries are not sent and count as a 503.", examples=[2])
    ] = 0
    delay_seconds: Annotated[
        int, Meta(ge=0, le=86400, description="New webhooks leave so much later.", examples=[0])
    ] = 0
    duplicate_next: Annotated[
        int, Meta(ge=0, le=100, description="So many next webhooks come twice, under one `webhook-id`.", examples=[0])
    ] = 0


class ChaosOut(Struct, frozen=True, forbid_unknown_fields=True):
    success: Literal[True]
    fail_next: Annotated[int, Meta(examples=[2])]
    delay_seconds: Annotated[int, Meta(examples=[0])]
    duplicate_next: Annotated[int, Meta(examples=[0])]


class CompletedVisit(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    location_id: LocationId
    gfe_id: str
    status: Literal["Completed"]
    pdf_link: str | UnsetType = UNSET
    requested_treatments: list[str]
    approved_treatments: list[str]
    conditionally_approved_treatments: list[str]
    deferred_treatments: list[str]
    evaluation_completed: str
    patient_details: PatientDetails


class VisitCompleted(Struct, frozen=True, forbid_unknown_fields=True):
    """What a partner's endpoint receives for each completed visit; `timestamp` is in milliseconds."""

    event: Literal["visit.completed"]
    timestamp: Annotated[int, Meta(examples=[1714658400000])]
    success: Literal[True]
    data: CompletedVisit
