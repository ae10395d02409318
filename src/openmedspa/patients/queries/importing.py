"""SQL of imports: a batch of people is found by one statement and written by another."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from openmedspa.kit.db import Reads, Row, Scope, Tx
from openmedspa.patients.queries.people import COLUMNS, FACTS


async def list_provider_ids(db: Reads, scope: Scope, practice_id: int) -> list[int]:
    rows = await db.rows(
        "select r.id from providers r where r.practice_id = any($1) and r.practice_id = $2", scope, practice_id
    )
    return [row["id"] for row in rows]


async def update_planning(tx: Tx) -> None:
    """Until this transaction ends PostgreSQL plans each statement for how large the tables are by now.

    The first batch of an import may meet empty ones, and a plan that is kept would read them whole for each row."""
    await tx.unscoped_row("select set_config('plan_cache_mode', 'force_custom_plan', true)")


async def lock_known(
    tx: Tx,
    scope: Scope,
    practice_id: int,
    *,
    import_keys: Sequence[bytes],
    home_keys: Sequence[bytes | None],
    person_keys: Sequence[bytes | None],
) -> list[Row]:
    """Who is there of these, by position: whom an import brought, else whom an order would find, at home first."""
    return await tx.rows(
        f"""
        with who as materialized (
          select g.position - 1 as position, coalesce(
            (select i.id from patients i where i.practice_id = $2 and i.import_key = g.import_key),
            (select k.patient_id from match_keys k where k.practice_id = $2 and k.key = g.home_key),
            (select k.patient_id from match_keys k where k.practice_id = $2 and k.key = g.person_key)) as id
          from unnest($3::bytea[], $4::bytea[], $5::bytea[])
            with ordinality g (import_key, home_key, person_key, position)
          order by 2
        )
        select who.position, p.* from who cross join lateral (
          select p.id, {FACTS}, (p.prospect_since is not null)::int as prospect from patients p
          where p.practice_id = any($1) and p.practice_id = $2 and p.id = who.id
          for update
        ) p
        where who.id is not null
        """,
        scope,
        practice_id,
        import_keys,
        home_keys,
        person_keys,
    )


async def write_people(
    tx: Tx,
    scope: Scope,
    practice_id: int,
    *,
    new: Sequence[Mapping[str, Any]],
    changes: Sequence[Mapping[str, Any]],
    actor: str,
    now: datetime,
) -> int:
    """New people and changes of known ones, each with its match keys and its note; how many are new now.

    One whom somebody else's import brought in between is not among them. A key that another person has stays theirs.
    """
    row = await tx.row(
        f"""
        with given as materialized (
          select nextval('patients_id_seq') as id, e.row -> 'facts' as facts,
                 decode(e.row ->> 'import_key', 'hex') as import_key, e.row -> 'match_keys' as match_keys
          from jsonb_array_elements($3::jsonb) e (row)
        ), born as (
          insert into patients (practice_id, id, import_key, {COLUMNS}, prospect_since, added_by, created_at, updated_at)
          select $2, g.id, g.import_key, {FACTS},
                 case when g.facts ->> 'prospect' = '1' then $6::timestamptz end, $5, $6, $6
          from given g cross join lateral jsonb_populate_record(null::patients, g.facts) p
          where $2 = any($1::int[])
          order by g.id
          on conflict (practice_id, import_key) where import_key is not null do nothing
          returning id
        ), wanted as materialized (
          select (e.row ->> 'id')::bigint as id, e.row -> 'before' as before, e.row -> 'after' as after,
                 e.row -> 'match_keys' as match_keys, e.row -> 'gone_keys' as gone_keys
          from jsonb_array_elements($4::jsonb) e (row)
        ), changed as (
          update patients p
          set ({COLUMNS}) = (select {FACTS} from jsonb_populate_record(p, w.after) p),
              prospect_since = case w.after ->> 'prospect' when '1' then coalesce(p.prospect_since, $6)
                                                           when '0' then null else p.prospect_since end,
              updated_at = greatest(p.updated_at, $6, clock_timestamp())
          from wanted w
          where p.practice_id = any($1) and p.practice_id = $2 and p.id = w.id
          returning p.id
        ), gone as materialized (
          select w.id, decode(jsonb_array_elements_text(w.gone_keys), 'hex') as key from wanted w join changed using (id)
        ), released as (
          delete from match_keys k using gone g where k.practice_id = $2 and k.key = g.key and k.patient_id = g.id
        ), uncounted as (
          update match_keys k set doubles = greatest(k.doubles - 1, 0) from gone g
          where k.practice_id = $2 and k.key = g.key and k.patient_id <> g.id
        ), found_by as (
          select distinct on (key) decode(x.key, 'hex') as key, x.id
          from (select g.id, jsonb_array_elements_text(g.match_keys) as key from given g join born using (id)
                union all
                select w.id, jsonb_array_elements_text(w.match_keys) from wanted w join changed using (id)) x
          order by key, x.id
        ), keyed as (
          insert into match_keys (practice_id, key, patient_id) select $2, key, id from found_by order by key
          on conflict (practice_id, key) do update
            set doubles = match_keys.doubles + (match_keys.patient_id <> excluded.patient_id)::int
        ), noted as (
          insert into patient_changes (practice_id, patient_id, at, actor, before, after)
          select $2, g.id, $6, $5, '{{}}', g.facts from given g join born using (id)
          union all
          select $2, w.id, $6, $5, w.before, w.after from wanted w join changed using (id)
        )
        select count(*) as made from born
        """,
        scope,
        practice_id,
        json.dumps(new),
        json.dumps(changes),
        actor,
        now,
    )
    assert row is not None
    return int(row["made"])
