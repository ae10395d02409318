"""Every statement fits the migrated schema, and the hot ones find their rows by an index, under row-level security."""

import json

import asyncpg
import pytest
from house.statements import Statement, functions, statements_of

from openmedspa.kit.db import APP_ROLE, scoped

FUNCTIONS = functions()
HOT = {
    "patients.queries.people.find_person",
    "patients.queries.people.list_people",
    "patients.queries.people.lock_person",
    "patients.queries.people.update_person",
    "patients.queries.tags.list_tags_of",
    "exams.queries.visits.find_visit",
    "exams.queries.visits.lock_visit",
    "exams.queries.visits.list_visits",
    "exams.queries.visits.stream_visits",
    "exams.queries.orders.insert_order",
    "exams.queries.steps.insert_step",
    "exams.queries.steps.insert_record",
    "exams.queries.visits.exists_anywhere",
    "notifications.queries.sending.replace_messages",
    "partners.queries.grants.find_asked_for",
    "partners.queries.grants.find_grant",
    "partners.queries.grants.find_token_grant",
    "partners.queries.idempotency.claim_idempotency_key",
    "scheduling.queries.bookings.delete_lapsed",
    "scheduling.queries.bookings.delete_taken",
    "scheduling.queries.bookings.find_booking",
    "scheduling.queries.bookings.find_references",
    "scheduling.queries.bookings.insert_booking",
    "scheduling.queries.bookings.insert_taken",
    "scheduling.queries.bookings.list_steps",
    "scheduling.queries.bookings.lock_booking",
    "scheduling.queries.bookings.update_booking",
    "scheduling.queries.diaries.find_diary",
    "scheduling.queries.holds.count_live",
    "scheduling.queries.holds.insert_hold",
    "scheduling.queries.holds.update_released",
    "scheduling.queries.providers.find_provider",
    "scheduling.queries.providers.list_schedule",
    "webhooks.queries.log.list_own_event_deliveries",
    "webhooks.queries.pages.list_own_page",
    "webhooks.queries.pages.list_own_sought",
    "webhooks.queries.pages.list_page",
    "webhooks.queries.pages.list_sought",
    "webhooks.queries.replays.count_since",
    "webhooks.queries.replays.insert_event_missing",
    "webhooks.queries.replays.insert_missing_since",
    "webhooks.queries.replays.update_event_replayed",
    "webhooks.queries.replays.update_replayed_since",
}
FEW_BLOCKS = 150
FILL = """
insert into patients (practice_id, first_name, last_name)
select 1 + n % 2, 'First' || n, 'Last' from generate_series(1, 20000) n;
insert into match_keys (practice_id, key, patient_id) select practice_id, sha256(id::text::bytea), id from patients;
insert into visits (practice_id, gfe_id, location_id, kind, step, patient_id, first_name, last_name,
                    requested_treatments, requested_treatment_ids, ordered_at, record_version)
select p.practice_id, 'gfe_' || p.id, l.id, 'at_home', case when p.id % 2 = 0 then 'signed' else 'ordered' end, p.id,
       'First', 'Last', '{Botox}', '{treatment_001}', now() - p.id * interval '1 minute',
       case when p.id % 2 = 0 then 1 end
from patients p join locations l on l.practice_id = p.practice_id and l.id <> 'loc_glow2';
insert into records (practice_id, visit_id, version, decisions, signed_by, signed_at)
select practice_id, id, 1, '[]', 'test', now() from visits where step = 'signed';
insert into visit_directory select gfe_id, practice_id, location_id from visits;
insert into messages (practice_id, visit_id, channel, notice, address)
select practice_id, id, channel, 'invited', 'x' from visits, unnest('{email,sms}'::text[]) channel;
insert into idempotency_keys (partner_id, key, request_hash) select 1, 'key' || n, '' from generate_series(1, 20000) n;
insert into api_keys (partner_id, name, key_sha256, prefix, last_four, scopes)
select 1, 'n', sha256(n::text::bytea), 'x', 'x', '{Exams}' from generate_series(1, 5000) n;
insert into endpoints (partner_id, url, signing_secret_sealed) values (1, 'x', ''), (2, 'x', '');
insert into subscriptions (partner_id, practice_id, location_id, created_at)
select 1 + (practice_id = 2)::int, practice_id, id, '2024-01-01' from locations;
insert into events (practice_id, id, kind, visit_id, record_version, occurred_at)
select v.practice_id, 'evt_' || lpad(v.id || 'n' || n, 32, '0'), 'visit.completed', v.id, 1,
       timestamptz '2025-01-01T00:00:09Z' - (v.id * 10 + n) * interval '1 second'
from visits v, generate_series(1, 5) n where v.step = 'signed';
insert into deliveries (practice_id, event_id, endpoint_id, failed_at, created_at)
select ev.practice_id, ev.id, e.id, now(), ev.occurred_at
from events ev join endpoints e on e.partner_id = ev.practice_id;
"""
# One provider who is booked every hour for more than two years around the made-up moment, and others besides.
FILL_DIARIES = """
insert into providers (practice_id, name, home_location_id)
select l.practice_id, 'n', l.id from locations l, generate_series(1, 20) where l.id <> 'loc_glow2' order by 1;
insert into provider_hours (practice_id, provider_id, location_id, weekday, from_minute, until_minute)
select practice_id, id, home_location_id, day, 540, 1020 from providers, generate_series(1, 7) day;
insert into visit_types (practice_id, code, name, minutes) select id, 'FOLLOWUP', 'n', 30 from practices;
insert into bookings (practice_id, provider_id, location_id, type, starts_at, minutes, created_at, updated_at)
select p.practice_id, p.id, p.home_location_id, 'FOLLOWUP',
       timestamptz '2025-01-01T00:30:00Z' + (n - case when p.id = 1 then 10000 else 500 end) * interval '1 hour', 30,
       now(), now()
from providers p, generate_series(1, case when p.id = 1 then 20000 else 1000 end) n;
insert into booking_steps (practice_id, booking_id, status, provider_id, location_id, starts_at, minutes, actor, at)
select practice_id, id, status, provider_id, location_id, starts_at, minutes, 'x', now() from bookings;
insert into taken_times (practice_id, provider_id, from_at, until_at, booking_id)
select practice_id, provider_id, starts_at, starts_at + interval '30 minutes', id from bookings;
insert into holds (practice_id, provider_id, location_id, starts_at, minutes, partner_id, actor, held_at, lapses_at)
select practice_id, provider_id, location_id, starts_at, 30, 1, 'x', '2024-01-01', '2024-01-02' from bookings;
insert into time_off (practice_id, provider_id, from_at, until_at)
select practice_id, provider_id, starts_at, starts_at + interval '1 hour' from bookings
where starts_at < '2025-01-01' order by starts_at;
insert into date_hours (practice_id, location_id, provider_id, on_date)
select practice_id, home_location_id, id, date '2025-01-01' - n
from providers, generate_series(1, case when id = 1 then 10000 else 500 end) n;
"""


def test_every_hot_function_is_there() -> None:
    assert {f"openmedspa.{name}" for name in HOT} <= set(FUNCTIONS)


async def test_every_statement_fits_the_schema(owner: asyncpg.Connection) -> None:
    seen = 0
    for name, function in FUNCTIONS.items():
        statements = await statements_of(name, function)
        assert statements, f"{name} asks for nothing"
        for statement in statements:
            try:
                prepared = await owner.prepare(statement.sql)
            except asyncpg.PostgresError as trouble:
                raise AssertionError(f"{statement.where}: {trouble}\n{statement.sql}") from trouble
            wanted = len(prepared.get_parameters())
            assert wanted == len(statement.args), f"{statement.where} sends {len(statement.args)} of {wanted}"
            seen += 1
    assert seen >= 60


async def explain_generic(connection: asyncpg.Connection, statement: Statement) -> str:
    """By the plan that the pool uses: prepared by hand, since EXPLAIN with parameters plans for their values."""
    kinds = [kind.name for kind in (await connection.prepare(statement.sql)).get_parameters()]
    values = [
        await connection.fetchval(f"select quote_nullable($1::{kind}::text)", value)
        for kind, value in zip(kinds, statement.args, strict=True)
    ]
    await connection.execute(f"prepare hot as {statement.sql}")
    try:
        text: str = await connection.fetchval(
            f"explain (analyze, buffers, format json) execute hot ({', '.join(values)})"
        )
    finally:
        await connection.execute("deallocate hot")
    return text


async def blocks_read(connection: asyncpg.Connection, statement: Statement) -> int:
    """Carry it out in glow's scope, count the blocks of tables and indexes that it looked at, and take it back."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute("select set_config('app.scope', '{1}', true)")
        plan = json.loads(await explain_generic(connection, statement))[0]["Plan"]
        return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])
    finally:
        await transaction.rollback()


async def test_hot_statements_read_few_blocks_however_many_rows_there_are(owner: asyncpg.Connection) -> None:
    await owner.execute(FILL)
    await owner.execute(FILL_DIARIES)
    await owner.execute("analyze")
    await owner.execute(f"set role {APP_ROLE}")
    await owner.execute("set plan_cache_mode = force_generic_plan")
    read = {
        (name, "scoped" if "with scope" in statement.sql else "plain"): await blocks_read(owner, statement)
        for name in sorted(HOT)
        for statement in await statements_of(f"openmedspa.{name}", FUNCTIONS[f"openmedspa.{name}"])
    }
    whole = {("exams.queries.visits.stream_visits", kind) for kind in ("scoped", "plain")}
    assert {key: blocks for key, blocks in read.items() if blocks > FEW_BLOCKS and key not in whole} == {}

    # The same test of a statement that no index serves.
    bad = "select v.id from visits v where v.practice_id = any($1) and v.first_name = $2"
    assert await blocks_read(owner, Statement("", scoped(bad), ([1], "gfe_1"))) > FEW_BLOCKS

    # What PostgreSQL asks when a record goes: whether an event names it.
    named = "select from events where practice_id = $1 and visit_id = $2 and record_version = $3"
    assert await blocks_read(owner, Statement("", named, (1, 1, 1))) < FEW_BLOCKS


async def test_a_scoped_statement_finds_nothing_without_a_scope(owner: asyncpg.Connection) -> None:
    await owner.execute(FILL)
    await owner.execute(f"set role {APP_ROLE}")
    everything = "select v.id from visits v where $1::int[] is not null"
    assert len(await owner.fetch(scoped(everything), [1])) == 10_000
    assert await owner.fetch(scoped(everything), []) == []
    assert await owner.fetch(everything, [1]) == []
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await owner.execute("delete from visits")
