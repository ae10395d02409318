"""GET /emr/gfes/{location_id}: all visits of a location, newest first, whole or by pages."""

from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import asyncpg
import msgspec
import pytest
from cast import Cast, bring_to, in_person, make_visit
from client import Client

LIST = f"/emr/gfes/{Cast.GLOW}"


async def test_a_list_holds_every_visit_of_the_location_newest_first(glow_emr: Client) -> None:
    first = await make_visit(glow_emr, status="Completed")
    second = (await glow_emr.post("/emr/in-person", in_person())).json["gfe_id"]
    await make_visit(glow_emr, location_id=Cast.GLOW_SECOND)
    each = [(await glow_emr.get(f"/emr/visits/{gfe_id}")).json["data"] for gfe_id in (second, first)]
    answer = await glow_emr.get(LIST)
    assert (answer.status, answer.json) == (
        200,
        {"success": True, "location_id": Cast.GLOW, "count": 2, "gfes": each},
    )


async def test_a_list_without_visits_is_empty(glow_emr: Client) -> None:
    for path in (LIST, f"{LIST}?limit=5"):
        answer = await glow_emr.get(path)
        assert (answer.status, answer.json) == (
            200,
            {"success": True, "location_id": Cast.GLOW, "count": 0, "gfes": []},
        )
        assert "link" not in answer.headers


@pytest.mark.parametrize("paging", ["", "&limit=50"])
async def test_status_picks_the_visits_that_have_it(glow_emr: Client, paging: str) -> None:
    words = [
        "Processing", "Scheduled", "Pending Review", "Not Completed", "Completed", "Cancelled by client", "Cancelled",
        "Rejected",
    ]  # fmt: skip
    made = {word: await make_visit(glow_emr, status=word) for word in words}
    for word, gfe_id in made.items():
        answer = (await glow_emr.get(f"{LIST}?{urlencode({'status': word})}{paging}")).json
        assert answer["count"] == 1
        assert [(visit["gfe_id"], visit["status"]) for visit in answer["gfes"]] == [(gfe_id, word)]


async def fill(owner: asyncpg.Connection, visits: int) -> None:
    """So many visits at glow, many of them ordered in the same instant."""
    await owner.execute(
        """
        with ana as (
          insert into patients (practice_id, first_name, last_name) select practice_id, 'Ana', 'Lopez'
          from locations where id = $1 returning practice_id, id
        )
        insert into visits (practice_id, gfe_id, location_id, kind, step, patient_id, first_name, last_name,
                            requested_treatments, requested_treatment_ids, ordered_at)
        select practice_id, 'gfe_' || n, $1, 'at_home', 'ordered', ana.id, 'Ana', 'Lopez', '{Botox}', '{treatment_001}',
               $3::timestamptz + (n / 3) * interval '1 second'
        from ana, generate_series(1, $2::int) as n
        """,
        Cast.GLOW,
        visits,
        datetime(2025, 1, 1, tzinfo=UTC),
    )


async def walk(emr: Client, path: str) -> list[list[str]]:
    """The ids of each page, following the `Link` header to its end."""
    pages: list[list[str]] = []
    while path:
        answer = await emr.get(path)
        assert answer.status == 200, answer.json
        assert answer.json["count"] == len(answer.json["gfes"])
        pages.append([visit["gfe_id"] for visit in answer.json["gfes"]])
        path = answer.headers.get("link", "").removeprefix("<").removesuffix('>; rel="next"')
    return pages


async def test_pages_hold_each_visit_once_in_the_lists_order(glow_emr: Client, owner: asyncpg.Connection) -> None:
    await fill(owner, 25)
    whole = [f"gfe_{number}" for number in range(25, 0, -1)]
    assert await walk(glow_emr, LIST) == [whole]
    for limit in (1, 7, 24, 25, 26, 1000):
        pages = await walk(glow_emr, f"{LIST}?limit={limit}")
        assert [gfe_id for page in pages for gfe_id in page] == whole
        assert [len(page) for page in pages[:-1]] == [limit] * (len(pages) - 1)


async def test_a_page_keeps_the_filter_and_new_visits_do_not_shift_it(
    glow_emr: Client, owner: asyncpg.Connection
) -> None:
    await fill(owner, 6)
    await owner.execute("update visits set step = 'missed' where gfe_id in ('gfe_2', 'gfe_5')")
    first = await glow_emr.get(f"{LIST}?limit=1&status=Not+Completed&include=decisions")
    await bring_to(glow_emr, await make_visit(glow_emr), "Not Completed")
    second = await glow_emr.get(first.headers["link"].removeprefix("<").removesuffix('>; rel="next"'))
    assert [visit["gfe_id"] for visit in first.json["gfes"] + second.json["gfes"]] == ["gfe_5", "gfe_2"]
    assert second.json["gfes"][0]["decisions"] == []
    assert "link" not in second.headers


async def test_without_a_limit_all_come_from_one_snapshot(glow_emr: Client, owner: asyncpg.Connection) -> None:
    await fill(owner, 4321)
    answer = (await glow_emr.get(LIST)).json
    assert answer["count"] == len(answer["gfes"]) == 4321
    assert [visit["gfe_id"] for visit in answer["gfes"]] == [f"gfe_{number}" for number in range(4321, 0, -1)]


async def test_decisions_come_when_asked_for(glow_emr: Client) -> None:
    await make_visit(glow_emr, status="Completed")
    for path in (f"{LIST}?include=decisions", f"{LIST}?include=decisions&limit=1"):
        decisions = (await glow_emr.get(path)).json["gfes"][0]["decisions"]
        assert [decision["outcome"] for decision in decisions] == ["approved", "deferred"]


def cursor(*parts: Any) -> str:
    return urlsafe_b64encode(msgspec.json.encode(parts)).decode().rstrip("=")


async def test_a_cursor_that_no_link_gave_is_refused(glow_emr: Client) -> None:
    now = datetime.now(UTC)
    forged = [
        "", "x", "é", "a" * 100, cursor(), cursor(now), cursor("x", 1), cursor(now, "1"), cursor(now, -1),
        cursor(now, 2**63), cursor(now, 10**30), cursor(now.replace(tzinfo=None), 1),
        cursor("9999-12-31T23:59:59-12:00", 1), cursor("0001-01-01T00:00:00+14:00", 1),
    ]  # fmt: skip
    for after in forged:
        answer = await glow_emr.get(LIST, params={"after": after})
        assert answer.error == (400, "after is invalid", "after must be a cursor from a `Link` header"), after
    assert (await glow_emr.get(LIST, params={"after": "a" * 101})).error[:2] == (400, "after is invalid")


async def test_after_alone_goes_on_with_the_largest_page(glow_emr: Client, owner: asyncpg.Connection) -> None:
    await fill(owner, 5)
    answer = await glow_emr.get(
        LIST, params={"after": cursor(datetime(2025, 1, 1, tzinfo=UTC) + timedelta(hours=1), 0)}
    )
    assert answer.json["count"] == 5


@pytest.mark.parametrize("limit", ["0", "1001", "-1", "", "ten", "1.5", "true", "9" * 30])
async def test_a_limit_is_from_1_to_1000(glow_emr: Client, limit: str) -> None:
    assert (await glow_emr.get(f"{LIST}?limit={limit}")).error[:2] == (400, "limit is invalid")


async def test_a_status_the_contract_does_not_know_is_refused(glow_emr: Client) -> None:
    for status in ("", "completed", "Done", "ordered"):
        assert (await glow_emr.get(f"{LIST}?status={status}")).error[:2] == (400, "status is invalid")


async def test_an_unknown_location_is_not_found_and_a_rivals_forbidden(glow_emr: Client) -> None:
    unknown, foreign = [await glow_emr.get(f"/emr/gfes/{location}") for location in ("loc_nowhere", Cast.RIVAL)]
    assert (unknown.status, unknown.json) == (
        404,
        {"success": False, "error": "Not Found", "message": "Location not found"},
    )
    assert (foreign.status, foreign.json) == (
        403,
        {"success": False, "error": "EMR is not authorized for this location"},
    )
