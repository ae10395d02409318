"""Lists of people: pages, filters, order; what a partner that follows changes relies on."""

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from client import Client
from patients.offices import JOHN, PEOPLE, TAGS, make_person, make_tag, narrow_partner

START = datetime(2026, 3, 9, 17, 0, tzinfo=UTC)


async def fill(owner: asyncpg.Connection, count: int, *, ppass: str = "GlowOffice") -> None:
    """People by number, every second one flagged, the later the number the earlier changed."""
    await owner.execute(
        """
        insert into patients (practice_id, first_name, last_name, prospect_since, created_at, updated_at)
        select p.id, 'First', 'No' || n, case when n % 2 = 0 then now() end, $3::timestamptz, $3 - n * interval '1 hour'
        from practices p, generate_series(1, $2::int) n where p.ppass = $1 order by n
        """,
        ppass, count, START,
    )  # fmt: skip


async def names(partner: Client, query: str = "") -> list[str]:
    answer = await partner.get(f"{PEOPLE}?{query}")
    assert answer.status == 200, answer.json
    return [person["LastName"] for person in answer.json["data"]]


async def test_a_list_begins_with_the_newest_and_goes_on_by_pages(
    glow_partner: Client, owner: asyncpg.Connection
) -> None:
    await fill(owner, 60)
    await fill(owner, 3, ppass="RivalOffice")
    first = (await glow_partner.get(PEOPLE)).json
    assert first["pagination"] == {"page": 1, "limit": 25, "total": 60, "totalPages": 3}
    assert [person["LastName"] for person in first["data"]] == [f"No{n}" for n in range(60, 35, -1)]
    assert await names(glow_partner, "page=3") == [f"No{n}" for n in range(10, 0, -1)]
    assert await names(glow_partner, "page=2&limit=7") == [f"No{n}" for n in range(53, 46, -1)]
    beyond = (await glow_partner.get(f"{PEOPLE}?page=4")).json
    assert (beyond["data"], beyond["pagination"]["total"]) == ([], 60)


async def test_more_than_can_be_counted_are_at_least_so_many(glow_partner: Client, owner: asyncpg.Connection) -> None:
    await fill(owner, 10_001)
    assert (await glow_partner.get(f"{PEOPLE}?limit=200&page=51")).json["pagination"] == {
        "page": 51, "limit": 200, "total": 10_000, "totalPages": 50, "totalIsMinimum": True,
    }  # fmt: skip
    assert len(await names(glow_partner, "limit=200&page=51")) == 1
    await owner.execute("delete from patients where last_name = 'No10001'")
    assert "totalIsMinimum" not in (await glow_partner.get(PEOPLE)).json["pagination"]


async def test_the_flag_and_a_tag_choose_alone_and_together(glow_partner: Client, owner: asyncpg.Connection) -> None:
    await fill(owner, 6)
    narrow = await narrow_partner(glow_partner)
    tag_id = await make_tag(glow_partner)
    await owner.execute(
        "insert into patient_tags select practice_id, id, $1 from patients where last_name in ('No1', 'No2', 'No4')",
        tag_id,
    )
    assert await names(glow_partner, "prospect=true") == ["No6", "No4", "No2"]
    assert await names(glow_partner, "prospect=false") == ["No5", "No3", "No1"]
    assert await names(glow_partner, f"tagId={tag_id}") == ["No4", "No2", "No1"]
    assert await names(glow_partner, f"tagId={tag_id}&prospect=false") == ["No1"]
    assert await names(glow_partner, f"tagId={tag_id}&prospect=true&limit=1&page=2") == ["No2"]
    assert await names(glow_partner, f"tagId={tag_id}&updatedSince=2026-03-09T14:00:00Z") == ["No2", "No1"]
    assert await names(narrow) == await names(narrow, "prospect=true") == ["No6", "No4", "No2"]
    assert await names(narrow, f"tagId={tag_id}&updatedSince=2026-01-01") == ["No4", "No2"]
    for partner in (glow_partner, narrow):
        page = (await partner.get(f"{PEOPLE}?tagId={tag_id}&limit=1")).json["pagination"]
        assert page["total"] == (3 if partner is glow_partner else 2)


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        ("2026-03-09T15:00:00Z", ["No2", "No1"]),
        ("2026-03-09T15:00:01Z", ["No1"]),
        ("2026-03-09T15:00:00", ["No2", "No1"]),
        ("2026-03-09T17:00:00%2B02:00", ["No2", "No1"]),
        ("2026-03-09T17:00:00+02:00", ["No2", "No1"]),
        ("2026-03-09", ["No3", "No2", "No1"]),
        ("2026-03-10", []),
        ("0001-01-01", ["No3", "No2", "No1"]),
    ],
)
async def test_changes_since_a_moment_come_in_the_order_they_happened(
    glow_partner: Client, owner: asyncpg.Connection, since: str, expected: list[str]
) -> None:
    await fill(owner, 3)
    assert await names(glow_partner, f"updatedSince={since}") == expected


async def test_following_changes_misses_nobody(glow_partner: Client, owner: asyncpg.Connection) -> None:
    """From the last `UpdatedAt` on, again and again, while people are changed in between."""
    await fill(owner, 9)
    await owner.execute("update patients set updated_at = $1::timestamptz + id % 3 * interval '1 second'", START)
    seen: dict[int, Any] = {}
    since, rounds = "2026-01-01", 0
    while True:
        page = (await glow_partner.get(f"{PEOPLE}?limit=4&updatedSince={since}")).json["data"]
        fresh = [person for person in page if seen.get(person["ID"]) != person]
        seen |= {person["ID"]: person for person in page}
        since, rounds = page[-1]["UpdatedAt"], rounds + 1
        if not fresh:
            break
        if rounds < 3:
            await glow_partner.put(f"{PEOPLE}/{page[0]['ID']}", {"City": f"Reno {rounds}"})
    everybody = (await glow_partner.get(PEOPLE)).json["data"]
    assert seen == {person["ID"]: person for person in everybody}


async def test_a_change_never_goes_back_in_time(glow_partner: Client, owner: asyncpg.Connection) -> None:
    person = await make_person(glow_partner)
    ahead = datetime.now(UTC) + timedelta(days=1)
    await owner.execute("update patients set updated_at = $1", ahead)
    await glow_partner.put(f"{PEOPLE}/{person['ID']}", {"City": "Reno"})
    assert await owner.fetchval("select updated_at from patients") == ahead


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("page=0", "page"),
        ("limit=201", "limit"),
        ("limit=x", "limit"),
        ("prospect=maybe", "prospect"),
        ("tagId=0", "tagId"),
        ("tagId=999999", "tagId"),
        ("updatedSince=yesterday", "updatedSince"),
        ("updatedSince=", "updatedSince"),
        ("updatedSince=2026-02-30", "updatedSince"),
        ("updatedSince=0001-01-01T00:00:00%2B14:00", "updatedSince"),
        ("search=" + "x" * 256, "search"),
    ],
)
async def test_a_wrong_question_is_told_where(glow_partner: Client, query: str, field: str) -> None:
    status, code, fields = (await glow_partner.get(f"{PEOPLE}?{query}")).fault
    assert (status, code, [*fields]) == (422, "field_invalid", [field])


async def test_a_tag_of_another_practice_is_none(glow_partner: Client, rival_partner: Client) -> None:
    theirs = (await rival_partner.post(TAGS.replace("Glow", "Rival"), {"name": "VIP"})).json["data"]["id"]
    assert (await glow_partner.get(f"{PEOPLE}?tagId={theirs}")).fault[2] == {"tagId": "is no tag of this practice"}


async def test_a_search_finds_within_what_is_asked_and_may_be_seen(glow_partner: Client) -> None:
    await make_person(glow_partner, Prospect=0)
    shown = await make_person(glow_partner)
    await make_person(glow_partner, LastName="Roe", EMail=..., Phone=...)
    narrow = await narrow_partner(glow_partner)
    assert await names(glow_partner, "search=doe") == ["Doe", "Doe"]
    assert await names(glow_partner, "search=doe&prospect=false") == ["Doe"]
    found = (await narrow.get(f"{PEOPLE}?search=john@example.com")).json
    assert (found["data"], found["pagination"]["total"]) == ([shown], 1)
    assert await names(glow_partner, "search=") == ["Roe", "Doe", "Doe"]
    assert JOHN["LastName"] in await names(glow_partner, "search=5550123")
