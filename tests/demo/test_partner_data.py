"""What partners find in the demo: as many as was promised, the documents' own examples, and nobody who exists."""

import re
from typing import Any

import pytest
from client import Client

from openmedspa.demo import constants
from openmedspa.patients import matching

PHONE = re.compile(r"(\+1)?\D*\d{3}\D*55501\d\d|\D*\d{3}\D*555\D*01\d\d")


@pytest.fixture
async def partner(demo_emr: Client) -> Client:
    return await demo_emr.as_partner(constants.DEMO_PARTNER_KEY, "DemoOffice")


@pytest.fixture
async def rival(demo_emr: Client) -> Client:
    return await demo_emr.as_partner(constants.RIVAL_PARTNER_KEY, "RivalOffice")


async def all_of(partner: Client, path: str) -> list[Any]:
    """Every page of a list."""
    page, found, total = 1, list[Any](), 1
    while len(found) < total:
        answer = await partner.get(f"{path}{'&' if '?' in path else '?'}limit=200&page={page}")
        assert answer.status == 200, answer.json
        found += answer.json["data"]
        page, total = page + 1, answer.json["pagination"]["total"]
    return found


async def test_the_lists_are_as_long_as_was_promised(partner: Client, rival: Client) -> None:
    for who, path, count in (
        (partner, "/v1/DemoOffice/prospects?prospect=true", 500),
        (partner, "/v1/DemoOffice/tags", 8),
        (partner, "/v1/products", 300),
        (partner, "/v1/kb", 40),
        (partner, "/v1/DemoOffice/tickets", 25),
        (rival, "/v1/RivalOffice/prospects?prospect=true", 20),
        (rival, "/v1/RivalOffice/tags", 2),
        (rival, "/v1/RivalOffice/tickets", 5),
    ):
        assert len(await all_of(who, path)) == count, path


async def test_the_documents_own_examples_are_there(partner: Client) -> None:
    assert (await partner.get("/v1/kb/12")).json == {
        "data": {
            "KBID": 12,
            "Title": "Insurance Verification Workflow",
            "Article": "Step-by-step process...",
            "Category": "Billing",
            "Type": "HowTo",
            "Tags": "insurance, verification",
            "Active": True,
        }
    }
    (example,) = (await partner.get("/v1/products?vendorCode=V001")).json["data"]
    named = (example["VendorCode"], example["ProductCode"], example["Product"], example["RetailPrice"])
    assert named == ("V001", "P001", "Example Product", 99.99)
    assert example["Writable"] is True
    row = await partner.house.system.unscoped_row("select name, title, specialty from providers where id = 1")
    assert row is not None and tuple(row) == ("Jane Smith", "PA-C", "Aesthetics")


async def test_people_are_varied_and_nobody_exists(partner: Client) -> None:
    people = await all_of(partner, "/v1/DemoOffice/prospects?prospect=true")
    for person in people:
        assert person["EMail"] is None or person["EMail"].endswith("@example.com")
        for field in ("Phone", "CellPhone", "SMSPhone"):
            assert person[field] is None or PHONE.fullmatch(person[field]), person[field]
        assert person["CreatedAt"] <= person["UpdatedAt"]
        assert person["EMail"] or person["Phone"]
    for field in ("EMail", "Phone", "CellPhone", "DOB", "Gender", "LifeStage", "Address", "ProviderID", "Notes"):
        given = sum(person[field] is not None for person in people)
        assert 20 < given < 480, field
    assert {person["Prospect"] for person in people} == {1}
    assert 200 < sum(bool(person["Tags"]) for person in people) < 450


async def test_the_next_ones_get_numbers_of_their_own(partner: Client) -> None:
    """The demo's rows have fixed numbers; the sequences are past them."""
    system = partner.house.system
    for table in ("articles", "tickets", "tags", "providers", "patients"):
        row = await system.unscoped_row(f"select max(id) as last, nextval('{table}_id_seq') as next from {table}")
        assert row is not None
        assert row["next"] > row["last"], table


async def test_orders_and_prospects_are_one_person(partner: Client) -> None:
    """Everybody whose facts make a key is found by it, the first of several."""
    rows = await partner.house.system.unscoped_rows(
        "select practice_id, id, first_name, last_name, email from patients where email is not null order by id"
    )
    keys = {
        (row["practice_id"], bytes(row["key"])): row["patient_id"]
        for row in await partner.house.system.unscoped_rows("select practice_id, key, patient_id from match_keys")
    }
    first: dict[tuple[int, bytes], int] = {}
    for row in rows:
        key = (row["practice_id"], matching.home_key(row["first_name"], row["last_name"], row["email"]))
        first.setdefault(key, row["id"])
    found = [key for key in first if keys.get(key) == first[key]]
    assert len(found) > 0.9 * len(first)


async def test_tickets_went_the_way_their_status_says(partner: Client) -> None:
    for row in await partner.house.system.unscoped_rows(
        """
        select t.status, t.created_at, t.updated_at,
               array_agg(s.status order by s.id) as steps, array_agg(s.at order by s.id) as moments
        from tickets t join ticket_steps s on s.practice_id = t.practice_id and s.ticket_id = t.id
        group by t.practice_id, t.id
        """
    ):
        assert row["steps"][0] == "Open"
        assert row["steps"][-1] == row["status"]
        assert row["moments"] == sorted(row["moments"])
        assert row["created_at"] == row["moments"][0] <= row["updated_at"]
