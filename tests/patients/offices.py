"""What tests on prospects and tags share: paths, the documents' own person, somebody with every field."""

from typing import Any

from cast import Cast
from client import Client

PEOPLE = "/v1/GlowOffice/prospects"
TAGS = "/v1/GlowOffice/tags"
JOHN = {"FirstName": "John", "LastName": "Doe", "EMail": "john@example.com", "Phone": "555-0123"}  # the documents' own
FULL: dict[str, Any] = {
    "FirstName": "Zoë", "MI": "Q", "LastName": "O'Donnell-Smith", "FullName": "Dr. Zoë O'Donnell", "NickName": "Zo",
    "Gender": "o", "DOB": "1990-10-27", "LifeStage": "EarlyAdult", "Pronouns": "they/them", "SexualIdentity": "queer",
    "PrimaryLanguage": "Français", "Type": "Cash", "Phone": "555-0123", "CellPhone": "(202) 555-0123",
    "SMSPhone": "+44 20 7946 0958 ext. 7", "EMail": "zoe@example.com", "Address": "1 Main St", "Unit": "#4",
    "City": "Springfield", "State": "CA", "Zip": "00501", "Country": "US", "ProviderID": 1, "Prospect": 1,
    "Sh_Name": "Zoë c/o Desk", "Sh_Address": "2 Side St", "Sh_Unit": "", "Sh_City": "Shelbyville", "Sh_State": "NV",
    "Sh_Zip": "89000", "Sh_Country": "US", "PtImg": "data:image/png;base64,iVBORw0KGgo=", "Notes": "Line\r\nbreak 🙂",
}  # fmt: skip
ADDED = {"ID", "Tags", "CreatedAt", "UpdatedAt"}


async def make_person(partner: Client, **changes: Any) -> dict[str, Any]:
    """The documents' John, changed; a value of ... leaves a field out."""
    body = {field: value for field, value in {**JOHN, **changes}.items() if value is not ...}
    answer = await partner.post(PEOPLE, body)
    assert answer.status == 201, answer.json
    person: dict[str, Any] = answer.json["data"]
    return person


async def make_tag(partner: Client, name: str = "VIP") -> int:
    answer = await partner.post(TAGS, {"name": name})
    assert answer.status == 201, answer.json
    tag_id: int = answer.json["data"]["id"]
    return tag_id


async def make_provider(
    partner: Client, provider_id: int = 1, *, ppass: str = "GlowOffice", ended: bool = False
) -> None:
    """Rows of `providers`: their doors come with availability."""
    await partner.house.system.unscoped_row(
        "insert into providers (practice_id, id, name, ended_at)"
        " select id, $2, 'Jane Smith', case when $3 then now() end from practices where ppass = $1",
        ppass, provider_id, ended,
    )  # fmt: skip


async def narrow_partner(partner: Client) -> Client:
    """A partner of the same practice whose key has the scope `Prospects` alone."""
    return await partner.as_partner(Cast.PROSPECTS_KEY, "GlowOffice")
