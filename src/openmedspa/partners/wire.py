"""The partner API's dialect: its envelope, its refusals, its pages and its numbers. Pure."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Annotated, ClassVar

from msgspec import UNSET, Meta, Struct, UnsetType

from openmedspa.kit.errors import NotFound, Refused

PREFIX = "/v1"
MOST_COUNTED = 10_000  # a total is exact up to here
LARGEST_ID = 2**63 - 1

Id = Annotated[int, Meta(ge=1, le=LARGEST_ID, examples=[123])]


class Fault(Struct, frozen=True):
    """What is wrong: a code that stays, a sentence, and each field that is at fault with why."""

    code: str
    message: str
    fields: dict[str, str] | UnsetType = UNSET


class PartnerRefusal(Struct, frozen=True):
    """Every refusal of the partner API.

    `examples` are what the server really says: by status, for the first route that has such a parameter or field
    (`""`: any), or such a part in its path. A status without a fitting example is not documented for a route.
    """

    # fmt: off
    examples: ClassVar[list[tuple[int, str, str, str, dict[str, str] | None]]] = [  # …, code, message, fields
        (400, "", "json_invalid", "The body is not valid JSON: Input data was truncated", None),
        (401, "apiKey", "credentials_invalid", "There is no such practice for this API key.", None),
        (401, "Purpose", "", "", None),
        (401, "", "token_invalid", "The access token is not valid.", None),
        (403, "Purpose", "", "", None),
        (404, "Purpose", "", "", None),
        (409, "Purpose", "", "", None),
        (422, "Purpose", "field_invalid", "ContactEmail must be an e-mail address such as robin@emr.example.com",
         {"ContactEmail": "must be an e-mail address such as robin@emr.example.com"}),
        (429, "Purpose", "too_many", "Too many requests for access came from your address.", None),
        (403, "apiKey", "", "", None),
        (403, "", "scope_missing", "This needs the scope Tickets, which this key lacks.", None),
        (404, "apiKey", "", "", None),
        (404, "/tags/prospects/", "prospect_not_found", "There is no such prospect", None),
        (404, "/tags/", "tag_not_found", "There is no such tag", None),
        (404, "/prospects/", "prospect_not_found", "There is no such prospect", None),
        (404, "/kb/", "article_not_found", "There is no such article", None),
        (404, "/ticket/", "ticket_not_found", "There is no such ticket", None),
        (404, "/tickets/", "ticket_not_found", "There is no such ticket", None),
        (404, "/availability/providers/", "provider_not_found", "There is no such provider", None),
        (404, "/visits/", "visit_not_found", "There is no such visit", None),
        (404, "/holds/", "hold_not_found", "There is no such hold", None),
        (404, "", "endpoint_not_found", "There is no /v1{path}", None),
        (405, "", "method_not_allowed", "/v1{path} does not support OPTIONS", None),
        (409, "Company", "company_taken", "There is a partner of this name already.", None),
        (409, "apiKey", "", "", None),
        (409, "name", "tag_taken", "There is a tag of this name already.", None),
        (409, "/visits", "slot_not_offered", "This is outside the provider's working hours.", None),
        (409, "ProviderID", "slot_taken",
         "The provider is booked or held then, counting the time kept free around a visit.", None),
        (409, "", "idempotency_mismatch",
         "This Idempotency-Key came before with another method, path or body; use a new key for a new request", None),
        (408, "", "body_too_slow", "The body did not come within 30 seconds", None),
        (413, "products", "body_too_large", "The body may have at most 16777216 bytes", None),
        (413, "", "body_too_large", "The body may have at most 1048576 bytes", None),
        (415, "", "unsupported_media_type", "Send the body as Content-Type: application/json", None),
        (422, "apiKey", "field_invalid", "apiKey is required", {"apiKey": "is required"}),
        (422, "ContactEmail", "field_invalid", "PPass is read-only", {"PPass": "is read-only"}),
        (422, "products", "field_invalid", "Nothing was written: 1 row is wrong.",
         {"products[3].RetailPrice": "may have at most two decimal places"}),
        (422, "Subject", "field_invalid", "Subject must not be blank", {"Subject": "must not be blank"}),
        (422, "Comment", "field_invalid", "Author is required", {"Author": "is required"}),
        (422, "Article", "field_invalid", "KBID is read-only", {"KBID": "is read-only"}),
        (422, "FirstName", "field_invalid", "LastName is required, unless FullName is given",
         {"LastName": "is required, unless FullName is given", "DOB": "must not be in the future"}),
        (422, "name", "field_invalid", "name must not be blank", {"name": "must not be blank"}),
        (422, "/tags/prospects/12/", "", "", None),
        (422, "tagId", "field_invalid", "tagId is no tag of this practice", {"tagId": "is no tag of this practice"}),
        (422, "startDate", "field_invalid", "endDate must not be before startDate",
         {"endDate": "must not be before startDate"}),
        (422, "duration", "field_invalid", "duration is required, unless visitType is given",
         {"duration": "is required, unless visitType is given"}),
        (422, "ProspectID", "field_invalid", "ProspectID is nobody of this practice",
         {"ProspectID": "is nobody of this practice"}),
        (422, "ProviderID", "field_invalid", "ProviderID is no active provider of this practice",
         {"ProviderID": "is no active provider of this practice"}),
        *((422, path, "field_invalid", "verbose is not a known field", {"verbose": "is not a known field"})
          for path in ("/availability/providers/", "/visits/", "/holds/")),
        (422, "page", "field_invalid", "page must be at least 1", {"page": "must be at least 1"}),
        (429, "apiKey", "too_many", "Too many calls without a valid key came from your address.", None),
        (429, "/holds/", "too_many", "This key may make 100 calls a second, 500 at once.", None),
        (429, "/holds", "too_many", "You hold 100 times already: book or release some.", None),
        (429, "", "too_many", "This key may make 100 calls a second, 500 at once.", None),
        (500, "", "internal", "Internal server error", None),
        (503, "", "unavailable", "The database did not answer. Try again in a moment.", None),
    ]
    # fmt: on

    error: Fault

    @classmethod
    def example(cls, status: int, names: Collection[str], path: str) -> dict[str, object] | None:
        """The body of this status on a route with such names; None where the status does not come."""
        for of_status, name, code, message, fields in cls.examples:
            if of_status == status and (not name or name in names or (name[0] == "/" and name in path)):
                told = {"code": code, "message": message.replace("{path}", path)}
                return {"error": {**told, "fields": fields} if fields else told} if code else None
        return None


class NoQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """A mistyped parameter that is ignored gives everybody, or changes what was not meant: none is."""


class PageQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which page of a list: what every list's query begins with."""

    page: Annotated[int, Meta(ge=1, le=10_000_000, description="From 1.")] = 1
    limit: Annotated[int, Meta(ge=1, le=200, description="Entries on a page.")] = 25

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.limit


class Pagination(Struct, frozen=True):
    """`total` is exact up to 10,000; beyond, it is 10,000 and `totalIsMinimum` says so."""

    page: Annotated[int, Meta(examples=[1])]
    limit: Annotated[int, Meta(examples=[25])]
    total: Annotated[int, Meta(examples=[1])]
    totalPages: Annotated[int, Meta(examples=[1])]  # noqa: N815 the wire's word
    totalIsMinimum: bool | UnsetType = UNSET  # noqa: N815 the wire's word


def pagination(query: PageQuery, counted: int) -> Pagination:
    """`counted` is how many were found, counting no further than MOST_COUNTED + 1."""
    total = min(counted, MOST_COUNTED)
    return Pagination(
        page=query.page,
        limit=query.limit,
        total=total,
        totalPages=-(-total // query.limit),
        totalIsMinimum=True if counted > MOST_COUNTED else UNSET,
    )


def refusal(refused: Refused) -> tuple[int, PartnerRefusal]:
    """Input that was read and is wrong names its fields, and is 422; what could not be read at all stays 400."""
    status = 422 if refused.fields and refused.status == 400 else refused.status
    message = refused.detail or refused.error
    return status, PartnerRefusal(Fault(refused.code, message, refused.fields or UNSET))


def missing(method: str, path: str) -> tuple[str, str]:
    """Error and message for a path that is unknown (no method given) or does not know the method."""
    if method:
        return "Method not allowed", f"{PREFIX}{path} does not support {method}"
    return "Not found", f"There is no {PREFIX}{path}"


def moment(at: datetime) -> str:
    """As the wire has it: `2026-03-09T17:00:00Z`."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def number(text: str, *, of: str) -> int:
    """An id from a path. NotFound for what can be no id: nothing is called so."""
    is_short = len(text) <= len(str(LARGEST_ID))
    if is_short and text.isascii() and text.isdecimal() and 1 <= (number := int(text)) <= LARGEST_ID:
        return number
    raise not_found(of)


def not_found(of: str) -> NotFound:
    """There is no such thing, or it is another practice's: nobody is told which."""
    return NotFound("Not found", f"There is no such {of}", code=f"{of}_not_found")
