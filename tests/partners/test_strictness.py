"""What a call of the partner API does not know, it refuses: a mistyped name must not mean everybody."""

import pytest
from client import Client

ROW = {"VendorCode": "V", "ProductCode": "P", "Product": "A cream"}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1/GlowOffice/prospects?q=Ana", "q"),
        ("/v1/GlowOffice/prospects?phone=2025550123", "phone"),
        ("/v1/GlowOffice/prospects?Search=Ana", "Search"),
        ("/v1/GlowOffice/tags?search=x", "search"),
        ("/v1/GlowOffice/tickets?search=printer", "search"),
        ("/v1/products?vendorcode=V001", "vendorcode"),
        ("/v1/kb?tag=x", "tag"),
        ("/v1/me?fields=Company", "fields"),
    ],
)
async def test_an_unknown_parameter_is_named(glow_partner: Client, path: str, name: str) -> None:
    answer = await glow_partner.get(path)
    assert answer.fault == (422, "field_invalid", {name: "is not a known field"})


async def test_a_mistyped_flag_writes_nothing(glow_partner: Client) -> None:
    answer = await glow_partner.post("/v1/products?Atomic=true", {"products": [ROW, {"VendorCode": "V"}]})
    assert answer.fault[2].keys() == {"Atomic"}
    assert (await glow_partner.get("/v1/products?vendorCode=V")).json["data"] == []


async def test_a_delete_takes_no_body_and_no_parameter(glow_partner: Client) -> None:
    person = (await glow_partner.post("/v1/GlowOffice/prospects", {"FullName": "Ana Lopez"})).json["data"]["ID"]
    tags = [(await glow_partner.post("/v1/GlowOffice/tags", {"name": name})).json["data"]["id"] for name in ("A", "B")]
    path = f"/v1/GlowOffice/tags/prospects/{person}"
    for tag in tags:
        await glow_partner.post(path, {"tagId": tag})
    for how in ({"json": {"tagId": tags[0]}}, {"params": {"tagid": tags[0]}}):
        assert (await glow_partner.delete(path, **how)).fault[0] == 422
    kept = (await glow_partner.get(f"/v1/GlowOffice/prospects/{person}")).json["data"]["Tags"]
    assert [tag["id"] for tag in kept] == tags


async def test_a_key_in_place_of_a_token_is_told_so(glow_partner: Client) -> None:
    answer = await glow_partner.with_token("oms_test_" + "1" * 36).get("/v1/me")
    assert answer.fault[:2] == (401, "token_invalid")
    assert "/v1/{PPass}/auth/token" in answer.json["error"]["message"]


async def test_a_bad_idempotency_key_is_named(glow_partner: Client) -> None:
    answer = await glow_partner.post("/v1/GlowOffice/tags", {"name": "A"}, headers={"idempotency-key": "x" * 256})
    assert (answer.fault[0], list(answer.fault[2])) == (422, ["Idempotency-Key"])
