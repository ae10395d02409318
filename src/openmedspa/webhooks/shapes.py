"""The wire of subscriptions and webhook endpoints, and the body of an event. No I/O."""

from typing import Annotated, ClassVar, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from openmedspa.exams.shapes import LocationId, PatientDetails


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
