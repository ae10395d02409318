"""People and tags as the partner API's wire has them: what comes in, what goes out. No I/O, no rules.

A field is called as its column is; the wire's own spelling, as documented, stands beside it.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, ClassVar, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from openmedspa.partners.wire import LARGEST_ID, Id, PageQuery, Pagination
from openmedspa.patients import birthdays

LONGEST, LONGEST_EMAIL, LONGEST_TEXT = 255, 254, 65_536
LONGEST_FULL_NAME = 3 * LONGEST + 2  # as long as its parts put together

Gender = Literal["m", "f", "o", "u"]
LifeStage = Literal["Infant", "Toddler", "Child", "Adolescent", "EarlyAdult", "Adult", "AllAdults", "Senior"]
Kind = Literal["Patient", "Child", "Cash", "Insurance", "Guarantor"]
Flag = Literal[1, 0]
Words = Annotated[str, Meta(max_length=LONGEST)]
Text = Annotated[str, Meta(max_length=LONGEST_TEXT)]
Name = Annotated[str, Meta(max_length=LONGEST, description="Not blank.")]
FullName = Annotated[
    str, Meta(max_length=LONGEST_FULL_NAME, description="Not blank; first, middle and last name unless it differs.")
]
Day = Annotated[
    str,
    Meta(
        description="YYYY-MM-DD, not in the future, at most 130 years ago.",
        extra_json_schema={"format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},
    ),
]
EMail = Annotated[str, Meta(max_length=LONGEST_EMAIL, examples=["john@example.com"])]
Provider = Annotated[int, Meta(ge=1, le=LARGEST_ID, description="A provider of the practice.")]
MayBe = UnsetType | None


class ProspectIn(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Facts about a person: those given, and no others. Text is kept as it is sent; null is "not known"."""

    read_only: ClassVar = frozenset({"ID", "Tags", "CreatedAt", "UpdatedAt"})

    @staticmethod
    def also_wrong(given: Mapping[str, object]) -> dict[str, str]:
        """A birthday that is no day and blank names, so that they are named with the rest of what is wrong."""
        names = ("FirstName", "LastName", "FullName")
        wrong = {name: "must not be blank" for name in names if str(given.get(name, "-")).strip() == ""}
        day = given.get("DOB")
        why = birthdays.why_no_day(day) if isinstance(day, str) else ""
        return {**wrong, "DOB": why} if why else wrong

    first_name: Annotated[Name, Meta(examples=["John"])] | MayBe = field(name="FirstName", default=UNSET)
    middle_initial: Words | MayBe = field(name="MI", default=UNSET)
    last_name: Annotated[Name, Meta(examples=["Doe"])] | MayBe = field(name="LastName", default=UNSET)
    full_name: FullName | MayBe = field(name="FullName", default=UNSET)
    nick_name: Words | MayBe = field(name="NickName", default=UNSET)
    gender: Gender | MayBe = field(name="Gender", default=UNSET)
    dob: Day | MayBe = field(name="DOB", default=UNSET)
    life_stage: LifeStage | MayBe = field(name="LifeStage", default=UNSET)
    pronouns: Words | MayBe = field(name="Pronouns", default=UNSET)
    sexual_identity: Words | MayBe = field(name="SexualIdentity", default=UNSET)
    primary_language: Words | MayBe = field(name="PrimaryLanguage", default=UNSET)
    kind: Kind | MayBe = field(name="Type", default=UNSET)
    phone: Annotated[Words, Meta(examples=["555-0123"])] | MayBe = field(name="Phone", default=UNSET)
    cell_phone: Words | MayBe = field(name="CellPhone", default=UNSET)
    sms_phone: Words | MayBe = field(name="SMSPhone", default=UNSET)
    email: EMail | MayBe = field(name="EMail", default=UNSET)
    address: Words | MayBe = field(name="Address", default=UNSET)
    unit: Words | MayBe = field(name="Unit", default=UNSET)
    city: Words | MayBe = field(name="City", default=UNSET)
    state: Words | MayBe = field(name="State", default=UNSET)
    zip: Words | MayBe = field(name="Zip", default=UNSET)
    country: Words | MayBe = field(name="Country", default=UNSET)
    provider_id: Provider | MayBe = field(name="ProviderID", default=UNSET)
    prospect: Flag | UnsetType = field(name="Prospect", default=UNSET)
    ship_name: Words | MayBe = field(name="Sh_Name", default=UNSET)
    ship_address: Words | MayBe = field(name="Sh_Address", default=UNSET)
    ship_unit: Words | MayBe = field(name="Sh_Unit", default=UNSET)
    ship_city: Words | MayBe = field(name="Sh_City", default=UNSET)
    ship_state: Words | MayBe = field(name="Sh_State", default=UNSET)
    ship_zip: Words | MayBe = field(name="Sh_Zip", default=UNSET)
    ship_country: Words | MayBe = field(name="Sh_Country", default=UNSET)
    image: Text | MayBe = field(name="PtImg", default=UNSET)
    notes: Text | MayBe = field(name="Notes", default=UNSET)


WIRE = dict(zip(ProspectIn.__struct_fields__, ProspectIn.__struct_encode_fields__, strict=True))  # column: field


class Tag(Struct, frozen=True):
    id: Annotated[int, Meta(examples=[3])]
    name: Annotated[str, Meta(examples=["VIP"])]


def _example(value: object = None) -> Meta:
    return Meta(examples=[value])


class Prospect(Struct, frozen=True, kw_only=True):
    """A person as the practice knows them; null is "not known"."""

    id: Annotated[int, Meta(examples=[12])] = field(name="ID")
    first_name: Annotated[str, _example("John")] = field(name="FirstName")
    middle_initial: Annotated[str | None, _example()] = field(name="MI")
    last_name: Annotated[str, _example("Doe")] = field(name="LastName")
    full_name: Annotated[str, _example("John Doe")] = field(name="FullName")
    nick_name: Annotated[str | None, _example()] = field(name="NickName")
    gender: Annotated[Gender | None, _example()] = field(name="Gender")
    dob: Annotated[date | None, _example()] = field(name="DOB")
    life_stage: Annotated[LifeStage | None, _example()] = field(name="LifeStage")
    pronouns: Annotated[str | None, _example()] = field(name="Pronouns")
    sexual_identity: Annotated[str | None, _example()] = field(name="SexualIdentity")
    primary_language: Annotated[str | None, _example()] = field(name="PrimaryLanguage")
    kind: Annotated[Kind | None, _example()] = field(name="Type")
    phone: Annotated[str | None, _example("555-0123")] = field(name="Phone")
    cell_phone: Annotated[str | None, _example()] = field(name="CellPhone")
    sms_phone: Annotated[str | None, _example()] = field(name="SMSPhone")
    email: Annotated[str | None, _example("john@example.com")] = field(name="EMail")
    address: Annotated[str | None, _example()] = field(name="Address")
    unit: Annotated[str | None, _example()] = field(name="Unit")
    city: Annotated[str | None, _example()] = field(name="City")
    state: Annotated[str | None, _example()] = field(name="State")
    zip: Annotated[str | None, _example()] = field(name="Zip")
    country: Annotated[str | None, _example()] = field(name="Country")
    provider_id: Annotated[int | None, _example()] = field(name="ProviderID")
    prospect: Annotated[Flag, _example(1)] = field(name="Prospect")
    ship_name: Annotated[str | None, _example()] = field(name="Sh_Name")
    ship_address: Annotated[str | None, _example()] = field(name="Sh_Address")
    ship_unit: Annotated[str | None, _example()] = field(name="Sh_Unit")
    ship_city: Annotated[str | None, _example()] = field(name="Sh_City")
    ship_state: Annotated[str | None, _example()] = field(name="Sh_State")
    ship_zip: Annotated[str | None, _example()] = field(name="Sh_Zip")
    ship_country: Annotated[str | None, _example()] = field(name="Sh_Country")
    image: Annotated[str | None, _example()] = field(name="PtImg")
    notes: Annotated[str | None, _example()] = field(name="Notes")
    tags: list[Tag] = field(name="Tags")
    created_at: Annotated[str, _example("2026-03-09T17:00:00Z")] = field(name="CreatedAt")
    updated_at: Annotated[str, _example("2026-03-09T17:00:00Z")] = field(name="UpdatedAt")


class OneProspect(Struct, frozen=True):
    data: Prospect


class ProspectList(Struct, frozen=True):
    data: list[Prospect]
    pagination: Pagination


class ProspectsQuery(PageQuery, frozen=True, kw_only=True):
    search: (
        Annotated[
            str,
            Meta(
                max_length=LONGEST,
                description="Name, e-mail address or phone number: exact matches first, then mistyped ones.",
            ),
        ]
        | None
    ) = None
    prospect: Annotated[bool | None, Meta(description="`true`: only those flagged; `false`: only the others.")] = None
    tagId: Annotated[Id | None, Meta(description="Only those who carry this tag.")] = None  # noqa: N815 the wire's word
    updatedSince: Annotated[  # noqa: N815 the wire's word
        str | None,
        Meta(
            description="Only those changed at or after this date or moment (UTC unless it says otherwise), the one "
            "changed longest ago first.",
            examples=["2026-03-09T17:00:00Z"],
        ),
    ] = None


class TagIn(Struct, frozen=True, forbid_unknown_fields=True):
    read_only: ClassVar = frozenset({"id"})

    name: Annotated[str, Meta(max_length=LONGEST, description="Not blank.", examples=["Spring event"])]


class TagChoice(Struct, frozen=True, forbid_unknown_fields=True):
    """Which tag a person is to carry."""

    tagId: Id  # noqa: N815 the wire's word


class OneTag(Struct, frozen=True):
    data: Tag


class TagList(Struct, frozen=True):
    data: list[Tag]
    pagination: Pagination


class TagsOfPerson(Struct, frozen=True):
    """All tags that the person carries now."""

    data: list[Tag]


class Deleted(Struct, frozen=True):
    """The tags that are gone from the practice, or from the person."""

    deleted: list[Tag]


class TagsDeleted(Struct, frozen=True):
    data: Deleted
