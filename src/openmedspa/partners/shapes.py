"""The wire of the sandbox's clock and reset. No I/O."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

YEAR_SECONDS = 366 * 86_400


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
