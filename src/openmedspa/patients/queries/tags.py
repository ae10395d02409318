"""SQL on a practice's tags and on who carries them."""

import json
from collections.abc import Sequence
from datetime import datetime

from openmedspa.kit.db import Reads, Scope, Tx
from openmedspa.partners.wire import MOST_COUNTED
from openmedspa.patients.shapes import Tag


async def list_tags(db: Reads, scope: Scope, practice_id: int, *, limit: int, offset: int) -> tuple[list[Tag], int]:
    """A page by name, and how many there are, counted no further than MOST_COUNTED + 1."""
    rows = await db.rows(
        f"""
        select page.id, page.name, counted.number
        from (select count(*) as number
              from (select from tags t where t.practice_id = any($1) and t.practice_id = $2 limit {MOST_COUNTED + 1}) t
             ) counted
        left join lateral (
          select t.id, t.name from tags t where t.practice_id = any($1) and t.practice_id = $2
          order by lower(t.name), t.id limit $3 offset $4
        ) page on true
        order by lower(page.name), page.id
        """,
        scope,
        practice_id,
        limit,
        offset,
    )
    return [Tag(row["id"], row["name"]) for row in rows if row["id"] is not None], rows[0]["number"] if rows else 0


async def find_tag(db: Reads, scope: Scope, practice_id: int, tag_id: int) -> Tag | None:
    row = await db.row(
        "select t.id, t.name from tags t where t.practice_id = any($1) and t.practice_id = $2 and t.id = $3",
        scope,
        practice_id,
        tag_id,
    )
    return Tag(*row) if row else None


async def find_namesake(db: Reads, scope: Scope, practice_id: int, name: str) -> int | None:
    """The tag of this name, without regard to case."""
    row = await db.row(
        """
        select t.id from tags t
        where t.practice_id = any($1) and t.practice_id = $2 and lower(t.name) = lower($3)
        """,
        scope,
        practice_id,
        name,
    )
    return row["id"] if row else None


async def lock_tag(tx: Tx, scope: Scope, practice_id: int, tag_id: int) -> Tag | None:
    """So that nobody deletes it before we commit."""
    row = await tx.row(
        """
        select t.id, t.name from tags t where t.practice_id = any($1) and t.practice_id = $2 and t.id = $3
        for key share
        """,
        scope,
        practice_id,
        tag_id,
    )
    return Tag(*row) if row else None


async def lock_tag_alone(tx: Tx, scope: Scope, practice_id: int, tag_id: int) -> Tag | None:
    """So that until we commit nobody puts it on anybody."""
    row = await tx.row(
        """
        select t.id, t.name from tags t where t.practice_id = any($1) and t.practice_id = $2 and t.id = $3
        for update
        """,
        scope,
        practice_id,
        tag_id,
    )
    return Tag(*row) if row else None


async def lock_carriers(tx: Tx, scope: Scope, practice_id: int, tag_id: int) -> None:
    """Whoever carries the tag now; always in the same order."""
    await tx.row(
        """
        select count(*) from (
          select from patients p
          where p.practice_id = any($1) and p.practice_id = $2 and p.id = any(array(
            select c.patient_id from patient_tags c
            where c.practice_id = any($1) and c.practice_id = $2 and c.tag_id = $3))
          order by p.id
          for no key update
        ) locked
        """,
        scope,
        practice_id,
        tag_id,
    )


async def insert_tag(tx: Tx, scope: Scope, practice_id: int, name: str, *, now: datetime) -> Tag | None:
    """None if the name is taken, by one who came first at the same moment too."""
    row = await tx.row(
        """
        with made as (
          insert into tags (practice_id, name, created_at) values ($2, $3, $4)
          on conflict (practice_id, lower(name)) do nothing
          returning practice_id, id, name
        )
        select id, name from made where practice_id = any($1)
        """,
        scope,
        practice_id,
        name,
        now,
    )
    return Tag(*row) if row else None


async def update_tag(tx: Tx, scope: Scope, practice_id: int, tag_id: int, name: str) -> Tag | None:
    row = await tx.row(
        """
        update tags t set name = $4 where t.practice_id = any($1) and t.practice_id = $2 and t.id = $3
        returning t.id, t.name
        """,
        scope,
        practice_id,
        tag_id,
        name,
    )
    return Tag(*row) if row else None


async def delete_tag(tx: Tx, scope: Scope, practice_id: int, tag_id: int) -> Tag | None:
    """And so from everybody who carries it."""
    row = await tx.row(
        """
        delete from tags t where t.practice_id = any($1) and t.practice_id = $2 and t.id = $3
        returning t.id, t.name
        """,
        scope,
        practice_id,
        tag_id,
    )
    return Tag(*row) if row else None


async def list_tags_of(db: Reads, scope: Scope, practice_id: int, person_id: int) -> list[Tag]:
    rows = await db.rows(
        """
        select t.id, t.name from patient_tags c join tags t on t.practice_id = c.practice_id and t.id = c.tag_id
        where c.practice_id = any($1) and c.practice_id = $2 and c.patient_id = $3
        order by lower(t.name), t.id
        """,
        scope,
        practice_id,
        person_id,
    )
    return [Tag(*row) for row in rows]


async def insert_tag_of(tx: Tx, scope: Scope, practice_id: int, person_id: int, tag_id: int, *, now: datetime) -> bool:
    """True if it is new to the person."""
    row = await tx.row(
        """
        with tagged as (
          insert into patient_tags (practice_id, patient_id, tag_id, tagged_at) values ($2, $3, $4, $5)
          on conflict do nothing
          returning practice_id
        )
        select from tagged where practice_id = any($1)
        """,
        scope,
        practice_id,
        person_id,
        tag_id,
        now,
    )
    return row is not None


async def delete_tags_of(tx: Tx, scope: Scope, practice_id: int, person_id: int, tag_ids: Sequence[int]) -> None:
    await tx.row(
        """
        delete from patient_tags c
        where c.practice_id = any($1) and c.practice_id = $2 and c.patient_id = $3 and c.tag_id = any($4::bigint[])
        """,
        scope,
        practice_id,
        person_id,
        tag_ids,
    )


async def update_person_tagged(
    tx: Tx,
    scope: Scope,
    practice_id: int,
    person_id: int,
    *,
    before: Sequence[str],
    after: Sequence[str],
    actor: str,
    request_id: str | None,
    now: datetime,
) -> None:
    """The person counts as changed, and the change says which tags they carried before and after."""
    await tx.row(
        """
        with changed as (
          update patients p set updated_at = greatest(p.updated_at, $7, clock_timestamp())
          where p.practice_id = any($1) and p.practice_id = $2 and p.id = $3
          returning p.practice_id, p.id
        )
        insert into patient_changes (practice_id, patient_id, at, actor, request_id, before, after)
        select practice_id, id, $7, $6, $8, jsonb_build_object('tags', $4::jsonb), jsonb_build_object('tags', $5::jsonb)
        from changed
        """,
        scope,
        practice_id,
        person_id,
        json.dumps(before),
        json.dumps(after),
        actor,
        now,
        request_id,
    )


async def update_carriers(
    tx: Tx,
    scope: Scope,
    practice_id: int,
    tag_id: int,
    name: str | None,
    *,
    actor: str,
    request_id: str | None,
    now: datetime,
) -> None:
    """Everybody who carries a tag counts as changed, and the change says which tags they carry before and after.

    Call it before the tag gets that name, or goes (None).
    """
    await tx.row(
        """
        with carried as (
          select c.patient_id,
                 jsonb_agg(t.name order by lower(t.name), t.id) as before,
                 coalesce(jsonb_agg(n.name order by lower(n.name), t.id) filter (where n.name is not null), '[]') as after
          from patient_tags k
          join patient_tags c on c.practice_id = k.practice_id and c.patient_id = k.patient_id
          join tags t on t.practice_id = c.practice_id and t.id = c.tag_id
          cross join lateral (select case when t.id = $3 then $4::text else t.name end as name) n
          where k.practice_id = any($1) and k.practice_id = $2 and k.tag_id = $3
          group by c.patient_id
        ), changed as (
          update patients p set updated_at = greatest(p.updated_at, $6, clock_timestamp())
          from carried
          where p.practice_id = any($1) and p.practice_id = $2 and p.id = carried.patient_id
          returning p.practice_id, p.id, carried.before, carried.after
        )
        insert into patient_changes (practice_id, patient_id, at, actor, request_id, before, after)
        select practice_id, id, $6, $5, $7, jsonb_build_object('tags', before), jsonb_build_object('tags', after)
        from changed order by id
        """,
        scope,
        practice_id,
        tag_id,
        name,
        actor,
        now,
        request_id,
    )
