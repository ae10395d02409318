"""Who did what to whose data: a change's row stands and falls with the change, a read's comes within a second."""

import asyncio

import asyncpg
import pytest
from cast import Cast, at_home, in_person, make_visit
from client import Client

from openmedspa.usage import audit

ROWS = "select action, subject, request_id from audit order by id"


async def actions(owner: asyncpg.Connection) -> list[str]:
    return [row["action"] for row in await owner.fetch(ROWS)]


async def test_each_write_leaves_its_row(glow_emr: Client, owner: asyncpg.Connection) -> None:
    gfe_id = await make_visit(glow_emr)
    calls = [
        ("POST", f"/emr/staging/visits/{gfe_id}/schedule", {"time": 1900000000}, ("visit.scheduled", gfe_id)),
        ("POST", f"/emr/staging/visits/{gfe_id}/no-show", None, ("visit.missed", gfe_id)),
        ("PATCH", f"/emr/appointments/{gfe_id}/cancel", None, ("visit.cancelled", gfe_id)),
        ("POST", "/emr/subscriptions", {"location_id": Cast.GLOW}, ("location.subscribed", Cast.GLOW)),
        ("POST", "/emr/webhooks", {"url": "https://emr.example.com/"}, ("webhook.set", "partner:1")),
    ]
    for method, path, body, expected in calls:
        answer = await glow_emr.request(method, path, json=body)
        assert answer.status == 200, answer.json
        row = (await owner.fetch(ROWS))[-1]
        assert tuple(row) == (*expected, answer.headers["x-request-id"])
    other = (await glow_emr.post("/emr/in-person", in_person())).json["gfe_id"]
    await glow_emr.post(f"/emr/staging/visits/{other}/outcome", {"approved": ["Botox"]})
    assert [tuple(row)[:2] for row in (await owner.fetch(ROWS))[-2:]] == [
        ("visit.ordered", other),
        ("visit.signed", other),
    ]


async def test_a_row_says_who_from_where_and_in_which_practice(glow_emr: Client, owner: asyncpg.Connection) -> None:
    await make_visit(glow_emr)
    row = await owner.fetchrow("select actor, practice_id, address from audit")
    assert row["address"] == "127.0.0.1"
    key = await owner.fetchval("select id from api_keys where key_sha256 = sha256($1)", Cast.GLOW_KEY.encode())
    practice = await owner.fetchval("select practice_id from locations where id = $1", Cast.GLOW)
    assert (row["actor"], row["practice_id"]) == (f"key:{key}", practice)


async def test_a_write_and_its_row_are_rolled_back_together(glow_emr: Client, owner: asyncpg.Connection) -> None:
    """A trigger that refuses the audit row: then the change must not have happened either, and the other way round."""
    gfe_id = await make_visit(glow_emr)
    await owner.execute(
        """
        create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
        create trigger refuse before insert on audit for each row execute function refuse();
        """
    )
    before = await actions(owner)
    for method, path, body in (
        ("PATCH", f"/emr/appointments/{gfe_id}/cancel", None),
        ("POST", f"/emr/staging/visits/{gfe_id}/outcome", {"approved": ["Botox", "Filler"]}),
        ("POST", "/emr/appointments", at_home(patient={"first_name": "Bea"})),
        ("POST", "/emr/subscriptions", {"location_id": Cast.GLOW}),
        ("POST", "/emr/webhooks", {"url": "https://emr.example.com/"}),
    ):
        answer = await glow_emr.request(method, path, json=body)
        assert (answer.status, answer.json) == (500, {"success": False, "error": "Internal server error"})
    counts = await owner.fetchrow(
        """select (select count(*) from visits), (select count(*) from patients), (select count(*) from visit_steps),
           (select count(*) from records), (select count(*) from subscriptions), (select count(*) from endpoints),
           (select count(*) from messages where withdrawn_at is not null), (select step from visits)"""
    )
    assert tuple(counts) == (1, 1, 1, 0, 0, 0, 0, "ordered")
    assert await actions(owner) == before


async def test_a_refused_write_leaves_no_row(glow_emr: Client, owner: asyncpg.Connection) -> None:
    gfe_id = await make_visit(glow_emr, status="Completed")
    before = await actions(owner)
    assert (await glow_emr.patch(f"/emr/appointments/{gfe_id}/cancel")).status == 400
    assert await actions(owner) == before


async def test_a_read_leaves_its_row_within_a_second(glow_emr: Client, owner: asyncpg.Connection) -> None:
    gfe_id = await make_visit(glow_emr)
    answer = await glow_emr.get(f"/emr/visits/{gfe_id}")
    async with asyncio.timeout(1):
        while len(rows := await owner.fetch(ROWS)) < 2:  # noqa: ASYNC110 a poll is plain enough for a test
            await asyncio.sleep(0.02)
    assert tuple(rows[1]) == ("visit.read", gfe_id, answer.headers["x-request-id"])
    assert await owner.fetchval("select address from audit where action = 'visit.read'") == "127.0.0.1"


@pytest.mark.parametrize(
    ("query", "subject"),
    [("", "status=any"), ("?status=Completed", "status=Completed"), ("?limit=2", "status=any")],
)
async def test_a_list_leaves_one_row_with_its_filter(
    glow_emr: Client, owner: asyncpg.Connection, query: str, subject: str
) -> None:
    for _ in range(3):
        await make_visit(glow_emr)
    answer = await glow_emr.get(f"/emr/gfes/{Cast.GLOW}{query}")
    await audit.flush(glow_emr.house)
    rows = await owner.fetch("select subject, request_id from audit where action = 'visit.listed'")
    assert [tuple(row) for row in rows] == [(f"{Cast.GLOW} {subject}", answer.headers["x-request-id"])]


async def test_a_refused_read_leaves_no_row(glow_emr: Client, rival_emr: Client, owner: asyncpg.Connection) -> None:
    gfe_id = await make_visit(glow_emr)
    for path in (f"/emr/visits/{gfe_id}", f"/emr/gfes/{Cast.GLOW}"):
        assert (await rival_emr.get(path)).status == 403
    await audit.flush(glow_emr.house)
    assert await actions(owner) == ["visit.ordered"]


async def test_reads_wait_while_the_database_is_away(glow_emr: Client, owner: asyncpg.Connection) -> None:
    gfe_id = await make_visit(glow_emr)
    for _ in range(5):
        await glow_emr.get(f"/emr/visits/{gfe_id}")
    await owner.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity "
        "where application_name like 'openmedspa_%' and datname = current_database()"
    )
    async with asyncio.timeout(5):
        while (await actions(owner)).count("visit.read") < 5:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert (await actions(owner)).count("visit.read") == 5


@pytest.mark.parametrize("role", ["openmedspa_app", "openmedspa_system"])
@pytest.mark.parametrize("table", ["audit", "records", "visit_steps"])
@pytest.mark.parametrize("statement", ["delete from {}", "update {} set practice_id = 1", "truncate {}"])
async def test_no_role_of_ours_changes_what_was_written(
    owner: asyncpg.Connection, role: str, table: str, statement: str
) -> None:
    await owner.execute(f"set role {role}")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await owner.execute(statement.format(table))
