"""`/v1/me`: a partner sees and changes itself, and nobody else."""

import pytest
from client import Client

READ_ONLY = {"PartnerID": 1, "Scopes": [], "PPass": "x", "Keys": []}


async def test_me_shows_the_partner_and_its_keys_by_their_beginning(glow_partner: Client) -> None:
    answer = await glow_partner.get("/v1/me")
    assert answer.status == 200
    me = answer.json["data"]
    assert (me["Company"], me["PPass"], me["ContactName"]) == ("Glow Partner", "GlowOffice", None)
    assert "Prospects" in me["Scopes"]
    assert [(key["Prefix"], key["Status"]) for key in me["Keys"]] == [("oms_test_Glo", "Active")] * 2


async def test_the_five_fields_change_and_the_others_stay(glow_partner: Client) -> None:
    changes = {"Company": "Glow Partners", "ContactName": "Robin", "ContactEmail": "r@example.com", "Phone": "555-0123"}
    changed = await glow_partner.request("PATCH", "/v1/me", json=changes)
    assert changed.status == 200
    assert {field: changed.json["data"][field] for field in changes} == changes
    again = await glow_partner.request(
        "PATCH", "/v1/me", json={"Website": "https://x.example.com", "ContactName": None}
    )
    expected = {**changed.json["data"], "Website": "https://x.example.com", "ContactName": None}
    assert again.json["data"] == expected
    assert (await glow_partner.get("/v1/me")).json["data"] == expected


async def test_what_cannot_be_changed_is_named_all_of_it(glow_partner: Client) -> None:
    answer = await glow_partner.request("PATCH", "/v1/me", json={**READ_ONLY, "Company": "", "Nonsense": 1})
    status, code, fields = answer.fault
    assert (status, code) == (422, "field_invalid")
    assert {name: why for name, why in fields.items() if name in READ_ONLY} == dict.fromkeys(READ_ONLY, "is read-only")
    assert fields.keys() == {*READ_ONLY, "Company", "Nonsense"}


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"Company": "Rival Partner"}, 409, None),
        ({"Company": "123"}, 422, "Company"),
        ({"ContactEmail": "nobody"}, 422, "ContactEmail"),
        ({"Phone": 5}, 422, "Phone"),
    ],
)
async def test_a_wrong_value_changes_nothing(
    glow_partner: Client, body: object, status: int, field: str | None
) -> None:
    before = (await glow_partner.get("/v1/me")).json
    answer = await glow_partner.request("PATCH", "/v1/me", json=body)
    assert answer.fault[0] == status
    assert field is None or answer.fault[2].keys() == {field}
    assert (await glow_partner.get("/v1/me")).json == before
