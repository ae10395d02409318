"""The wire of what belongs to a partner itself: tokens, its profile, the sandbox's clock and reset. No I/O."""

from typing import Annotated, ClassVar, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

YEAR_SECONDS = 366 * 86_400
Profile = Annotated[str, Meta(max_length=200)] | None


class ClockIn(Struct, frozen=True, forbid_unknown_fields=True):
    """How far to put the account's clock forward; it never goes back but by a reset."""

    advance_seconds: Annotated[int, Meta(ge=1, le=YEAR_SECONDS, examples=[86400])]


class ClockOut(Struct, frozen=True, forbid_unknown_fields=True):
    """What the account's clock shows, and how far it is ahead of everybody's."""

    success: Literal[True]
    now: Annotated[int, Meta(description="Unix seconds.", examples=[1714744800])]
    ahead_seconds: Annotated[int, Meta(examples=[86400])]


class ResetOut(Struct, frozen=True, forbid_unknown_fields=True):
    """What a reset took away and put back."""

    success: Literal[True]
    visits_removed: Annotated[int, Meta(description="Ordered since the account was set up.", examples=[12])]
    visits_restored: Annotated[int, Meta(description="Older ones, as they were then.", examples=[2])]
    ahead_seconds: Annotated[Literal[0], Meta(examples=[0])]


class TokenIn(Struct, frozen=True, forbid_unknown_fields=True):
    """An API key, to be exchanged for a token."""

    apiKey: Annotated[str, Meta(examples=["your_api_key_here"], max_length=1_000)]  # noqa: N815


class TokenOut(Struct, frozen=True):
    accessToken: Annotated[str, Meta(examples=["eyJhbGciOiJIUzI1NiIs..."])]  # noqa: N815 the wire's word
    tokenType: Literal["Bearer"]  # noqa: N815 the wire's word
    expiresIn: Literal["24h"]  # noqa: N815 the wire's word


class KeyOut(Struct, frozen=True, rename="pascal"):
    """A key as its owner may see it: never the key itself."""

    name: Annotated[str, Meta(examples=["key"])]
    prefix: Annotated[str, Meta(description="How it begins.", examples=["oms_test_Dem"])]
    last_used_at: Annotated[str | None, Meta(examples=["2026-03-09T17:00:00Z"])]
    status: Literal["Active", "Expired", "Revoked"]


class Me(Struct, frozen=True, kw_only=True):
    """A partner's own profile, the practice of this token, and what the token may do there."""

    partner_id: Annotated[int, Meta(examples=[1])] = field(name="PartnerID")
    company: Annotated[str, Meta(examples=["Larkspur Front Desk"])] = field(name="Company")
    contact_name: Annotated[str | None, Meta(examples=["Robin Doe"])] = field(name="ContactName")
    contact_email: Annotated[str | None, Meta(examples=["robin@emr.example.com"])] = field(name="ContactEmail")
    phone: Annotated[str | None, Meta(examples=["555-0123"])] = field(name="Phone")
    website: Annotated[str | None, Meta(examples=["https://emr.example.com"])] = field(name="Website")
    scopes: Annotated[list[str], Meta(examples=[["Prospects", "Tickets"]])] = field(name="Scopes")
    ppass: Annotated[str, Meta(examples=["DemoOffice"])] = field(name="PPass")
    keys: list[KeyOut] = field(name="Keys")


class MeOut(Struct, frozen=True):
    data: Me


class MeIn(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a partner may change about itself; what is left out stays."""

    read_only: ClassVar = frozenset({"PartnerID", "Scopes", "PPass", "Keys"})

    company: Annotated[str, Meta(min_length=1, max_length=200, examples=["Larkspur Front Desk"])] | UnsetType = field(
        name="Company", default=UNSET
    )
    contact_name: Profile | UnsetType = field(name="ContactName", default=UNSET)
    contact_email: Profile | UnsetType = field(name="ContactEmail", default=UNSET)
    phone: Profile | UnsetType = field(name="Phone", default=UNSET)
    website: Profile | UnsetType = field(name="Website", default=UNSET)
