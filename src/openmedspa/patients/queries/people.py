"""SQL on people and on what changed about them."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from openmedspa.kit.db import Reads, Row, Scope, Tx
from openmedspa.partners.wire import MOST_COUNTED

FACTS = """
p.first_name, p.middle_initial, p.last_name, p.full_name, p.nick_name, p.gender, p.dob, p.life_stage, p.pronouns,
p.sexual_identity, p.primary_language, p.kind, p.phone, p.cell_phone, p.sms_phone, p.email, p.address, p.unit, p.city,
p.state, p.zip, p.country, p.provider_id, p.ship_name, p.ship_address, p.ship_unit, p.ship_city, p.ship_state,
p.ship_zip, p.ship_country, p.image, p.notes
"""
COLUMNS = FACTS.replace("p.", "")
PERSON = f"""
p.id, {FACTS}, (p.prospect_since is not null)::int as prospect, p.created_at, p.updated_at,
(select coalesce(json_agg(json_build_object('id', t.id, 'name', t.name) order by lower(t.name), t.id), '[]')
 from patient_tags c join tags t on t.practice_id = c.practice_id and t.id = c.tag_id
 where c.practice_id = p.practice_id and c.patient_id = p.id) as tags
"""
KINDS = {None: "", True: "and p.prospect_since is not null", False: "and p.prospect_since is null"}


async def find_person(db: Reads, scope: Scope, practice_id: int, person_id: int) -> Row | None:
    return await db.row(
        f"select {PERSON} from patients p where p.practice_id = any($1) and p.practice_id = $2 and p.id = $3",
        scope,
        practice_id,
        person_id,
    )


async def lock_person(tx: Tx, scope: Scope, practice_id: int, person_id: int) -> Row | None:
    """Until commit: whoever changes the same person waits, and then knows what we did."""
    return await tx.row(
        f"""
        select {PERSON} from patients p where p.practice_id = any($1) and p.practice_id = $2 and p.id = $3
        for update of p
        """,
        scope,
        practice_id,
        person_id,
    )


async def list_people(db: Reads, scope: Scope, practice_id: int, person_ids: Sequence[int]) -> list[Row]:
    """In the order of the ids."""
    return await db.rows(
        f"""
        select {PERSON} from patients p
        where p.practice_id = any($1) and p.practice_id = $2 and p.id = any($3::bigint[])
        order by array_position($3::bigint[], p.id)
        """,
        scope,
        practice_id,
        person_ids,
    )


async def list_ids(
    db: Reads,
    scope: Scope,
    practice_id: int,
    *,
    only_prospects: bool | None,
    tag_id: int | None,
    updated_since: datetime | None,
    limit: int,
    offset: int,
) -> tuple[list[int], int]:
    """A page of ids and how many there are, counted no further than MOST_COUNTED + 1; a statement for each case.

    The newest first; since a moment, the one changed longest ago first: who follows changes goes on from the last.
    """
    further = [value for value in (tag_id, updated_since) if value is not None]
    carrying = "join patient_tags c on c.practice_id = p.practice_id and c.patient_id = p.id and c.tag_id = $5"
    found = f"""
        from patients p {carrying if tag_id is not None else ""}
        where p.practice_id = any($1) and p.practice_id = $2 {KINDS[only_prospects]}
        {f"and p.updated_at >= ${4 + len(further)}" if updated_since is not None else ""}
    """
    newest = "c.patient_id desc" if tag_id is not None else "p.id desc"
    order = newest if updated_since is None else "p.updated_at, p.id"
    row = await db.row(
        f"""
        select array(select p.id {found} order by {order} limit $3 offset $4) as ids,
               (select count(*) from (select {found} limit {MOST_COUNTED + 1}) counted) as counted
        """,
        scope,
        practice_id,
        limit,
        offset,
        *further,
    )
    assert row is not None
    return row["ids"], row["counted"]


async def insert_person(
    tx: Tx,
    scope: Scope,
    practice_id: int,
    facts: Mapping[str, str | int | None],
    *,
    match_keys: Collection[bytes],
    actor: str,
    request_id: str | None,
    now: datetime,
) -> int:
    """Somebody new, with the keys by which orders find them, and the change: one statement.

    A key that somebody has already stays theirs and counts a double: orders it finds are flagged.
    """
    row = await tx.row(
        f"""
        with born as (
          insert into patients (practice_id, {COLUMNS}, prospect_since, added_by, created_at, updated_at)
          select $2, {COLUMNS}, case $3::jsonb ->> 'prospect' when '1' then $6::timestamptz end, $5, $6, $6
          from jsonb_populate_record(null::patients, $3::jsonb)
          returning practice_id, id
        ), keyed as (
          insert into match_keys (practice_id, key, patient_id)
          select practice_id, key, id from born cross join unnest($4::bytea[]) as key order by key
          on conflict (practice_id, key) do update set doubles = match_keys.doubles + 1
        ), noted as (
          insert into patient_changes (practice_id, patient_id, at, actor, request_id, before, after)
          select practice_id, id, $6, $5, $7, '{{}}', $3::jsonb from born
        )
        select id from born where practice_id = any($1)
        """,
        scope,
        practice_id,
        json.dumps(facts),
        sorted(match_keys),
        actor,
        now,
        request_id,
    )
    assert row is not None
    return int(row["id"])


async def update_person(
    tx: Tx,
    scope: Scope,
    practice_id: int,
    person_id: int,
    *,
    before: Mapping[str, str | int | None],
    after: Mapping[str, str | int | None],
    match_keys: Collection[bytes],
    gone_keys: Collection[bytes],
    actor: str,
    request_id: str | None,
    now: datetime,
) -> None:
    """The columns of `after` and no others, with the keys that are new and those that are gone, and the change.

    `updated_at` is the moment of the write, not of the request: who follows changes must not have passed it already.
    A key that is gone is nobody's: whose it would be now is not known, so the next order makes a new patient.
    """
    await tx.row(
        f"""
        with changed as (
          update patients p
          set ({COLUMNS}) = (select {COLUMNS} from jsonb_populate_record(p, $5::jsonb)),
              prospect_since = case $5::jsonb ->> 'prospect' when '1' then coalesce(p.prospect_since, $8)
                                                             when '0' then null else p.prospect_since end,
              import_key = case when $10::bytea[] = '{{}}' then p.import_key end,
              updated_at = greatest(p.updated_at, $8, clock_timestamp())
          where p.practice_id = any($1) and p.practice_id = $2 and p.id = $3
          returning p.practice_id, p.id
        ), released as (
          delete from match_keys k using changed c
          where k.practice_id = c.practice_id and k.key = any($10) and k.patient_id = c.id
        ), uncounted as (
          update match_keys k set doubles = greatest(k.doubles - 1, 0) from changed c
          where k.practice_id = c.practice_id and k.key = any($10) and k.patient_id <> c.id
        ), keyed as (
          insert into match_keys (practice_id, key, patient_id)
          select practice_id, key, id from changed cross join unnest($6::bytea[]) as key order by key
          on conflict (practice_id, key) do update
            set doubles = match_keys.doubles + (match_keys.patient_id <> excluded.patient_id)::int
        )
        insert into patient_changes (practice_id, patient_id, at, actor, request_id, before, after)
        select practice_id, id, $8, $7, $9, $4::jsonb, $5::jsonb from changed
        """,
        scope,
        practice_id,
        person_id,
        json.dumps(before),
        json.dumps(after),
        sorted(match_keys),
        actor,
        now,
        request_id,
        sorted(gone_keys),
    )


async def find_provider(db: Reads, scope: Scope, practice_id: int, provider_id: int) -> Row | None:
    """Active or ended."""
    return await db.row(
        """
        select r.id from providers r where r.practice_id = any($1) and r.practice_id = $2 and r.id = $3
        """,
        scope,
        practice_id,
        provider_id,
    )
