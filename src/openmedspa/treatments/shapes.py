"""What a treatment is, in the catalogue and on the wire. No I/O."""

from datetime import date
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType


class Treatment(Struct, frozen=True, rename={"class_": "class"}):
    """An entry of the catalogue. Validity and age are suggestions to the provider, with their source; never rules."""

    id: str
    name: str
    class_: str
    aliases: list[str] = []
    gfe_required: bool = True
    default_validity_days: int = 365
    min_age: int = 18
    source: str | None = None
    reviewed_by: str | None = None
    reviewed_on: date | None = None


class TreatmentOut(Struct, frozen=True, forbid_unknown_fields=True):
    id: Annotated[str, Meta(examples=["treatment_001"])]
    name: Annotated[str, Meta(examples=["Botox Injection"])]


class TreatmentsOut(Struct, frozen=True, forbid_unknown_fields=True):
    """The catalogue, or a practice's favourites; `source` is there for favourites only."""

    data: list[TreatmentOut]
    source: Literal["favorites"] | UnsetType = UNSET


class TreatmentsQuery(Struct, frozen=True):
    type: Annotated[
        Literal["favorites"] | None, Meta(description="`favorites` for those of the location's practice.")
    ] = None
    location_id: Annotated[str | None, Meta(description="Required when type=favorites.", examples=["loc_12345"])] = None
