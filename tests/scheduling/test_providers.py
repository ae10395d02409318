"""Providers as partners see them: the active ones, listed and one by one."""

import asyncpg
import pytest
from cast import Cast
from client import Client
from scheduling import staff
from scheduling.asking import PROVIDERS, Desk

FIELDS = ["id", "name", "title", "specialty", "timeZone", "locationIds"]
NO_IDS = ["0", "-1", "abc", "9" * 30, "1.0", "%31x", "999999999", "²", "9223372036854775808"]


async def test_the_list_has_the_active_ones_by_number(glow_partner: Client, owner: asyncpg.Connection) -> None:
    numbers = [await staff.hire(owner, name=name) for name in ("Zoe Young", "Al Ames", "Mia Mills")]
    gone = await staff.hire(owner, name="Gone Long")
    await owner.execute("update providers set ended_at = now() where id = $1", gone)
    answer = await glow_partner.get(PROVIDERS)
    assert answer.status == 200
    assert [list(one) for one in answer.json["data"]] == [FIELDS] * 3
    assert [(one["id"], one["name"]) for one in answer.json["data"]] == [
        (numbers[0], "Zoe Young"), (numbers[1], "Al Ames"), (numbers[2], "Mia Mills"),
    ]  # fmt: skip
    assert answer.json["pagination"] == {"page": 1, "limit": 25, "total": 3, "totalPages": 1}


async def test_nobody_is_an_empty_list(glow_partner: Client) -> None:
    answer = await glow_partner.get(PROVIDERS)
    assert (answer.status, answer.json["data"]) == (200, [])
    assert answer.json["pagination"] == {"page": 1, "limit": 25, "total": 0, "totalPages": 0}


async def test_pages_add_up_to_the_list(glow_partner: Client, owner: asyncpg.Connection) -> None:
    for number in range(5):
        await staff.hire(owner, name=f"Provider {number}")
    whole = (await glow_partner.get(PROVIDERS)).json["data"]
    pages = [(await glow_partner.get(f"{PROVIDERS}?limit=2&page={page}")).json for page in (1, 2, 3, 4)]
    assert [one for page in pages for one in page["data"]] == whole
    assert {page["pagination"]["total"] for page in pages} == {5}


async def test_one_is_shown_as_in_the_list(desk: Desk) -> None:
    answer = await desk.partner.get(f"{PROVIDERS}/{desk.provider}")
    assert answer.status == 200
    assert answer.json["data"] == {
        "id": desk.provider, "name": "Dana Vance", "title": "NP", "specialty": "Injectables",
        "timeZone": "America/Los_Angeles", "locationIds": [Cast.GLOW],
    }  # fmt: skip
    assert (await desk.partner.get(PROVIDERS)).json["data"] == [answer.json["data"]]


async def test_locations_are_all_where_they_work_and_the_zone_is_of_their_home(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    await staff.work(owner, desk.provider, Cast.GLOW_SECOND, staff.OFFICE)
    await owner.execute("update locations set time_zone = 'America/New_York' where id = $1", Cast.GLOW_SECOND)
    shown = (await desk.partner.get(f"{PROVIDERS}/{desk.provider}")).json["data"]
    assert (shown["locationIds"], shown["timeZone"]) == ([Cast.GLOW, Cast.GLOW_SECOND], "America/Los_Angeles")
    await owner.execute("update providers set home_location_id = $2 where id = $1", desk.provider, Cast.GLOW_SECOND)
    shown = (await desk.partner.get(f"{PROVIDERS}/{desk.provider}")).json["data"]
    assert (shown["locationIds"], shown["timeZone"]) == ([Cast.GLOW, Cast.GLOW_SECOND], "America/New_York")


async def test_a_provider_without_a_home_has_the_practices_zone(desk: Desk, owner: asyncpg.Connection) -> None:
    await owner.execute("delete from provider_hours")
    await owner.execute("update providers set home_location_id = null, title = null, specialty = null")
    shown = (await desk.partner.get(f"{PROVIDERS}/{desk.provider}")).json["data"]
    assert (shown["timeZone"], shown["locationIds"]) == ("America/Los_Angeles", [])
    assert (shown["title"], shown["specialty"]) == (None, None)


async def test_who_has_ended_is_nobody_any_longer(desk: Desk, owner: asyncpg.Connection) -> None:
    await owner.execute("update providers set ended_at = now()")
    assert (await desk.partner.get(f"{PROVIDERS}/{desk.provider}")).fault == (404, "provider_not_found", {})
    assert (await desk.partner.get(PROVIDERS)).json["data"] == []


@pytest.mark.parametrize("id_", NO_IDS)
@pytest.mark.parametrize(
    "question",
    ["", "/schedule?startDate=2026-03-09&endDate=2026-03-15", "/check?date=2026-03-09&time=10:15&duration=30",
     "/slots?date=2026-03-09&duration=30", "/next-slot?duration=30"],
)  # fmt: skip
async def test_an_id_of_nobody_is_not_found(glow_partner: Client, question: str, id_: str) -> None:
    assert (await glow_partner.get(f"{PROVIDERS}/{id_}{question}")).fault == (404, "provider_not_found", {})


async def test_another_practice_learns_nothing(desk: Desk, rival_partner: Client, owner: asyncpg.Connection) -> None:
    theirs = await staff.hire(owner, "RivalOffice", name="Rita Rival")
    assert (await desk.partner.get(f"{PROVIDERS}/{theirs}")).fault == (404, "provider_not_found", {})
    assert "Rita" not in str((await desk.partner.get(PROVIDERS)).json)
    assert (await rival_partner.get(f"{PROVIDERS}/{desk.provider}")).fault == (403, "practice_foreign", {})
    listed = (await rival_partner.get("/v1/RivalOffice/availability/providers")).json
    assert ([one["id"] for one in listed["data"]], listed["pagination"]["total"]) == ([theirs], 1)


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("page=0", {"page"}), ("limit=0", {"limit"}), ("limit=201", {"limit"}), ("page=x&limit=", {"page", "limit"}),
        ("active=true", {"active"}), ("search=Jane", {"search"}),
    ],
)  # fmt: skip
async def test_a_query_that_is_wrong_is_refused_by_name(desk: Desk, query: str, fields: set[str]) -> None:
    status, code, named = (await desk.partner.get(f"{PROVIDERS}?{query}")).fault
    assert (status, code, set(named)) == (422, "field_invalid", fields)


async def test_one_provider_takes_no_query(desk: Desk) -> None:
    answer = await desk.partner.get(f"{PROVIDERS}/{desk.provider}?date=2026-03-09")
    assert answer.fault == (422, "field_invalid", {"date": "is not a known field"})


async def test_without_the_scope_no_door_opens(desk: Desk) -> None:
    narrow = await desk.partner.as_partner(Cast.PROSPECTS_KEY, "GlowOffice")
    for path in (
        "",
        f"/{desk.provider}",
        *(f"/{desk.provider}/{q}" for q in ("schedule", "check", "slots", "next-slot")),
    ):
        refused = await narrow.get(PROVIDERS + path)
        assert refused.fault == (403, "scope_missing", {}) and "Providers" in refused.json["error"]["message"]
